import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseFold, closeFolds, hearFolds, newFolds } from "../../tbcore/ui/components/audio/folds.js";

const NOTHING = { open: {}, page: {}, part: {} };

test("what the visitor folds is seen at once and told as a whole", async () => {
  let seen = 0;
  const folds = newFolds(() => (seen += 1));
  const told = [];
  folds.outbox.send = (name, value) => told.push([name, value]);
  hearFolds(folds, { layout: NOTHING });
  chooseFold(folds, "open", "train", false);
  chooseFold(folds, "part", "train/x", 2);
  assert.equal(seen, 2);
  assert.deepEqual(folds.layout, { open: { train: false }, page: {}, part: { "train/x": 2 } });
  await new Promise((done) => setTimeout(done, 200));
  assert.deepEqual(told, [["layout", folds.layout]]);
  closeFolds(folds);
});

test("a tag may be called like what every object has", () => {
  const folds = newFolds(() => {});
  chooseFold(folds, "page", "__proto__", 3);
  assert.deepEqual(Object.keys(folds.layout.page), ["__proto__"]);
  closeFolds(folds);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nameEnd } from "../../tbcore/ui/components/lines/dom.js";

test("of a long name the end stays, where nested names differ", () => {
  assert.equal(nameEnd("model.block_18.attention.dropout", 18), "…attention.dropout");
  assert.equal(nameEnd("lr", 18), "lr");
  assert.equal(nameEnd("eighteen letters !", 18), "eighteen letters !");
  assert.equal(nameEnd("😀😀😀😀", 3), "…😀😀");
});

import assert from "node:assert/strict";
import { test } from "node:test";

const { noteWords } = await import("../../tbcore/ui/components/compare/table.js");

test("what is better or worse is told by a sign, not only by a colour", () => {
  assert.equal(noteWords({ note: "+0.1", tone: "better" }), "✓ +0.1");
  assert.equal(noteWords({ note: "-0.1", tone: "worse" }), "-0.1");
  assert.equal(noteWords({ note: "×2", tone: "" }), "×2");
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compiled, everyRun, matches, portable, reconciled } from "../../tbcore/ui/components/runs/selection.js";
import { selectionOf, selectionOfMatches, shownFlags } from "../../tbcore/ui/components/runs/selection.js";

const cases = JSON.parse(readFileSync(new URL("runs_cases.json", import.meta.url), "utf8"));
const numbered = (count) => Array.from({ length: count }, (_, index) => String(index));

for (const { names, selection, shown } of cases.shown) {
  test(`${JSON.stringify(selection)} shows ${shown} of ${names}`, () => {
    assert.deepEqual(shownFlags(names, selection, 100), shown);
  });
}

test("patterns that both languages read alike are portable", () => {
  assert.deepEqual(cases.portable.filter((pattern) => !portable(pattern)), []);
});

test("patterns that one language reads differently are not portable", () => {
  assert.deepEqual(cases.foreign.filter(portable), []);
});

test("up to 500 runs are all shown at first", () => {
  assert.ok(shownFlags(numbered(500), { mode: "newest" }, 100).every((flag) => flag));
});

test("of more than 500 runs the newest 100 are shown at first", () => {
  const flags = shownFlags(numbered(501), { mode: "newest" }, 100);
  assert.equal(flags.indexOf(true), 401);
  assert.equal(flags.filter((flag) => flag).length, 100);
});

test("few shown runs are named, few hidden runs are excepted", () => {
  assert.deepEqual(selectionOf(["a", "b", "c"], [true, false, false]), { mode: "only", runs: ["a"] });
  assert.deepEqual(selectionOf(["a", "b", "c"], [true, false, true]), { mode: "except", runs: ["b"] });
  assert.deepEqual(selectionOf(["a", "b"], [true, false]), { mode: "only", runs: ["a"] });
});

test("no run shown is an empty list, every run shown is the rule a visitor starts with", () => {
  assert.deepEqual(selectionOf(["a", "b"], [false, false]), { mode: "only", runs: [] });
  assert.deepEqual(selectionOf(["a", "b"], [true, true]), { mode: "newest" });
  assert.deepEqual(everyRun(500), { mode: "newest" });
  assert.deepEqual(everyRun(501), { mode: "all" });
});

test("matches are kept as a pattern, or by name where Python reads it differently", () => {
  assert.deepEqual(selectionOfMatches(["a1", "b"], "^a"), { mode: "pattern", pattern: "^a" });
  assert.deepEqual(selectionOfMatches(["a1", "xa"], "(?<=x)a"), { mode: "only", runs: ["xa"] });
});

test("a wrong regex gives a reason and matches nothing", () => {
  assert.deepEqual(compiled("("), { reason: "Unterminated group" });
  assert.deepEqual(matches(["a"], compiled("(").regex), [false]);
});

const A = { mode: "only", runs: ["a"] };
const B = { mode: "only", runs: ["b"] };
const ALL = { mode: "all" };
const json = (...selections) => selections.map((selection) => JSON.stringify(selection));

test("the server's answer to an older choice does not undo the last one", () => {
  assert.deepEqual(reconciled(B, json(A, B), ALL, A), [B, json(B)]);
  assert.deepEqual(reconciled(B, json(B), A, B), [B, []]);
});

test("a server that has not heard of the last choice yet does not undo it", () => {
  assert.deepEqual(reconciled(A, json(A), ALL, ALL), [A, json(A)]);
});

test("a server that keeps saying the same leaves an old choice standing", () => {
  assert.deepEqual(reconciled(A, [], ALL, ALL), [A, []]);
});

test("what the server says of its own wins", () => {
  assert.deepEqual(reconciled(A, json(A), ALL, B), [B, []]);
});

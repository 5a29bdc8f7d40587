import assert from "node:assert/strict";
import { test } from "node:test";
import { addedKey, exchanged, movedKey, nextSort, shownKeys, tickOf, tickedRows, toggledKeys, withSieve } from "../../tbcore/ui/components/sheet/choices.js";
import { passesSieve, pickedSieve, placeAt, rangedSieve, sieveWords, tidySieve, valueAt, valuedSieve } from "../../tbcore/ui/components/sheet/sieve.js";
import { arrangedColumns, columnsInSight } from "../../tbcore/ui/components/sheet/widths.js";

const columns = [
  { key: "about:start", role: "about" },
  { key: "hp:lr", role: "hparam" },
  { key: "hp:bs", role: "hparam" },
  { key: "m:loss", role: "metric" },
];
const view = { columns, usual: ["about:start", "m:loss"], curves_usual: ["m:loss"] };
const state = { columns: null, sort: [], filters: [], pinned: [], curves: null };

test("the usual columns are shown until others are chosen, and none that there is not", () => {
  assert.deepEqual(shownKeys(state, view), ["about:start", "m:loss"]);
  assert.deepEqual(shownKeys({ ...state, columns: ["hp:lr", "gone"] }, view), ["hp:lr"]);
});

test("a head is clicked through up, down and as it came", () => {
  assert.deepEqual(nextSort([], "a"), [["a", false]]);
  assert.deepEqual(nextSort([["a", false]], "a"), [["a", true]]);
  assert.deepEqual(nextSort([["a", true]], "a"), []);
  assert.deepEqual(nextSort([["b", true]], "a"), [["a", false]]);
});

test("with shift the order of another column comes after that of the first", () => {
  const both = [["a", true], ["b", false]];
  assert.deepEqual(nextSort([["a", true]], "b", true), both);
  assert.deepEqual(nextSort(both, "b", true), [["a", true], ["b", true]]);
  assert.deepEqual(nextSort([["a", true], ["b", true]], "b", true), [["a", true]]);
  assert.deepEqual(nextSort(both, "a", true), [["b", false]]);
  assert.deepEqual(nextSort(both, "a"), [["a", false]]);
});

test("a column is moved to stand before a place", () => {
  assert.deepEqual(movedKey(["a", "b", "c"], "a", 3), ["b", "c", "a"]);
  assert.deepEqual(movedKey(["a", "b", "c"], "c", 0), ["c", "a", "b"]);
  assert.deepEqual(movedKey(["a", "b", "c"], "b", 2), ["a", "b", "c"]);
});

test("a column appears among those of its role", () => {
  assert.deepEqual(addedKey(["about:start", "hp:lr", "m:loss"], "hp:bs", columns), ["about:start", "hp:lr", "hp:bs", "m:loss"]);
  assert.deepEqual(addedKey(["hp:bs", "m:loss"], "hp:lr", columns), ["hp:lr", "hp:bs", "m:loss"]);
  assert.deepEqual(addedKey(["m:loss"], "hp:lr", columns), ["m:loss", "hp:lr"]);
});

test("some columns are shown or hidden together", () => {
  assert.deepEqual(toggledKeys(["m:loss"], ["hp:lr", "hp:bs"], true, columns), ["m:loss", "hp:lr", "hp:bs"]);
  assert.deepEqual(toggledKeys(["hp:lr", "m:loss"], ["hp:lr"], false, columns), ["m:loss"]);
});

test("another value of a metric takes the place of the one before, in the order too", () => {
  const sorted = { ...state, sort: [["hp:lr", false], ["m:loss", true]], pinned: ["m:loss"] };
  const made = exchanged(sorted, "m:loss", "m:min", view);
  assert.deepEqual(made.columns, ["about:start", "m:min"]);
  assert.deepEqual(made.sort, [["hp:lr", false], ["m:min", true]]);
  assert.deepEqual(made.pinned, ["m:min"]);
  assert.deepEqual(made.curves, ["m:min"]);
});

test("a column has one filter", () => {
  const one = withSieve(state, "a", { key: "a", low: 1 });
  const two = withSieve(withSieve(one, "b", { key: "b", low: 1 }), "a", { key: "a", low: 2 });
  assert.deepEqual(two.filters, [{ key: "a", low: 2 }, { key: "b", low: 1 }]);
  assert.deepEqual(withSieve(two, "a", null).filters, [{ key: "b", low: 1 }]);
});

test("shift ticks all between two rows as they are listed", () => {
  assert.deepEqual([...tickedRows(new Set([9]), [5, 3, 1, 0], 3, 1, true)].sort(), [0, 1, 3, 9]);
  assert.deepEqual([...tickedRows(new Set([5, 3]), [5, 3, 1], 0, null, false)], [3]);
});

test("a box says all, some or none", () => {
  assert.equal(tickOf([1, 2], new Set([1, 2, 3])), "all");
  assert.equal(tickOf([1, 2], new Set([2])), "some");
  assert.equal(tickOf([1, 2], new Set()), "none");
  assert.equal(tickOf([], new Set()), "none");
});

const plain = { low: 0, high: 10, log: false, whole: false };
const log = { low: 1e-5, high: 0.1, log: true, whole: false };

test("the ends of the slider are the ends of the values, exactly", () => {
  const facts = { low: 0.123456789, high: 9.87654321, log: false, whole: false };
  assert.equal(valueAt(facts, 0), 0.123456789);
  assert.equal(valueAt(facts, 1000), 9.87654321);
});

test("a place of the slider and its value belong together", () => {
  assert.equal(valueAt(plain, 500), 5);
  assert.equal(valueAt(log, 500), 0.001);
  assert.equal(placeAt(log, 0.001), 500);
  assert.equal(placeAt(plain, 2.5), 250);
  assert.equal(valueAt({ low: 16, high: 128, log: false, whole: true }, 501), 72);
});

test("values far from zero keep the digits that tell them apart", () => {
  assert.equal(valueAt({ low: 1.7e9, high: 1.7e9 + 1000, log: false, whole: false }, 500), 1700000500);
});

test("an end at the end of all values asks for nothing", () => {
  assert.deepEqual(rangedSieve({ key: "a" }, plain, 0, 5), { key: "a", high: 5 });
  assert.equal(rangedSieve({ key: "a", low: 2 }, plain, 0, 10), null);
  assert.deepEqual(rangedSieve({ key: "a" }, plain, null, 5), { key: "a", high: 5 });
});

test("what has no value is said only where it is not clear", () => {
  assert.deepEqual(tidySieve({ key: "a", low: 1, missing: "without" }), { key: "a", low: 1 });
  assert.deepEqual(tidySieve({ key: "a", low: 1, missing: "with" }), { key: "a", low: 1, missing: "with" });
  assert.deepEqual(tidySieve({ key: "a", missing: "without" }), { key: "a", missing: "without" });
  assert.equal(tidySieve({ key: "a", missing: "with" }), null);
  assert.deepEqual(tidySieve({ key: "a", nan: "only" }), { key: "a", nan: "only" });
  assert.equal(tidySieve({ key: "a", nan: "with" }), null);
  assert.equal(tidySieve({ key: "a" }), null);
});

test("values are let through one by one, all of them being no filter", () => {
  const all = ["adam", "rmsprop", "sgd"];
  const some = valuedSieve({ key: "a" }, all, ["adam"], false);
  assert.deepEqual(some, { key: "a", values: ["rmsprop", "sgd"] });
  assert.equal(valuedSieve(some, all, ["adam"], true), null);
  assert.deepEqual(valuedSieve({ key: "a" }, all, all, false), { key: "a", values: [] });
});

test("of values too many to list some are picked, none of them being no filter", () => {
  const some = pickedSieve({ key: "a" }, "run 1", true);
  assert.deepEqual(some, { key: "a", values: ["run 1"] });
  assert.equal(pickedSieve(some, "run 1", false), null);
});

test("a cell passes a filter as the server says", () => {
  const numbers = { type: "number", values: [1, 5, NaN, NaN], missing: [0, 0, 0, 1] };
  const rows = (column, sieve, regex) => [0, 1, 2, 3].filter((row) => passesSieve(column, row, sieve, regex));
  assert.deepEqual(rows(numbers, { low: 2 }), [1]);
  assert.deepEqual(rows(numbers, { high: 2, missing: "with" }), [0, 3]);
  assert.deepEqual(rows(numbers, { missing: "only" }), [3]);
  assert.deepEqual(rows(numbers, { missing: "without" }), [0, 1, 2]);
  assert.deepEqual(rows(numbers, { nan: "only" }), [2]);
  assert.deepEqual(rows(numbers, { nan: "without", missing: "with" }), [0, 1, 3]);
  const texts = { type: "text", texts: ["adam", "sgd"], values: [0, 1, 1, NaN], missing: [0, 0, 0, 1] };
  assert.deepEqual(rows(texts, { values: ["sgd"] }), [1, 2]);
  assert.deepEqual(rows(texts, {}, /^a/i), [0]);
  const flags = { type: "bool", values: [1, 0, 1, NaN], missing: [0, 0, 0, 1] };
  assert.deepEqual(rows(flags, { values: ["true"], missing: "with" }), [0, 2, 3]);
});

test("filters are said in words", () => {
  assert.equal(sieveWords({ key: "a", low: 0.001, high: 0.1 }, "number"), "0.001 – 0.1");
  assert.equal(sieveWords({ key: "a", low: 3600 }, "duration"), "≥ 1h 00m");
  assert.equal(sieveWords({ key: "a", values: ["adam", ""] }, "text"), "adam, (empty)");
  assert.equal(sieveWords({ key: "a", values: ["a", "b", "c", "d", "e"] }, "text"), "a, b, c and 2 others");
  assert.equal(sieveWords({ key: "a", pattern: "^a" }, "text"), "~ ^a");
  assert.equal(sieveWords({ key: "a", nan: "only" }, "number"), "NaN");
  assert.equal(sieveWords({ key: "a", low: 1, nan: "without" }, "number"), "≥ 1, not NaN");
  assert.equal(sieveWords({ key: "a", missing: "only" }, "text"), "no value");
  assert.equal(sieveWords({ key: "a", missing: "without" }, "text"), "has a value");
  assert.equal(sieveWords({ key: "a", high: 2, missing: "with" }, "number"), "≤ 2 or no value");
});

test("pinned columns stand first, and only columns in sight are drawn", () => {
  const place = arrangedColumns(["a", "b", "c", "d"], ["c"], "name", () => 100);
  assert.deepEqual(place.fixed, ["name", "c"]);
  assert.deepEqual(place.free, ["a", "b", "d"]);
  assert.equal(place.fixedWidth, 200);
  assert.equal(place.total, 500);
  assert.deepEqual(columnsInSight({ ...place, free: ["a", "b", "d"] }, () => 100, 0, 250), [0, 2]);
  assert.deepEqual(columnsInSight({ free: [], lefts: new Map(), fixedWidth: 0 }, () => 100, 0, 250), [0, 0]);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { byteSize, cellsOf, childrenOf, listedRows, newColumn } from "../../tbcore/ui/components/sheet/cells.js";
import { oneLine, rowAndBelow, shortMoment, spelledCell, wholeCell } from "../../tbcore/ui/components/sheet/cells.js";
import { copiedCell, copiedRows } from "../../tbcore/ui/components/sheet/copied.js";
import { bestRow, heatOf, heatScale } from "../../tbcore/ui/components/sheet/heat.js";
import { legible } from "../../tbcore/ui/components/sheet/trace.js";

const cases = JSON.parse(readFileSync(new URL("sheet_cases.json", import.meta.url), "utf8"));

// Texts are in the order of the server, which is tested against the same cases.
function column(type, cells, about = {}) {
  const missing = Uint8Array.from(cells, (cell) => (cell === null ? 1 : 0));
  if (type !== "text") return newColumn({ key: "k", type, ...about }, { values: Float64Array.from(cells, (cell) => (cell === null ? NaN : Number(cell))), missing });
  const texts = about.texts ?? [...new Set(cells.filter((cell) => cell !== null))];
  return newColumn({ key: "k", type }, { values: Float64Array.from(cells, (cell) => (cell === null ? NaN : texts.indexOf(cell))), missing }, texts);
}

function textsOf({ cells, up }) {
  return [...new Set(up.map((row) => cells[row]).filter((cell) => cell !== null))];
}

for (const one of cases.order) {
  test(`${one.type} ${JSON.stringify(one.cells)} is ordered as the server orders it`, () => {
    const made = column(one.type, one.cells, { texts: textsOf(one) });
    assert.deepEqual(listedRows(one.cells.length, [[made, false]]), one.up);
    assert.deepEqual(listedRows(one.cells.length, [[made, true]]), one.down);
  });
}

for (const one of cases.best) {
  test(`the best of ${JSON.stringify(one.cells)}, where ${one.better || "nothing"} is better, is ${one.best}`, () => {
    const made = column("number", one.cells, { better: one.better });
    assert.equal(bestRow(made, one.cells.map((_, row) => row)), one.best);
  });
}

test("without a column rows stay as they came", () => {
  assert.deepEqual(listedRows(3, []), [0, 1, 2]);
});

test("a second column orders the rows that are equal in the first", () => {
  const first = column("text", ["b", "a", "b", "a", null, null], { texts: ["a", "b"] });
  const second = column("number", [1, 2, 3, "NaN", 5, 6]);
  assert.deepEqual(listedRows(6, [[first, false], [second, true]]), [1, 3, 2, 0, 5, 4]);
  assert.deepEqual(listedRows(6, [[first, true], [second, false]]), [0, 2, 1, 3, 4, 5]);
});

const tree = { parent: Float64Array.from([-1, 0, 0, -1, 3]) };

test("rows of a tree are ordered among those of one parent", () => {
  const values = column("number", [5, 1, 2, 7, 0]);
  assert.deepEqual(listedRows(5, [[values, true]], tree), [3, 4, 0, 2, 1]);
});

test("what is below a folded row is left out", () => {
  assert.deepEqual(listedRows(5, [], tree, new Set([0])), [0, 3, 4]);
});

test("a row and all below it", () => {
  assert.deepEqual(rowAndBelow(0, childrenOf(tree)), [0, 1, 2]);
});

test("a missing cell is not one that is not a number", () => {
  const vector = { length: 3, nullCount: 1, get: (row) => [1.5, null, NaN][row] };
  const { values, missing } = cellsOf(vector);
  assert.deepEqual([...values], [1.5, NaN, NaN]);
  assert.deepEqual([...missing], [0, 1, 0]);
  const made = newColumn({ key: "k", type: "number" }, { values, missing });
  assert.deepEqual([0, 1, 2].map((row) => spelledCell(made, row)), ["1.5", "", "NaN"]);
  assert.equal(wholeCell(made, 1), "no value");
});

test("each type is spelled in its own way", () => {
  const spelled = (type, value) => spelledCell(column(type, [value]), 0, 2026);
  assert.equal(spelled("number", 0.00012345678), "0.0001235");
  assert.equal(spelled("count", 1234567), "1,234,567");
  assert.equal(spelled("duration", 3780), "1h 03m");
  assert.equal(spelled("size", 1_200_000), "1.2 MB");
  assert.equal(spelled("bool", 1), "true");
  assert.equal(spelled("text", "<b>"), "<b>");
});

test("a whole number that somebody chose is spelled with every digit, a measured one is not", () => {
  const spelled = (role, value) => spelledCell(column("number", [value], { role }), 0);
  assert.equal(spelled("hparam", 123456), "123,456");
  assert.equal(spelled("hparam", 0.000123456), "0.0001235");
  assert.equal(spelled("hparam", 1e30), "1e30");
  assert.equal(spelled("metric", 123456), "123.5k");
});

test("cells are copied with all their digits, and in quotes where a spreadsheet would take them apart", () => {
  const texts = ["adam", 'a\t"b"\nc'];
  const columns = [
    column("text", texts, { texts }),
    column("number", [0.1234567890123, null], { title: "loss" }),
    column("bool", [1, 0], { title: "bn" }),
  ];
  columns[0].title = "optimizer";
  assert.equal(copiedRows(columns, [1, 0]), 'optimizer\tloss\tbn\n"a\t""b""\nc"\t\tfalse\nadam\t0.1234567890123\ttrue');
  assert.equal(copiedCell(columns[0], 1), 'a\t"b"\nc');
  assert.equal(copiedCell(column("size", [1234567]), 0), "1234567");
});

test("a light colour is darkened on white and a dark one lightened on black, others stay as they are", () => {
  assert.equal(legible("#4269d0", "#ffffff"), "rgb(66 105 208)");
  assert.equal(legible("#f5d67b", "#ffffff"), "rgb(186 163 93)");
  assert.equal(legible("#f5d67b", "#0e1117"), "rgb(245 214 123)");
  assert.equal(legible("#202020", "#000000"), "rgb(86 86 86)");
  assert.equal(legible("transparent", "#ffffff"), "transparent");
});

test("a text of many lines is shown on one", () => {
  assert.equal(oneLine("a\n\tb\r\nc  d"), "a b c  d");
});

test("a cell in full loses no digit", () => {
  assert.equal(wholeCell(column("number", [0.1234567890123]), 0), "0.1234567890123");
  assert.equal(wholeCell(column("size", [1234567]), 0), "1,234,567 bytes");
});

test("sizes are spelled as the server spells them", () => {
  assert.deepEqual([512, 1000, 999_949, 999_950, 3e9].map(byteSize), ["512 B", "1 kB", "999.9 kB", "1 MB", "3 GB"]);
});

test("a time says its year only where it is another one", () => {
  const seconds = new Date(2026, 10, 20, 19, 14, 3).getTime() / 1000;
  assert.equal(shortMoment(seconds, 2026), "11-20 19:14");
  assert.equal(shortMoment(seconds, 2027), "2026-11-20 19:14");
});

const rows = (count) => Array.from({ length: count }, (_, row) => row);

test("one run gone wrong leaves the others apart", () => {
  const scale = heatScale(column("number", [1, 2, 3, 4, 1000]), rows(5));
  assert.deepEqual([scale.low, scale.high, scale.log], [1, 7, false]);
  assert.deepEqual([1, 2, 3, 4, 1000].map((value) => heatOf(scale, value, "high").toFixed(3)), ["0.000", "0.208", "0.417", "0.625", "1.000"]);
  assert.equal(heatOf(scale, 1000, "low"), 0);
  assert.equal(heatOf(scale, 1, "low"), 1);
});

test("numbers over many decades are warm by their logarithm", () => {
  const scale = heatScale(column("number", [1e-4, 1e-2, 1]), rows(3));
  assert.ok(Math.abs(heatOf(scale, 1e-2, "high") - 0.5) < 1e-9);
});

test("where all is the same, or one value alone, nothing is warm", () => {
  assert.equal(heatScale(column("number", [2, 2, null]), rows(3)), null);
  assert.equal(heatScale(column("number", ["NaN", 2]), rows(2)), null);
  assert.equal(heatOf(null, 2, "low"), null);
  assert.equal(heatOf({ low: 0, high: 1, log: false, sorted: [0, 1] }, NaN, "low"), null);
});

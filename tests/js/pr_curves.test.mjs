import assert from "node:assert/strict";
import { test } from "node:test";

import { countText, isoLines, matrixOf, nearestThreshold, pathOf, percentText, rangesOf, readCurves } from "../../tbcore/ui/components/pr_curves/curve.js";

const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
const FIVE = {
  place: [0, 1, 2, 3, 4], tp: [4, 4, 3, 1, 0], fp: [4, 2, 1, 0, 0], tn: [0, 2, 3, 4, 4], fn: [0, 0, 1, 3, 4],
  precision: [0.5, 2 / 3, 0.75, 1, 0], recall: [1, 1, 0.75, 0.25, 0],
};

/** Return the curve of these columns, as it is read from an Arrow table. */
function curveOf(rows = FIVE, entry = {}) {
  const table = { getChild: (name) => ({ length: rows[name].length, nullCount: 0, toArray: () => Float64Array.from(rows[name]) }) };
  const count = rows.place.length;
  return readCurves({ table: "c0", curves: [{ start: 0, count, seen: 4, thresholds: 5, auc: 0.9, ...entry }] }, { c0: table })[0];
}

test("thresholds, F1 and rates follow from what is logged", () => {
  const curve = curveOf();
  assert.deepEqual([...curve.threshold], [0, 0.25, 0.5, 0.75, 1]);
  near(curve.f1[1], 0.8);
  assert.deepEqual([...curve.falseRate], [1, 0.5, 0.25, 0, 0]);
  assert.deepEqual([...curve.trueRate], [1, 1, 0.75, 0.25, 0]);
});

test("a curve of few of its thresholds still knows which they are", () => {
  const some = Object.fromEntries(Object.entries(FIVE).map(([name, values]) => [name, [values[0], values[3], values[4]]]));
  assert.deepEqual([...curveOf(some).threshold], [0, 0.75, 1]);
});

test("precision over recall ends where nothing is positive", () => {
  assert.deepEqual([...pathOf(curveOf(), "pr").xs], [1, 1, 0.75, 0.25]);
});

test("a ROC curve goes from corner to corner, and has none without an area", () => {
  const path = pathOf(curveOf(), "roc");
  assert.deepEqual([[...path.xs], [...path.ys], path.first], [[1, 1, 0.5, 0.25, 0, 0, 0], [1, 1, 1, 0.75, 0.25, 0, 0], 1]);
  assert.equal(pathOf(curveOf(FIVE, { auc: null }), "roc").xs.length, 0);
});

test("the nearest threshold is the lower of two equally near ones", () => {
  const curve = curveOf();
  assert.deepEqual([0, 0.1, 0.125, 0.126, 0.375, 0.9, 1].map((wanted) => nearestThreshold(curve, wanted)), [0, 0, 0, 1, 1, 4, 4]);
});

test("a slider's place is the threshold it means", () => {
  const curve = { threshold: Float64Array.from({ length: 201 }, (_, at) => at / 200) };
  for (let at = 0; at <= 200; at += 1) assert.equal(nearestThreshold(curve, Number((at * 0.005).toFixed(3))), at);
});

test("a confusion matrix holds counts, and shares of the positives and of the negatives", () => {
  assert.deepEqual(matrixOf(curveOf(), 1), {
    tp: { count: 4, share: 1 }, fn: { count: 0, share: 0 }, fp: { count: 2, share: 0.5 }, tn: { count: 2, share: 0.5 },
  });
  const none = curveOf({ ...FIVE, fp: [0, 0, 0, 0, 0], tn: [0, 0, 0, 0, 0] });
  assert.ok(Number.isNaN(matrixOf(none, 1).fp.share));
});

test("axes that fit go around the thresholds and not around the corners", () => {
  const rows = { ...FIVE, tp: [4, 4, 4, 3, 3], fn: [0, 0, 0, 1, 1], fp: [1, 1, 0, 0, 0], tn: [3, 3, 4, 4, 4] };
  const { x, y } = rangesOf([curveOf(rows)], "roc", true);
  near(x[1], 0.26);
  near(y[0], 0.74);
  assert.deepEqual(rangesOf([curveOf()], "pr", false), { x: [0, 1], y: [0, 1] });
  assert.deepEqual(rangesOf([], "pr", true), { x: [0, 1], y: [0, 1] });
});

test("every point of a line of equal F1 has it", () => {
  const lines = isoLines([0, 1], [0, 1]);
  assert.deepEqual(lines.map(({ level }) => Number(level.toFixed(3))), [0.2, 0.4, 0.6, 0.8]);
  for (const { level, points } of lines) for (const [recall, precision] of points) near((2 * recall * precision) / (recall + precision), level);
  const close = isoLines([0.9, 1], [0.9, 1]);
  assert.ok(close.length >= 2 && close.every(({ points }) => points.every(([recall, precision]) => recall <= 1 && precision >= 0.9 - 1e-9)));
});

test("counts are spelled with the digits that were logged, and weights are not cut", () => {
  assert.deepEqual([0, 12, 12345678, 0.4, Math.fround(0.1), 0.00012, NaN].map(countText), ["0", "12", "12,345,678", "0.4", "0.1", "0.00012", "NaN"]);
  assert.deepEqual([0.12345, 1, 0, NaN].map(percentText), ["12.3%", "100%", "0%", ""]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { newAxis } from "../../tbcore/ui/components/parallel/axis.js";
import { clauseOf } from "../../tbcore/ui/components/parallel/clause.js";
import { importanceScale, signedWords, stretchOf, threeDecimals } from "../../tbcore/ui/components/ranking/places.js";
import { boxAt, nearestPoint, newCells, pointsOf, scatteredAt, stretchAcross, stretchDown } from "../../tbcore/ui/components/scatter/cells.js";

const spec = (key, more = {}) => ({ key, title: key, type: "number", scale: "linear", levels: null, ...more });
const cell = { row: 0, column: 0, x: 0, y: 1 };

function plotted(x, y) {
  const rows = { axes: [x, y] };
  const [box] = newCells({ cells: [cell] }, rows, 400, 300);
  return { box, points: pointsOf(box, x.values.length) };
}

test("points lie inside of their plot, the least at its lower left", () => {
  const { box, points } = plotted(newAxis(spec("x"), [0, 10], null), newAxis(spec("y"), [5, 6], null));
  assert.deepEqual([points.x[0], points.x[1]], [box.x0, box.x1]);
  assert.deepEqual([points.y[0], points.y[1]], [box.y0, box.y1]);
  assert.ok(box.y1 < box.y0);
});

test("what is no number lies beside the numbers", () => {
  const { box, points } = plotted(newAxis(spec("x"), [0, 10, 0], Int8Array.of(0, 0, 1)), newAxis(spec("y"), [1, 0, 2], Int8Array.of(0, 4, 0)));
  assert.ok(points.x[2] < box.x0 && points.x[2] > box.left);
  assert.ok(points.y[1] < box.y1 && points.y[1] > box.top);
});

test("categories are spread a little, the same way every time", () => {
  const levels = ["a", "b"];
  const draw = () => plotted(newAxis(spec("x", { levels }), [0, 0, 1], null, 0.04), newAxis(spec("y"), [1, 2, 3], null)).points.x;
  assert.deepEqual(draw(), draw());
  assert.notEqual(draw()[0], draw()[1]);
  assert.ok(Math.abs(scatteredAt(12345, 0.7548776662)) <= 1);
});

test("a grid has a plot for each pair, with labels at its edges only", () => {
  const axes = ["a", "b", "c", "d"].map((key) => newAxis(spec(key), [1, 2], null));
  const cells = [[0, 2], [1, 2], [0, 3], [1, 3]].map(([x, y]) => ({ x, y, column: x, row: y - 2 }));
  const boxes = newCells({ cells }, { axes }, 500, 400);
  assert.deepEqual(boxes.map(({ first, last }) => [first, last]), [[true, false], [false, false], [true, true], [false, true]]);
  assert.equal(boxAt(boxes, boxes[3].left + 5, boxes[3].top + 5), boxes[3]);
  assert.equal(boxAt(boxes, 2, 2), null);
});

test("the nearest point is one that is shown and near", () => {
  const points = { x: [0, 10, 11], y: [0, 0, 0] };
  assert.equal(nearestPoint(points, [1, 1, 1], 10.6, 0, 5), 2);
  assert.equal(nearestPoint(points, [1, 1, 0], 10.6, 0, 5), 1);
  assert.equal(nearestPoint(points, [1, 1, 1], 30, 0, 5), -1);
});

test("a dragged box is a range on both axes, and the lanes it covers", () => {
  const { box } = plotted(newAxis(spec("x"), [0, 10, 0], Int8Array.of(0, 0, 1)), newAxis(spec("y"), [0, 100, 50], null));
  const across = clauseOf(box.xs, ...stretchAcross(box, box.left, box.x0 + (box.x1 - box.x0) / 2));
  assert.deepEqual(across, { ranges: [[null, 5]], lanes: ["missing"] });
  const down = clauseOf(box.ys, ...stretchDown(box, box.y1 + (box.y0 - box.y1) / 4, box.y0 - (box.y0 - box.y1) / 4));
  assert.deepEqual(down, { ranges: [[25, 75]], lanes: [] });
});

test("bars of a ranking are on one scale, which has room for what is below zero", () => {
  const scale = importanceScale([{ importance: 0.5, low: 0.4, high: 1 }, { importance: -0.01, low: -0.02, high: 0 }], 0.1);
  assert.deepEqual(scale, [-0.02, 1]);
  assert.deepEqual(stretchOf(0, 0.5, 0, 1), { left: 0, width: 50 });
  assert.deepEqual(stretchOf(0, -0.5, -1, 1), { left: 25, width: 25 });
  assert.equal(stretchOf(0, null, 0, 1), null);
});

test("numbers of a ranking have their sign, and zero has none", () => {
  assert.deepEqual([0.523, -0.1, -0.001, null].map(signedWords), ["+0.52", "−0.1", "0", "–"]);
  assert.deepEqual([0.6931, -0.012, -0.0001, null].map(threeDecimals), ["0.693", "−0.012", "0.000", "–"]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { newAxis, ticksOf, wordsOf } from "../../tbcore/ui/components/parallel/axis.js";
import { clauseOf, joined, passing, readEnd, spansOf, typed, without } from "../../tbcore/ui/components/parallel/clause.js";
import { heightsOf, lanesWithin, nearestLine, newGeometry } from "../../tbcore/ui/components/parallel/geometry.js";
import { drawingOrder, pictureOf } from "../../tbcore/ui/components/parallel/table.js";

const spec = (more = {}) => ({ key: "hp:lr", title: "lr", type: "number", scale: "linear", levels: null, ...more });
const places = (axis) => Array.from(axis.values, (value) => Number(axis.place(value).toFixed(4)));

test("a linear axis goes from the least to the greatest value", () => {
  assert.deepEqual(places(newAxis(spec(), [1, 2, 5], null)), [0, 0.25, 1]);
});

test("an axis by decades has the same room for each of them", () => {
  const axis = newAxis(spec({ scale: "log" }), [0.001, 0.01, 0.1, 10], null);
  assert.deepEqual(places(axis), [0, 0.25, 0.5, 1]);
  assert.ok(Math.abs(axis.value(0.5) - 0.1) < 1e-12);
});

test("what is not positive has no decades: the axis is linear then", () => {
  assert.equal(newAxis(spec({ scale: "log" }), [0, 1], null).scale, "linear");
});

test("on an axis of quantiles equal values share the middle of their ranks", () => {
  const axis = newAxis(spec({ scale: "quantile" }), [1, 1, 1, 100, 1000], null);
  assert.deepEqual(places(axis), [0, 0, 0, 0.6667, 1]);
  assert.ok(Math.abs(axis.value(axis.place(550)) - 550) < 1e-9);
});

test("a single value lies in the middle of its axis", () => {
  assert.deepEqual(places(newAxis(spec(), [3, 3], null)), [0.5, 0.5]);
  assert.deepEqual(places(newAxis(spec({ levels: ["adam"] }), [0], null)), [0.5]);
});

test("what is no number is in a lane and does not stretch the axis", () => {
  const axis = newAxis(spec(), [1, 0, 0, 3], Int8Array.of(0, 1, 4, 0));
  assert.deepEqual([axis.low, axis.high, axis.used], [1, 3, ["missing", "∞"]]);
  assert.deepEqual([0, 1, 2, 3].map((row) => wordsOf(axis, row)), ["1", "missing", "∞", "3"]);
});

test("an axis without a single number can be drawn", () => {
  const axis = newAxis(spec(), [0, 0], Int8Array.of(1, 2));
  assert.deepEqual(ticksOf(axis, 5), []);
  assert.deepEqual(axis.used, ["missing", "NaN"]);
});

test("a few different numbers have a tick each, and many are at round ones", () => {
  const few = ticksOf(newAxis(spec(), [16, 32, 64, 16], null), 8);
  assert.deepEqual(few.map(({ label }) => label), ["16", "32", "64"]);
  const many = ticksOf(newAxis(spec(), Array.from({ length: 21 }, (_one, at) => at / 2), null), 5);
  assert.deepEqual(many.map(({ label }) => label), ["0", "2", "4", "6", "8", "10"]);
});

test("ticks of many categories leave some out", () => {
  const levels = Array.from({ length: 100 }, (_one, at) => `c${at}`);
  const ticks = ticksOf(newAxis(spec({ levels }), levels.map((_one, at) => at), null), 5);
  assert.deepEqual(ticks.map(({ label }) => label), ["c0", "c10", "c20", "c30", "c40", "c50", "c60", "c70", "c80", "c90"]);
});

const rows = Float64Array.of(0.001, 0.01, 0.1, 0, 0);
const lanes = Int8Array.of(0, 0, 0, 1, 2);
const axis = newAxis(spec({ scale: "log" }), rows, lanes);

test("a brush is in the units of the values, open where it goes to the end of the axis", () => {
  assert.deepEqual(clauseOf(axis, 0.5, 1.1), { ranges: [[0.01, null]], lanes: [] });
  assert.deepEqual(clauseOf(axis, -0.2, 0.25, ["missing"]), { ranges: [[null, 0.00316228]], lanes: ["missing"] });
  assert.equal(clauseOf(axis, 0.3, 0.3), null);
});

test("rows pass within any range of an axis and within all axes", () => {
  const other = newAxis(spec({ key: "hp:opt", levels: ["adam", "sgd"] }), [0, 1, 0, 1, 0], null);
  const pass = (clauses) => Array.from(passing([axis, other], clauses, 5));
  assert.deepEqual(pass({}), [1, 1, 1, 1, 1]);
  assert.deepEqual(pass({ "hp:lr": { ranges: [[null, 0.002], [0.05, null]], lanes: [] } }), [1, 0, 1, 0, 0]);
  assert.deepEqual(pass({ "hp:lr": { ranges: [[0.005, 0.05]], lanes: ["NaN"] } }), [0, 1, 0, 0, 1]);
  assert.deepEqual(pass({ "hp:lr": { ranges: [[null, null]], lanes: ["missing", "NaN"] }, "hp:opt": { values: ["sgd"], lanes: [] } }), [0, 1, 0, 1, 0]);
  assert.deepEqual(pass({ "hp:opt": { values: [], lanes: [] } }), [0, 0, 0, 0, 0]);
});

test("ranges that touch become one, and categories are each there once", () => {
  assert.deepEqual(joined({ ranges: [[5, 6], [1, 3]], lanes: [] }, { ranges: [[2, 4]], lanes: ["NaN"] }), { ranges: [[1, 4], [5, 6]], lanes: ["NaN"] });
  assert.deepEqual(joined({ ranges: [[1, null]], lanes: [] }, { ranges: [[5, 9]], lanes: [] }).ranges, [[1, null]]);
  assert.deepEqual(joined({ values: ["a"], lanes: [] }, { values: ["b", "a"], lanes: [] }).values, ["a", "b"]);
  assert.deepEqual(joined(null, { values: ["a"], lanes: [] }), { values: ["a"], lanes: [] });
});

test("a range, a category or a lane is let go alone, and with the last one the brush", () => {
  assert.deepEqual(without({ ranges: [[1, 2], [3, 4]], lanes: [] }, 0), { ranges: [[3, 4]], lanes: [] });
  assert.deepEqual(without({ values: ["a"], lanes: ["NaN"] }, 0), { values: [], lanes: ["NaN"] });
  assert.deepEqual(without({ ranges: [], lanes: ["NaN"] }, -1, "NaN"), null);
});

test("a brush is drawn where its values lie, whatever the scale", () => {
  const [span] = spansOf(axis, { ranges: [[0.01, null]], lanes: [] });
  assert.deepEqual([Number(span.low.toFixed(6)), span.high], [0.5, 1]);
  assert.deepEqual(spansOf(axis, { ranges: [[-5, 0.01]], lanes: [] })[0].low, 0);
  assert.deepEqual(spansOf(axis, { ranges: [[7, 9]], lanes: [] }), []);
});

test("lanes of all axes lie on one height, below the numbers or above them", () => {
  const high = newAxis(spec({ key: "b" }), [1, 0], Int8Array.of(0, 4));
  const low = newAxis(spec({ key: "c" }), [1, 0], Int8Array.of(0, 1));
  const geometry = newGeometry([high, low], 500, 400);
  assert.ok(geometry.laneAt.get("∞") < geometry.top && geometry.laneAt.get("missing") > geometry.bottom);
  assert.equal(heightsOf(low, geometry, 2)[1], Math.fround(geometry.laneAt.get("missing")));
  assert.deepEqual(lanesWithin(low, geometry, geometry.bottom, 400), ["missing"]);
  assert.deepEqual(lanesWithin(high, geometry, geometry.bottom, 400), []);
});

test("the nearest line is found between two axes, among those that are shown", () => {
  const geometry = { xs: [0, 100] };
  const heights = [Float32Array.of(0, 100), Float32Array.of(100, 100)];
  assert.equal(nearestLine(geometry, heights, [1, 1], 50, 52, 6), 0);
  assert.equal(nearestLine(geometry, heights, [0, 1], 50, 52, 6), -1);
  assert.equal(nearestLine(geometry, heights, [1, 1], 20, 99, 6), 1);
});

test("rows without a value are drawn first, and the colour of the few last", () => {
  assert.deepEqual(drawingOrder(Int16Array.of(2, 1, 0, 1), 4), [2, 1, 3, 0]);
});

test("the end of a typed range is a number, open where nothing is typed, and wrong where it is none", () => {
  const axis = newAxis(spec(), [1, 2], null);
  assert.deepEqual(["1e-3", " 2,000 ", "−4", ""].map((text) => readEnd(axis, text)), [0.001, 2000, -4, null]);
  assert.ok(["much", "Infinity", "1 2"].every((text) => Number.isNaN(readEnd(axis, text))));
});

test("a moment is typed as it is shown", () => {
  const axis = newAxis(spec({ type: "time" }), [1.75e9, 1.76e9], null);
  assert.equal(readEnd(axis, typed(axis, 1.75e9)), 1.75e9);
  assert.equal(typed(newAxis(spec(), [1, 2], null), 0.001), "0.001");
});

test("a picture is another one for other rows or colours, and the same whatever is brushed", () => {
  const view = { stamp: "a", axes: [], brush: {} };
  const picture = pictureOf(view, { text: "#000" });
  assert.equal(pictureOf({ ...view, brush: { "hp:lr": { ranges: [[1, 2]] } } }, { text: "#000" }), picture);
  assert.notEqual(pictureOf({ ...view, stamp: "b" }, { text: "#000" }), picture);
  assert.notEqual(pictureOf(view, { text: "#fff" }), picture);
});

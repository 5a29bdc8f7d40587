import assert from "node:assert/strict";
import { test } from "node:test";

import { height, opacity, stretchesOf } from "../../tbcore/ui/components/distributions/bands.js";
import { binAt, boundaries, nearestPlace, placesOf, readPanel } from "../../tbcore/ui/components/distributions/data.js";
import { rangeOf, stepTicks } from "../../tbcore/ui/components/distributions/panel.js";
import { legendColors, levelOf, newRamp } from "../../tbcore/ui/components/distributions/ramp.js";
import { densities, shareBelow, withinEnds } from "../../tbcore/ui/components/distributions/single.js";
import { newValueAxis, valueTicks } from "../../tbcore/ui/components/distributions/value.js";

const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
const floats = (...values) => Float64Array.from(values);
const places = (first, last = first, offset = 0) => ({ first: floats(...first), last: floats(...last), offset });

/** Return what an Arrow table of these columns offers. */
function arrow(columns) {
  return { getChild: (name) => columns[name] && { length: columns[name].length, nullCount: 0, toArray: () => columns[name] } };
}

test("the axis of steps begins with the first step and ends with the last", () => {
  const columns = places([0, 20, 40], [19, 39, 59]);
  assert.deepEqual(rangeOf("bands", columns, "step"), [0, 59]);
  assert.deepEqual(rangeOf("heat", places([0, 10, 20]), "step"), [-5, 25]);
  assert.deepEqual(rangeOf("heat", places([7]), "step"), [6.5, 7.5]);
  assert.deepEqual(rangeOf("bands", places([7]), "step"), [6, 8]);
});

test("a single ridge is labelled with its own step", () => {
  const one = places([7]);
  assert.deepEqual(stepTicks({ places: one, ends: rangeOf("ridges", one, "step"), axis: "step" }, 200), { ticks: [7], labels: ["7"] });
});

test("a percentile beyond the axis lies where it is as long as the plot has room, else just outside", () => {
  const frame = { ys: { start: 100, from: 0, factor: -10 }, value: newValueAxis("linear"), box: { top: 0, bottom: 100 } };
  assert.deepEqual([1, -0.05, -9, -Infinity, 99, Infinity].map((value) => height(frame, value)), [90, 100.5, 101, 101, -1, -1]);
  const log = { ...frame, ys: { start: 100, from: -2, factor: -10 }, value: newValueAxis("log") };
  assert.deepEqual([0.1, 0, -3].map((value) => height(log, value)), [90, 101, 101]);
});

test("symlog is linear at zero, mirrored, and a logarithm far away", () => {
  const axis = newValueAxis("symlog", 0.01);
  near(axis.to(0), 0);
  near(axis.to(-5), -axis.to(5));
  near(axis.to(99.99), Math.log(10000));
  for (const value of [-3e5, -1e-4, 0, 2e-3, 7]) near(axis.from(axis.to(value)) / (value || 1), value ? 1 : 0);
});

test("ticks of a symlog axis are zero and powers of ten, never closer than they can be read", () => {
  const axis = newValueAxis("symlog", 0.01);
  const { labels } = valueTicks(axis, -1, 100, 400, 50);
  assert.deepEqual(labels, ["-1", "-0.1", "0", "0.1", "1", "10", "100"]);
});

test("a symlog axis on which only one power of ten lies has round numbers", () => {
  assert.deepEqual(valueTicks(newValueAxis("symlog", 1), 2.2, 4.9, 300, 60).labels.length >= 3, true);
});

test("a band is the darker the more percents of the values lie between its ends", () => {
  const found = [0, 1, 2, 3].map(opacity);
  [6.68, 9.19, 14.98, 19.15].forEach((percents, at) => near(found[at], percents / 25));
  assert.deepEqual([7, 6, 5, 4].map(opacity).map((one) => one.toFixed(9)), found.map((one) => one.toFixed(9)));
});

test("rows without percentiles part the bands", () => {
  const quantiles = Array.from({ length: 9 }, () => floats(1, NaN, 2, 3, NaN));
  assert.deepEqual(stretchesOf({ quantiles }), [[0, 1], [2, 4]]);
});

test("rows reach half-way to their neighbours, and as far beyond the ends", () => {
  assert.deepEqual([...boundaries(places([0, 10, 30]))], [-5, 5, 20, 40]);
  assert.deepEqual([...boundaries(places([0, 20], [10, 30]))], [-5, 15, 35]);
  assert.deepEqual([...boundaries(places([7]))], [6.5, 7.5]);
  assert.deepEqual([...boundaries(places([1000, 1010], undefined, 1000))], [-5, 5, 15]);
});

test("the row that is read is the one that holds the place, else the nearest", () => {
  const rows = places([0, 20], [10, 30]);
  assert.deepEqual([-3, 5, 14, 16, 99].map((x) => nearestPlace(rows, x)), [0, 0, 0, 1, 1]);
  assert.equal(nearestPlace(places([]), 1), -1);
});

test("bins are closed on the left, the last one on both sides", () => {
  const edges = floats(0, 1, 2);
  assert.deepEqual([-0.1, 0, 0.99, 1, 2, 2.1].map((value) => binAt(edges, value)), [-1, 0, 0, 1, 1, -1]);
  assert.equal(binAt(floats(), 0), -1);
});

test("relative places count from the start of the run", () => {
  const { first, offset } = placesOf({ wall: floats(105), last_wall: floats(107) }, "relative", 100);
  assert.equal(first[0] - offset, 5);
});

test("a panel knows its greatest share, and the greatest count", () => {
  const rows = { step: floats(0, 1), last_step: floats(0, 1), wall: floats(0, 1), last_wall: floats(0, 1), many: floats(1, 1), count: floats(10, 100) };
  const tables = { p: arrow(rows), p_shares: arrow({ share: Float32Array.from([0.75, 0.25, 0.5, 0.5]) }), e: arrow({ edge: floats(0, 1, 2) }) };
  assert.deepEqual(readPanel({ form: "heat", table: "p", edges: "e" }, tables).peaks, { share: 0.75, count: 50 });
});

test("no share has no colour, the least one the first, the peak the last", () => {
  assert.deepEqual([0, NaN, 1e-9, 0.25, 1].map((share) => levelOf(share, 1)), [0, 0, 1, 128, 255]);
  assert.equal(levelOf(0.5, 0), 0);
  const ramp = newRamp(["#ffffff", "#000000"]);
  assert.equal(ramp[0], 0);
  assert.deepEqual(legendColors(ramp, 2), ["rgb(255 255 255)", "rgb(0 0 0)"]);
});

test("bars of one width show counts, others counts by what is seen of their width", () => {
  const linear = newValueAxis("linear");
  const ends = { value: linear, low: 0, high: 4 };
  assert.deepEqual(densities(ends, { left: [0, 2], right: [2, 4], count: [3, 5] }, 400), { heights: [3, 5], even: true });
  const uneven = densities(ends, { left: [0, 1, 4], right: [1, 4, 4], count: [100, 300, 8] }, 400);
  assert.deepEqual(uneven, { heights: [1, 1, 4], even: false });
});

test("edges that are no numbers lie at the ends of the axis", () => {
  const found = withinEnds({ low: 1, high: 3 }, { left: [NaN, -Infinity, 2], right: [1.5, 2, Infinity], count: [1, 1, 1] });
  assert.deepEqual([found.left, found.right], [[1, 1, 2], [1.5, 2, 3]]);
});

test("a cumulated curve is linear between its points and jumps where two are at one place", () => {
  const curve = { xs: floats(0, 2, 2, 4), ys: floats(0, 0.25, 0.75, 1) };
  assert.deepEqual([-1, 1, 2, 3, 9].map((x) => shareBelow(curve, x)), [0, 0.125, 0.75, 0.875, 1]);
});

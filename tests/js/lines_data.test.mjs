import assert from "node:assert/strict";
import { test } from "node:test";

import { pageOf } from "../../tbcore/ui/components/lines/grid.js";
import { readings } from "../../tbcore/ui/components/lines/hover.js";
import { newScale } from "../../tbcore/ui/components/lines/scale.js";
import { smooth, smoothMeans } from "../../tbcore/ui/components/lines/smooth.js";
import { heard, newOutbox, post } from "../../tbcore/ui/components/lines/sync.js";
import * as table from "../../tbcore/ui/components/lines/table.js";
import { weightOf } from "../../tbcore/ui/components/lines/toolbar.js";

const { abscissa, brokenAtZero, column, nearestRow, newSeries, readSeries } = table;
const { rowsWithin, sameSeries, smoothedLine } = table;
const floats = (...values) => Float64Array.from(values);
const near = (actual, expected) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, at) => {
    const same = Object.is(actual[at], value) || Math.abs(actual[at] - value) < 1e-12;
    assert.ok(same, `${at}: ${actual[at]} is not ${value}`);
  });
};

/** Return what an Arrow table of these columns offers; null cells count as missing. */
function arrow(columns) {
  return {
    getChild(name) {
      const cells = columns[name];
      if (!cells) return null;
      const nullCount = Array.isArray(cells) ? cells.filter((cell) => cell === null).length : 0;
      return { length: cells.length, nullCount, toArray: () => cells, get: (at) => cells[at] };
    },
  };
}

test("smoothing is the debiased moving average", () => {
  near(smooth(floats(1, 2, 4), 0.5), [1, 5 / 3, 3]);
  near(smooth(floats(10, 0), 0.9), [10, 9 / 1.9]);
});

test("what is not finite passes through and does not count", () => {
  near(smooth(floats(1, NaN, 2, Infinity, 4), 0.5), [1, NaN, 5 / 3, Infinity, 3]);
});

test("constant series and weight 0 are returned as they are", () => {
  const constant = floats(0.1, 0.1, 0.1);
  assert.equal(smooth(constant, 0.9), constant);
  const values = floats(1, 2);
  assert.equal(smooth(values, 0), values);
  assert.equal(smooth(floats(), 0.5).length, 0);
});

test("means of single points smooth like the points, larger groups weigh more", () => {
  near(smoothMeans(floats(1, 2, 4), floats(1, 1, 1), 0.5), [1, 5 / 3, 3]);
  near(smoothMeans(floats(1, 3), floats(2, 2), 0.5), [1, (0.75 * 0.25 + 0.75 * 3) / 0.9375]);
  near(smoothMeans(floats(1, NaN, 3), floats(2, 0, 2), 0.5), [1, NaN, (0.75 * 0.25 + 0.75 * 3) / 0.9375]);
});

test("columns are handed on when they are floats, converted when not, empty cells are NaN", () => {
  const values = Float32Array.of(1, NaN);
  assert.equal(column(arrow({ value: values }), "value"), values);
  near(column(arrow({ step: BigInt64Array.of(1n, 2n ** 40n) }), "step"), [1, 2 ** 40]);
  near(column(arrow({ value: [1, null, 3] }), "value"), [1, NaN, 3]);
  assert.equal(column(arrow({}), "value").length, 0);
  assert.equal(column(undefined, "value").length, 0);
});

const VIEW = {
  table: "c0",
  series: [
    { run: 1, start: 0, count: 2, whole: true, smooth: false, means: null },
    { run: 0, start: 2, count: 3, whole: false, smooth: true, means: [0, 1] },
  ],
};
const TABLES = {
  c0: arrow({
    step: Int32Array.of(0, 1, 0, 5, 9),
    wall: floats(10, 11, 20, 25, 29),
    value: floats(1, 2, -3, NaN, 0.5),
    smooth: floats(NaN, NaN, 7, 7.5, 8),
  }),
  c0_means: arrow({ step: floats(4), wall: floats(24), mean: floats(-1), count: floats(2) }),
};
const RUNS = [{ name: "a" }, { name: "b" }];

test("each series is its slice of the card's tables", () => {
  const [first, second] = readSeries(VIEW, RUNS, TABLES);
  assert.equal(first.run, "b");
  near(first.value, [1, 2]);
  assert.equal(first.exact, null);
  assert.equal(second.run, "a");
  near(second.step, [0, 5, 9]);
  near(second.exact.value, [7, 7.5, 8]);
  assert.equal(second.exact.step, second.step);
  near(second.means.mean, [-1]);
  assert.deepEqual(second.facts, { low: -3, high: 0.5, lowPositive: 0.5, notPositive: 1, notFinite: 1 });
  assert.deepEqual(readSeries(VIEW, RUNS, {}), []);
});

test("series are the same when all their points are", () => {
  const [first, second] = readSeries(VIEW, RUNS, TABLES);
  const [again, other] = readSeries(VIEW, RUNS, TABLES);
  assert.ok(sameSeries(first, again) && sameSeries(second, other));
  assert.ok(!sameSeries(first, second));
  assert.ok(!sameSeries(second, { ...other, exact: null }));
});

test("a reduced series draws the server's smoothing only for the weight it was made with", () => {
  const [whole, reduced] = readSeries(VIEW, RUNS, TABLES);
  near(smoothedLine(reduced, 0.6, 0.6).value, [7, 7.5, 8]);
  near(smoothedLine(reduced, 0.5, 0.6).value, [-1]);
  near(smoothedLine(whole, 0.5, 0.6).value, [1, 5 / 3]);
  assert.equal(smoothedLine(reduced, 0, 0.6), reduced);
  assert.equal(smoothedLine(whole, 0.5, 0.6), smoothedLine(whole, 0.5, 0.6));
});

test("a reduced series whose values are all at hand is smoothed over all of them", () => {
  const tables = {
    c0: arrow({ step: floats(0, 2), wall: floats(10, 12), value: floats(1, 4), place: Int32Array.of(0, 2) }),
    c0_all: arrow({ value: floats(1, 2, 4) }),
  };
  const card = { table: "c0", series: [{ run: 0, start: 0, count: 2, whole: false, smooth: false, means: null, all: [0, 3] }] };
  const [series] = readSeries(card, RUNS, tables);
  near(smoothedLine(series, 0.5, 0.6).value, [1, 3]);
  near(smoothedLine(series, 0.5, 0.6).step, [0, 2]);
});

test("x counts from the run's start on the relative axis", () => {
  const series = newSeries("a", { step: floats(0, 5), wall: floats(100, 103), value: floats(1, 2) });
  assert.deepEqual([abscissa(series, "relative", 99).low, abscissa(series, "relative", 99).high], [1, 4]);
  assert.equal(abscissa(series, "wall", 99).low, 100);
  assert.equal(abscissa(series, "step", 99).high, 5);
});

/** Return the x values of a series that has only steps. */
function line(...step) {
  return abscissa(newSeries("a", { step: floats(...step), wall: floats(), value: floats() }), "step");
}

test("the nearest row is found on rising and on disordered steps", () => {
  assert.equal(nearestRow(line(0, 10, 20), 14), 1);
  assert.equal(nearestRow(line(0, 10, 20), 16), 2);
  assert.equal(nearestRow(line(0, 10, 20), -5), 0);
  assert.equal(nearestRow(line(0, 10, 20), 99), 2);
  assert.equal(nearestRow(line(0, 10, 5, 20), 6), 2);
  assert.equal(nearestRow(line(), 6), -1);
});

test("rows to draw reach one past the range, and all where x goes backwards or is NaN", () => {
  assert.deepEqual(rowsWithin(line(0, 1, 2, 3, 4, 5), 2, 3), [1, 5]);
  assert.deepEqual(rowsWithin(line(0, 1, 2), 5, 9), [2, 3]);
  assert.deepEqual(rowsWithin(line(0, 3, 1), 2, 3), [0, 3]);
  assert.deepEqual(rowsWithin(line(0, NaN, 1), 0, 1), [0, 3]);
});

/** Return the unsmoothed line of a series on the step axis. */
function lineOf(series) {
  const { run: name, value } = series;
  const raw = abscissa(series, "step");
  return { run: { name }, series, raw, smooth: null, values: value, smoothValues: value, drawn: value };
}

test("the pointer reads the nearest line first", () => {
  const lines = ["low", "high"].map((name, at) => {
    const series = newSeries(name, { step: floats(0, 10), wall: floats(0, 1), value: floats(at * 5, at * 5) });
    return lineOf(series);
  });
  const frame = { lines, xs: newScale(0, 10, 0, 100), ys: newScale(0, 5, 50, 0) };
  assert.deepEqual(readings(frame, 9, 10).map(({ line, row }) => [line.run.name, row]), [["high", 1], ["low", 1]]);
  assert.deepEqual(readings(frame, 2, 45).map(({ line, row }) => [line.run.name, row]), [["low", 0], ["high", 0]]);
});

test("a line that ended before the crosshair is read last", () => {
  const lines = [["ended", 10], ["runs", 100], ["sparse", 200]].map(([name, last]) => {
    const series = newSeries(name, { step: floats(0, last), wall: floats(0, 1), value: floats(1, 1) });
    return lineOf(series);
  });
  const frame = { lines, xs: newScale(0, 200, 0, 200), ys: newScale(0, 5, 50, 0) };
  const found = readings(frame, 95, 40).map(({ line, gone }) => [line.run.name, gone]);
  assert.deepEqual(found, [["runs", false], ["sparse", false], ["ended", true]]);
});

test("points at no time or an infinite one leave the others their range", () => {
  const wall = floats(5, NaN, Infinity, 7);
  const series = newSeries("a", { step: floats(0, 1, 2, 3), wall, value: floats(1, 2, 3, 4) });
  const line = abscissa(series, "wall", null);
  assert.deepEqual([line.low, line.high, line.rising], [5, 7, false]);
  assert.equal(nearestRow(line, 6.5), 3);
  const lost = newSeries("a", { step: floats(0, 1), wall: floats(NaN, -Infinity), value: floats(1, 2) });
  assert.equal(nearestRow(abscissa(lost, "wall", null), 0), -1);
});

test("on a log axis a smoothed line breaks where its values are zero or less", () => {
  near(brokenAtZero(floats(1, 0.5, 0.3, 0.6), floats(1, 0, -1, 2)), [1, NaN, NaN, 0.6]);
});

test("pages are cut from the group's tags and stay inside them", () => {
  const tags = ["a", "b", "c", "d", "e"];
  assert.deepEqual(pageOf(tags, true, 1, 2), { tags: ["c", "d"], page: 1, last: 2 });
  assert.deepEqual(pageOf(tags, true, 9, 2), { tags: ["e"], page: 2, last: 2 });
  assert.deepEqual(pageOf(tags, false, 0, 2), { tags: [], page: 0, last: 2 });
  assert.deepEqual(pageOf([], true, 0, 2), { tags: [], page: 0, last: 0 });
});

test("a typed weight is kept inside what smoothing allows", () => {
  assert.deepEqual(["0.6", "1", "-3", "0.9994", "x", ""].map(weightOf), [0.6, 0.999, 0, 0.999, 0, 0]);
});

/** Return a clock whose timers run when `tick` is called. */
function scripted() {
  const clock = { now: 0, due: null, Date: { now: () => clock.now } };
  clock.setTimeout = (call, delay) => {
    clock.due = { call, at: clock.now + delay };
    return 1;
  };
  clock.clearTimeout = () => (clock.due = null);
  clock.tick = (milliseconds) => {
    clock.now += milliseconds;
    const { due } = clock;
    if (due && due.at <= clock.now) {
      clock.due = null;
      due.call();
    }
  };
  return clock;
}

test("only the last of quick changes is sent, and nothing the server has", () => {
  const sent = [];
  const clock = scripted();
  const outbox = newOutbox((name, value) => sent.push([name, value]), 150, clock);
  heard(outbox, "width", 512);
  post(outbox, "width", 512);
  clock.tick(200);
  post(outbox, "settings", { smoothing: 0.1 });
  clock.tick(100);
  post(outbox, "settings", { smoothing: 0.2 });
  clock.tick(100);
  assert.deepEqual(sent, []);
  clock.tick(100);
  post(outbox, "settings", { smoothing: 0.2 });
  clock.tick(200);
  assert.deepEqual(sent, [["settings", { smoothing: 0.2 }]]);
});

test("a change taken back before it was sent is not sent", () => {
  const sent = [];
  const clock = scripted();
  const outbox = newOutbox((name, value) => sent.push([name, value]), 150, clock);
  heard(outbox, "width", 512);
  post(outbox, "width", 640);
  post(outbox, "width", 512);
  clock.tick(1000);
  assert.deepEqual(sent, []);
});

test("an older answer of the server does not undo what the visitor just set", () => {
  const clock = scripted();
  const outbox = newOutbox(() => {}, 150, clock);
  assert.equal(heard(outbox, "settings", 0.6), true);
  post(outbox, "settings", 0.9);
  assert.equal(heard(outbox, "settings", 0.6), false);
  clock.tick(150);
  assert.equal(heard(outbox, "settings", 0.6), false);
  assert.equal(heard(outbox, "settings", 0.9), false);
  assert.equal(heard(outbox, "settings", 0.3), true);
});

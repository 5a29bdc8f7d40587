import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "America/New_York";
const scale = await import("../../tbcore/ui/components/lines/scale.js");
const zoom = await import("../../tbcore/ui/components/lines/zoom.js");
const { xAxis } = await import("../../tbcore/ui/components/lines/paint.js");
const { airyRange, durationTicks, linearTicks, logTicks, momentTicks, newScale, pixelAt, valueAt, widened } = scale;

test("linear ticks are round numbers inside the range", () => {
  assert.deepEqual(linearTicks(0, 10, 5), { ticks: [0, 2, 4, 6, 8, 10], step: 2 });
  assert.deepEqual(linearTicks(-1.2, 1.2, 5).ticks, [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(linearTicks(960, 1010, 5).ticks, [960, 970, 980, 990, 1000, 1010]);
});

test("steps never get ticks between two steps", () => {
  assert.deepEqual(linearTicks(0, 2, 8, 1), { ticks: [0, 1, 2], step: 1 });
  assert.deepEqual(linearTicks(41.5, 42.5, 8, 1).ticks, [42]);
});

test("ticks end even when the step is too small for the numbers", () => {
  assert.ok(linearTicks(1e20, 1e20 + 4e4, 5).ticks.length <= 200);
});

test("log ticks are decades, with digits between them where there is room", () => {
  assert.deepEqual(logTicks(1e-4, 1, 5).ticks, [1e-4, 1e-3, 1e-2, 1e-1, 1]);
  assert.deepEqual(logTicks(1, 100, 8).ticks, [1, 2, 5, 10, 20, 50, 100]);
  assert.deepEqual(logTicks(1e-30, 1, 5).ticks, [1e-28, 1e-21, 1e-14, 1e-7, 1]);
  assert.deepEqual(logTicks(2, 4, 5).ticks, [2, 2.5, 3, 3.5, 4]);
});

test("duration ticks follow the clock", () => {
  assert.deepEqual(durationTicks(0, 3600, 5).ticks, [0, 600, 1200, 1800, 2400, 3000, 3600]);
  assert.equal(durationTicks(0, 10 * 86400, 5).step, 2 * 86400);
  assert.equal(durationTicks(0, 1, 5).step, 0.2);
});

test("wall time ticks are round in local time", () => {
  const midnight = Date.UTC(2025, 10, 20, 5) / 1000;
  const ticks = (low, high) => momentTicks(midnight + low, midnight + high, 4).ticks.map((tick) => tick - midnight);
  assert.deepEqual(ticks(-60, 86400), [0, 21600, 43200, 64800, 86400]);
  assert.deepEqual(ticks(10, 130), [30, 60, 90, 120]);
});

test("day ticks stay on midnight when the clocks change", () => {
  const ticks = momentTicks(Date.UTC(2025, 10, 1, 4) / 1000, Date.UTC(2025, 10, 4, 6) / 1000, 4).ticks;
  const midnights = [[1, 4], [2, 4], [3, 5], [4, 5]].map(([day, hour]) => Date.UTC(2025, 10, day, hour) / 1000);
  assert.deepEqual(ticks, midnights);
});

test("month and year ticks are calendar months and years", () => {
  const months = momentTicks(Date.UTC(2025, 0, 10) / 1000, Date.UTC(2025, 5, 10) / 1000, 4).ticks;
  assert.deepEqual(months.map((tick) => new Date(tick * 1000).getMonth()), [1, 2, 3, 4, 5]);
  const years = momentTicks(Date.UTC(1971, 5, 1) / 1000, Date.UTC(2025, 5, 1) / 1000, 5).ticks;
  assert.deepEqual(years.map((tick) => new Date(tick * 1000).getFullYear()), [1980, 1990, 2000, 2010, 2020]);
});

const letters = (label) => 6.2 * label.length;

test("the labels of an x axis reach near its end and have room", () => {
  assert.deepEqual(xAxis([0, 1999], "step", 350, letters).labels, ["0", "500", "1000", "1500", "2000"]);
  assert.deepEqual(xAxis([0, 1238], "step", 350, letters).labels, ["0", "200", "400", "600", "800", "1000", "1200"]);
  for (const [high, width] of [[1499, 280], [949, 300], [17, 150], [1.9e6, 350], [3, 90]]) {
    const { ticks, labels } = xAxis([0, high], "step", width, letters);
    const room = ((ticks[1] - ticks[0]) / high) * width;
    assert.ok(labels.every((label) => letters(label) < room), `${high}: ${labels}`);
  }
});

test("all labels of an x axis are as far from one another as they are painted", () => {
  const wide = (label) => 7.2 * label.length;
  for (let high = 3; high < 3e6; high = Math.ceil(high * 1.17)) {
    for (const width of [60, 150, 280, 353, 382, 820]) {
      const { ticks, labels } = xAxis([0, high], "step", width, wide);
      const at = ticks.map((tick, index) => Math.min((tick / high) * width, width + 8 - wide(labels[index]) / 2));
      for (let index = 1; index < at.length; index += 1) {
        const gap = at[index] - at[index - 1] - (wide(labels[index]) + wide(labels[index - 1])) / 2;
        assert.ok(gap >= 8, `${high} on ${width}: ${labels}`);
      }
    }
  }
});

test("where no step leaves room for all labels and reaches the end, the end stays bare", () => {
  const { labels } = xAxis([0, 1950], "step", 353, (label) => 7.2 * label.length);
  assert.deepEqual(labels, ["0", "500", "1000", "1500"]);
});

test("an axis of one tick or of none is made as well", () => {
  assert.deepEqual(xAxis([41.5, 42.5], "step", 350, letters).labels, ["42"]);
  const { ticks, dates } = xAxis([1.2, 1.3], "wall", 20, letters);
  assert.equal(dates.length, ticks.length);
});

test("a single value gets room around it", () => {
  assert.deepEqual(widened(5, 5, 1), [4, 6]);
  assert.deepEqual(widened(0, 0, 0), [-1, 1]);
  assert.deepEqual(widened(Infinity, -Infinity, 1), [0, 1]);
  assert.deepEqual(widened(1, 2, 1), [1, 2]);
  const [low, high] = widened(-1.7e308, 1.7e308, 0);
  assert.ok(Number.isFinite(high - low));
});

test("the y range has air on both sides, on a log axis in decades", () => {
  assert.deepEqual(airyRange(0, 10, false), [-0.5, 10.5]);
  const [low, high] = airyRange(1, 100, true);
  assert.ok(Math.abs(Math.log10(low) + 0.1) < 1e-12 && Math.abs(Math.log10(high) - 2.1) < 1e-12);
  assert.deepEqual(airyRange(Infinity, -5, true), [0.1, 10]);
});

test("scales map there and back", () => {
  const linear = newScale(10, 20, 100, 0);
  assert.equal(pixelAt(linear, 15), 50);
  assert.equal(valueAt(linear, 25), 17.5);
  const log = newScale(1, 100, 0, 200, true);
  assert.equal(pixelAt(log, 10), 100);
  assert.equal(valueAt(log, 100), 10);
});

const BOX = { left: 0, right: 100, top: 0, bottom: 50 };
const FRAME = { box: BOX, xs: newScale(0, 1000, 0, 100), ys: newScale(0, 5, 50, 0) };

test("a horizontal drag chooses x, a box both, a vertical drag y, a click nothing", () => {
  assert.deepEqual(zoom.draggedRanges(FRAME, [80, 20], [30, 25]), { x: [300, 800], y: null });
  assert.deepEqual(zoom.draggedRanges(FRAME, [10, 10], [60, 40]), { x: [100, 600], y: [1, 4] });
  assert.deepEqual(zoom.draggedRanges(FRAME, [10, 10], [12, 40]), { x: null, y: [1, 4] });
  assert.deepEqual(zoom.draggedRanges(FRAME, [10, 10], [12, 11]), { x: null, y: null });
});

test("a drag past the plot ends at its edge", () => {
  assert.deepEqual(zoom.draggedRanges(FRAME, [50, 20], [300, 20]).x, [500, 1000]);
});

test("panning moves the range against the pointer, wheeling keeps the value under it", () => {
  assert.deepEqual(zoom.pannedRange(FRAME.xs, 20), [-200, 800]);
  assert.deepEqual(zoom.pannedRange(FRAME.ys, 10), [1, 6]);
  assert.deepEqual(zoom.zoomedRange(FRAME.xs, 25, 0.5), [125, 625]);
});

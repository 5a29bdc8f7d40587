import assert from "node:assert/strict";
import { test } from "node:test";

import { exactly, heldSpan, lengthOf, momentOf, movedSpan, pinchedSpan, spanAround, spanBetween, spanShowing, ticksOf, wholeSpan, zoomedSpan } from "../../tbcore/ui/components/trace/span.js";
import { itemsWithin, laidOut, placeOfTrack, SIZES, trackAt, unfoldedFor } from "../../tbcore/ui/components/trace/tracks.js";
import { markAt, markOfRow, marksWithin, newMarks, suffices } from "../../tbcore/ui/components/trace/marks.js";
import { channels, isDark, blended, paintsOf } from "../../tbcore/ui/components/trace/colors.js";
import { handOver } from "../../tbcore/ui/components/perfetto/handover.js";

const LENGTH = 1_000_000;

test("zooming keeps the time under the pointer where it is", () => {
  const seen = { start: 100_000, end: 200_000 };
  const near = zoomedSpan(seen, 4, 125_000, LENGTH);
  assert.deepEqual(near, { start: 118_750, end: 143_750 });
  assert.deepEqual(zoomedSpan(near, 0.25, 125_000, LENGTH), seen);
});

test("two fingers keep the times under them", () => {
  const seen = { start: 100_000, end: 200_000 };
  // At 200 and 600 of 1,000 pixels, then at 100 and 900.
  assert.deepEqual(pinchedSpan(seen, [120_000, 160_000], [100, 900], 1_000, LENGTH), { start: 115_000, end: 165_000 });
  assert.equal(pinchedSpan(seen, [120_000, 160_000], [400, 402], 1_000, LENGTH), seen);
  assert.equal(pinchedSpan(seen, [120_000, 160_000], [600, 200], 1_000, LENGTH), seen);
});

test("nothing beyond the trace is seen but a little, and nothing closer than can be told apart", () => {
  const whole = wholeSpan(LENGTH);
  assert.deepEqual(whole, { start: -20_000, end: 1_020_000 });
  assert.deepEqual(zoomedSpan(whole, 0.5, 5, LENGTH), whole);
  assert.deepEqual(movedSpan({ start: 0, end: 1_000 }, -1e9, LENGTH), { start: -20_000, end: -19_000 });
  const close = zoomedSpan({ start: 0, end: 100 }, 1e9, 50, LENGTH);
  assert.equal(close.end - close.start, 20);
});

test("a trace of no length is seen too", () => {
  const whole = wholeSpan(1);
  assert.ok(whole.end > whole.start);
  assert.ok(Number.isFinite(heldSpan({ start: 0, end: 0 }, 1).start));
});

test("what is gone to is left where it is when it is seen, moved to when not, and zoomed to when too small or large", () => {
  const seen = { start: 0, end: 100_000 };
  assert.equal(spanShowing(seen, 50_000, 51_000, LENGTH), seen);
  assert.deepEqual(spanShowing(seen, 500_000, 501_000, LENGTH), { start: 450_500, end: 550_500 });
  assert.deepEqual(spanShowing(seen, 500_000, 500_010, LENGTH), { start: 499_950, end: 500_060 });
  assert.deepEqual(spanShowing(seen, 50_000, 51_000, LENGTH, 1 / 40), { start: 45_000, end: 56_000 });
  assert.deepEqual(spanShowing(seen, 400_000, 600_000, LENGTH), spanAround(400_000, 600_000, LENGTH));
});

test("a glide begins and ends where it shall", () => {
  const [from, to] = [{ start: 0, end: 1_000 }, { start: 500, end: 510 }];
  const near = (one, other) => assert.ok(Math.abs(one.start - other.start) < 1e-6 && Math.abs(one.end - other.end) < 1e-6);
  near(spanBetween(from, to, 0), from);
  near(spanBetween(from, to, 1), to);
  const half = spanBetween(from, to, 0.5);
  assert.ok(Math.abs(half.end - half.start - 100) < 1e-9);
});

test("ticks are round, far enough apart and spelled with the decimals they need", () => {
  const { ticks, step } = ticksOf({ start: 0, end: 1_000_000 }, 900);
  assert.equal(step, 100_000);
  assert.deepEqual(ticks.slice(0, 3).map(({ label }) => label), ["0", "100µs", "200µs"]);
  const close = ticksOf({ start: 1_000_000_000, end: 1_000_000_100 }, 900);
  assert.deepEqual(close.ticks.slice(0, 2).map(({ label }) => label), ["1.00000000s", "1.00000001s"]);
  assert.equal(ticksOf({ start: -50, end: 100 }, 900).ticks[0].at, 0);
});

test("times are spelled shortly, and exactly", () => {
  assert.deepEqual([0, 7, 999, 1_000, 412_345, 999_999, 1_234_567, 61e9].map(lengthOf), ["0ns", "7ns", "999ns", "1µs", "412µs", "1ms", "1.23ms", "61s"]);
  assert.deepEqual([7, 1_500, 1_234_567, 1_234_567_891].map(exactly), ["7ns", "1.5µs", "1.234 567ms", "1.234 567 891s"]);
  assert.equal(momentOf(1_234_567, 1_000), "1.235ms");
});

const lane = (id, rows, track) => ({ id, name: `lane ${id}`, rows, track, events: 5 });
const GROUPS = [
  { name: "python", device: false, lanes: [lane(0, 3, 0), lane(1, 1, 3)], curves: [{ id: 0 }] },
  { name: "many", device: false, lanes: Array.from({ length: 30 }, (_, at) => lane(2 + at, 1, 4 + at)), curves: [] },
];

test("processes of few lanes are open at first, those of many are folded to one strip", () => {
  const { items, height } = laidOut(GROUPS, new Map());
  assert.deepEqual(items.map(({ kind }) => kind), ["head", "curve", "lane", "lane", "head", "density"]);
  assert.equal(height, items.at(-1).y + SIZES.folded + SIZES.gap);
  const open = laidOut(GROUPS, new Map([["g1", false], ["g0", true]]));
  assert.deepEqual(open.items.map(({ kind }) => kind).slice(0, 4), ["head", "density", "head", "lane"]);
  assert.equal(open.items.filter(({ kind }) => kind === "lane").length, 30);
});

test("a folded lane shows its first row", () => {
  const { items } = laidOut(GROUPS, new Map([["l0", true]]));
  assert.deepEqual(items.filter(({ kind }) => kind === "lane").map(({ rows, folded }) => [rows, folded]), [[1, true], [1, false]]);
});

test("a height is a track, and a track a height", () => {
  const layout = laidOut(GROUPS, new Map());
  const first = layout.items[2];
  assert.equal(trackAt(layout.items, first.y + SIZES.row + 1).track, 1);
  assert.equal(trackAt(layout.items, layout.items[0].y + 1).track, -1);
  assert.equal(placeOfTrack(layout, GROUPS, 2).y, first.y + 2 * SIZES.row);
  assert.equal(placeOfTrack(layout, GROUPS, 20).item.kind, "density");
  assert.equal(placeOfTrack(layout, GROUPS, 99), null);
  const folds = unfoldedFor(GROUPS, new Map([["l0", true]]), 20);
  assert.equal(placeOfTrack(laidOut(GROUPS, folds), GROUPS, 20).item.lane.id, 18);
  assert.equal(unfoldedFor(GROUPS, new Map([["l0", true]]), 2).get("l0"), false);
});

test("of many items only those in sight are looked at", () => {
  const many = [{ ...GROUPS[1], lanes: Array.from({ length: 5_000 }, (_, at) => lane(at, 1, at)) }];
  const { items, height } = laidOut(many, new Map([["g0", false]]));
  const seen = itemsWithin(items, height / 2, height / 2 + 500);
  assert.ok(seen.length < 30);
  assert.ok(seen[0].y <= height / 2 && seen.at(-1).y + seen.at(-1).h >= height / 2 + 490);
});

function table(columns) {
  return { getChild: (name) => (columns[name] ? { toArray: () => columns[name] } : null) };
}
const ARROW = table({
  track: Int32Array.of(0, 0, 0, 2), start: Float64Array.of(0, 50, 90, 10), end: Float64Array.of(40, 60, 100, 20), name: Int32Array.of(1, 1, 2, 3), role: Uint8Array.of(1, 1, 1, 1),
  count: Int32Array.of(1, 4, 1, 1), total: Float64Array.of(40, 5, 10, 10), main: Float64Array.of(40, 3, 10, 10), row: Int32Array.of(0, -1, 9, 4), hits: Int32Array.of(0, 0, 0, 0),
});
const ABOUT = { from: 0, until: 100, cell: 16, pixel: 10, length: 200, lanes: new Map([[0, 2]]), searched: false };

test("marks are found by track and time", () => {
  const marks = newMarks(ARROW, ABOUT);
  assert.deepEqual(marks.places.get(2), [3, 4]);
  const [from, to] = marksWithin(marks, 0, 45, 70);
  assert.ok(from <= 1 && to === 2);
  assert.deepEqual([0, 39, 45, 55, 200].map((time) => markAt(marks, 0, time, 3)), [0, 0, -1, 1, -1]);
  assert.equal(markAt(marks, 0, 43, 3), 0);
  assert.equal(markAt(marks, 1, 10, 3), -1);
  assert.deepEqual([markOfRow(marks, 0, 9), markOfRow(marks, 2, 4), markOfRow(marks, 0, 4)], [2, 3, -1]);
});

test("an answer serves as long as it covers what is seen, as finely as the screen shows it", () => {
  const marks = newMarks(ARROW, ABOUT);
  assert.equal(suffices(marks, { start: -5, end: 90 }, 10, [[0, 2]]), true);
  assert.equal(suffices(marks, { start: 10, end: 110 }, 10, [[0, 2]]), false);
  assert.equal(suffices(marks, { start: 10, end: 50 }, 5, [[0, 2]]), false);
  assert.equal(suffices(marks, { start: 10, end: 50 }, 10, [[0, 3]]), false);
  assert.equal(suffices(marks, { start: 10, end: 50 }, 10, [[1, 1]]), false);
  assert.equal(suffices({ ...marks, cell: 1 }, { start: 10, end: 11 }, 0.01, [[0, 1]]), true);
  assert.equal(suffices(null, { start: 0, end: 1 }, 1, []), false);
});

test("colours are blended for the background", () => {
  assert.deepEqual(channels("#ff8000"), [255, 128, 0]);
  assert.deepEqual(channels("rgb(1, 2, 3)"), [1, 2, 3]);
  assert.equal(blended("#ffffff", "#000000", 0.5), "rgb(128,128,128)");
  assert.deepEqual([isDark("#16181c"), isDark("#ffffff")], [true, false]);
  assert.equal(paintsOf(["#4269d0"], { background: "#ffffff" })[0].soft.length, 4);
});

test("perfetto is asked until it answers, and gets the bytes once", () => {
  const [posted, timers, listeners] = [[], [], []];
  const clock = {
    performance: { now: () => 0 }, setTimeout: (call) => timers.push(call), clearTimeout: () => {},
    addEventListener: (_, call) => listeners.push(call), removeEventListener: () => listeners.pop(),
  };
  const target = { closed: false, postMessage: (message, origin) => posted.push([message, origin]) };
  let ended = null;
  handOver(target, "https://ui.perfetto.dev/#!/", "run", Uint8Array.of(1, 2, 3), (ok) => (ended = ok), clock);
  timers[0]();
  assert.deepEqual(posted.map(([message]) => message), ["PING", "PING"]);
  listeners[0]({ source: target, origin: "https://elsewhere", data: "PONG" });
  assert.equal(ended, null);
  listeners[0]({ source: target, origin: "https://ui.perfetto.dev", data: "PONG" });
  assert.equal(ended, true);
  assert.deepEqual([...new Uint8Array(posted[2][0].perfetto.buffer)], [1, 2, 3]);
  assert.equal(posted[2][1], "https://ui.perfetto.dev");
});

test("a window that was closed is given up", () => {
  let ended = null;
  const clock = { performance: { now: () => 0 }, setTimeout: () => 0, clearTimeout: () => {}, addEventListener: () => {}, removeEventListener: () => {} };
  handOver({ closed: true }, "https://ui.perfetto.dev", "run", new Uint8Array(1), (ok) => (ended = ok), clock);
  assert.equal(ended, false);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { isRun, sharedFolder } from "../../tbcore/ui/components/lines/card.js";
import { mixed } from "../../tbcore/ui/components/lines/dom.js";
import { dropPlace, inOrder, movedTo } from "../../tbcore/ui/components/lines/drag.js";
import { innerRange } from "../../tbcore/ui/components/lines/fit.js";
import { pressedAt, spanned, stepOf } from "../../tbcore/ui/components/lines/fobs.js";
import { orderedReadings } from "../../tbcore/ui/components/lines/hover.js";
import { paintBand, paintLine } from "../../tbcore/ui/components/lines/paint.js";
import { newSvg } from "../../tbcore/ui/components/lines/picture.js";
import { asText, cellText, sortedRows } from "../../tbcore/ui/components/lines/readout.js";
import { newScale } from "../../tbcore/ui/components/lines/scale.js";
import { amountOf, isLogX, isSmooth, settingsOf } from "../../tbcore/ui/components/lines/settings.js";
import { abscissa, newSeries, smoothedLine } from "../../tbcore/ui/components/lines/table.js";
import { amountAt, countedRuns, placeOf } from "../../tbcore/ui/components/lines/toolbar.js";

const floats = (...values) => Float64Array.from(values);
const line = (...values) => {
  const steps = floats(...values.keys());
  const series = newSeries("a", { step: steps, wall: steps, value: floats(...values) });
  return { series, raw: abscissa(series, "step", 0), smooth: null, drawn: series.value };
};

test("a press selects a step, a second one a range, a third moves the nearer end", () => {
  assert.deepEqual(pressedAt(null, 10), { from: 10 });
  assert.deepEqual(pressedAt({ from: 10 }, 4), { from: 4, to: 10 });
  assert.deepEqual(pressedAt({ from: 4, to: 10 }, 9), { from: 4, to: 9 });
  assert.deepEqual(pressedAt({ from: 4, to: 10 }, 1), { from: 1, to: 10 });
  assert.deepEqual(spanned(3, 3), { from: 3 });
});

test("a step is typed with or without its commas", () => {
  assert.deepEqual(["1,234", " 7 ", "1e3", "", "x"].map(stepOf), [1234, 7, 1000, null, null]);
});

test("a card is dropped beside one of its group, and onto any other", () => {
  assert.deepEqual([0.1, 0.5, 0.9].map((part) => dropPlace(part, true, true, true)), ["before", "onto", "after"]);
  assert.deepEqual([0.1, 0.9].map((part) => dropPlace(part, false, true, true)), ["onto", "onto"]);
  assert.deepEqual([0.4, 0.6].map((part) => dropPlace(part, true, true, false)), ["before", "after"]);
  assert.equal(dropPlace(0.5, false, true, false), null);
});

test("cards keep the order they were put in, and a new one stays behind its neighbour", () => {
  assert.deepEqual(movedTo(["a", "b", "c"], "c", "a", "before"), ["c", "a", "b"]);
  assert.deepEqual(movedTo(["a", "b", "c"], "a", "b", "after"), ["b", "a", "c"]);
  assert.deepEqual(inOrder(["a", "b", "bb", "c"], ["c", "b", "a", "gone"]), ["c", "b", "bb", "a"]);
  assert.deepEqual(inOrder(["a", "b"], undefined), ["a", "b"]);
});

test("a readout is sorted by numbers, what is missing last, and copied in full", () => {
  const rows = [["b", 2], ["a", null], ["c", 0.123456789]];
  assert.deepEqual(sortedRows(rows, 1, false).map(([run]) => run), ["c", "b", "a"]);
  assert.deepEqual(sortedRows(rows, 1, true).map(([run]) => run), ["b", "c", "a"]);
  assert.deepEqual(sortedRows([["run10"], ["run9"]], 0, false), [["run9"], ["run10"]]);
  assert.equal(asText({ columns: [{ label: "Run" }, { label: "Value" }] }, rows), "Run\tValue\nb\t2\na\t\nc\t0.123456789");
  assert.deepEqual([cellText(12.5, "share"), cellText(1234, "step"), cellText("NaN", "number"), cellText(null, "number")], ["12.5 %", "1,234", "NaN", ""]);
});

test("outliers are what lies beyond the 5th and the 95th percentile, of more than two values", () => {
  const values = [...Array(100).keys()];
  assert.deepEqual(innerRange([line(...values, 1e6)], 0, 1000, false), [5, 95]);
  assert.deepEqual(innerRange([line(1, NaN, 2)], 0, 10, false), null);
  assert.deepEqual(innerRange([line(...values)], 10, 19, false), [10, 19]);
});

test("rows of the tooltip are ordered by value or name, lines that ended last", () => {
  const at = (name, smoothed, gone = false) => ({ line: { name }, smoothed, gone });
  const found = [at("run10", 2), at("run9", 3), at("b", NaN), at("a", 1, true)];
  const names = (order) => orderedReadings(found, order).map((reading) => reading.line.name);
  assert.deepEqual(names("nearest"), ["run10", "run9", "b", "a"]);
  assert.deepEqual(names("ascending"), ["run10", "run9", "b", "a"]);
  assert.deepEqual(names("descending"), ["run9", "run10", "b", "a"]);
  assert.deepEqual(names("alphabetical"), ["b", "run9", "run10", "a"]);
});

test("settings that are not said are as at first, and are spelled in one order", () => {
  assert.equal(JSON.stringify(settingsOf({ log_y: true, smoothing: 0.5 })), JSON.stringify(settingsOf({ smoothing: 0.5, log_y: true })));
  assert.equal(settingsOf({}).method, "ema");
  assert.equal(isSmooth({ method: "mean", smoothing: 1 }), false);
  assert.equal(isSmooth({ method: "ema", smoothing: 0.1 }), true);
  assert.equal(isLogX({ axis: "wall", log_x: true }), false);
});

test("the slider is fine where windows are short, and comes back to the amount it says", () => {
  for (const amount of [1, 3, 11, 101, 1001]) assert.equal(amountAt(String(placeOf(amount, "mean")), "mean"), amount);
  assert.equal(placeOf(0.6, "ema"), 0.6);
  assert.deepEqual(["5000", "-1", "x"].map((text) => amountOf(text, "gaussian")), [1000, 0, 0]);
});

test("another way of smoothing is the server's: until it answers, the line from before stays and is told to be old", () => {
  const points = { step: floats(0, 1), wall: floats(0, 1), value: floats(1, 3) };
  const series = newSeries("a", points, { exact: { ...points, value: floats(1, 2) } });
  const exact = smoothedLine(series, 11, ["median", 11], "median");
  assert.deepEqual([[...exact.value], exact.old], [[1, 2], undefined]);
  const waiting = smoothedLine(series, 13, ["median", 11], "median");
  assert.deepEqual([[...waiting.value], waiting.old], [[1, 2], true]);
  assert.equal(smoothedLine(series, 1, ["median", 11], "median"), series);
});

test("x comes from another tag where that is the axis, and a logarithmic one starts above 0", () => {
  const series = newSeries("a", { step: floats(0, 1, 2), wall: floats(5, 6, 7), value: floats(1, 1, 1), x: floats(3, 1, 2) });
  const across = abscissa(series, "tag", 0);
  assert.deepEqual([across.low, across.high, across.rising], [1, 3, false]);
  assert.equal(abscissa(newSeries("b", { step: floats(), wall: floats(), value: floats() }), "tag", 0), null);
  const log = abscissa(series, "step", 0, true);
  assert.deepEqual([log.low, log.high, log.hidden], [1, 2, 1]);
});

test("a group stands for its runs", () => {
  assert.ok(isRun({ name: "lr=0.1", members: ["a", "b"] }, "b"));
  assert.ok(!isRun({ name: "a" }, null));
});

test("names of overlaid tags leave out the folders they share", () => {
  assert.equal(sharedFolder(["train/loss", "train/lr"]), 6);
  assert.equal(sharedFolder(["loss", "lr"]), 0);
  assert.equal(sharedFolder(["loss/", "loss/train"]), 0);
  assert.equal(sharedFolder(["/", "/a"]), 0);
  assert.equal(sharedFolder(["a/loss/", "a/loss/train"]), 2);
});

test("colours are mixed as numbers where both are, so that files can hold them", () => {
  assert.equal(mixed("#000000", "#ffffff", 0.5), "#808080");
  assert.match(mixed("red", "#ffffff", 0.5), /^color-mix/);
});

test("pictures are drawn as paths and text that cannot be markup", () => {
  const svg = newSvg(100, 50, null);
  const xs = newScale(0, 2, 0, 100);
  const ys = newScale(0, 1, 50, 0);
  const { raw } = line(0, 1, 0);
  svg.strokeStyle = "#4269d0";
  paintLine(svg, raw, floats(0, 1, 0), xs, ys, 1);
  paintBand(svg, raw, floats(0, 0, NaN), floats(1, 1, 1), xs, ys);
  svg.fillText("<script>&", 1, 2);
  const text = svg.text();
  assert.match(text, /<path d="M0 50L50 0L100 50" fill="none" stroke="#4269d0"/);
  assert.match(text, /<path d="M0 0L50 0L50 50L0 50" fill=/);
  assert.match(text, /&#60;script&#62;&#38;</);
});

test("groups that are one line each are not counted as runs", () => {
  assert.equal(countedRuns([{}, {}]), "2 runs");
  assert.equal(countedRuns([{ group: true }]), "1 group");
  assert.equal(countedRuns([{ group: true }, {}]), "2 groups and runs");
});

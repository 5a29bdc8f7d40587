import assert from "node:assert/strict";
import { test } from "node:test";

import { finder, levelsOf, matches, newFrames, pathTo, percent, placed, shadeOf, stepFrom } from "../../tbcore/ui/components/flame/tree.js";

// main 100 > forward 60 > conv 40, relu 10; backward 30; a second root of 100.
const FRAMES = newFrames({
  name: ["main", "other", "forward", "backward", "conv", "relu"],
  parent: [-1, -1, 0, 0, 2, 2],
  total: [100, 100, 60, 30, 40, 10],
  self: [10, 100, 10, 30, 40, 10],
  calls: [1, 1, 2, 2, 4, 4],
  role: [0, 0, 0, 0, 0, 0],
  row: [0, 1, 2, 3, 4, 5],
});
const spans = (boxes) => boxes.map(({ at, level, left, right }) => [FRAMES.name[at], level, left, right]).sort();

test("frames know who stands below them, how deep they are, and what all take", () => {
  assert.deepEqual(FRAMES.children, [[2, 3], [], [4, 5], [], [], []]);
  assert.deepEqual([...FRAMES.depth], [0, 0, 1, 1, 2, 2]);
  assert.deepEqual([FRAMES.roots, FRAMES.whole], [[0, 1], 200]);
});

test("a frame is as wide as its time, below its caller and from its left", () => {
  assert.deepEqual(spans(placed(FRAMES, -1, 0)), [
    ["backward", 1, 0.3, 0.44999999999999996], ["conv", 2, 0, 0.2], ["forward", 1, 0, 0.3], ["main", 0, 0, 0.5], ["other", 0, 0.5, 1], ["relu", 2, 0.2, 0.25],
  ]);
  assert.equal(levelsOf(placed(FRAMES, -1, 0)), 3);
});

test("the frame that is looked at has the whole width, with its callers above it", () => {
  assert.deepEqual(spans(placed(FRAMES, 2, 0)), [
    ["conv", 2, 0, 40 / 60], ["forward", 1, 0, 1], ["main", 0, 0, 1], ["relu", 2, 40 / 60, 40 / 60 + 10 / 60],
  ]);
});

test("what is narrower than a hair is not drawn, nor what stands below it", () => {
  assert.deepEqual(spans(placed(FRAMES, -1, 0.2)).map(([name]) => name), ["conv", "forward", "main", "other"]);
});

test("frames without time take no room and divide by nothing", () => {
  const none = newFrames({ name: ["a", "b"], parent: [-1, 0], total: [0, 0], self: [0, 0], calls: [1, 1], role: [0, 0], row: [0, 1] });
  assert.deepEqual(placed(none, -1, 0.001), []);
  assert.equal(levelsOf([]), 0);
  assert.equal(matches(none, finder("a")).share, 0);
});

test("the path to a frame begins with its outermost caller", () => {
  assert.deepEqual(pathTo(FRAMES, 5), [0, 2, 5]);
  assert.deepEqual(pathTo(FRAMES, -1), []);
});

test("a search is a regular expression that ignores case, or the text itself where it is none", () => {
  assert.equal(finder("  "), null);
  assert.ok(finder("^CONV$")("conv"));
  assert.ok(!finder("^on")("conv"));
  assert.ok(finder("kernel<4, (")("void Kernel<4, (anonymous)>"));
});

test("a frame that is found inside another one does not count twice", () => {
  const found = matches(FRAMES, finder("forward|conv|backward"));
  assert.deepEqual([[...found.hit], found.count, found.share], [[0, 0, 1, 1, 1, 0], 3, 0.45]);
});

test("arrow keys go to the caller, the largest callee and those beside it", () => {
  assert.equal(stepFrom(FRAMES, -1, "ArrowDown"), 0);
  assert.equal(stepFrom(FRAMES, 0, "ArrowDown"), 2);
  assert.equal(stepFrom(FRAMES, 2, "ArrowRight"), 3);
  assert.equal(stepFrom(FRAMES, 3, "ArrowRight"), 3);
  assert.equal(stepFrom(FRAMES, 3, "ArrowLeft"), 2);
  assert.equal(stepFrom(FRAMES, 3, "ArrowUp"), 0);
  assert.equal(stepFrom(FRAMES, 0, "ArrowUp"), 0);
  assert.equal(stepFrom(FRAMES, 0, "ArrowRight"), 1);
  assert.equal(stepFrom(FRAMES, 5, "ArrowDown"), 5);
});

test("the same name has the same shade", () => {
  assert.equal(shadeOf("conv"), shadeOf("conv"));
  assert.ok(shadeOf("conv") >= 0 && shadeOf("relu") <= 1);
});

test("shares are spelled by their size", () => {
  assert.deepEqual([1, 0.12345, 0.0123, 0.00001, 0, NaN].map(percent), ["100.0%", "12.3%", "1.23%", "< 0.01%", "0%", "0%"]);
});

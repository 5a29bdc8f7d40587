import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import {
  differenceAt, differencePixels, fitted, newImage, pixelUnder, screenPixels, spanOf, valueText, valuesAt, zoomedView,
} from "../../tbcore/ui/components/images/values.js";
import { unpackImage } from "../../tbcore/ui/components/images/pixels.js";

function imageOf(values, width, height, channels, { dtype = "u1", full = 255, low = 0, high = full, frames = 1 } = {}) {
  const arrays = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array };
  const samples = arrays[dtype].from(values);
  return newImage({ width, height, channels, dtype, full, low, high, frames, every: 1 }, new Uint8Array(samples.buffer));
}

test("the values of a pixel are those of its channels", () => {
  const image = imageOf([1, 2, 3, 4, 5, 6, 7, 8], 2, 1, 4);
  assert.deepEqual(valuesAt(image, 0, 1, 0), [5, 6, 7, 8]);
  assert.equal(valueText([5, 6, 7, 8]), "R 5  G 6  B 7  α 8");
  assert.equal(valueText([65535]), "65535");
  assert.equal(valueText([0.1 + 0.2, Number.NaN]), "0.3  α NaN");
  assert.equal(valueText([-3, Infinity, -Infinity]), "R −3  G ∞  B −∞");
});

test("a screen shows 16 bits scaled, one bit as black and white, floats over their range", () => {
  assert.deepEqual([...screenPixels(imageOf([0, 65535], 2, 1, 1, { dtype: "u2", full: 65535 }), 0)], [0, 0, 0, 255, 255, 255, 255, 255]);
  assert.deepEqual([...screenPixels(imageOf([0, 1], 2, 1, 1, { full: 1 }), 0)], [0, 0, 0, 255, 255, 255, 255, 255]);
  const floats = imageOf([-1, 3], 2, 1, 1, { dtype: "f4", full: 0, low: -1, high: 3 });
  assert.deepEqual([...screenPixels(floats, 0)], [0, 0, 0, 255, 255, 255, 255, 255]);
});

test("alpha is handed on, also of grey", () => {
  assert.deepEqual([...screenPixels(imageOf([10, 128], 1, 1, 2), 0)], [10, 10, 10, 128]);
});

test("stretching goes from the least to the greatest colour of a frame, whatever its alpha", () => {
  assert.deepEqual(spanOf(imageOf([10, 255, 60, 0], 2, 1, 2), 0), [10, 60]);
  assert.deepEqual(spanOf(imageOf([7, 7], 2, 1, 1), 0), [0, 255]);
  assert.deepEqual(spanOf(imageOf([1, 2, 8, 9], 2, 1, 1, { frames: 2 }), 1), [8, 9]);
});

test("a difference is B less A, with its greatest, its mean and how many pixels differ", () => {
  const [first, second] = [imageOf([10, 20, 30, 40], 2, 2, 1), imageOf([10, 25, 10, 40], 2, 2, 1)];
  const found = differencePixels(first, second, [0, 0], { gain: 4, signed: false, scaled: false });
  assert.deepEqual([found.most, found.mean, found.differing, found.pixelsCompared], [20, 6.25, 2, 4]);
  assert.deepEqual([...found.pixels].filter((_, at) => at % 4 === 0), [0, 20, 80, 0]);
  assert.deepEqual(differenceAt(first, second, [0, 0], 0, 1, false), [-20]);
});

test("a signed difference lies around grey", () => {
  const [first, second] = [imageOf([100, 100, 100], 3, 1, 1), imageOf([100, 140, 60], 3, 1, 1)];
  const found = differencePixels(first, second, [0, 0], { gain: 2, signed: true, scaled: false });
  assert.deepEqual([...found.pixels].filter((_, at) => at % 4 === 0), [128, 168, 88]);
});

test("grey is compared with colour, and alpha with none as if it were full", () => {
  const [grey, color] = [imageOf([50], 1, 1, 1), imageOf([50, 60, 40, 200], 1, 1, 4)];
  assert.deepEqual(differenceAt(grey, color, [0, 0], 0, 0, false), [0, 10, -10, -55]);
  assert.equal(differencePixels(grey, color, [0, 0], { gain: 1, signed: false, scaled: false }).most, 55);
});

test("8 and 16 bits are compared as shares of white", () => {
  const [eight, sixteen] = [imageOf([255], 1, 1, 1), imageOf([65535], 1, 1, 1, { dtype: "u2", full: 65535 })];
  const found = differencePixels(eight, sixteen, [0, 0], { gain: 1, signed: false, scaled: false });
  assert.deepEqual([found.most, found.differing, found.shares], [0, 0, true]);
});

test("images of different sizes are compared from the top left, or scaled", () => {
  const [first, second] = [imageOf([1, 2, 3, 4], 4, 1, 1), imageOf([1, 3], 2, 1, 1)];
  const aligned = differencePixels(first, second, [0, 0], { gain: 1, signed: false, scaled: false });
  assert.deepEqual([aligned.width, aligned.height, aligned.most], [2, 1, 1]);
  const scaled = differencePixels(first, second, [0, 0], { gain: 1, signed: false, scaled: true });
  assert.deepEqual([scaled.width, scaled.most, scaled.mean], [4, 1, 0.5]);
  assert.equal(differenceAt(first, second, [0, 0], 3, 0, false), null);
  assert.deepEqual(differenceAt(first, second, [0, 0], 3, 0, true), [-1]);
});

test("equal images do not differ, not even where they are NaN", () => {
  const same = () => imageOf([1, Number.NaN, Infinity], 3, 1, 1, { dtype: "f4", full: 0, low: 1, high: 1 });
  assert.equal(differencePixels(same(), same(), [0, 0], { gain: 32, signed: false, scaled: false }).differing, 0);
});

test("a small image fits at a whole number of screen pixels, in the middle", () => {
  assert.deepEqual(fitted(10, 10, 257, 305), { scale: 25, x: 3.5, y: 27.5 });
  assert.equal(fitted(1000, 500, 500, 500).scale, 0.5);
});

test("what lies under the pointer stays there while zooming", () => {
  const view = fitted(100, 100, 400, 400);
  const before = pixelUnder(view, 123, 301);
  assert.deepEqual(pixelUnder(zoomedView(view, 123, 301, 3), 123, 301), before);
  assert.equal(zoomedView(view, 0, 0, 1e9).scale, 64);
  assert.deepEqual(pixelUnder(view, -1, 0), [-1, 0]);
});

test("packed pixels come out as they went in", async () => {
  const samples = Uint16Array.from([1, 500, 65535, 7]);
  const about = { width: 2, height: 2, channels: 1, dtype: "u2", full: 65535, low: 0, high: 65535, frames: 1, every: 1 };
  const image = await unpackImage(about, deflateSync(Buffer.from(samples.buffer)));
  assert.deepEqual(valuesAt(image, 0, 0, 1), [65535]);
});

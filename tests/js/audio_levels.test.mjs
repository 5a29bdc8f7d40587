import assert from "node:assert/strict";
import { test } from "node:test";

import { colorRamp, frequencyAt, frequencyTicks, levelPixels, shareOf } from "../../tbcore/ui/components/audio/levels.js";
import { reachOf } from "../../tbcore/ui/components/audio/wave.js";

test("a frequency and its place on the axis belong together on both scales", () => {
  for (const scale of ["linear", "mel"]) {
    for (const share of [0, 0.25, 0.5, 1]) {
      assert.ok(Math.abs(shareOf(frequencyAt(share, 8000, scale), 8000, scale) - share) < 1e-9);
    }
  }
  assert.equal(frequencyAt(0.5, 8000, "linear"), 4000);
  assert.ok(frequencyAt(0.5, 8000, "mel") < 2000);
});

test("1000 Hz are 1000 mel", () => {
  assert.ok(Math.abs(shareOf(1000, 4000, "mel") * 2595 * Math.log10(1 + 4000 / 700) - 1000) < 0.1);
});

test("labels of frequencies are round and leave room", () => {
  assert.deepEqual(frequencyTicks(4000, "linear", 120), [1000, 2000, 3000]);
  const mel = frequencyTicks(8000, "mel", 120);
  const places = mel.map((hertz) => shareOf(hertz, 8000, "mel") * 120);
  assert.ok(places.every((place, at) => place <= 104 && place - (places[at - 1] ?? 0) >= 18));
});

test("colours go from the first of the theme to its last", () => {
  const ramp = colorRamp(["#000000", "#ffffff"]);
  assert.deepEqual([ramp[0], ramp[255], ramp.length], [[0, 0, 0], [255, 255, 255], 256]);
});

test("low frequencies are at the bottom, the loudest level has the last colour and what is below the range the first", () => {
  const ramp = colorRamp(["#000000", "#ffffff"]);
  const levels = Uint8Array.of(200, 0, 0, 100); // two bands of two columns
  const pixels = levelPixels(levels, 2, 2, 2, 1000, "linear", 200, 60, ramp);
  const at = (x, y) => pixels[4 * (y * 2 + x)];
  assert.deepEqual([at(0, 1), at(1, 1), at(0, 0)], [255, 0, 0]);
  assert.ok(at(1, 0) > 0 && at(1, 0) < 128);
});

test("silence has the first colour", () => {
  const pixels = levelPixels(Uint8Array.of(0, 0), 1, 2, 1, 1000, "linear", 0, 60, colorRamp(["#000000", "#ffffff"]));
  assert.deepEqual([...pixels], [0, 0, 0, 255, 0, 0, 0, 255]);
});

test("silence is drawn at full scale", () => {
  assert.equal(reachOf([Float32Array.of(0, 0)]), 1);
  assert.equal(reachOf([Float32Array.of(-0.5, 0.25), Float32Array.of(0, 0.75)]), 0.75);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { momentAt, placeAt, placeNear, readTracks, valuesOf } from "../../tbcore/ui/components/stepper/track.js";

const track = { steps: Float64Array.of(10, 20, 20, 20, 35), nths: Int32Array.of(0, 0, 1, 2, 0) };

test("the place of a moment is that of the latest one at or before it", () => {
  assert.deepEqual([5, 10, 15, 35, 99].map((step) => placeAt(track, String(step))), [-1, 0, 0, 4, 4]);
  assert.deepEqual([0, 1, 2, 9].map((nth) => placeAt(track, "20", nth)), [1, 2, 3, 3]);
});

test("no step is the latest, and nothing logged has no place", () => {
  assert.equal(placeAt(track, null), 4);
  assert.equal(placeAt({ steps: [], nths: [] }, null), -1);
});

test("a typed step goes to the nearest", () => {
  assert.deepEqual(["-3", "14", "16", "29", "1000"].map((step) => placeNear(track, step)), [0, 0, 1, 4, 4]);
});

test("the last place is the latest, so that a growing log is followed", () => {
  assert.deepEqual(momentAt(track, 2), ["20", 1]);
  assert.deepEqual(momentAt(track, 4), [null, 0]);
});

test("a step tells how many values it has", () => {
  assert.deepEqual([0, 1, 2, 3, 4].map((place) => valuesOf(track, place)), [1, 3, 3, 3, 1]);
});

test("steps beyond 53 bits arrive as text and stay exact", () => {
  const words = ["4611686018427387904", "4611686018427387905"];
  const vector = { length: 2, get: (index) => words[index], toArray: () => words };
  const table = { getChild: (name) => (name === "step" ? vector : { toArray: () => Int32Array.of(0, 0) }) };
  const [one] = readTracks({ tracks: [{ run: "", color: "", start: 0, count: 2 }] }, table);
  assert.equal(placeAt(one, words[1]), 1);
  assert.equal(placeAt(one, words[0]), 0);
  assert.deepEqual(momentAt(one, 0), [words[0], 0]);
});

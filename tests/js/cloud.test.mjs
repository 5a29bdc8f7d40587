import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { stampCell } from "../../tbcore/ui/components/cloud/atlas.js";
import { boxEdges, cameraBetween, cameraOf, cameraWords, firstCamera, fittedCamera, framed, frameOf, keptCamera, movedCamera, nearerCamera, project, projected, sight, turnedCamera } from "../../tbcore/ui/components/cloud/camera.js";
import { combined, longerLoop, nearestShown, withinBox, withinLoop } from "../../tbcore/ui/components/cloud/choose.js";
import { alone, lightened } from "../../tbcore/ui/components/cloud/legend.js";
import { freeLine } from "../../tbcore/ui/components/cloud/scene.js";
import { placedNames, shortName } from "../../tbcore/ui/components/cloud/words.js";
import { FAINT, GONE, membersOf, packedSet, PLAIN, sizeOf, standing, STRONG, unpackedSet } from "../../tbcore/ui/components/cloud/sets.js";
import { byDepth, channelsOf, clippedLine, fairOrder, hazed, newDiscs, pixelOf, splat, stroke } from "../../tbcore/ui/components/cloud/splat.js";
import { commons, dropRows, groupOf, putRows } from "../../tbcore/ui/components/cloud/shared.js";

const cases = JSON.parse(readFileSync(new URL("./cloud_cases.json", import.meta.url), "utf-8"));
const window = { width: 400, height: 300 };
const cube = [1, 1, 1];
const near = (one, other, within = 1e-6) => one.forEach((at, axis) => assert.ok(Math.abs(at - other[axis]) < within, `${one} is not ${other}`));
const setOf = (count, rows) => Uint8Array.from({ length: count }, (_one, row) => Number(rows.includes(row)));

// Sets ----------------------------------------------------------------------------------------------------------------

test("a set is spelled as the server spells it, and read back", () => {
  for (const { count, rows, text } of cases) {
    assert.equal(packedSet(setOf(count, rows)), text);
    assert.deepEqual(membersOf(unpackedSet(text, count)), rows);
  }
});

test("a set is never longer than a letter for six points", () => {
  const set = Uint8Array.from({ length: 100_000 }, (_one, row) => Number((row * 7919) % 11 < 4));
  const text = packedSet(set);
  assert.ok(text.length <= 1 + 4 * Math.ceil(12_500 / 3));
  assert.deepEqual(unpackedSet(text, 100_000), set);
  assert.equal(sizeOf(unpackedSet("b////", 5)), 5);
});

const all = { hidden: new Uint8Array(4), selected: new Uint8Array(4), picked: -1, neighbors: [], lit: [], only: [] };
const paints = Uint8Array.of(1, 1, 2, 2);
const placed = Uint8Array.of(1, 1, 1, 0);

test("nothing chosen: all are plain, and what has no place is gone", () => {
  assert.deepEqual([...standing(paints, placed, all)], [PLAIN, PLAIN, PLAIN, GONE]);
});

test("what is selected stands out and the rest is faint", () => {
  assert.deepEqual([...standing(paints, placed, { ...all, selected: Uint8Array.of(0, 1, 0, 1) })], [FAINT, STRONG, FAINT, GONE]);
});

test("a selection of which nothing is shown leaves the rest plain", () => {
  assert.deepEqual([...standing(paints, placed, { ...all, selected: Uint8Array.of(0, 0, 1, 0), only: [1] })], [PLAIN, PLAIN, GONE, GONE]);
  assert.deepEqual([...standing(paints, placed, { ...all, selected: Uint8Array.of(0, 0, 0, 1) })], [PLAIN, PLAIN, PLAIN, GONE]);
});

test("a picked point stands out with its neighbours, alone it changes nothing", () => {
  assert.deepEqual([...standing(paints, placed, { ...all, picked: 0, neighbors: [2, 3] })], [STRONG, FAINT, STRONG, GONE]);
  assert.deepEqual([...standing(paints, placed, { ...all, picked: 0 })], [PLAIN, PLAIN, PLAIN, GONE]);
});

test("a colour of the legend stands out; hidden points stay hidden", () => {
  assert.deepEqual([...standing(paints, placed, { ...all, lit: [2] })], [FAINT, FAINT, PLAIN, GONE]);
  assert.deepEqual([...standing(paints, placed, { ...all, lit: [2], hidden: Uint8Array.of(1, 0, 0, 0) })], [GONE, FAINT, PLAIN, GONE]);
});

// Cameras -------------------------------------------------------------------------------------------------------------

test("the longest side of the box of all points is from -1 to 1, and what is not finite is nowhere", () => {
  const columns = [Float32Array.of(0, 10, NaN), Float32Array.of(5, 7, 6)];
  const frame = frameOf(columns, null);
  assert.deepEqual(frame, { center: [5, 6], half: 5, extents: [1, 0.2] });
  near([...framed(columns, frame)[0].slice(0, 2)], [-1, 1]);
  assert.ok(Number.isNaN(framed(columns, frame)[0][2]));
});

test("one point, and none, have a frame too", () => {
  assert.deepEqual(frameOf([Float32Array.of(3), Float32Array.of(4)], null), { center: [3, 4], half: 1, extents: [0, 0] });
  assert.deepEqual(frameOf([Float32Array.of(), Float32Array.of()], null), { center: [0, 0], half: 1, extents: [0, 0] });
});

test("in two dimensions the first camera shows all points, up is up", () => {
  const seen = sight(firstCamera(2), window, [1, 0.5], 2);
  const [[left, , ], [right, , ]] = [projected(seen, [-1, 0]), projected(seen, [1, 0])];
  assert.ok(left > 0 && right < window.width && right - left > 300);
  assert.ok(projected(seen, [0, 0.5])[1] < projected(seen, [0, -0.5])[1]);
});

test("in three dimensions the upright axis points up, and what is behind the eye is nowhere", () => {
  const seen = sight(firstCamera(3), window, cube, 3);
  near(projected(seen, [0, 0, 0]).slice(0, 2), [200, 150]);
  assert.ok(projected(seen, [0, 0, 1])[1] < projected(seen, [0, 0, -1])[1]);
  const inside = sight({ ...firstCamera(3), k: 20 }, window, cube, 3);
  const [xs, ys, depths] = [new Float32Array(1), new Float32Array(1), new Float32Array(1)];
  project(inside, inside.toward.map((at) => [at]), xs, ys, depths);
  assert.ok(Number.isNaN(xs[0]) && depths[0] < 0);
});

test("what is at the pointer stays there when the camera comes nearer", () => {
  for (const [dims, place] of [[2, [0.3, -0.2]], [3, null]]) {
    const camera = firstCamera(dims);
    const seen = sight(camera, window, cube.slice(0, dims), dims);
    const here = place ?? seen.right.map((at, axis) => 0.3 * at - 0.2 * seen.up[axis]);
    const [x, y] = projected(seen, here);
    const after = nearerCamera(camera, seen, 2, x, y);
    near(projected(sight(after, window, cube.slice(0, dims), dims), here).slice(0, 2), [x, y], 1e-3);
    assert.equal(after.k, 2);
  }
});

test("the picture follows the pointer", () => {
  for (const dims of [2, 3]) {
    const camera = firstCamera(dims);
    const seen = sight(camera, window, cube.slice(0, dims), dims);
    const middle = seen.target;
    const moved = sight(movedCamera(camera, seen, 30, -12), window, cube.slice(0, dims), dims);
    near(projected(moved, middle).slice(0, 2), [230, 138], 1e-3);
  }
});

test("a camera stays near what it looks at, and never turns over", () => {
  assert.equal(keptCamera({ x: 99, y: 0, k: 1e9 }, 2).x, 1.5);
  assert.ok(keptCamera({ x: 99, y: 0, k: 1e9 }, 2).k < 1e5);
  assert.ok(turnedCamera(firstCamera(3), 0, 99).pitch <= Math.PI / 2);
});

test("a camera is spelled by its numbers, the first one by none", () => {
  assert.deepEqual(cameraWords(firstCamera(3), 3), []);
  assert.deepEqual(cameraWords({ x: 0.123456, y: 0, k: 2 }, 2), [0.1235, 0, 2]);
  assert.deepEqual(cameraOf([0.1, 0.2, 3], 2), { x: 0.1, y: 0.2, k: 3 });
  for (const odd of [[], null, [1, 2], [1, NaN, 2]]) assert.deepEqual(cameraOf(odd, 2), firstCamera(2));
});

test("to fit is to see what is shown", () => {
  const places = [Float32Array.of(-1, 0.4, 0.6), Float32Array.of(-1, 0.4, 0.6)];
  const fitted = fittedCamera(firstCamera(2), places, Uint8Array.of(0, 2, 2), [1, 1], 2);
  near([fitted.x, fitted.y, fitted.k], [0.5, 0.5, 10], 1e-4);
  assert.deepEqual(fittedCamera(firstCamera(2), places, new Uint8Array(3), [1, 1], 2), firstCamera(2));
});

test("a camera goes the shorter way round", () => {
  const [from, to] = [{ ...firstCamera(3), yaw: 3 }, { ...firstCamera(3), yaw: -3, k: 4 }];
  const half = cameraBetween(from, to, 0.5);
  assert.ok(half.yaw > 3 && half.k === 2);
});

test("of the box the upright sides behind the points are drawn", () => {
  const { edges, titles } = boxEdges(cube, sight(firstCamera(3), window, cube, 3));
  assert.equal(edges.length, 7);
  assert.equal(titles.length, 3);
  const nearest = [0.56, -0.82].map((at) => Math.sign(-at)); // the eye is at the left and in front
  assert.ok(!edges.some(([from, to]) => from[0] === nearest[0] && to[0] === nearest[0] && from[1] === Math.sign(-0.82) && to[1] === Math.sign(-0.82)));
});

// Choosing ------------------------------------------------------------------------------------------------------------

const spread = { xs: Float32Array.of(10, 20, 30, NaN), ys: Float32Array.of(10, 10, 30, 10), depths: null };
const seenAll = Uint8Array.of(PLAIN, PLAIN, PLAIN, GONE);

test("the nearest point within reach is meant", () => {
  assert.equal(nearestShown(spread, seenAll, 13, 10, 12, STRONG), 0);
  assert.equal(nearestShown(spread, seenAll, 17, 10, 12, STRONG), 1);
  assert.equal(nearestShown(spread, seenAll, 200, 10, 12, STRONG), -1);
});

test("what stands out, and what is in front, is preferred to what is a little nearer", () => {
  assert.equal(nearestShown(spread, Uint8Array.of(FAINT, STRONG, FAINT, GONE), 14, 10, 12, STRONG), 1);
  const stacked = { xs: Float32Array.of(10, 10), ys: Float32Array.of(10, 10), depths: Float32Array.of(4, 3) };
  assert.equal(nearestShown(stacked, Uint8Array.of(PLAIN, PLAIN), 11, 10, 12, STRONG), 1);
});

test("a box and a loop hold what lies inside of them and is shown", () => {
  assert.deepEqual([...withinBox(spread, seenAll, [25, 15], [5, 5])], [1, 1, 0, 0]);
  assert.deepEqual([...withinLoop(spread, seenAll, [[0, 0], [28, 0], [0, 28]])], [1, 0, 0, 0]);
  assert.deepEqual([...withinLoop(spread, Uint8Array.of(GONE, PLAIN, PLAIN, GONE), [[0, 0], [50, 0], [50, 50], [0, 50]])], [0, 1, 1, 0]);
  assert.deepEqual([...withinLoop(spread, seenAll, [[0, 0], [9, 9]])], [0, 0, 0, 0]);
});

test("a loop grows by places that are apart", () => {
  assert.deepEqual(longerLoop([[0, 0]], [1, 1]), [[0, 0]]);
  assert.deepEqual(longerLoop([[0, 0]], [5, 0]), [[0, 0], [5, 0]]);
});

test("a choice replaces, adds to or takes from the one before", () => {
  const [before, chosen] = [Uint8Array.of(1, 1, 0), Uint8Array.of(0, 1, 1)];
  assert.deepEqual([...combined(before, chosen, "new")], [0, 1, 1]);
  assert.deepEqual([...combined(before, chosen, "more")], [1, 1, 1]);
  assert.deepEqual([...combined(before, chosen, "less")], [1, 0, 0]);
});

// Pixels --------------------------------------------------------------------------------------------------------------

const WHITE = pixelOf([255, 255, 255]);
const RED = pixelOf([255, 0, 0]);
const newPixels = () => new Uint32Array(20 * 20).fill(WHITE);

function dotted(x, y, radius, strength) {
  const pixels = newPixels();
  splat(pixels, 20, 20, newDiscs(20), 1, [x], [y], [radius], [RED], strength);
  return pixels;
}

test("a disc covers its middle, touches its rim and leaves the rest alone", () => {
  const pixels = dotted(10.5, 10.5, 3, 256);
  assert.equal(pixels[10 * 20 + 10], RED);
  assert.equal(pixels[10 * 20 + 15], WHITE);
  const covered = pixels.reduce((sum, pixel) => sum + (255 - ((pixel >>> 8) & 255)) / 255, 0);
  assert.ok(Math.abs(covered - Math.PI * 9) < 1.2, `${covered}`);
});

test("half the strength is half the colour", () => {
  assert.deepEqual(channelsOf("#ff8000"), [255, 128, 0]);
  const green = (dotted(10.5, 10.5, 3, 128)[10 * 20 + 10] >>> 8) & 255;
  assert.ok(Math.abs(green - 127) <= 1);
});

test("a disc at the edge is cut there and does not come in at the other side", () => {
  const pixels = dotted(0.5, 10.5, 3, 256);
  assert.equal(pixels[10 * 20], RED);
  for (let row = 0; row < 20; row += 1) for (let column = 10; column < 20; column += 1) assert.equal(pixels[row * 20 + column], WHITE);
  assert.ok(dotted(-50, 400, 3, 256).every((pixel) => pixel === WHITE));
});

test("a line goes from end to end, and no farther than the picture", () => {
  const pixels = newPixels();
  stroke(pixels, 20, 20, 5, 5, 500, 5, RED, 256);
  assert.equal(pixels[5 * 20 + 5], RED);
  assert.equal(pixels[5 * 20 + 18], RED);
  assert.equal(pixels[6 * 20 + 10], WHITE);
  assert.equal(clippedLine(-5, -5, -1, 30, 19, 19), null);
  assert.equal(clippedLine(NaN, 0, 5, 5, 19, 19), null);
  assert.deepEqual(clippedLine(-10, 5, 10, 5, 19, 19), [0, 5, 10, 5]);
});

test("haze goes from a colour towards the background", () => {
  assert.deepEqual([...hazed([[0, 0, 0]], [100, 200, 40], 3, 0.5)], [pixelOf([0, 0, 0]), pixelOf([25, 50, 10]), pixelOf([50, 100, 20])]);
});

test("all points are drawn once, from all over the table, the farthest first", () => {
  const order = fairOrder(1000);
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_one, row) => row));
  assert.deepEqual([...order.slice(0, 4)], [0, 251, 502, 753]);
  const sorted = new Uint32Array(3);
  byDepth(Uint32Array.of(0, 1, 2), 3, Float32Array.of(1, 3, 2), 0, 4, sorted);
  assert.deepEqual([...sorted], [1, 2, 0]);
});

test("a picture is drawn in its place, in the colour of its point, and cut at the edge", () => {
  const cells = { pixels: Uint32Array.of(WHITE, WHITE, RED, RED, WHITE, WHITE, RED, RED), across: 4, width: 2, height: 2, columns: 2, count: 2 };
  const pixels = new Uint32Array(16);
  stampCell(pixels, 4, 4, cells, 0, 2, 2, 2, 2, pixelOf([0, 255, 0]), 256);
  assert.equal(pixels[5], pixelOf([0, 255, 0]));
  assert.equal(pixels[0], 0);
  stampCell(pixels, 4, 4, cells, 1, 0, 0, 2, 2, null, 256);
  assert.equal(pixels[0], RED);
  stampCell(pixels, 4, 4, cells, 9, 2, 2, 2, 2, null, 256);
  assert.equal(pixels[5], pixelOf([0, 255, 0]));
});

// Names and the legend ------------------------------------------------------------------------------------------------

const letters = (text) => 6 * text.length;

test("names stand beside their points, none over another, the first ones first", () => {
  const names = placedNames([{ text: "cat", x: 100, y: 100, radius: 3 }, { text: "dog", x: 102, y: 100, radius: 3 }], letters, window, 50);
  assert.deepEqual(names, [{ text: "cat", x: 106, y: 100 }, { text: "dog", x: 78, y: 100 }]);
  const crowd = Array.from({ length: 60 }, (_one, at) => ({ text: `name ${at}`, x: 200, y: 150, radius: 3 }));
  assert.equal(placedNames(crowd, letters, window, 50).length, 2);
  assert.equal(placedNames(crowd, letters, window, 1).length, 1);
});

test("a name at the edge stands inside", () => {
  const [name] = placedNames([{ text: "cat", x: 395, y: 100, radius: 3 }], letters, window, 50);
  assert.ok(name.x + 18 < 395);
});

test("long names are cut, and their lines joined", () => {
  assert.equal(shortName("one\ntwo"), "one two");
  assert.equal(shortName("x".repeat(99)).length, 28);
});

test("a click lets a colour stand out, another one the next, the same one none", () => {
  const none = { lit: [], only: [] };
  assert.deepEqual(lightened(none, 3, false), { lit: [3], only: [] });
  assert.deepEqual(lightened({ lit: [3], only: [] }, 5, false), { lit: [5], only: [] });
  assert.deepEqual(lightened({ lit: [3], only: [] }, 3, false), none);
  assert.deepEqual(lightened({ lit: [3], only: [] }, 2, true), { lit: [2, 3], only: [] });
});

test("a double click leaves a colour alone, and shows all again", () => {
  assert.deepEqual(alone({ lit: [3], only: [] }, 3), { lit: [], only: [3] });
  assert.deepEqual(alone({ lit: [], only: [3] }, 3), { lit: [], only: [] });
});

// What clouds share ---------------------------------------------------------------------------------------------------

test("points are kept until others come, and their board is told", () => {
  let told = 0;
  const board = { link: "a", group: "g", arrived: () => (told += 1) };
  commons().boards.add(board);
  putRows("a", "one", { rows: 1 }, "first");
  putRows("a", "one", { rows: 2 }, "second");
  putRows("b", "one", { rows: 3 }, "third");
  assert.equal(told, 1);
  assert.deepEqual(commons().rows.get("a"), { stamp: "one", tables: { rows: 1 }, owner: "second" });
  const other = { link: "b", group: "g" };
  commons().boards.add(other);
  commons().boards.add({ link: "c", group: "" });
  assert.deepEqual(groupOf(board), [other]);
  assert.deepEqual(groupOf({ group: "" }), []);
  dropRows("a", "first");
  assert.equal(commons().rows.has("a"), true);
  dropRows("a", "second");
  assert.equal(commons().rows.has("a"), false);
});

test("a title that would cover another one goes below it", () => {
  const taken = [];
  assert.deepEqual([freeLine(taken, 0, 50, 100), freeLine(taken, 40, 90, 104), freeLine(taken, 60, 70, 90)], [100, 118, 90]);
  assert.equal(freeLine(taken, 91, 120, 118), 118);
});

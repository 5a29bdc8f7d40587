import assert from "node:assert/strict";
import { test } from "node:test";

import {
  allInSight, between, cutText, firstIn, firstView, fittingView, grownTitle, headOf, heldView, keptView, mapOf, nextTo, pathOf, seenOnMap, shiftedView, zoomedView,
} from "../../tbcore/ui/components/graph/space.js";

const WINDOW = { width: 800, height: 600 };

test("a small picture is shown in its own size, in the middle", () => {
  assert.deepEqual(fittingView({ width: 100, height: 100 }, WINDOW), { k: 1, x: 350, y: 250 });
});

test("a large picture is made to fit, below the tools where it is wide", () => {
  assert.deepEqual(fittingView({ width: 200, height: 1120 }, WINDOW), { k: 0.5, x: 350, y: 20 });
  const wide = fittingView({ width: 1520, height: 100 }, WINDOW);
  assert.deepEqual([wide.k, wide.x, wide.y], [0.5, 20, 275]);
  assert.equal(fittingView({ width: 1520, height: 1068 }, WINDOW).y, 46);
});

test("a picture without size does not divide by nothing", () => {
  assert.deepEqual(fittingView({ width: 0, height: 0 }, WINDOW), { k: 1, x: 400, y: 300 });
});

test("a picture whose labels could not be read opens at its beginning", () => {
  const view = firstView({ width: 200, height: 9000, boxes: [] }, WINDOW);
  assert.deepEqual(view, { k: 0.85, x: 315, y: 20 });
});

test("a picture that is high and a little too wide opens in its whole width", () => {
  const view = firstView({ width: 1000, height: 9000, boxes: [] }, WINDOW);
  assert.deepEqual([view.k, view.x, view.y], [0.76, 20, 46]);
});

test("of a picture that is too wide the left is seen, or the first box in the middle", () => {
  const wide = (x) => firstView({ width: 9000, height: 9000, boxes: [{ parent: "", x, y: 0, w: 100 }, { parent: "", x: 0, y: 90, w: 100 }] }, WINDOW);
  assert.deepEqual([wide(300).k, wide(300).x], [0.6, 20]);
  assert.equal(wide(5000).x + 5050 * 0.6, 400);
});

test("zooming leaves the point under the pointer where it is", () => {
  const view = zoomedView({ k: 1, x: 10, y: 20 }, 2, 110, 220);
  assert.deepEqual(view, { k: 2, x: -90, y: -180 });
  assert.equal((110 - view.x) / view.k, 100);
  assert.equal(zoomedView({ k: 1, x: 0, y: 0 }, 1e9, 0, 0).k, 2.5);
  assert.equal(zoomedView({ k: 1, x: 0, y: 0 }, 1e-9, 0, 0).k, 0.02);
});

test("what is opened keeps the middle of its upper edge in place", () => {
  const view = heldView({ k: 0.5, x: 7, y: 8 }, { x: 100, y: 50, w: 80, h: 40 }, { x: 300, y: 90, w: 400, h: 500 });
  assert.equal(view.x + 500 * 0.5, 7 + 140 * 0.5);
  assert.equal(view.y + 90 * 0.5, 8 + 50 * 0.5);
});

test("the view moves just so far that a box is seen", () => {
  const view = { k: 1, x: 0, y: 0 };
  assert.deepEqual(shiftedView(view, { x: 100, y: 100, w: 50, h: 50 }, WINDOW), view);
  assert.deepEqual(shiftedView(view, { x: 790, y: -300, w: 50, h: 50 }, WINDOW), { k: 1, x: -64, y: 324 });
});

test("a picture cannot be moved out of sight", () => {
  assert.deepEqual(keptView({ k: 1, x: 5000, y: -5000 }, { width: 100, height: 100 }, WINDOW), { k: 1, x: 740, y: -40 });
  assert.equal(allInSight({ k: 1, x: 0, y: 0 }, { width: 800, height: 600 }, WINDOW), true);
  assert.equal(allInSight({ k: 1, x: -2, y: 0 }, { width: 800, height: 600 }, WINDOW), false);
});

test("a curve is spelled as a path, and its head points where it ends", () => {
  const points = [0, 0, 0, 10, 20, 10, 20, 20];
  assert.equal(pathOf(points), "M0 0C0 10 20 10 20 20");
  assert.equal(headOf(points, 6), "M20 20L17 14L23 14Z");
  assert.equal(headOf([0, 20, 0, 10, 0, 10, 0, 0], 6), "M0 0L3 6L-3 6Z");
});

test("between two lists lies their mix", () => {
  assert.deepEqual(between([0, 10], [10, 20], 0.5), [5, 15]);
});

const BOXES = new Map([
  { id: "in", parent: "", x: 100, y: 0, w: 50, h: 30 },
  { id: "left", parent: "", x: 50, y: 60, w: 50, h: 30 },
  { id: "right", parent: "", x: 150, y: 60, w: 50, h: 30 },
  { id: "out", parent: "", x: 300, y: 120, w: 50, h: 30 },
].map((box) => [box.id, box]));
const LINES = [{ source: "in", target: "out" }, { source: "in", target: "right", control: true }, { source: "in", target: "left" }];

test("keys go along lines, then to what lies in that direction", () => {
  assert.equal(nextTo("in", "down", BOXES, LINES), "left");
  assert.equal(nextTo("out", "up", BOXES, LINES), "in");
  assert.equal(nextTo("left", "right", BOXES, LINES), "right");
  assert.equal(nextTo("right", "left", BOXES, LINES), "left");
  assert.equal(nextTo("left", "down", BOXES, LINES), "out");
  assert.equal(nextTo("in", "up", BOXES, LINES), "");
  assert.equal(nextTo("gone", "up", BOXES, LINES), "");
});

test("keys go down into an open box and up out of it", () => {
  const boxes = new Map([
    { id: "scope", parent: "", open: true, x: 0, y: 0, w: 90, h: 90 },
    { id: "late", parent: "scope", x: 10, y: 50, w: 20, h: 20 },
    { id: "early", parent: "scope", x: 10, y: 10, w: 20, h: 20 },
  ].map((box) => [box.id, box]));
  assert.equal(firstIn("", boxes), "scope");
  assert.equal(nextTo("scope", "down", boxes, []), "early");
  assert.equal(nextTo("late", "up", boxes, []), "early");
  assert.equal(nextTo("early", "up", boxes, []), "scope");
  assert.equal(nextTo("scope", "up", boxes, []), "");
  assert.equal(firstIn("late", boxes), "");
});

test("a long text keeps both its ends", () => {
  const measure = (text) => [...text].length;
  assert.equal(cutText("conv", 4, measure), "conv");
  assert.equal(cutText("block_1/conv_2", 9, measure), "bloc…nv_2");
  assert.equal(cutText("abc", 1, measure), "…");
});

test("a map shows the whole picture and frames what is seen of it", () => {
  const map = mapOf({ width: 1700, height: 650 });
  assert.deepEqual(map, { scale: 0.1, width: 170, height: 65, left: 0, top: 0 });
  assert.deepEqual(seenOnMap({ k: 1, x: -100, y: 0 }, WINDOW, map), { x: 10, y: 0, w: 80, h: 60 });
  assert.equal(mapOf({ width: 10, height: 1300 }).left, 19.5);
});

test("titles grow in a view from afar, as far as they fit", () => {
  assert.equal(grownTitle({ w: 1000, h: 900 }, 100, 0.5, 0.42), 1);
  assert.equal(grownTitle({ w: 1000, h: 900 }, 100, 0.3, 0.42), 3);
  assert.equal(grownTitle({ w: 206, h: 900 }, 100, 0.1, 0.42), 2);
  assert.equal(grownTitle({ w: 50, h: 20 }, 100, 0.1, 0.42), 1);
});

import assert from "node:assert/strict";
import test from "node:test";

import { cssColors, edgesOf, layoutOf, tracesOf } from "../../tbcore/ui/components/meshes/figure.js";

const POINTS = { x: [0, 1, 0], y: [0, 0, 2], z: [5, 5, 5] };
const FACES = { i: [0], j: [1], k: [2] };
const COLORS = { r: Uint8Array.of(255, 0, 255), g: Uint8Array.of(0, 16, 0), b: Uint8Array.of(1, 0, 1) };
const SPEC = { form: "mesh", color: "#4269d0", size: 2, opacity: 1, flat: false, roughness: 0.9, ambient: 0.6 };
const PALETTE = { text: "#111111", grid: "#eeeeee", font: "11px Sans" };

test("colours are those of the columns", () => {
  assert.deepEqual(cssColors(COLORS), ["#ff0001", "#001000", "#ff0001"]);
});

test("a mesh has faces, and vertices in their own colours or in one", () => {
  const [painted] = tracesOf(SPEC, { points: POINTS, faces: FACES, colors: COLORS });
  assert.equal(painted.type, "mesh3d");
  assert.deepEqual(painted.vertexcolor, ["#ff0001", "#001000", "#ff0001"]);
  assert.equal(painted.color, undefined);
  const [plain] = tracesOf(SPEC, { points: POINTS, faces: FACES, colors: null });
  assert.equal(plain.color, "#4269d0");
  assert.deepEqual([plain.i, plain.j, plain.k], [[0], [1], [2]]);
});

test("a cloud is markers of a size", () => {
  const [cloud] = tracesOf({ ...SPEC, form: "cloud" }, { points: POINTS, faces: null, colors: null });
  assert.deepEqual([cloud.type, cloud.mode, cloud.marker.size], ["scatter3d", "markers", 2]);
});

test("the lines of a wireframe go around each face and stop", () => {
  const edges = edgesOf(POINTS, { i: [0, 2], j: [1, 1], k: [2, 0] });
  assert.deepEqual(edges.order, [0, 1, 2, 0, -1, 2, 1, 0, 2, -1]);
  assert.deepEqual(edges.x, [0, 1, 0, 0, null, 0, 1, 0, 0, null]);
});

test("no word of a log reaches the library, which acts on what looks like HTML", () => {
  const spec = { ...SPEC, title: "<a href=x>", words: "<b>", notes: ["<i>"] };
  const made = JSON.stringify(tracesOf(spec, { points: POINTS, faces: FACES, colors: null }));
  assert.ok(!made.includes("<a") && !made.includes("<b>") && !made.includes("<i>"));
});

test("axes have the range of all runs, and can be left away", () => {
  const { scene } = layoutOf([[0, 1], [2, 3], [4, 5]], { eye: { x: 1 } }, true, PALETTE);
  assert.deepEqual([scene.xaxis.range, scene.zaxis.range, scene.yaxis.visible], [[0, 1], [4, 5], true]);
  assert.equal(layoutOf(null, {}, false, PALETTE).scene.xaxis.visible, false);
  assert.equal(layoutOf(null, {}, false, PALETTE).scene.xaxis.range, undefined);
});

test("what stands on z keeps standing as it is turned, and what stands elsewhere turns freely", () => {
  const mode = (up) => layoutOf(null, { up }, true, PALETTE).scene.dragmode;
  assert.deepEqual([mode({ x: 0, y: 0, z: 1 }), mode({ x: 0, y: 1, z: 0 })], ["turntable", "orbit"]);
});

/** What is seen of a cloud: points into pixels, and names, rings and lines over them. */

import { freshContext } from "../lines/dom.js";
import { FAINT, GONE, PLAIN, STRONG } from "./sets.js";
import { boxEdges, projected } from "./camera.js";
import { byDepth, channelsOf, clippedLine, hazed, newDiscs, pixelOf, splat, stroke } from "./splat.js";
import { scaledAtlas, stampCell } from "./atlas.js";
import { placedNames, shortName } from "./words.js";

const HAZE = 16; // steps of it
const MOST_HAZE = 0.7;
const FAINTLY = 0.18;
const DEPTHS = [-0.75, 1.45]; // from the middle, between which the haze grows
const FEW_STRONG = 400; // points that stand out are large enough to be seen among any number
const SEEN = 3.2;
const RIMMED = 3.2; // radius from which a rim tells points that touch apart
const MOST_RIMMED = 4000;
const MOST_NAMES = 50;
const ALL_NAMED = 40;
const MOST_ASKED = 500;
const MOST_STAMPED = 14e6; // pixels of pictures in one painting
const MOST_LINED = 5e5; // pixels of lines in one painting
const OUTSIDE = 26;
const LINE = 14; // pixels from one line of text to the next
const AWAY = 30; // of where a title belongs from the window, at which it is not written

/** Return a canvas for points. */
export function newLayer() {
  const canvas = document.createElement("canvas");
  return { canvas, context: canvas.getContext("2d", { willReadFrequently: true }), image: null, pixels: null, discs: null };
}

function sizeLayer(layer, width, height) {
  if (layer.image?.width === width && layer.image.height === height) return;
  [layer.canvas.width, layer.canvas.height] = [width, height];
  layer.image = new ImageData(width, height);
  layer.pixels = new Uint32Array(layer.image.data.buffer);
  layer.discs = newDiscs(width);
}

/** Return the radius of points in CSS pixels: the fewer there are and the nearer they are, the larger. */
export function radiusOf(shown, zoom, size) {
  const usual = Math.max(1.2, 6.2 * (Math.max(60, shown) / 60) ** -0.205);
  return Math.min(14, usual * Math.max(0.8, Math.min(3, zoom ** 0.22)) * size);
}

/** Return the longer side of pictures in CSS pixels. */
export function pictureSide(shown, zoom, { width, height }, size) {
  return Math.max(7, Math.min(80, Math.sqrt((0.5 * width * height) / Math.max(1, shown)) * zoom ** 0.6)) * size;
}

/** Return a colour as "#rrggbb", whichever way a style sheet spells it. */
export function plainColor(color) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const { data } = context.getImageData(0, 0, 1, 1);
  return `#${[0, 1, 2].map((at) => data[at].toString(16).padStart(2, "0")).join("")}`;
}

/** Return the colours of points at every step of haze. */
export function hazedColors(palette, background, dims) {
  return { steps: dims === 3 ? HAZE : 1, pixels: hazed(palette.map(channelsOf), channelsOf(background), dims === 3 ? HAZE : 1, MOST_HAZE) };
}

/**
 * Draw all points. scene: {seen, camera, extents, origin, xs, ys, depths, levels, order, shown, strong, rows, colors, looks, look, atlas, axes}.
 * Return which of them are within the window: {level, rows, count} of the faint, the plain and the strong ones; and as
 * `stride` how many lines from point to point each one that is drawn stands for.
 */
export function paintPoints(layer, scene, window, ratio) {
  const [width, height] = [Math.round(window.width * ratio), Math.round(window.height * ratio)];
  sizeLayer(layer, width, height);
  const { pixels } = layer;
  const { looks, seen } = scene;
  pixels.fill(pixelOf(channelsOf(looks.background)));
  const ink = pixelOf(channelsOf(looks.text));
  paintGround(layer, scene, ratio, ink);
  const lists = listed(scene, window);
  lists.stride = scene.rows.next ? paintChains(layer, scene, window, ratio, ink) : 1;
  const pictured = scene.look.sprites && scene.atlas?.image;
  const inView = lists.reduce((sum, { count }) => sum + count, 0);
  const crowd = { inView, zoom: scene.camera.k, window };
  for (const { rows, count, level } of lists) {
    let order = rows;
    if (seen.dims === 3 && count > 1) {
      order = new Uint32Array(count);
      byDepth(rows, count, scene.depths, seen.far - 1.8, seen.far + 1.8, order);
    }
    if (pictured) stampAll(layer, scene, order, count, level, ratio, crowd);
    else splatAll(layer, scene, order, count, level, ratio);
  }
  layer.context.putImageData(layer.image, 0, 0);
  return lists;
}

function listed({ xs, ys, levels, order }, { width, height }) {
  const lists = [FAINT, PLAIN, STRONG].map((level) => ({ level, count: 0, rows: null }));
  const counts = [0, 0, 0, 0];
  for (let row = 0; row < levels.length; row += 1) counts[levels[row]] += 1;
  for (const list of lists) list.rows = new Uint32Array(counts[list.level]);
  for (let at = 0; at < order.length; at += 1) {
    const row = order[at];
    const level = levels[row];
    if (level === GONE) continue;
    const [x, y] = [xs[row], ys[row]];
    if (!(x > -OUTSIDE && y > -OUTSIDE && x < width + OUTSIDE && y < height + OUTSIDE)) continue;
    const list = lists[level - 1];
    list.rows[list.count] = row;
    list.count += 1;
  }
  return lists;
}

/** Return how much a point covers, of 256: the more faint ones there are, the fainter they are. */
function strengthOf(level, opacity, count) {
  const part = level === STRONG ? Math.max(0.75, opacity) : level === FAINT ? FAINTLY * opacity * Math.min(1, (2000 / Math.max(1, count)) ** 0.27) : opacity;
  return Math.max(8, Math.round(256 * part));
}

function usualRadius({ shown, strong, camera, look }, level) {
  const usual = radiusOf(shown, camera.k, look.size);
  return level === STRONG ? Math.max(1.2 * usual, strong <= FEW_STRONG ? SEEN * look.size ** 0.5 : 0) : usual;
}

function splatAll(layer, scene, order, count, level, ratio) {
  const { xs, ys, depths, seen, colors, look, looks, rows: { paints, sizes } } = scene;
  const { canvas: { width, height }, pixels, discs } = layer;
  const usual = usualRadius(scene, level) * ratio;
  const strength = strengthOf(level, look.opacity * (scene.shown > 5000 ? 0.85 : 0.92), count);
  const rim = usual >= RIMMED * ratio && count <= MOST_RIMMED && level !== FAINT;
  const ground = pixelOf(channelsOf(looks.background));
  const { steps, pixels: tones } = colors;
  const deep = seen.dims === 3;
  const near = deep ? seen.far + DEPTHS[0] : 0;
  const perStep = (steps - 0.01) / (DEPTHS[1] - DEPTHS[0]);
  const [across, down, radii, hues] = [new Float32Array(count), new Float32Array(count), new Float32Array(count), new Uint32Array(count)];
  for (let at = 0; at < count; at += 1) {
    const row = order[at];
    let radius = sizes ? usual * sizes[row] : usual;
    let tone = paints[row] * steps;
    if (deep) {
      const depth = depths[row];
      radius *= Math.max(0.5, Math.min(2.4, seen.far / depth));
      tone += Math.max(0, Math.min(steps - 1, Math.floor((depth - near) * perStep)));
    }
    across[at] = xs[row] * ratio;
    down[at] = ys[row] * ratio;
    radii[at] = radius;
    hues[at] = tones[tone];
  }
  if (!rim) {
    splat(pixels, width, height, discs, count, across, down, radii, hues, strength);
    return;
  }
  // A point and its rim, then the next: pairs, so that a rim covers only what lies below.
  const pairs = (from, mapped) => Float32Array.from({ length: 2 * count }, (_one, at) => (at % 2 ? from[at >> 1] : mapped(from[at >> 1])));
  const same = (one) => one;
  const rimmed = Uint32Array.from({ length: 2 * count }, (_one, at) => (at % 2 ? hues[at >> 1] : ground));
  splat(pixels, width, height, discs, 2 * count, pairs(across, same), pairs(down, same), pairs(radii, (radius) => radius + 1.1 * ratio), rimmed, strength);
}

function stampAll(layer, scene, order, count, level, ratio, { inView, zoom, window }) {
  const { xs, ys, depths, seen, colors, look, atlas, rows: { paints, cells } } = scene;
  const { canvas: { width, height }, pixels } = layer;
  const most = Math.sqrt(MOST_STAMPED / Math.max(1, inView));
  const side = Math.max(4, Math.min(most, pictureSide(scene.shown, zoom, window, look.size) * ratio)) * (level === STRONG ? 1.15 : 1);
  const scaled = scaledAtlas(atlas, Math.max(4, Math.ceil(side / 4) * 4));
  const shape = Math.max(atlas.width, atlas.height);
  const strength = strengthOf(level, look.opacity, count);
  for (let at = 0; at < count; at += 1) {
    const row = order[at];
    const here = seen.dims === 3 ? side * Math.max(0.5, Math.min(2.4, seen.far / depths[row])) : side;
    const [across, down] = [Math.max(2, Math.round((here * atlas.width) / shape)), Math.max(2, Math.round((here * atlas.height) / shape))];
    stampCell(pixels, width, height, scaled, cells[row], xs[row] * ratio, ys[row] * ratio, across, down, look.tint ? colors.pixels[paints[row] * colors.steps] : null, strength);
  }
}

/** Draw where the axes are: a cross through zero, or the far sides of a box. */
function paintGround(layer, { seen, extents, origin, axes, dims }, ratio, ink) {
  if (!axes.length) return;
  const { canvas: { width, height }, pixels } = layer;
  if (dims === 2) {
    const [x, y] = projected(seen, origin).map((at) => Math.round(at * ratio));
    if (x >= 0 && x < width) stroke(pixels, width, height, x, 0, x, height - 1, ink, 26);
    if (y >= 0 && y < height) stroke(pixels, width, height, 0, y, width - 1, y, ink, 26);
    return;
  }
  for (const [from, to] of boxEdges(extents, seen).edges) {
    const [a, b] = [projected(seen, from), projected(seen, to)];
    stroke(pixels, width, height, a[0] * ratio, a[1] * ratio, b[0] * ratio, b[1] * ratio, ink, 46);
  }
}

/** Draw the lines from point to point; return how many of them each one that is drawn stands for. */
function paintChains(layer, { xs, ys, levels, rows: { next } }, { width: across, height: down }, ratio, ink) {
  const { canvas: { width, height }, pixels } = layer;
  const ends = [];
  let length = 0;
  for (let row = 0; row < next.length; row += 1) {
    const to = next[row];
    if (to < 0 || levels[row] === GONE || !levels[to]) continue;
    const line = clippedLine(xs[row], ys[row], xs[to], ys[to], across, down);
    if (!line) continue;
    length += Math.abs(line[2] - line[0]) + Math.abs(line[3] - line[1]);
    ends.push([line, levels[row] === FAINT || levels[to] === FAINT]);
  }
  const stride = Math.max(1, Math.ceil((length * ratio) / MOST_LINED));
  const part = Math.min(1, (150 / Math.max(1, ends.length / stride)) ** 0.35);
  for (let at = 0; at < ends.length; at += stride) {
    const [[x0, y0, x1, y1], faint] = ends[at];
    stroke(pixels, width, height, x0 * ratio, y0 * ratio, x1 * ratio, y1 * ratio, ink, Math.max(6, Math.round((faint ? 24 : 110) * part)));
  }
  return stride;
}

// Over the points -----------------------------------------------------------------------------------------------------

/** Draw what lies over the points. scene: as for the points, and {hover, picked, neighbors, lists, drag}. */
export function paintOver(canvas, scene, window, ratio, widths) {
  const context = freshContext(canvas, window.width, window.height, ratio);
  const { xs, ys, looks, picked, neighbors, levels } = scene;
  context.font = looks.font;
  if (picked >= 0 && levels[picked]) {
    context.strokeStyle = looks.text;
    context.lineWidth = 1;
    context.globalAlpha = neighbors.length > 200 ? 0.12 : 0.3;
    context.beginPath();
    for (const row of neighbors) {
      const ends = levels[row] ? clippedLine(xs[picked], ys[picked], xs[row], ys[row], window.width, window.height) : null;
      if (!ends) continue;
      context.moveTo(ends[0], ends[1]);
      context.lineTo(ends[2], ends[3]);
    }
    context.stroke();
    context.globalAlpha = 1;
  }
  paintTitles(context, scene, window);
  ring(context, scene, scene.picked, looks.accent, 2.4);
  if (scene.hover !== scene.picked) ring(context, scene, scene.hover, looks.text, 1.8);
  paintNames(context, scene, window, widths);
  paintDrag(context, scene);
}

function reachOf(scene, row) {
  const { seen, look, shown, camera, levels } = scene;
  const near = seen.dims === 3 ? Math.max(0.5, Math.min(2.4, seen.far / scene.depths[row])) : 1;
  if (look.sprites && scene.atlas?.image) return (pictureSide(shown, camera.k, scene.window, look.size) * near) / 2;
  return usualRadius(scene, levels[row]) * (scene.rows.sizes?.[row] ?? 1) * near;
}

function ring(context, scene, row, color, thick) {
  if (row < 0 || !scene.levels[row] || !Number.isFinite(scene.xs[row])) return;
  context.beginPath();
  context.arc(scene.xs[row], scene.ys[row], reachOf(scene, row) + 2.5, 0, 2 * Math.PI);
  context.strokeStyle = scene.looks.background;
  context.lineWidth = thick + 2.2;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = thick;
  context.stroke();
}

/** Return where a line of text from `left` to `right` goes that belongs at `y`: below those it would cover; remember it in `taken`. */
export function freeLine(taken, left, right, y) {
  const covered = (at) => taken.some((one) => Math.abs(one.y - at) < LINE && one.left < right && one.right > left);
  let at = y;
  while (covered(at)) at += LINE;
  taken.push({ left, right, y: at });
  return at;
}

function paintTitles(context, { seen, extents, axes, dims, looks }, { width, height }) {
  if (!axes.length) return;
  context.fillStyle = looks.text;
  context.globalAlpha = 0.62;
  context.textBaseline = "middle";
  if (dims === 2) {
    context.textAlign = "right";
    context.fillText(axes[0] ?? "", width - 10, height - 12);
    context.save();
    context.translate(12, 44);
    context.rotate(-Math.PI / 2);
    context.fillText(axes[1] ?? "", 0, 0);
    context.restore();
  } else {
    const taken = [];
    boxEdges(extents, seen).titles.forEach((place, axis) => {
      if (!place || place[0] < -AWAY || place[0] > width + AWAY || place[1] < -AWAY || place[1] > height + AWAY) return;
      const left = place[0] < width / 2;
      const wide = context.measureText(axes[axis] ?? "").width;
      const x = left ? Math.max(wide + 6, place[0] - 7) : Math.min(width - wide - 6, place[0] + 7);
      context.textAlign = left ? "right" : "left";
      const y = Math.max(44, Math.min(height - 40, place[1]));
      context.fillText(axes[axis] ?? "", x, freeLine(taken, left ? x - wide : x, left ? x : x + wide, y));
    });
  }
  context.globalAlpha = 1;
}

function paintNames(context, scene, window, widths) {
  const { xs, ys, rows, look, looks } = scene;
  if (!rows.nameOf) return;
  const asked = askedRows(scene);
  const candidates = [];
  for (const row of asked) {
    const text = xs[row] > 0 && ys[row] > 0 && xs[row] < window.width && ys[row] < window.height ? shortName(rows.nameOf(row)) : "";
    if (text) candidates.push({ text, x: xs[row], y: ys[row], radius: reachOf(scene, row) + 2 });
  }
  const widthOf = (text) => {
    if (!widths.has(text)) widths.set(text, context.measureText(text).width);
    return widths.get(text);
  };
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = looks.background;
  context.fillStyle = looks.text;
  for (const { text, x, y } of placedNames(candidates, widthOf, window, look.labels === "none" ? 2 : MOST_NAMES)) {
    context.globalAlpha = 0.8;
    context.strokeText(text, x, y);
    context.globalAlpha = 1;
    context.fillText(text, x, y);
  }
}

/** Return the points that shall be named, the most important first. */
function askedRows({ hover, picked, neighbors, lists, levels, look, pointed }) {
  const asked = new Set();
  const ask = (row) => row >= 0 && levels[row] && asked.add(row);
  ask(picked);
  // The tooltip says the name of what is under the pointer.
  if (!pointed) ask(hover);
  if (look.labels === "none") return asked;
  if (picked >= 0) for (const row of neighbors.slice(0, MOST_ASKED)) ask(row);
  const [faint, plain, strong] = lists;
  if (look.labels === "many" || strong.count <= MOST_NAMES) for (let at = 0; at < Math.min(strong.count, MOST_ASKED); at += 1) ask(strong.rows[at]);
  const rest = strong.count ? [] : [plain, ...(plain.count ? [] : [faint])];
  for (const { rows, count } of rest) {
    if (look.labels !== "many" && count > ALL_NAMED) continue;
    for (let at = 0; at < Math.min(count, MOST_ASKED); at += 1) ask(rows[at]);
  }
  return asked;
}

function paintDrag(context, { drag, looks }) {
  const shape = drag?.loop ?? (drag?.box ? [drag.box[0], [drag.box[1][0], drag.box[0][1]], drag.box[1], [drag.box[0][0], drag.box[1][1]]] : null);
  if (!shape || shape.length < 2) return;
  context.beginPath();
  shape.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fillStyle = looks.accent;
  context.globalAlpha = 0.1;
  context.fill();
  context.strokeStyle = looks.accent;
  context.lineWidth = 1.2;
  context.globalAlpha = 0.9;
  context.setLineDash([4, 3]);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

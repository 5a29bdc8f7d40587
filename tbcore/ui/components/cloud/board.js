/** One cloud on the screen: what the server sent, how it is looked at, and what the visitor chooses from it. */

import { number, wholeNumber } from "../lines/format.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { element, readPalette } from "../lines/dom.js";
import { commons, groupOf } from "./shared.js";
import { membersOf, packedSet, PLAIN, sizeOf, standing, STRONG, unpackedSet } from "./sets.js";
import { cameraBetween, cameraOf, cameraWords, firstCamera, fittedCamera, framed, frameOf, movedCamera, nearerCamera, project, sight, turnedCamera } from "./camera.js";
import { combined, longerLoop, nearestShown, withinBox, withinLoop } from "./choose.js";
import { newAtlas, thumbnail } from "./atlas.js";
import { hidePointTip, newPointTip, showPointTip } from "./words.js";
import { alone, countKey, dressKey, lightened, newKey } from "./legend.js";
import { dressPanel, dressTools, newPanel, newTools } from "./tools.js";
import { hazedColors, newLayer, paintOver, paintPoints, plainColor } from "./scene.js";
import { savePicture } from "./save.js";
import { fairOrder } from "./splat.js";

const REACH = 12;
const CLICK = 4; // pixels that a click may move
const SOON = 30; // milliseconds until the server hears of a choice
const LATER = 450; // until it hears of what goes on moving
const GLIDE = 320;
const GLIDING = 150_000; // points that glide; more are at their new places at once
const STILL = 160; // milliseconds without movement after which points are drawn as fine as they can be
const SLOW = 26; // milliseconds of a painting that is made coarser while things move
const STEP = 1.3;
const TURN = 0.0085; // radians per pixel
const STRIDE = 40;
const THUMB = 64;
const MOST_CATEGORIES = 256;

/** Return a new board inside `parent`, a shadow root. */
export function newCloud(parent) {
  const root = element("div", "cloud");
  const stage = element("div", "plot");
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Points");
  stage.setAttribute("aria-description", "Drag to move, wheel to zoom, Shift and drag to select, double click to see all, Escape clears");
  const above = element("canvas", "above");
  const layer = newLayer();
  const board = {
    parent, host: parent.host ?? parent, root, stage, layer, above, tip: newPointTip(), head: element("div", "title"), facts: element("div", "facts"), note: element("div", "note"),
    link: "", group: "", view: null, stamp: null, waiting: null, window: { width: 0, height: 0 }, rows: null, looks: null, colors: null, atlas: null,
    frame: null, places: [], frames: 0, camera: firstCamera(2), levels: new Uint8Array(0), order: new Uint32Array(0), xs: null, ys: null, depths: null, lists: null, shown: 0, strong: 0,
    hidden: new Uint8Array(0), selected: new Uint8Array(0), picked: -1, neighbors: [], hover: -1, pointed: false, legend: { lit: [], only: [] }, preview: -1, said: "",
    look: null, tool: "move", panelOpen: false, pointers: new Map(), drag: null, glide: null, moved: 0, cost: 0, widths: new Map(), tasks: new Set(), timer: 0,
    turn: 0, hears: [], send: () => {}, arrived: () => {},
  };
  board.outboxes = { soon: newOutbox((name, value) => say(board, name, value), SOON), later: newOutbox((name, value) => say(board, name, value), LATER) };
  board.tools = newTools((name) => use(board, name));
  board.panel = newPanel((look) => setLook(board, look));
  board.key = newKey({
    light: (paint, also) => setLegend(board, lightened(board.legend, paint, also)),
    only: (paint) => setLegend(board, alone(board.legend, paint)),
    choose: (paint) => choose(board, board.levels.map((level, row) => (level && board.rows.paints[row] === paint ? 1 : 0)), "new"),
    preview: (paint) => preview(board, paint),
    all: () => setLegend(board, { lit: [], only: [] }),
  });
  board.note.setAttribute("role", "status");
  stage.append(layer.canvas, above, board.head, board.facts, board.tools.root, board.panel.root, board.tip);
  root.append(stage, board.key.root, board.note);
  board.arrived = () => board.waiting && updateCloud(board, board.waiting, board.send);
  board.resized = new ResizeObserver(() => resize(board));
  board.resized.observe(stage);
  listen(board);
  commons().boards.add(board);
  return board;
}

/** Take over what the server says; what the visitor did since then stays. */
export function updateCloud(board, view, send) {
  board.send = send;
  board.link = view.link;
  board.stage.style.height = `${view.height}px`;
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const sent = commons().rows.get(view.link);
  board.waiting = view;
  // The points of this view are still on their way.
  if (sent?.stamp !== view.stamp) return;
  board.waiting = null;
  const { view: before } = board;
  board.view = view;
  board.group = view.group;
  board.hears = view.hears;
  board.turn = Math.max(board.turn, view.turn);
  const read = readPalette(board.host);
  const looks = { ...read, background: plainColor(read.background), text: plainColor(read.text) };
  const repainted = JSON.stringify(looks) !== JSON.stringify(board.looks);
  board.looks = looks;
  const fresh = board.stamp !== view.stamp || before?.sprites?.join() !== view.sprites?.join();
  const other = before?.count !== view.count;
  if (fresh || JSON.stringify(before?.bounds) !== JSON.stringify(view.bounds)) adopt(board, sent, fresh);
  if (fresh || repainted || JSON.stringify(before?.palette) !== JSON.stringify(view.palette)) board.colors = hazedColors(view.palette, looks.background, view.dims);
  const { soon, later } = board.outboxes;
  if (heard(soon, "selected", view.selected) || other) board.selected = unpackedSet(view.selected, view.count);
  if (heard(soon, "picked", view.picked) || other) board.picked = view.picked < view.count ? view.picked : -1;
  if (heard(later, "legend", view.legend_state) || !before) board.legend = view.legend_state;
  if (heard(later, "look", view.look) || !before) board.look = view.look;
  const elsewhere = before?.scene !== view.scene || before?.dims !== view.dims;
  const led = view.camera !== null && heard(later, "camera", view.camera);
  if (led || elsewhere) turnTo(board, cameraOf(view.camera ?? [], view.dims), before && !elsewhere);
  board.hidden = unpackedSet(view.hidden, view.count);
  board.head.textContent = view.title;
  board.note.textContent = view.note;
  board.note.hidden = view.note === "";
  dressKey(board.key, view);
  dressPanel(board.panel, board.look, board.atlas !== null);
  dressTools(board.tools, board.tool, view.dims, board.panelOpen);
  restand(board);
}

/** Stop listening and drop the board's elements. */
export function discardCloud(board) {
  commons().boards.delete(board);
  cancelAnimationFrame(board.frames);
  clearTimeout(board.timer);
  for (const outbox of Object.values(board.outboxes)) closeOutbox(outbox);
  board.resized.disconnect();
  hidePointTip(board.tip);
  board.root.remove();
}

function say(board, name, value) {
  if (!board.hears.includes(name)) return;
  board.turn += 1;
  board.send(name, [board.turn, value]);
}

// What the server sent ------------------------------------------------------------------------------------------------

function adopt(board, { tables }, fresh) {
  const { view } = board;
  const { rows: table } = tables;
  const values = (name) => table.getChild(name)?.toArray() ?? null;
  const before = board.rows && { places: board.places, extents: board.frame.extents, count: board.rows.count };
  if (fresh) {
    const names = table.getChild("label");
    board.rows = {
      count: view.count, columns: ["x", "y", "z"].slice(0, view.dims).map(values), paints: values("paint"), sizes: values("size"), next: values("next"), links: values("link"), cells: values("sprite"),
      nameOf: names ? (row) => names.get(row) ?? "" : null, tips: view.tips.map((_title, at) => table.getChild(`tip${at}`)), byLink: null,
    };
    const bytes = tables.atlas?.getChild("png").get(0);
    if (!bytes) board.atlas = null;
    else if (board.atlas?.stamp !== view.stamp) {
      board.atlas = newAtlas(bytes, view.sprites, () => soil(board, "points"));
      board.atlas.stamp = view.stamp;
    }
    board.stamp = view.stamp;
    board.hover = -1;
    hidePointTip(board.tip);
  }
  const { columns, count } = board.rows;
  board.frame = frameOf(columns, view.bounds);
  board.places = framed(columns, board.frame);
  board.origin = board.frame.center.map((at) => -at / board.frame.half);
  const placed = new Uint8Array(count).fill(1);
  for (const places of board.places) for (let row = 0; row < count; row += 1) if (!Number.isFinite(places[row])) placed[row] = 0;
  board.placed = placed;
  if (board.order.length !== count) board.order = fairOrder(count);
  if (board.xs?.length !== count) [board.xs, board.ys, board.depths] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  board.glide = null;
  if (before?.count === count && count <= GLIDING && !calm()) {
    const from = board.places.map((_column, axis) => before.places[axis] ?? new Float32Array(count));
    const moves = from.some((column, axis) => column.some((at, row) => at !== board.places[axis][row] && !Number.isNaN(at)));
    if (moves) board.glide = { start: performance.now(), from, to: board.places, extents: [board.frame.extents.map((_side, axis) => before.extents[axis] ?? 0), board.frame.extents] };
  }
}

function calm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Find anew how much each point stands out. */
function restand(board) {
  const { rows, placed, hidden, selected, picked, legend } = board;
  board.neighbors = picked === board.view.picked ? board.view.neighbors.filter((row) => row < rows.count) : [];
  const lit = board.preview >= 0 ? [board.preview] : legend.lit;
  board.levels = standing(rows.paints, placed, { hidden, selected, picked, neighbors: board.neighbors, lit, only: legend.only });
  const counts = new Uint32Array(MOST_CATEGORIES);
  [board.shown, board.strong] = [0, 0];
  let lost = 0;
  for (let row = 0; row < rows.count; row += 1) {
    if (!placed[row]) lost += hidden[row] ? 0 : 1;
    else if (!hidden[row]) counts[rows.paints[row]] += 1;
    if (board.levels[row]) board.shown += 1;
    if (board.levels[row] === STRONG) board.strong += 1;
  }
  countKey(board.key, counts, legend);
  const many = sizeOf(selected);
  const facts = [board.shown < rows.count - lost ? `${wholeNumber(board.shown)} of ${wholeNumber(rows.count)} points` : `${wholeNumber(board.shown)} point${board.shown === 1 ? "" : "s"}`];
  if (many) facts.push(`${wholeNumber(many)} selected`);
  if (lost) facts.push(`${wholeNumber(lost)} without a place`);
  board.said = facts.join(" · ");
  Object.assign(board.root.dataset, { shown: board.shown, selected: many, picked, dims: board.view.dims });
  soil(board, "points");
}

// Painting ------------------------------------------------------------------------------------------------------------

function resize(board) {
  const { clientWidth: width, clientHeight: height } = board.stage;
  if (width === 0 || (width === board.window.width && height === board.window.height)) return;
  board.window = { width, height };
  soil(board, "points");
}

function soil(board, ...what) {
  for (const one of what) board.tasks.add(one);
  if (!board.frames) board.frames = requestAnimationFrame(() => paint(board));
}

function paint(board) {
  board.frames = 0;
  const tasks = new Set(board.tasks);
  board.tasks.clear();
  if (!board.rows || board.window.width === 0) return;
  const device = Math.max(1, Math.min(2.5, window.devicePixelRatio || 1));
  if (tasks.has("points")) {
    const now = performance.now();
    const moving = board.glide !== null || board.turning || now - board.moved < STILL;
    const ratio = moving && board.cost > SLOW ? 1 : device;
    step(board, now);
    board.seen = sight(board.camera, board.window, board.frame.extents, board.view.dims);
    project(board.seen, board.places, board.xs, board.ys, board.depths);
    board.lists = paintPoints(board.layer, sceneOf(board), board.window, ratio);
    board.facts.textContent = board.lists.stride > 1 ? `${board.said} · 1 of ${board.lists.stride} lines` : board.said;
    const spent = performance.now() - now;
    // What a fine painting costs tells whether the next ones shall be coarse.
    if (ratio === device) board.cost = spent;
    else again(board);
    board.root.dataset.cost = spent.toFixed(1);
  }
  paintOver(board.above, sceneOf(board), board.window, device, board.widths);
  board.root.dataset.painted = performance.now();
  if (board.glide || board.turning) soil(board, "points");
}

function again(board) {
  clearTimeout(board.timer);
  board.timer = setTimeout(() => soil(board, "points"), STILL + 20);
}

/** Go on with what glides. */
function step(board, now) {
  const { glide, turning } = board;
  if (glide) {
    const part = Math.min(1, (now - glide.start) / GLIDE);
    const way = smoothly(part);
    board.places = glide.from.map((from, axis) => {
      const to = glide.to[axis];
      return part < 1 ? to.map((at, row) => (Number.isNaN(from[row]) ? at : from[row] + (at - from[row]) * way)) : to;
    });
    board.frame.extents = glide.extents[1].map((to, axis) => glide.extents[0][axis] + (to - glide.extents[0][axis]) * way);
    if (part === 1) board.glide = null;
  }
  if (turning) {
    const part = Math.min(1, (now - turning.start) / GLIDE);
    board.camera = part < 1 ? cameraBetween(turning.from, turning.to, smoothly(part)) : turning.to;
    if (part === 1) board.turning = null;
  }
}

function smoothly(part) {
  return part * part * (3 - 2 * part);
}

function sceneOf(board) {
  const { view, frame } = board;
  return {
    seen: board.seen, camera: board.camera, window: board.window, extents: frame.extents, origin: board.origin, dims: view.dims, axes: view.axes, xs: board.xs, ys: board.ys, depths: board.depths, levels: board.levels,
    order: board.order, shown: board.shown, strong: board.strong, rows: board.rows, colors: board.colors, looks: board.looks, look: board.look, atlas: board.atlas,
    lists: board.lists, hover: board.hover, pointed: board.pointed, picked: board.picked, neighbors: board.neighbors, drag: board.drag,
  };
}

// Looking -------------------------------------------------------------------------------------------------------------

function turnTo(board, camera, gliding) {
  board.turning = gliding && !calm() ? { start: performance.now(), from: board.camera, to: camera } : null;
  if (!board.turning) board.camera = camera;
  soil(board, "points");
}

function lookFrom(board, camera, gliding = false) {
  board.moved = performance.now();
  turnTo(board, camera, gliding);
  post(board.outboxes.later, "camera", cameraWords(camera, board.view.dims));
  for (const other of groupOf(board)) if (other.view?.dims === board.view.dims) turnTo(other, camera, gliding);
}

function fit(board) {
  const whole = board.shown === board.rows.count || board.shown === 0;
  const { dims } = board.view;
  lookFrom(board, whole ? firstCamera(dims) : fittedCamera(board.camera, board.places, board.levels, board.frame.extents, dims), true);
}

function center(board, row) {
  const [x, y, z] = board.places.map((places) => places[row]);
  lookFrom(board, { ...board.camera, ...(z === undefined ? { x, y } : { x, y, z }), k: Math.max(board.camera.k, 2) }, true);
}

function zoom(board, factor, x = board.window.width / 2, y = board.window.height / 2) {
  if (board.turning) board.camera = board.turning.to;
  lookFrom(board, nearerCamera(board.camera, sight(board.camera, board.window, board.frame.extents, board.view.dims), factor, x, y));
}

function shift(board, dx, dy) {
  lookFrom(board, movedCamera(board.camera, sight(board.camera, board.window, board.frame.extents, board.view.dims), dx, dy));
}

// Choosing ------------------------------------------------------------------------------------------------------------

function linkOf(board, row) {
  return row < 0 ? -1 : board.rows.links ? board.rows.links[row] : row;
}

function rowOf(board, link) {
  if (link < 0 || !board.rows) return -1;
  if (!board.rows.links) return link < board.rows.count ? link : -1;
  board.rows.byLink ??= new Map([...board.rows.links].map((one, row) => [one, row]));
  return board.rows.byLink.get(link) ?? -1;
}

function choose(board, set, how) {
  board.selected = combined(board.selected, set, how);
  post(board.outboxes.soon, "selected", packedSet(board.selected));
  restand(board);
  for (const other of groupOf(board)) {
    if (!other.rows) continue;
    other.selected = new Uint8Array(other.rows.count);
    for (const row of membersOf(board.selected)) {
      const twin = rowOf(other, linkOf(board, row));
      if (twin >= 0) other.selected[twin] = 1;
    }
    restand(other);
  }
}

function pick(board, row) {
  if (board.picked === row) return;
  board.picked = row;
  post(board.outboxes.soon, "picked", row);
  restand(board);
  for (const other of groupOf(board)) {
    if (!other.rows) continue;
    other.picked = rowOf(other, linkOf(board, row));
    restand(other);
  }
}

function setLegend(board, legend) {
  board.legend = legend;
  board.preview = -1;
  post(board.outboxes.later, "legend", legend);
  restand(board);
}

function preview(board, paint) {
  if (board.preview === paint || (board.legend.only.length && paint >= 0 && !board.legend.only.includes(paint))) return;
  board.preview = paint;
  restand(board);
}

function setLook(board, look) {
  board.look = look;
  board.moved = performance.now();
  post(board.outboxes.later, "look", look);
  dressPanel(board.panel, look, board.atlas !== null);
  soil(board, "points");
}

function clear(board) {
  if (board.drag) {
    board.drag = null;
    soil(board, "above");
  } else if (board.picked >= 0) pick(board, -1);
  else if (board.selected.includes(1)) choose(board, new Uint8Array(board.rows.count), "new");
  else setLegend(board, { lit: [], only: [] });
}

// Pointer and keyboard ------------------------------------------------------------------------------------------------

function listen(board) {
  const { stage, above } = board;
  above.addEventListener("pointerdown", (event) => press(board, event));
  above.addEventListener("pointermove", (event) => move(board, event));
  for (const name of ["pointerup", "pointercancel"]) above.addEventListener(name, (event) => drop(board, event));
  above.addEventListener("pointerleave", () => point(board, -1, false));
  above.addEventListener("dblclick", (event) => {
    const row = board.rows ? pointAt(board, placeOf(board, event)) : -1;
    if (!board.rows) return;
    if (row >= 0) center(board, row);
    else lookFrom(board, firstCamera(board.view.dims), true);
  });
  above.addEventListener("contextmenu", (event) => event.preventDefault());
  above.addEventListener("wheel", (event) => wheel(board, event), { passive: false });
  stage.addEventListener("keydown", (event) => type(board, event));
}

function placeOf(board, event) {
  const { left, top } = board.stage.getBoundingClientRect();
  return [event.clientX - left - board.stage.clientLeft, event.clientY - top - board.stage.clientTop];
}

function pointAt(board, [x, y]) {
  return nearestShown({ xs: board.xs, ys: board.ys, depths: board.view.dims === 3 ? board.depths : null }, board.levels, x, y, REACH, board.levels.includes(STRONG) ? STRONG : PLAIN);
}

function press(board, event) {
  if (!board.rows || board.pointers.size > 1) return;
  const from = placeOf(board, event);
  board.pointers.set(event.pointerId, from);
  board.above.setPointerCapture(event.pointerId);
  point(board, -1, false);
  closePanel(board);
  const selects = event.button === 0 && (board.tool !== "move" || event.shiftKey) && board.pointers.size === 1;
  const slides = board.view.dims === 2 || event.button > 0 || (!selects && (event.ctrlKey || event.metaKey));
  const how = event.altKey ? "less" : event.ctrlKey || event.metaKey || (board.tool !== "move" && event.shiftKey) ? "more" : "new";
  board.drag = { from, moved: board.pointers.size > 1, selects, slides, how, button: event.button, box: null, loop: null };
}

function move(board, event) {
  if (!board.rows) return;
  const here = placeOf(board, event);
  const before = board.pointers.get(event.pointerId);
  if (!before) {
    point(board, pointAt(board, here), true, event);
    return;
  }
  const { drag } = board;
  board.pointers.set(event.pointerId, here);
  if (board.pointers.size === 2) {
    const other = [...board.pointers].find(([id]) => id !== event.pointerId)[1];
    const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
    zoom(board, apart(here) / apart(before), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
    shift(board, (here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
    return;
  }
  if (!drag) return;
  drag.moved ||= Math.hypot(here[0] - drag.from[0], here[1] - drag.from[1]) > CLICK;
  if (!drag.moved) return;
  board.root.classList.add("dragging");
  if (drag.selects && board.tool === "box") drag.box = [drag.from, here];
  else if (drag.selects) drag.loop = longerLoop(drag.loop ?? [drag.from], here);
  else if (drag.slides) shift(board, here[0] - before[0], here[1] - before[1]);
  else lookFrom(board, turnedCamera(board.turning?.to ?? board.camera, -(here[0] - before[0]) * TURN, (here[1] - before[1]) * TURN));
  if (drag.selects) soil(board, "above");
}

function drop(board, event) {
  if (!board.pointers.delete(event.pointerId)) return;
  board.root.classList.remove("dragging");
  if (board.pointers.size) return;
  const { drag } = board;
  board.drag = null;
  if (!drag) return;
  soil(board, "above");
  if (event.type === "pointercancel") return;
  if (drag.box) choose(board, withinBox(board, board.levels, ...drag.box), drag.how);
  else if (drag.loop) choose(board, withinLoop(board, board.levels, drag.loop), drag.how);
  else if (!drag.moved && drag.button === 0) click(board, event);
}

function click(board, event) {
  const row = pointAt(board, placeOf(board, event));
  if (row >= 0 && (event.ctrlKey || event.metaKey || event.shiftKey)) {
    choose(board, new Uint8Array(board.rows.count).fill(1, row, row + 1), board.selected[row] ? "less" : "more");
  } else pick(board, row);
}

/** Point at a point, -1 for none. here: whether the pointer is in this cloud, and not in another of its group. */
function point(board, row, here, event = null) {
  const same = board.hover === row && board.pointed === here;
  board.hover = row;
  board.pointed = here;
  board.above.classList.toggle("on", row >= 0);
  if (row < 0 || !here) hidePointTip(board.tip);
  else showPointTip(board.tip, told(board, row), event.clientX, event.clientY);
  if (same) return;
  soil(board, "above");
  for (const other of groupOf(board)) {
    if (!other.rows) continue;
    other.hover = rowOf(other, linkOf(board, row));
    other.pointed = false;
    soil(other, "above");
  }
}

function told(board, row) {
  const { rows, view } = board;
  const lines = view.tips.map((title, at) => [title, rows.tips[at].get(row) ?? ""]).filter(([, value]) => value !== "");
  const near = board.neighbors.indexOf(row);
  if (near >= 0 && view.distances[near] !== undefined) lines.push(["distance", number(view.distances[near] ?? NaN)]);
  const name = rows.nameOf?.(row) || `point ${wholeNumber(row)}`;
  return { name, color: view.palette[rows.paints[row]], lines, picture: rows.cells ? thumbnail(board.atlas, rows.cells[row], THUMB) : null };
}

function wheel(board, event) {
  event.preventDefault();
  if (!board.rows) return;
  point(board, -1, false);
  const lines = event.deltaMode === 1 ? 16 : 1;
  // A pinch on a touchpad arrives as a wheel with Ctrl, in smaller steps.
  zoom(board, Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0018)), ...placeOf(board, event));
}

function type(board, event) {
  if (!board.rows || event.ctrlKey || event.metaKey || event.altKey || event.target !== board.stage) return;
  const three = board.view.dims === 3 && !event.shiftKey;
  const go = (dx, dy) => (three ? lookFrom(board, turnedCamera(board.camera, dx / STRIDE / 8, -dy / STRIDE / 8)) : shift(board, dx, dy));
  const acts = {
    "+": () => zoom(board, STEP), "=": () => zoom(board, STEP), "-": () => zoom(board, 1 / STEP), f: () => fit(board), 0: () => lookFrom(board, firstCamera(board.view.dims), true),
    m: () => use(board, "move"), b: () => use(board, "box"), l: () => use(board, "lasso"), Escape: () => clear(board),
    ArrowLeft: () => go(STRIDE, 0), ArrowRight: () => go(-STRIDE, 0), ArrowUp: () => go(0, STRIDE), ArrowDown: () => go(0, -STRIDE),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

// Tools ---------------------------------------------------------------------------------------------------------------

function closePanel(board) {
  if (!board.panelOpen) return;
  board.panelOpen = false;
  board.panel.root.hidden = true;
  dressTools(board.tools, board.tool, board.view.dims, false);
}

function use(board, name) {
  if (!board.rows) return;
  const acts = {
    in: () => zoom(board, STEP),
    out: () => zoom(board, 1 / STEP),
    fit: () => fit(board),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : board.stage.requestFullscreen().catch(() => {})),
    png: () => savePicture(sceneOf(board), board.window, board.view, [...board.key.entries].map(([paint, { label, count }]) => ({ label, count: count.textContent, color: board.view.palette[paint] }))),
    look: () => {
      board.panelOpen = !board.panelOpen;
      board.panel.root.hidden = !board.panelOpen;
    },
  };
  if (acts[name]) acts[name]();
  else {
    board.tool = name;
    board.above.classList.toggle("aiming", name !== "move");
  }
  dressTools(board.tools, board.tool, board.view.dims, board.panelOpen);
}

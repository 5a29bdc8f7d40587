/** One graph on the screen: what the server sent, how it is looked at, and what the visitor does with it. */

import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { element, lineDrawing, readPalette } from "../lines/dom.js";
import { between, eased, firstIn, firstView, fittingView, grownTitle, heldView, keptView, nextTo, overlap, shiftedView, zoomedView } from "./space.js";
import { drawing, newBox, newLabel, newLine, onSide, placeLine, spokenBox } from "./shapes.js";
import { hideTip, newTip, showTip } from "./tip.js";
import { drawMinimap, frameMinimap, newMinimap } from "./minimap.js";
import { pngOf, savedSvg, saveFile } from "./save.js";

const GLIDE = 200; // milliseconds from one picture to the next
const GLIDING = 700; // boxes and lines that glide; more appear at once
const CLICK = 4; // pixels that a click may move
const DOUBLE = 380; // milliseconds between two clicks
const TIP_AFTER = 120;
const AROUND = 130; // pixels between what is gone to and the edge
const KEPT_TOGGLES = 200;
const FAR = 0.42; // scale below which letters are not drawn
const LEAST = 0.55; // scale of titles that can be read
const STEP = 1.3;
const TITLE_INDENT = 20; // where its button is, which is not drawn from afar
const SHIFTS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };
const TOOLS = [
  ["in", "Zoom in (+)", "M8 3.5v9M3.5 8h9"],
  ["out", "Zoom out (−)", "M3.5 8h9"],
  ["fit", "Fit the whole graph (f)", "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"],
  ["actual", "Actual size (0)", "M3.5 5L5 4v8M11 5l1.5-1v8M8 6.4v.1M8 9.6v.1"],
  ["full", "Full screen", "M9.5 3H13v3.5M6.5 13H3V9.5M13 3L9.3 6.7M3 13l3.7-3.7"],
  ["png", "Save as PNG", "M8 2.5v7M5 6.8l3 3 3-3M3 13h10"],
];

/** Return a new board inside `parent`, a shadow root. */
export function newGraph(parent) {
  const root = element("div", "graph");
  root.tabIndex = 0;
  root.setAttribute("role", "application");
  root.setAttribute("aria-label", "Graph");
  root.setAttribute("aria-description", "Arrow keys go along the lines, Enter opens and closes, f fits, Escape clears");
  const svg = drawing("svg", { class: "paper" });
  const world = drawing("g", { class: "world" });
  const layers = Object.fromEntries(["panels", "lines", "boxes", "titles", "labels"].map((name) => [name, drawing("g", { class: name })]));
  world.append(...Object.values(layers));
  svg.append(world);
  const board = {
    parent, host: parent.host ?? parent, root, svg, world, layers, tip: newTip(), spoken: element("div", "spoken"), empty: element("div", "empty", "Nothing to draw"),
    picture: null, graph: null, view: { x: 0, y: 0, k: 1 }, window: { width: 0, height: 0 }, fresh: true,
    boxes: new Map(), shapes: new Map(), lines: [], selected: "", path: null, turn: 0, toggles: [], anchor: null,
    pointers: new Map(), drag: null, clicked: { id: "", at: 0 }, tipTimer: 0, frame: 0, glide: null, raised: false, send: () => {},
  };
  board.minimap = newMinimap((x, y) => look(board, { k: board.view.k, x: board.window.width / 2 - x * board.view.k, y: board.window.height / 2 - y * board.view.k }));
  board.spoken.setAttribute("role", "status");
  board.outbox = newOutbox((name, value) => board.send(name, value), 20);
  root.append(svg, board.empty, newTools(board), board.minimap.root, board.spoken, board.tip);
  board.resized = new ResizeObserver(() => resize(board));
  board.resized.observe(root);
  listen(board);
  return board;
}

/** Take over what the server says; what the visitor chose since then stays. */
export function updateGraph(board, data, send) {
  board.send = send;
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const { view, picture } = data;
  board.root.style.height = `${view.height}px`;
  board.turn = Math.max(board.turn, view.turn);
  board.toggles = board.toggles.filter(([turn]) => turn > view.turn);
  const led = heard(board.outbox, "selected", view.selected) || board.picture === null;
  const elsewhere = led && board.selected !== view.selected;
  if (led) board.selected = view.selected;
  board.path = view.path ? { boxes: new Set(view.path.boxes), lines: new Set(view.path.lines.map(([source, target]) => `${source}\n${target}`)) } : null;
  const palette = readPalette(board.host);
  const looks = JSON.stringify(palette);
  if (board.picture?.stamp !== picture.stamp) {
    // Another graph opens as it is best seen; where its picture is the same, nothing moves.
    board.fresh ||= board.graph !== view.graph;
    adopt(board, picture);
  } else if (looks !== board.looks) {
    finish(board);
    build(board);
  }
  board.graph = view.graph;
  board.looks = looks;
  board.palette = palette;
  if (board.toggles.length === 0) settle(board);
  drawMinimap(board.minimap, board.picture, palette);
  mark(board);
  look(board, elsewhere ? viewOf(board, board.view, AROUND) : board.view);
}

/** Stop listening and drop the board's elements. */
export function discardGraph(board) {
  cancelAnimationFrame(board.frame);
  clearTimeout(board.tipTimer);
  closeOutbox(board.outbox);
  board.resized.disconnect();
  hideTip(board.tip);
  board.root.remove();
}

// Pictures ------------------------------------------------------------------------------------------------------------

/** Draw another picture: what was clicked stays where it was on the screen, and the rest glides to its place. */
function adopt(board, picture) {
  const before = board.picture;
  const [oldBoxes, oldLines] = [board.boxes, new Map(board.lines.map(({ line, points }) => [keyOf(line), points]))];
  finish(board);
  board.picture = picture;
  board.boxes = new Map(picture.boxes.map((box) => [box.id, box]));
  build(board);
  const anchor = before ? anchorOf(board, oldBoxes) : "";
  if (!before || !anchor) board.fresh = true;
  if (board.fresh) openView(board);
  else {
    board.view = heldView(board.view, oldBoxes.get(anchor), board.boxes.get(anchor));
    glide(board, oldBoxes, oldLines, board.boxes.get(anchor), oldBoxes.get(anchor));
  }
  if (board.anchor) speak(board, board.anchor);
  board.anchor = null;
}

function keyOf(line) {
  return `${line.source}\n${line.target}\n${line.control ? 1 : 0}`;
}

function openView(board) {
  if (board.window.width === 0) return;
  board.view = viewOf(board, firstView(board.picture, board.window), AROUND);
  board.fresh = false;
}

/** Return a view in which the selected box is seen. */
function viewOf(board, view, margin) {
  const box = board.boxes.get(ownerOf(board, board.selected));
  return box && board.window.width ? shiftedView(view, box, board.window, margin) : view;
}

/** Return the box that is drawn for an id: itself, or the one that it is set aside beside; "" for none. */
function ownerOf(board, id) {
  if (id === "" || board.boxes.has(id)) return id;
  return [...board.boxes.values()].find((box) => box.marks?.some(([one]) => one === id))?.id ?? "";
}

/** Return the box that both pictures have and that shall stay in place. */
function anchorOf(board, oldBoxes) {
  for (const id of [board.anchor, ownerOf(board, board.selected)]) if (id && oldBoxes.has(id) && board.boxes.has(id)) return id;
  const [x, y] = ["width", "height"].map((side, at) => (board.window[side] / 2 - board.view[at ? "y" : "x"]) / board.view.k);
  let [best, least] = ["", Infinity];
  for (const [id, box] of oldBoxes) {
    if (!board.boxes.has(id) || box.open) continue;
    const far = Math.hypot(box.x + box.w / 2 - x, box.y + box.h / 2 - y);
    if (far < least) [best, least] = [id, far];
  }
  return best;
}

/** Make the elements of a picture. */
function build(board) {
  const { picture, layers } = board;
  const style = getComputedStyle(board.root);
  const fonts = { plain: `500 12px ${style.fontFamily}`, bold: `600 12px ${style.fontFamily}`, small: `400 10.5px ${style.fontFamily}` };
  const parts = { panels: [], boxes: [], titles: [], lines: [], labels: [] };
  board.shapes = new Map();
  for (const box of picture.boxes) {
    const shape = newBox(box, fonts);
    board.shapes.set(box.id, shape);
    (box.open ? parts.panels : parts.boxes).push(shape.root);
    if (shape.over) parts.titles.push(shape.over);
    placeBox(shape, box);
  }
  // Lines of control below the others, thick ones below thin ones.
  const order = [...picture.lines].sort((one, other) => Boolean(other.control) - Boolean(one.control) || other.width - one.width);
  board.lines = order.map((line) => {
    const shape = newLine(line);
    placeLine(shape, line, line.points);
    parts.lines.push(shape.root);
    const label = line.label && line.lx !== undefined ? newLabel(line) : null;
    if (label) parts.labels.push(label);
    return { line, shape, label, points: line.points };
  });
  for (const [name, nodes] of Object.entries(parts)) layers[name].replaceChildren(...nodes);
  board.empty.hidden = picture.boxes.length > 0;
}

function placeBox(shape, { x, y }) {
  const place = `translate(${x} ${y})`;
  shape.root.setAttribute("transform", place);
  shape.over?.setAttribute("transform", shape.grown === 1 ? place : `translate(${x - TITLE_INDENT * shape.grown} ${y}) scale(${shape.grown})`);
}

// Gliding -------------------------------------------------------------------------------------------------------------

function glide(board, oldBoxes, oldLines, anchor, before) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (calm || board.boxes.size + board.lines.length > GLIDING) return;
  // The view was moved so that the anchor stays; everything old is moved along with it.
  const [dx, dy] = [anchor.x + anchor.w / 2 - before.x - before.w / 2, anchor.y - before.y];
  const boxes = [];
  const fresh = [];
  for (const [id, box] of board.boxes) {
    const old = oldBoxes.get(id);
    const shape = board.shapes.get(id);
    if (old) boxes.push([shape, { x: old.x + dx, y: old.y + dy, w: old.w, h: old.h }, box, shape.root.querySelector(".body")]);
    else fresh.push(shape.root, ...(shape.over ? [shape.over] : []));
  }
  const lines = [];
  for (const { line, shape, label, points } of board.lines) {
    const old = oldLines.get(keyOf(line));
    if (old?.length === points.length) lines.push([shape, line, old.map((value, at) => value + (at % 2 ? dy : dx)), points]);
    else fresh.push(shape.root);
    if (label) fresh.push(label);
  }
  board.glide = { start: performance.now(), boxes, lines, fresh };
  step(board);
}

function step(board) {
  const { glide: going } = board;
  if (!going) return;
  const part = Math.min(1, (performance.now() - going.start) / GLIDE);
  const way = eased(part);
  for (const [shape, from, to, body] of going.boxes) {
    const [x, y, w, h] = between([from.x, from.y, from.w, from.h], [to.x, to.y, to.w, to.h], way);
    placeBox(shape, { x, y });
    if (to.open && body) {
      body.setAttribute("width", w);
      body.setAttribute("height", h);
    }
  }
  for (const [shape, line, from, to] of going.lines) placeLine(shape, line, between(from, to, way));
  for (const one of going.fresh) one.style.opacity = part < 1 ? Math.max(0, 2 * part - 1) : "";
  if (part < 1) board.frame = requestAnimationFrame(() => step(board));
  else {
    board.glide = null;
    growTitles(board);
  }
  painted(board);
}

function finish(board) {
  cancelAnimationFrame(board.frame);
  if (!board.glide) return;
  board.glide.start = -Infinity;
  step(board);
}

// Looking -------------------------------------------------------------------------------------------------------------

function resize(board) {
  const { clientWidth: width, clientHeight: height } = board.root;
  if (width === 0 || (width === board.window.width && height === board.window.height)) return;
  const before = board.window;
  board.window = { width, height };
  if (!board.picture) return;
  if (board.fresh) openView(board);
  else if (before.width) board.view = { ...board.view, x: board.view.x + (width - before.width) / 2 };
  look(board, board.view);
}

function look(board, view) {
  if (!board.picture || board.window.width === 0) return;
  board.view = keptView(view, board.picture, board.window);
  const { x, y, k } = board.view;
  board.world.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
  board.root.classList.toggle("far", k < FAR);
  growTitles(board);
  frameMinimap(board.minimap, board.view, board.picture, board.window);
  painted(board);
}

/** From afar titles are larger; of those that would cover each other the outer ones are seen. */
function growTitles(board) {
  if (board.glide) return;
  const { k } = board.view;
  const taken = [];
  for (const [id, shape] of board.shapes) {
    if (!shape.over) continue;
    const box = board.boxes.get(id);
    const grown = grownTitle(box, shape.words, k, FAR);
    if (k < FAR || shape.grown !== 1) {
      const place = { x: box.x, y: box.y, w: shape.words * grown, h: 24 * grown };
      const seen = k >= FAR || (grown * k > LEAST && !taken.some((other) => overlap(place, other)));
      if (seen && k < FAR) taken.push(place);
      shape.over.classList.toggle("covered", !seen);
    }
    if (grown === shape.grown) continue;
    shape.grown = grown;
    placeBox(shape, box);
  }
}

function painted(board) {
  board.root.dataset.painted = performance.now();
}

function zoom(board, factor, x = board.window.width / 2, y = board.window.height / 2) {
  look(board, zoomedView(board.view, factor, x, y));
}

// Marking -------------------------------------------------------------------------------------------------------------

/** Show what is selected, what is next to it, and the path. */
function mark(board) {
  const { selected, path } = board;
  const chosen = ownerOf(board, selected);
  const near = new Set();
  const inside = new Set();
  if (chosen) {
    for (let id = chosen; id; id = board.boxes.get(id)?.parent) near.add(id);
    for (const box of board.boxes.values()) if (within(board, box.id, chosen)) inside.add(box.id);
  }
  const own = (id) => id === chosen || inside.has(id);
  for (const { line, shape, label } of board.lines) {
    const on = path ? path.lines.has(`${line.source}\n${line.target}`) : chosen !== "" && own(line.source) !== own(line.target);
    const kept = on || (chosen !== "" && own(line.source) && own(line.target));
    shape.root.classList.toggle("lit", on);
    for (const one of [shape.root, label]) one?.classList.toggle("near", kept);
    if (on && !path) near.add(line.source).add(line.target);
  }
  raise(board);
  for (const [id, { root, over }] of board.shapes) {
    const kept = board.boxes.get(id).open || (path ? path.boxes.has(id) || id === chosen : near.has(id) || inside.has(id));
    for (const one of over ? [root, over] : [root]) {
      one.classList.toggle("selected", id === chosen);
      one.classList.toggle("near", kept);
    }
    root.setAttribute("aria-pressed", String(id === chosen));
    const { marks } = board.boxes.get(id);
    if (marks) for (const one of root.querySelectorAll(".mark")) one.classList.toggle("selected", onSide(marks, one.dataset.marks).some(([own]) => own === selected));
  }
  board.root.classList.toggle("choosing", path !== null || chosen !== "");
  board.root.classList.toggle("following", path !== null);
  board.root.dataset.selected = selected;
}

/** Put the lines that stand out above the others. */
function raise(board) {
  const [lit, others] = [[], []];
  for (const { shape } of board.lines) (shape.root.classList.contains("lit") ? lit : others).push(shape.root);
  if (lit.length || board.raised) board.layers.lines.replaceChildren(...others, ...lit);
  board.raised = lit.length > 0;
}

function within(board, id, scope) {
  for (let one = board.boxes.get(id)?.parent, steps = 0; one && steps < 500; one = board.boxes.get(one)?.parent, steps += 1) if (one === scope) return true;
  return false;
}

function select(board, id) {
  if (board.selected === id) return;
  board.selected = id;
  post(board.outbox, "selected", id);
  mark(board);
  painted(board);
  speak(board, id);
}

/** Tell those who cannot see it what a box is. */
function speak(board, id) {
  const box = board.boxes.get(id);
  board.spoken.textContent = box ? spokenBox(box) : "";
}

function toggle(board, id) {
  const box = board.boxes.get(id);
  if (!box || box.kind === "op") return;
  const before = board.toggles.findLast(([, one]) => one === id);
  const open = !(before ? before[2] : box.open);
  board.turn += 1;
  board.toggles = [...board.toggles, [board.turn, id, open]].slice(-KEPT_TOGGLES);
  board.anchor = id;
  const shape = board.shapes.get(id);
  for (const one of [shape.root, shape.over]) one?.classList.add("waiting");
  board.send("toggles", board.toggles);
  painted(board);
}

function settle(board) {
  for (const { root, over } of board.shapes.values()) for (const one of [root, over]) one?.classList.remove("waiting");
}

// Pointer and keyboard ------------------------------------------------------------------------------------------------

function listen(board) {
  const { root, svg } = board;
  svg.addEventListener("pointerdown", (event) => press(board, event));
  svg.addEventListener("pointermove", (event) => move(board, event));
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => lift(board, event));
  svg.addEventListener("pointerleave", () => untip(board));
  svg.addEventListener("wheel", (event) => wheel(board, event), { passive: false });
  root.addEventListener("keydown", (event) => type(board, event));
}

function isFull(board) {
  return board.parent.fullscreenElement === board.root || document.fullscreenElement === board.root;
}

function at(board, event) {
  const { left, top } = board.svg.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

function press(board, event) {
  if (event.button > 0) return;
  board.root.focus({ preventScroll: true });
  board.pointers.set(event.pointerId, at(board, event));
  board.svg.setPointerCapture(event.pointerId);
  untip(board);
  board.drag = { view: board.view, from: at(board, event), moved: board.pointers.size > 1, target: event.target };
}

function move(board, event) {
  const here = at(board, event);
  if (!board.pointers.has(event.pointerId)) {
    hover(board, event);
    return;
  }
  const before = board.pointers.get(event.pointerId);
  if (board.pointers.size === 2) {
    const other = [...board.pointers].find(([id]) => id !== event.pointerId)[1];
    const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
    const view = zoomedView(board.view, apart(here) / apart(before), (here.x + other.x) / 2, (here.y + other.y) / 2);
    look(board, { ...view, x: view.x + (here.x - before.x) / 2, y: view.y + (here.y - before.y) / 2 });
  } else if (board.drag) {
    const [dx, dy] = [here.x - board.drag.from.x, here.y - board.drag.from.y];
    board.drag.moved ||= Math.hypot(dx, dy) > CLICK;
    if (board.drag.moved) {
      board.root.classList.add("dragging");
      look(board, { k: board.view.k, x: board.view.x + here.x - before.x, y: board.view.y + here.y - before.y });
    }
  }
  board.pointers.set(event.pointerId, here);
}

function lift(board, event) {
  if (!board.pointers.delete(event.pointerId)) return;
  board.root.classList.remove("dragging");
  const { drag } = board;
  if (board.pointers.size) return;
  board.drag = null;
  if (drag && !drag.moved && event.type === "pointerup") click(board, drag.target);
}

function click(board, target) {
  const fold = target.closest("[data-fold]")?.dataset.fold;
  if (fold !== undefined) {
    board.clicked = { id: "", at: 0 };
    toggle(board, fold);
    return;
  }
  const marks = target.closest("[data-marks]");
  if (marks) {
    const box = board.boxes.get(marks.dataset.at);
    const ids = onSide(box.marks, marks.dataset.marks).map(([id]) => id);
    // Another click goes on to the next one.
    select(board, ids[(ids.indexOf(board.selected) + 1) % ids.length]);
    return;
  }
  const id = idAt(target);
  const now = performance.now();
  const twice = id !== "" && board.clicked.id === id && now - board.clicked.at < DOUBLE;
  board.clicked = { id, at: twice ? 0 : now };
  if (twice) toggle(board, id);
  else select(board, id);
}

function idAt(target) {
  return target.closest("[data-id]")?.dataset.id ?? target.closest("[data-of]")?.dataset.of ?? "";
}

function wheel(board, event) {
  event.preventDefault();
  untip(board);
  const lines = event.deltaMode === 1 ? 16 : 1;
  const { x, y } = at(board, event);
  // A pinch on a touchpad arrives as a wheel with Ctrl, in smaller steps.
  zoom(board, Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
}

function type(board, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== board.root) return;
  const direction = SHIFTS[event.key];
  const acts = {
    Enter: () => toggle(board, board.selected), " ": () => toggle(board, board.selected), Escape: () => select(board, ""),
    f: () => use(board, "fit"), "+": () => use(board, "in"), "=": () => use(board, "in"), "-": () => use(board, "out"), 0: () => use(board, "actual"),
  };
  if (direction) walk(board, direction);
  else if (acts[event.key]) acts[event.key]();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function walk(board, direction) {
  const lines = board.lines.map(({ line }) => line);
  const id = board.boxes.has(board.selected) ? nextTo(board.selected, direction, board.boxes, lines) : firstIn("", board.boxes);
  if (!id) return;
  select(board, id);
  look(board, shiftedView(board.view, board.boxes.get(id), board.window));
}

// Tooltip -------------------------------------------------------------------------------------------------------------

function hover(board, event) {
  const told = tipOf(board, event.target);
  clearTimeout(board.tipTimer);
  if (!told) {
    untip(board);
    return;
  }
  const show = () => showTip(board.tip, told.title, told.lines, event.clientX, event.clientY);
  if (!board.tip.hidden) show();
  else board.tipTimer = setTimeout(show, TIP_AFTER);
}

function untip(board) {
  clearTimeout(board.tipTimer);
  hideTip(board.tip);
}

function tipOf(board, target) {
  const marks = target.closest("[data-marks]");
  if (marks) {
    const box = board.boxes.get(marks.dataset.at);
    return { title: `Set aside beside ${box.label}`, lines: onSide(box.marks, marks.dataset.marks).map(([, label]) => label) };
  }
  const line = target.closest(".line");
  if (line) {
    const known = board.lines.find(({ shape }) => shape.root === line)?.line;
    const name = (id) => board.boxes.get(id)?.label ?? id;
    const lines = [known.label, known.count > 1 ? `${known.count} ${known.control ? "control edges" : "tensors"}` : known.control ? "Control edge: only the order matters" : ""];
    return { title: `${name(known.source)} → ${name(known.target)}`, lines: lines.filter(Boolean) };
  }
  const box = board.boxes.get(idAt(target));
  if (!box || (box.open && !target.closest(".title"))) return null;
  const change = { added: "Only in the second graph", removed: "Only in the first graph", changed: "Changed", inside: "Holds changes" }[box.change];
  const lines = [box.label === box.id ? "" : box.id, box.whole ?? box.sub, box.note, change];
  return { title: box.label, lines: [...new Set(lines.filter(Boolean))] };
}

// Tools ---------------------------------------------------------------------------------------------------------------

function newTools(board) {
  const tools = element("div", "tools");
  for (const [name, label, drawn] of TOOLS) {
    const button = element("button", `tool ${name}`);
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label.replace(/ \(.*/, ""));
    button.append(lineDrawing(drawn));
    button.addEventListener("click", () => use(board, name));
    tools.append(button);
  }
  return tools;
}

function use(board, name) {
  const { width, height } = board.window;
  const acts = {
    in: () => zoom(board, STEP),
    out: () => zoom(board, 1 / STEP),
    fit: () => look(board, fittingView(board.picture, board.window)),
    actual: () => zoom(board, 1 / board.view.k, width / 2, height / 2),
    full: () => (isFull(board) ? document.exitFullscreen() : board.root.requestFullscreen().catch(() => {})),
    png: () => savePng(board),
  };
  acts[name]();
}

async function savePng(board) {
  finish(board);
  // A file shows the graph, not what is being looked at.
  const { view } = board;
  look(board, { k: 1, x: 0, y: 0 });
  const marks = ["choosing", "following"].filter((name) => board.root.classList.contains(name));
  board.root.classList.remove(...marks);
  board.root.classList.add("saving");
  const text = savedSvg(board.world, board.picture, board.palette.background);
  board.root.classList.remove("saving");
  board.root.classList.add(...marks);
  look(board, view);
  const blob = await pngOf(text, board.picture.width + 32, board.picture.height + 32);
  if (blob) saveFile(blob, "graph.png");
}

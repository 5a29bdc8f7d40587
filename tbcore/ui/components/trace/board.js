/** One trace on the screen: what the server sent, which part is seen, and what the visitor does with it. */

import { element, readPalette, writeName } from "../lines/dom.js";
import { exactly, heldSpan, lengthOf, momentOf, movedSpan, pinchedSpan, spanAround, spanBetween, spanShowing, wholeSpan, zoomedSpan } from "./span.js";
import { itemsWithin, laidOut, opensAtFirst, placeOfTrack, SIZES, trackAt, unfoldedFor } from "./tracks.js";
import { markAt, markOfRow, newMarks, suffices, typed } from "./marks.js";
import { channels, isDark, blended, paintsOf } from "./colors.js";
import { paintRuler, paintStrip, paintTracks } from "./paint.js";
import { fillPanel, newPanel } from "./panel.js";
import { newBar, newHelp, sayColors, sayFound } from "./tools.js";

const GLIDE = 180; // milliseconds from one view to another
const CLICK = 4; // pixels that a click may move
const SLACK = 3; // pixels beside a mark that still mean it
const PATIENCE = 4_000; // milliseconds until an answer is no longer waited for
const PAUSE = 40; // between what the visitor does and what the server is asked
const BESIDE = 0.75; // views on either side that are asked for as well
const BEYOND = 0.4; // heights above and below, likewise
const STEP = 1.5;
const NEAR = 1 / 40; // of what is seen that an event fills at least when a link leads to it
const SPEED = { zoom: 3.2, move: 1.4 }; // of held keys, per second: times closer, widths
const HOLDS = { w: ["zoom", 1], s: ["zoom", -1], a: ["move", -1], d: ["move", 1] };
const WAYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const kept = new Map(); // what was folded in each trace, while the page is open

/** Return a new board inside `parent`, a shadow root. */
export function newTrace(parent) {
  const root = element("div", "trace");
  root.tabIndex = 0;
  root.setAttribute("role", "application");
  root.setAttribute("aria-label", "Trace");
  root.setAttribute("aria-description", "w and s zoom, a and d move, arrows go from event to event, slash searches, question mark shows all keys");
  const board = {
    parent, host: parent.host ?? parent, root, key: null, groups: [], steps: [], length: 1, names: new Map(), kinds: [], hues: [],
    seen: { start: 0, end: 1 }, folds: new Map(), layout: { items: [], height: 0 }, plot: { width: 0, height: 0, ratio: 1 }, labels: 200,
    base: null, marks: null, curves: null, density: null, strip: null, instants: null, widths: new Map(), pen: document.createElement("canvas").getContext("2d"),
    byKind: false, search: "", found: null, dims: false, picked: null, range: null, arrows: null, told: null, hover: null, pointed: null, lead: 0, revealing: -1,
    drag: null, fingers: new Map(), clicked: 0, holding: new Set(), glide: null, frame: 0, turn: 0, asked: null, wanted: false, askTimer: 0, send: () => {},
  };
  build(board);
  listen(board);
  return board;
}

function build(board) {
  board.bar = newBar({
    search: (text) => searchFor(board, text),
    step: (way) => step(board, way),
    byKind: (on) => {
      board.byKind = on;
      sayColors(board.bar, on, shownKinds(board));
      paint(board);
    },
    use: (name) => use(board, name),
  });
  board.help = newHelp();
  board.stripCanvas = element("canvas", "strip");
  board.ruler = element("canvas", "ruler");
  board.corner = element("div", "corner");
  board.times = element("div", "times");
  board.times.append(board.corner, board.ruler);
  board.canvas = element("canvas", "lanes");
  board.names_ = element("div", "names");
  board.scroll = element("div", "scroll");
  board.tall = element("div", "tall");
  board.tall.append(board.names_, board.canvas);
  board.scroll.append(board.tall);
  board.body = element("div", "body");
  board.busy = element("div", "busy");
  board.busy.hidden = true;
  board.body.append(board.scroll, board.busy);
  board.tip = element("div", "tip");
  board.tip.hidden = true;
  board.panel = newPanel({
    close: () => clear(board),
    pick: (row) => pick(board, { row }),
    zoom: () => zoomToPicked(board),
    show: (text) => {
      board.bar.field.value = text;
      searchFor(board, text);
    },
  });
  board.root.append(board.bar.root, board.stripCanvas, board.times, board.body, board.panel.root, board.tip, board.help);
  board.resized = new ResizeObserver(() => resize(board));
  board.resized.observe(board.body);
}

/** Take over what the server says; what the visitor did since then stays. */
export function updateTrace(board, data, send) {
  board.send = send;
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const { view } = data;
  board.root.style.setProperty("--tall", `${view.height}px`);
  if (board.key !== view.key) adopt(board, view);
  const fresh = board.stamp !== view.stamp;
  board.stamp = view.stamp;
  if (fresh) take(board, view, data);
  const palette = readPalette(board.host);
  const looks = JSON.stringify([palette, view.hues]);
  if (looks !== board.looks) dress(board, palette, looks);
  resize(board);
  if (view.lead && view.lead.turn > board.lead) follow(board, view.lead);
  paint(board);
  ask(board);
}

/** Stop listening and drop the board's elements. */
export function discardTrace(board) {
  cancelAnimationFrame(board.frame);
  clearTimeout(board.askTimer);
  board.resized.disconnect();
  window.removeEventListener("keyup", board.released);
  board.root.remove();
}

function adopt(board, view) {
  Object.assign(board, {
    key: view.key, groups: view.groups, steps: view.steps, length: view.length, kinds: view.kinds, hues: view.hues, names: new Map(), base: null, marks: null, curves: null,
    density: null, strip: null, instants: null, picked: null, range: null, arrows: null, told: null, found: null, search: view.search, asked: null, lead: -1, stamp: null, looks: "",
  });
  board.groups = view.groups.map((group) => ({ ...group, lanes: group.lanes.map(([id, name, rows, track, events]) => ({ id, name, rows, track, events })) }));
  board.folds = kept.get(view.key) ?? new Map();
  kept.set(view.key, board.folds);
  board.turn = Math.max(board.turn, view.turn);
  board.bar.field.value = view.search;
  board.seen = view.seen ? heldSpan(view.seen, view.length) : wholeSpan(view.length);
  board.range = view.range;
  lay(board);
  board.scroll.scrollTop = 0;
}

/** Take what an answer holds. */
function take(board, view, data) {
  if (data.names) {
    const [codes, hues] = [typed(data.names, "code"), typed(data.names, "hue")];
    const words = data.names.getChild("name");
    for (let at = 0; at < codes.length; at += 1) if (!board.names.has(codes[at])) board.names.set(codes[at], { name: words.get(at), hue: hues[at] });
  }
  const every = { get: () => Infinity };
  if (data.base) board.base = newMarks(data.base, { from: 0, until: board.length, cell: view.base.cell, pixel: Infinity, length: board.length, lanes: every, searched: false });
  if (data.strip) board.strip = newDensity(data.strip, view.base.strip);
  if (data.marks) {
    const { start, end, cell, pixel, lanes } = view.answer;
    board.marks = newMarks(data.marks, { from: start, until: end, cell, pixel, length: board.length, lanes: new Map(lanes), searched: view.answer.searched });
    board.marks.search = view.answer.search;
    board.density = data.density ? newDensity(data.density, view.answer.cells) : null;
    board.curves = data.curves ? byPlace(data.curves, "curve", ["time", "mean", "high"]) : null;
    board.instants = data.instants ? byPlace(data.instants, "lane", ["time"]) : null;
  }
  if (view.turn >= (board.asked?.turn ?? 0)) {
    board.asked = null;
    board.busy.hidden = true;
  }
  board.pointed = null;
  board.found = view.found;
  board.dims = view.dims;
  if (view.turn >= board.turn) {
    board.told = view.picked ? { ...view.picked, same: board.told?.id === view.picked.id } : null;
    if (view.picked?.kind === "event" || view.picked?.kind === "run") board.picked = { ...view.picked.at };
    board.arrows = view.picked?.arrows?.map(({ source, target }) => ({ source, target })) ?? null;
  }
  sayFound(board.bar, board.found, board.search);
  fillPanel(board.panel, board.told, "");
}

function newDensity(table, cell) {
  const found = byPlace(table, "group", ["place", "value"]);
  found.cell = cell;
  found.most = new Map([...found.places].map(([group, [from, to]]) => [group, found.value.subarray(from, to).reduce((most, one) => Math.max(most, one), 0)]));
  return found;
}

function byPlace(table, by, columns) {
  const found = Object.fromEntries(columns.map((name) => [name, typed(table, name)]));
  const keys = typed(table, by);
  found.places = new Map();
  for (let at = 0, from = 0; at < keys.length; at += 1) {
    if (at + 1 < keys.length && keys[at + 1] === keys[at]) continue;
    found.places.set(keys[at], [from, at + 1]);
    from = at + 1;
  }
  return found;
}

function dress(board, palette, looks) {
  const over = (share) => blended(palette.text, palette.background, share);
  Object.assign(board, {
    looks, palette, namePaints: paintsOf(board.hues, palette), kindPaints: paintsOf(board.kinds.map(([, color]) => color), palette),
    ink: over(0.95), quiet: over(0.65), ground: over(0.025), band: over(0.13), cursor: over(0.35), stepPaint: [over(0.12), over(0.2)],
    shade: isDark(palette.background) ? "rgba(0,0,0,0.5)" : `rgba(${channels(palette.text).join(",")},0.13)`,
    curvePaint: [blended(palette.accent, palette.background, 0.3), blended(palette.accent, palette.background, 0.62)],
    stripPaint: [blended(palette.accent, palette.background, 0.5), blended("#3ca951", palette.background, 0.6)],
  });
  board.widths.clear();
  sayColors(board.bar, board.byKind, shownKinds(board));
}

function shownKinds(board) {
  return board.kinds.filter(([, , occurs]) => occurs);
}

function resize(board) {
  const box = board.scroll.getBoundingClientRect();
  board.labels = box.width < 640 ? 110 : 210;
  const width = Math.max(0, board.scroll.clientWidth - board.labels);
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const height = board.scroll.clientHeight;
  board.root.style.setProperty("--labels", `${board.labels}px`);
  if (width === board.plot.width && height === board.plot.height && ratio === board.plot.ratio) return;
  board.plot = { width, height, ratio };
  if (board.revealing >= 0) reveal(board, board.revealing);
  board.stripWidth = board.stripCanvas.clientWidth;
  for (const [canvas, tall] of [[board.canvas, height], [board.ruler, 40]]) Object.assign(canvas.style, { width: `${width}px`, height: `${tall}px` });
  paint(board);
  ask(board);
}

// Layout --------------------------------------------------------------------------------------------------------------

function lay(board) {
  board.layout = laidOut(board.groups, board.folds);
  board.tall.style.height = `${board.layout.height}px`;
  board.root.style.setProperty("--content", `${board.layout.height}px`);
  board.labelled = null;
}

function fold(board, key, folded) {
  board.folds.set(key, folded);
  lay(board);
  paint(board);
  ask(board);
}

/** Write the names of what is seen, which only change when it is scrolled or folded. */
function writeNames(board) {
  const top = board.scroll.scrollTop;
  const said = `${board.layout.height} ${Math.floor(top / 100)} ${board.plot.height} ${board.labels}`;
  if (board.labelled === said) return;
  board.labelled = said;
  const nodes = itemsWithin(board.layout.items, top - 300, top + board.plot.height + 300).flatMap((item) => (item.kind === "density" ? [] : [nameOf(board, item)]));
  board.names_.replaceChildren(...nodes);
}

function nameOf(board, item) {
  const group = board.groups[item.group];
  const node = element(item.kind === "head" || (item.kind === "lane" && item.lane.rows > 1) ? "button" : "div", `name ${item.kind}`);
  Object.assign(node.style, { top: `${item.y}px`, height: `${item.h}px` });
  if (item.kind === "head") {
    node.append(element("span", `caret${item.open ? " open" : ""}`, "›"), element("span", "words", group.name));
    node.setAttribute("aria-expanded", String(item.open));
    const lanes = `${group.lanes.length.toLocaleString("en-US")} ${group.lanes.length === 1 ? "lane" : "lanes"}`;
    if (!item.open) node.append(element("span", "aside", lanes));
    node.title = `${group.name} · ${lanes}`;
    node.addEventListener("click", () => fold(board, `g${item.group}`, item.open));
  } else if (item.kind === "curve") {
    node.append(element("span", "words", item.curve.name), element("span", "aside", `up to ${item.curve.words}`));
    node.title = `${item.curve.name}: up to ${item.curve.words}`;
  } else {
    const { lane } = item;
    const words = element("span", "words both");
    writeName(words, lane.name);
    node.append(words);
    if (lane.rows > 1) {
      node.append(element("span", `caret small${item.rows > 1 ? " open" : ""}`, "›"));
      node.setAttribute("aria-expanded", String(item.rows > 1));
      // From few rows to all, to one, and back.
      node.addEventListener("click", () => fold(board, `l${lane.id}`, item.rows > 1 && !(item.folded && item.rows > 1) ? true : false));
    }
    node.title = `${lane.name} · ${lane.events.toLocaleString("en-US")} events${item.folded ? ` · ${item.rows} of ${lane.rows} rows shown` : ""}`;
  }
  if (node.tagName === "BUTTON") node.type = "button";
  return node;
}

// Painting ------------------------------------------------------------------------------------------------------------

function paint(board) {
  if (board.frame) return;
  board.frame = requestAnimationFrame((now) => {
    board.frame = 0;
    move(board, now);
    if (!board.palette || board.plot.width < 10 || board.plot.height < 10) return;
    const begun = performance.now();
    writeNames(board);
    paintTracks(board);
    paintRuler(board);
    paintStrip(board);
    board.root.dataset.painted = String(performance.now());
    board.root.dataset.took = (performance.now() - begun).toFixed(2);
    board.root.dataset.from = String(Math.round(board.seen.start));
    board.root.dataset.to = String(Math.round(board.seen.end));
    if (board.glide || board.holding.size) paint(board);
  });
}

/** Go on with what moves by itself: a glide, or keys that are held. */
function move(board, now) {
  const { glide } = board;
  if (glide) {
    const part = Math.min(1, (now - glide.begun) / GLIDE);
    board.seen = spanBetween(glide.from, glide.to, 1 - (1 - Math.max(0, part)) ** 3);
    if (part >= 1) {
      board.seen = glide.to;
      board.glide = null;
      ask(board);
    }
  }
  if (!board.holding.size) return;
  const passed = Math.min(0.1, board.heldAt ? (now - board.heldAt) / 1000 : 0.016);
  board.heldAt = now;
  for (const key of board.holding) {
    const [what, way] = HOLDS[key];
    if (what === "move") board.seen = movedSpan(board.seen, way * SPEED.move * passed * (board.seen.end - board.seen.start), board.length);
    else board.seen = zoomedSpan(board.seen, SPEED.zoom ** (way * passed * 1.6), timeAt(board, board.hover ?? board.plot.width / 2), board.length);
  }
  ask(board);
}

function look(board, seen, glides = false) {
  board.holding.clear();
  if (glides && !window.matchMedia("(prefers-reduced-motion: reduce)").matches) board.glide = { from: board.seen, to: seen, begun: performance.now() };
  else {
    board.glide = null;
    board.seen = seen;
  }
  paint(board);
  ask(board);
}

function timeAt(board, x) {
  return board.seen.start + (x / Math.max(1, board.plot.width)) * (board.seen.end - board.seen.start);
}

// The server ----------------------------------------------------------------------------------------------------------

/** Ask for what is seen, unless it is at hand or on its way. */
function ask(board, forced = false) {
  board.wanted ||= forced;
  clearTimeout(board.askTimer);
  board.askTimer = setTimeout(() => askNow(board), PAUSE);
}

function askNow(board) {
  if (board.plot.width < 10 || !board.key) return;
  const waiting = board.asked && performance.now() - board.asked.at < PATIENCE;
  if (waiting && !board.wanted) return;
  const aim = board.glide?.to ?? board.seen;
  const { lanes, curves, groups } = inSight(board, BEYOND * board.plot.height);
  const pixel = (aim.end - aim.start) / (board.plot.width * board.plot.ratio);
  const near = inSight(board, 0);
  const enough = board.base && board.marks?.search === board.search && suffices(board.marks, aim, pixel, near.lanes) && near.curves.every((one) => board.curves?.places.has(one)) && near.groups.every((one) => board.density?.places.has(one));
  if (enough && !board.wanted) {
    // The address follows when everything has come to rest.
    if (!board.holding.size && !board.drag && moved(board, aim)) tell(board, aim, null);
    return;
  }
  board.wanted = false;
  const wide = (aim.end - aim.start) * BESIDE;
  const start = Math.max(0, Math.floor(aim.start - wide));
  const end = Math.min(board.length + 1, Math.ceil(aim.end + wide));
  tell(board, aim, { start, end, pixels: Math.max(16, Math.round((end - start) / pixel)), lanes, curves, groups });
}

function moved(board, aim) {
  const { sent } = board;
  if (!sent) return true;
  const wide = (aim.end - aim.start) * 0.02;
  return Math.abs(sent.start - aim.start) > wide || Math.abs(sent.end - aim.end) > wide;
}

function tell(board, aim, need) {
  board.turn += 1;
  board.need = need ?? board.need;
  board.sent = { start: aim.start, end: aim.end };
  board.asked = { turn: board.turn, at: performance.now() };
  board.send("said", {
    key: board.key, turn: board.turn, seen: [aim.start, aim.end].map(Math.round), need: board.need ?? null, base: Boolean(board.base), search: board.search, picked: board.picking ?? null,
    range: board.range ? [Math.round(board.range.start), Math.round(board.range.end)] : null, go: board.going ?? null,
  });
  board.going = null;
  clearTimeout(board.busyTimer);
  board.busyTimer = setTimeout(() => {
    board.busy.hidden = !board.asked;
  }, 400);
}

function inSight(board, beyond) {
  const top = board.scroll.scrollTop;
  const found = { lanes: [], curves: [], groups: [] };
  for (const item of itemsWithin(board.layout.items, top - beyond, top + board.plot.height + beyond)) {
    if (item.kind === "lane") found.lanes.push([item.lane.id, item.rows]);
    if (item.kind === "curve") found.curves.push(item.curve.id);
    if (item.kind === "density") found.groups.push(item.group);
  }
  return found;
}

/** Go where the server leads: to an event that was searched for, or that a link names. */
function follow(board, lead) {
  board.lead = lead.turn;
  if (lead.track !== undefined && lead.track >= 0) {
    const folds = unfoldedFor(board.groups, board.folds, lead.track);
    for (const [key, folded] of folds) board.folds.set(key, folded);
    lay(board);
    board.revealing = lead.track;
    reveal(board, lead.track);
  }
  if (lead.row >= 0) {
    board.picking = { row: lead.row };
    board.picked = { row: lead.row, track: lead.track, start: lead.start, end: lead.end };
    board.range = null;
  }
  const to = lead.whole ? spanAround(lead.start, lead.end, board.length, 0) : spanShowing(board.seen, lead.start, lead.end, board.length, lead.near ? NEAR : undefined);
  if (to !== board.seen) look(board, to, board.plot.width > 0);
}

function reveal(board, track) {
  const place = placeOfTrack(board.layout, board.groups, track);
  if (!place) return;
  const { scrollTop, clientHeight } = board.scroll;
  if (place.y < scrollTop + SIZES.head || place.y > scrollTop + clientHeight - 3 * SIZES.row) board.scroll.scrollTop = place.y - clientHeight / 3;
}

// Acts ----------------------------------------------------------------------------------------------------------------

function searchFor(board, text) {
  if (text === board.search) return;
  board.search = text;
  sayFound(board.bar, null, text);
  ask(board, true);
}

function step(board, way) {
  if (!board.search) return;
  board.going = { way, row: board.picked?.row ?? -1 };
  ask(board, true);
}

function pick(board, what, mark = null) {
  board.picking = what;
  board.range = null;
  board.picked = mark;
  if (what.row !== undefined && !mark) board.going = { way: "to", row: what.row };
  board.arrows = null;
  board.revealing = mark?.track ?? -1;
  fillPanel(board.panel, board.told, board.told ? "" : "…");
  paint(board);
  ask(board, true);
}

function clear(board) {
  Object.assign(board, { picking: null, picked: null, range: null, arrows: null, told: null });
  fillPanel(board.panel, null, "");
  paint(board);
  ask(board, true);
}

function zoomToPicked(board) {
  const at = board.range ?? board.picked;
  if (at) look(board, spanAround(at.start, at.end, board.length, board.range ? 0.02 : 0.15), true);
}

function use(board, name) {
  const middle = timeAt(board, board.plot.width / 2);
  const acts = {
    in: () => look(board, zoomedSpan(board.seen, 2, middle, board.length), true),
    out: () => look(board, zoomedSpan(board.seen, 0.5, middle, board.length), true),
    fit: () => look(board, wholeSpan(board.length), true),
    fold: () => foldAll(board),
    full: () => (board.root.matches(":fullscreen") ? document.exitFullscreen() : board.root.requestFullscreen().catch(() => {})),
    help: () => {
      board.help.hidden = !board.help.hidden;
    },
  };
  acts[name]();
}

function foldAll(board) {
  const open = board.groups.map((group, place) => !(board.folds.get(`g${place}`) ?? !opensAtFirst(group, place)));
  const folded = open.some(Boolean);
  board.groups.forEach((_group, place) => board.folds.set(`g${place}`, folded));
  lay(board);
  paint(board);
  ask(board);
}

// Pointer and keys ----------------------------------------------------------------------------------------------------

function listen(board) {
  const { canvas, ruler, scroll, root, stripCanvas } = board;
  for (const type of ["wheel", "pointerdown"]) {
    scroll.addEventListener(type, () => {
      board.revealing = -1;
    }, { passive: true });
  }
  scroll.addEventListener("scroll", () => {
    paint(board);
    ask(board);
  });
  for (const place of [canvas, ruler]) {
    place.addEventListener("wheel", (event) => wheel(board, event), { passive: false });
    place.addEventListener("pointerdown", (event) => press(board, event, place === ruler));
    place.addEventListener("pointermove", (event) => drag(board, event));
    place.addEventListener("pointerup", (event) => letGo(board, event));
    place.addEventListener("pointercancel", (event) => {
      board.fingers.delete(event.pointerId);
      board.drag = null;
      ask(board);
    });
    place.addEventListener("pointerleave", () => {
      if (board.drag) return;
      Object.assign(board, { hover: null, pointed: null });
      board.tip.hidden = true;
      paint(board);
    });
  }
  for (const type of ["pointerdown", "pointermove"]) stripCanvas.addEventListener(type, (event) => onStrip(board, event, type === "pointerdown"));
  stripCanvas.addEventListener("pointerup", () => {
    board.stripDrag = null;
    ask(board);
  });
  root.addEventListener("keydown", (event) => keydown(board, event));
  board.released = (event) => {
    if (board.holding.delete(event.key.toLowerCase())) {
      board.heldAt = 0;
      ask(board);
    }
  };
  window.addEventListener("keyup", board.released);
  root.addEventListener("blur", () => board.holding.clear());
}

function wheel(board, event) {
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!event.ctrlKey && !event.metaKey && !sideways) {
    board.tip.hidden = true;
    return;
  }
  event.preventDefault();
  const amount = (event.deltaMode === 1 ? 24 : 1) * (sideways && !event.ctrlKey ? event.deltaX || event.deltaY : event.deltaY);
  const x = event.clientX - board.canvas.getBoundingClientRect().left;
  if (event.ctrlKey || event.metaKey) look(board, zoomedSpan(board.seen, 1.0035 ** -Math.max(-200, Math.min(200, amount)), timeAt(board, x), board.length));
  else look(board, movedSpan(board.seen, (amount / board.plot.width) * (board.seen.end - board.seen.start), board.length));
}

function placeIn(board, event) {
  const box = board.canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top + board.scroll.scrollTop };
}

function press(board, event, onRuler) {
  if (event.button !== 0) return;
  event.preventDefault();
  board.root.focus({ preventScroll: true });
  event.target.setPointerCapture(event.pointerId);
  const { x, y } = placeIn(board, event);
  if (event.pointerType === "touch") board.fingers.set(event.pointerId, x);
  if (board.fingers.size > 1) {
    const held = [...board.fingers].slice(0, 2);
    board.drag = { kind: "pinch", far: true, held: held.map(([finger]) => finger), times: held.map(([, at]) => timeAt(board, at)) };
    return;
  }
  const kind = onRuler || event.shiftKey ? "range" : "move";
  board.drag = { kind, x, y, seen: board.seen, top: board.scroll.scrollTop, at: timeAt(board, x), far: false, screen: [event.clientX, event.clientY], onRuler };
  board.glide = null;
  board.tip.hidden = true;
}

function drag(board, event) {
  const { x, y } = placeIn(board, event);
  board.hover = x;
  const { drag: now } = board;
  if (!now) {
    point(board, x, y, event);
    return;
  }
  if (board.fingers.has(event.pointerId)) board.fingers.set(event.pointerId, x);
  if (now.kind === "pinch") {
    board.hover = null;
    board.seen = pinchedSpan(board.seen, now.times, now.held.map((finger) => board.fingers.get(finger)), board.plot.width, board.length);
    paint(board);
    ask(board);
    return;
  }
  const [dx, dy] = [event.clientX - now.screen[0], event.clientY - now.screen[1]];
  now.far ||= Math.hypot(dx, dy) > CLICK;
  if (!now.far) return;
  if (now.kind === "range") {
    const ends = [now.at, timeAt(board, Math.min(board.plot.width, Math.max(0, x)))].sort((one, other) => one - other);
    board.range = { start: Math.max(0, ends[0]), end: Math.min(board.length, ends[1]) };
    paint(board);
    return;
  }
  board.root.classList.add("dragging");
  board.seen = movedSpan(now.seen, (-dx / board.plot.width) * (now.seen.end - now.seen.start), board.length);
  board.scroll.scrollTop = now.top - dy;
  paint(board);
  ask(board);
}

function letGo(board, event) {
  const { drag: now } = board;
  board.fingers.delete(event.pointerId);
  board.drag = null;
  board.root.classList.remove("dragging");
  if (!now) return;
  const { x, y } = placeIn(board, event);
  if (now.far) {
    if (now.kind === "range" && board.range && board.range.end > board.range.start) {
      Object.assign(board, { picking: null, picked: null, arrows: null });
      fillPanel(board.panel, board.told, board.told ? "" : "…");
      ask(board, true);
    } else ask(board);
    return;
  }
  if (now.onRuler) {
    if (board.range) clear(board);
    return;
  }
  point(board, x, y, event);
  const again = performance.now() - board.clicked < 380;
  board.clicked = performance.now();
  const { pointed } = board;
  if (!pointed) {
    if (board.picked || board.range) clear(board);
    return;
  }
  const { marks, at, track } = pointed;
  const mark = { row: marks.row[at], track, start: marks.start[at], end: marks.end[at] };
  if (again && board.picked) {
    zoomToPicked(board);
    return;
  }
  pick(board, mark.row >= 0 ? { row: mark.row } : { track, start: Math.floor(mark.start), end: Math.ceil(mark.end) }, mark);
}

/** Point at what is under the pointer, and say what it is. */
function point(board, x, y, event) {
  const { item, track } = trackAt(board.layout.items, y);
  const time = timeAt(board, x);
  board.pointed = null;
  let told = null;
  if (track >= 0) {
    const slack = (SLACK * (board.seen.end - board.seen.start)) / board.plot.width;
    const { marks } = board;
    const fine = marks && time >= marks.from && time <= marks.until && (marks.lanes.get(item.lane.id) ?? -1) >= 1;
    const from = fine ? marks : board.base;
    const at = from ? markAt(from, track, time, slack) : -1;
    if (at >= 0) {
      board.pointed = { marks: from, at, track };
      told = tipOf(board, from, at);
    }
  } else if (item?.kind === "curve") told = curveTip(board, item, time);
  else if (item?.kind === "density") told = [board.groups[item.group].name, [`${board.groups[item.group].lanes.length.toLocaleString("en-US")} lanes, folded: how many are at work`]];
  showTip(board, told, event);
  paint(board);
}

function tipOf(board, marks, at) {
  const name = board.names.get(marks.name[at])?.name ?? "";
  const kind = board.kinds[marks.role[at]]?.[0] ?? "";
  const hits = board.dims && marks.searched && marks.count[at] > 1 ? [`${marks.hits[at].toLocaleString("en-US")} of them found`] : [];
  if (marks.count[at] === 1) return [name, [`${exactly(marks.end[at] - marks.start[at])} · ${kind}`, `at ${momentOf(marks.start[at], (board.seen.end - board.seen.start) / 1e4)}`]];
  const share = marks.total[at] > 0 ? ` (${Math.round((100 * marks.main[at]) / marks.total[at])}%)` : "";
  return [`${marks.count[at].toLocaleString("en-US")} events, ${lengthOf(marks.total[at])}`, [`mostly ${name}${share}`, `within ${lengthOf(marks.end[at] - marks.start[at])}; zoom in to see each`, ...hits]];
}

function curveTip(board, item, time) {
  const [from, to] = board.curves?.places.get(item.curve.id) ?? [0, 0];
  let at = from - 1;
  for (let next = from; next < to && board.curves.time[next] <= time; next += 1) at = next;
  if (at < from) return null;
  const [mean, high] = [board.curves.mean[at], board.curves.high[at]].map((value) => spelledValue(value, item.curve.unit));
  return [item.curve.name, [mean === high ? mean : `${mean} on average, up to ${high}`]];
}

function spelledValue(value, unit) {
  if (unit === "bytes") {
    const [size, name] = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]].find(([one]) => Math.abs(value) >= one) ?? [1, "B"];
    return `${Number((value / size).toPrecision(4))} ${name}`;
  }
  return `${Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 6 })}${unit ? ` ${unit}` : ""}`;
}

function showTip(board, told, event) {
  const { tip } = board;
  tip.hidden = !told;
  if (!told) return;
  const said = JSON.stringify(told);
  if (board.tipSaid !== said) {
    board.tipSaid = said;
    tip.replaceChildren(element("div", "tip-title", told[0]), ...told[1].map((line) => element("div", "tip-line", line)));
  }
  const box = board.root.getBoundingClientRect();
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  tip.style.left = `${Math.max(4, Math.min(box.width - wide - 8, x + 14))}px`;
  tip.style.top = `${y + 18 + high > box.height ? y - high - 12 : y + 18}px`;
}

function onStrip(board, event, begins) {
  const box = board.stripCanvas.getBoundingClientRect();
  const at = ((event.clientX - box.left) / Math.max(1, box.width)) * board.length;
  if (begins) {
    board.stripCanvas.setPointerCapture(event.pointerId);
    const slack = (6 * board.length) / box.width;
    const { start, end } = board.seen;
    const edge = Math.abs(at - start) < slack ? "start" : Math.abs(at - end) < slack ? "end" : "";
    const inside = at > start && at < end && end - start < 0.95 * board.length;
    board.stripDrag = { at, seen: board.seen, kind: edge || (inside ? "move" : "new"), x: event.clientX };
    return;
  }
  const { stripDrag: now } = board;
  if (!now || !board.stripCanvas.hasPointerCapture(event.pointerId)) return;
  const ends = { start: [at, now.seen.end], end: [now.seen.start, at], new: [now.at, at], move: [now.seen.start + at - now.at, now.seen.end + at - now.at] }[now.kind];
  if (now.kind !== "move" && Math.abs(event.clientX - now.x) < CLICK) return;
  ends.sort((one, other) => one - other);
  look(board, heldSpan({ start: ends[0], end: ends[1] }, board.length));
}

function keydown(board, event) {
  if (event.target !== board.root && event.target.tagName === "INPUT") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (HOLDS[key]) {
    board.glide = null;
    if (!board.holding.has(key)) board.heldAt = 0;
    board.holding.add(key);
    paint(board);
  } else if (WAYS[key] && board.picked?.row >= 0) {
    board.going = { way: WAYS[key], row: board.picked.row };
    ask(board, true);
  } else if (WAYS[key]) {
    if (key === "ArrowUp" || key === "ArrowDown") return;
    look(board, movedSpan(board.seen, (key === "ArrowLeft" ? -0.2 : 0.2) * (board.seen.end - board.seen.start), board.length), true);
  } else if (key === "f") zoomToPicked(board);
  else if (key === "0" || key === "Home") use(board, "fit");
  else if (key === "+" || key === "=") look(board, zoomedSpan(board.seen, STEP, timeAt(board, board.hover ?? board.plot.width / 2), board.length), true);
  else if (key === "-") look(board, zoomedSpan(board.seen, 1 / STEP, timeAt(board, board.hover ?? board.plot.width / 2), board.length), true);
  else if (key === "n") step(board, event.shiftKey ? "previous" : "next");
  else if (key === "/") board.bar.field.focus();
  else if (key === "?") use(board, "help");
  else if (key === "Escape") {
    board.help.hidden = true;
    clear(board);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

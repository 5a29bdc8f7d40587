/** One component on the page: what the server sent, what the visitor chose, and when which panel is painted. */

import { arrange, coveredTop, element, readPalette, writeName } from "../lines/dom.js";
import { counted } from "../lines/format.js";
import { dressGroup, newGroup } from "../lines/grid.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { readMoment, readPanel } from "./data.js";
import { listenDrag } from "./drag.js";
import { blankPanel, dressPanel, isSingle, neighbour, newPanel, paintPanel, paintReading, readPixel, wordsOf } from "./panel.js";
import { newRamp, rampStops } from "./ramp.js";
import { hideTip, newTip, showTip } from "./tip.js";

const DELAY = 120;
const SLICE = 40;
const COLUMNS = 128;
const AHEAD = { rootMargin: "300px 0px", scrollMargin: "300px 0px" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
// What a change of these needs is in the browser already.
const AT_ONCE = ["axis", "height", "show"];

/** Return a new board inside `parent`, a shadow root; `updateBoard` fills it. */
export function newBoard(parent) {
  const board = {
    parent, host: parent.host ?? parent, root: element("div", "board"), body: element("div", "groups"), tip: newTip(),
    panels: new Map(), groups: new Map(), heads: new Map(), zooms: new Map(), wides: new Set(), layout: { open: {}, page: {} },
    view: null, data: null, settings: null, send: null, palette: null, ramp: null, paletteText: "",
    highlight: null, pointer: null, keyed: null, dragging: null, dirty: new Set(), frame: 0, stirred: false,
  };
  board.outbox = newOutbox((name, value) => board.send(name, value), DELAY);
  board.tally = element("div", "tally");
  board.tally.setAttribute("role", "status");
  board.root.append(board.tally, board.body, board.tip.root);
  board.sight = new IntersectionObserver((entries) => see(board, entries), AHEAD);
  board.size = new ResizeObserver(() => resize(board));
  board.size.observe(board.root);
  board.emphasise = (run) => {
    if (emphasise(board, run)) window.dispatchEvent(new CustomEvent("runlens:highlight", { detail: { run, source: "distributions" } }));
  };
  board.onHighlight = (event) => event.detail?.source !== "distributions" && emphasise(board, event.detail?.run ?? null);
  board.onSettings = (event) => preview(board, event.detail ?? {});
  board.onScroll = () => board.pointer && stir(board);
  window.addEventListener("runlens:highlight", board.onHighlight);
  window.addEventListener("runlens:distributions", board.onSettings);
  window.addEventListener("scroll", board.onScroll, { capture: true, passive: true });
  return board;
}

/** Take over new data: zoom, scroll, open groups and what the pointer reads stay. */
export function updateBoard(board, data, send) {
  const { view } = data;
  const first = board.view === null;
  Object.assign(board, { send, view, data, settings: view.settings });
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  if (first) adopt(board);
  heard(board.outbox, "width", view.columns ?? null);
  board.root.style.setProperty("--ceiling", `${coveredTop()}px`);
  takePalette(board);
  dress(board);
  if (first) paintNow(board);
}

/** Stop listening and drop the board's elements. */
export function discardBoard(board) {
  cancelAnimationFrame(board.frame);
  closeOutbox(board.outbox);
  board.sight.disconnect();
  board.size.disconnect();
  window.removeEventListener("runlens:highlight", board.onHighlight);
  window.removeEventListener("runlens:distributions", board.onSettings);
  window.removeEventListener("scroll", board.onScroll, { capture: true });
  board.root.remove();
}

function adopt(board) {
  const { open = {}, page = {} } = board.view.layout ?? {};
  board.layout = { open: { ...open }, page: { ...page } };
  for (const [tag, window] of Object.entries(board.view.windows ?? {})) board.zooms.set(tag, window);
  heard(board.outbox, "layout", board.layout);
  heard(board.outbox, "windows", windowsOf(board));
}

function preview(board, change) {
  if (!board.view) return;
  const known = Object.fromEntries(AT_ONCE.filter((name) => name in change).map((name) => [name, change[name]]));
  if (known.axis && known.axis !== board.settings.axis && board.zooms.size) {
    board.zooms.clear();
    for (const panel of board.panels.values()) panel.zoom = null;
    post(board.outbox, "windows", {});
  }
  board.settings = { ...board.settings, ...known };
  soil(board);
}

function takePalette(board) {
  board.palette = readPalette(board.host);
  const stops = rampStops(board.host, board.palette.background, board.palette.accent);
  const text = JSON.stringify([board.palette, stops]);
  if (text === board.paletteText) return;
  board.paletteText = text;
  board.ramp = newRamp(stops);
}

function dress(board) {
  const { view } = board;
  const [kept, used] = [new Set(), new Set()];
  const roots = view.groups.map(({ name, count, open, page, last, panels }) => {
    if (!board.groups.has(name)) board.groups.set(name, newGroup(name, (choice) => choose(board, name, choice)));
    const group = board.groups.get(name);
    used.add(name);
    dressGroup(group, count, board.layout.open[name] ?? open, { page: board.layout.page[name] ?? page, last }, nodesOf(board, panels, kept));
    group.cards.classList.toggle("broad", panels.some(({ run }) => run === null));
    return group.root;
  });
  for (const [id, panel] of board.panels) {
    if (kept.has(id)) continue;
    board.sight.unobserve(panel.root);
    board.dirty.delete(panel);
    board.panels.delete(id);
    if (board.pointer?.panel === panel) board.pointer = null;
    if (board.keyed?.panel === panel) board.keyed = null;
  }
  for (const name of board.groups.keys()) if (!used.has(name)) board.groups.delete(name);
  board.tally.textContent = view.tally;
  arrange(board.body, roots);
  soil(board);
}

/** Return the elements of a group: panels, and before each tag's a line with its name where it has several. */
function nodesOf(board, specs, kept) {
  const nodes = [];
  let tag = null;
  for (const spec of specs) {
    if (spec.tag !== tag && spec.of > 0) nodes.push(headOf(board, spec));
    tag = spec.tag;
    kept.add(spec.id);
    nodes.push(panelFor(board, spec).root);
  }
  return nodes;
}

function headOf(board, spec) {
  if (!board.heads.has(spec.tag)) {
    const root = element("h3", "taghead");
    const [name, count] = [element("span", "name"), element("span", "number")];
    root.append(name, count);
    board.heads.set(spec.tag, { root, name, count });
  }
  const head = board.heads.get(spec.tag);
  writeName(head.name, spec.title);
  head.root.title = [spec.tag, spec.description].filter(Boolean).join("\n");
  head.count.textContent = spec.part || counted(spec.of, "run");
  return head.root;
}

function panelFor(board, spec) {
  let panel = board.panels.get(spec.id);
  if (!panel) {
    panel = newPanel(spec.id, (name, pressed) => act(board, name, pressed));
    panel.wide = board.wides.has(spec.id);
    listenPointer(panel, board);
    listenDrag(panel, board, (zoomed, x) => zoomTo(board, zoomed, x), (zoomed) => zoomTo(board, zoomed, null));
    board.panels.set(spec.id, panel);
    board.sight.observe(panel.root);
  }
  panel.spec = spec;
  panel.zoom = board.zooms.get(spec.tag) ?? null;
  panel.rows = panel.moment = null;
  if (isSingle(panel)) panel.moment = readMoment(spec, board.data);
  else panel.rows = readPanel(spec, board.data);
  dressPanel(panel, board);
  return panel;
}

function listenPointer(panel, board) {
  panel.plot.addEventListener("pointermove", (event) => {
    board.pointer = { panel, x: event.clientX, y: event.clientY };
    board.keyed = null;
    stir(board);
  });
  panel.plot.addEventListener("pointerleave", () => {
    if (board.pointer?.panel === panel) board.pointer = null;
    stir(board);
  });
  panel.plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") board.keyed = null;
    else if (event.key in ARROWS && !isSingle(panel)) {
      const [across, up] = ARROWS[event.key];
      const reading = neighbour(panel, board.keyed?.panel === panel ? board.keyed.reading : null, across, up);
      if (reading) board.keyed = { panel, reading };
    } else return;
    event.preventDefault();
    board.pointer = null;
    stir(board);
  });
  panel.plot.addEventListener("blur", () => {
    if (board.keyed?.panel === panel) board.keyed = null;
    stir(board);
  });
}

function choose(board, name, { open, page }) {
  if (open !== undefined) board.layout.open[name] = open;
  if (page !== undefined) board.layout.page[name] = page;
  post(board.outbox, "layout", { open: { ...board.layout.open }, page: { ...board.layout.page } });
  dress(board);
}

function act(board, name, panel) {
  if (name === "reset") {
    zoomTo(board, panel, null);
    return;
  }
  panel.wide = !panel.wide;
  if (panel.wide) board.wides.add(panel.id);
  else board.wides.delete(panel.id);
  dressPanel(panel, board);
  soil(board);
}

function zoomTo(board, panel, x) {
  const { tag } = panel.spec;
  if (x) board.zooms.set(tag, { x, axis: board.settings.axis });
  else if (!board.zooms.delete(tag)) return;
  for (const other of board.panels.values()) {
    if (other.spec.tag !== tag) continue;
    other.zoom = board.zooms.get(tag) ?? null;
    other.reset.hidden = !other.zoom;
    soilPanel(board, other);
  }
  post(board.outbox, "windows", windowsOf(board));
}

function windowsOf(board) {
  return Object.fromEntries([...board.zooms].map(([tag, { x, axis }]) => [tag, { x, axis }]));
}

function emphasise(board, run) {
  if (board.highlight === run) return false;
  board.highlight = run;
  for (const panel of board.panels.values()) {
    const name = panel.spec.run === null ? null : board.view.runs[panel.spec.run].name;
    panel.root.classList.toggle("pale", run !== null && name !== null && name !== run && !isSingle(panel));
    if (panel.frame && isSingle(panel)) soilPanel(board, panel);
  }
  return true;
}

function see(board, entries) {
  for (const { target, isIntersecting } of entries) {
    const panel = [...board.panels.values()].find((candidate) => candidate.root === target);
    if (!panel || panel.near === isIntersecting) continue;
    panel.near = isIntersecting;
    if (isIntersecting) soilPanel(board, panel);
    else blankPanel(panel);
  }
}

function resize(board) {
  if (!board.view) return;
  board.root.style.setProperty("--ceiling", `${coveredTop()}px`);
  for (const panel of board.panels.values()) {
    const { clientWidth, clientHeight } = panel.plot;
    if (panel.near && (clientWidth !== panel.width || clientHeight !== panel.height)) soilPanel(board, panel);
  }
  announceWidth(board);
}

function announceWidth(board) {
  let widest = 0;
  for (const panel of board.panels.values()) if (panel.near) widest = Math.max(widest, panel.plot.clientWidth);
  const width = Math.ceil((widest * window.devicePixelRatio) / COLUMNS) * COLUMNS;
  const made = board.view.columns ?? 0;
  if (width > made || (width > 0 && 2 * width < made)) post(board.outbox, "width", width);
}

function soil(board) {
  for (const panel of board.panels.values()) soilPanel(board, panel);
}

function soilPanel(board, panel) {
  board.dirty.add(panel);
  stir(board);
}

function stir(board) {
  board.stirred = true;
  if (!board.frame) board.frame = requestAnimationFrame(() => paintFrame(board));
}

function paintFrame(board) {
  board.frame = 0;
  paintDirty(board);
  if (!board.stirred) return;
  board.stirred = false;
  readPointer(board);
}

function readPointer(board) {
  const { pointer, keyed, tip } = board;
  const painted = [...board.panels.values()].filter((panel) => panel.frame);
  if (board.dragging) {
    hideTip(tip);
    for (const panel of painted) if (panel !== board.dragging) paintReading(panel, board, null, null);
    return;
  }
  let [panel, reading, at] = [null, null, null];
  if (pointer?.panel.frame) {
    panel = pointer.panel;
    const bounds = panel.plot.getBoundingClientRect();
    reading = readPixel(panel, pointer.x - bounds.left, pointer.y - bounds.top);
    at = [pointer.x, pointer.y];
  } else if (keyed?.panel.frame) {
    ({ panel, reading } = keyed);
    const bounds = panel.plot.getBoundingClientRect();
    at = [bounds.left + reading.at[0], bounds.top + reading.at[1]];
  }
  for (const other of painted) paintReading(other, board, other === panel ? reading : null, reading?.x ?? null);
  if (reading) showTip(tip, wordsOf(panel, board, reading), ...at);
  else hideTip(tip);
}

function paintDirty(board) {
  const due = [...board.dirty].filter((panel) => panel.near);
  const places = new Map(due.map((panel) => [panel, panel.root.getBoundingClientRect()]));
  due.sort((one, other) => unseenLast(places.get(one), places.get(other)));
  for (const panel of due) [panel.width, panel.height] = [panel.plot.clientWidth, panel.plot.clientHeight];
  const start = performance.now();
  const peaks = new Map();
  for (const panel of due) {
    board.dirty.delete(panel);
    if (panel.width > 0 || panel.spec.form === "none") paintPanel(panel, board, peaksFor(board, panel, peaks));
    if (performance.now() - start > SLICE) break;
  }
  if (due.some((panel) => board.dirty.has(panel))) stir(board);
}

/** Return the greatest share and count that a panel's colours and heights reach: those of all runs that it is compared with. */
function peaksFor(board, panel, known) {
  if (isSingle(panel) || panel.spec.form === "none") return null;
  if (board.settings.range === "own") return panel.rows.peaks;
  const { tag } = panel.spec;
  if (!known.has(tag)) {
    // Of the runs on other pages the server knows them.
    const found = { share: 0, count: 0, ...panel.spec.peaks };
    for (const { spec, rows } of board.panels.values()) {
      if (spec.tag !== tag || !rows) continue;
      found.share = Math.max(found.share, rows.peaks.share ?? 0);
      found.count = Math.max(found.count, rows.peaks.count ?? 0);
    }
    known.set(tag, found);
  }
  return known.get(tag);
}

function unseenLast(one, other) {
  const unseen = ({ top, bottom }) => bottom < 0 || top > innerHeight;
  return unseen(one) - unseen(other) || one.top - other.top || one.left - other.left;
}

function paintNow(board) {
  // The observer reports after the next frame; the first panels need not wait for it.
  for (const panel of board.panels.values()) panel.near = panel.root.getBoundingClientRect().top < innerHeight;
  announceWidth(board);
  paintDirty(board);
}

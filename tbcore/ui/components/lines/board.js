/** One component on the page: what the server sent, what the visitor chose, and when which card is painted. */

import { blankCard, dressCard, measureCard, newCard, paintCard, paintFocus } from "./card.js";
import { arrange, coveredTop, element, readPalette } from "./dom.js";
import { dressGroup, newGroup, pageOf } from "./grid.js";
import { listenHover, newTooltip, paintHover } from "./hover.js";
import { closeOutbox, heard, newOutbox, post } from "./sync.js";
import { readSeries, sameSeries } from "./table.js";
import { dressToolbar, newToolbar } from "./toolbar.js";
import { listenZoom } from "./zoom.js";

const DELAY = 150;
const SLICE = 50;
const COLUMNS = 128;
const PATIENCE_SHOWN = 5000;
const AHEAD = { rootMargin: "300px 0px", scrollMargin: "300px 0px" };

/** Return a new board inside `parent`, a shadow root; `update` fills it. */
export function newBoard(parent) {
  const board = {
    parent, host: parent.host ?? parent, root: element("div", "board"),
    missing: element("p", "missing"), body: element("div", "groups"), tooltip: newTooltip(),
    cards: new Map(), groups: new Map(), runs: new Map(), byTag: new Map(),
    data: null, view: null, settings: null, send: null, palette: null, paletteText: "", runsText: "",
    layout: { open: {}, page: {} }, zooms: new Map(), logs: new Map(), wides: new Set(), toggled: new Map(),
    highlight: null, hovered: null, pointer: null, dragging: null, dirty: new Set(), frame: 0, stirred: false,
  };
  board.isShown = (run) => board.toggled.get(run)?.shown ?? board.runs.get(run)?.shown ?? false;
  board.outbox = newOutbox((name, value) => board.send(name, value), DELAY);
  board.toolbar = newToolbar((change) => set(board, change));
  board.root.append(board.toolbar.root, board.missing, board.body, board.tooltip.root);
  board.sight = new IntersectionObserver((entries) => see(board, entries), AHEAD);
  board.size = new ResizeObserver(() => resize(board));
  board.size.observe(board.root);
  board.onShown = (event) => show(board, event.detail?.shown ?? {});
  board.onHighlight = (event) => event.detail?.source !== "lines" && emphasise(board, event.detail?.run ?? null);
  board.onScroll = () => board.pointer && stir(board);
  window.addEventListener("runlens:shown", board.onShown);
  window.addEventListener("runlens:highlight", board.onHighlight);
  window.addEventListener("scroll", board.onScroll, { capture: true, passive: true });
  watchRatio(board);
  return board;
}

/** Take over new data: zoom, scroll, open groups and what the pointer reads stay. */
export function update(board, data, send) {
  const view = data.view;
  const first = board.view === null;
  Object.assign(board, { send, view, data });
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const { smoothing, axis, log_y, earlier = false } = view.settings;
  const said = { smoothing, axis, log_y, earlier };
  if (heard(board.outbox, "settings", said) || first) board.settings = said;
  if (first) adopt(board);
  heard(board.outbox, "width", view.columns ?? null);
  takeCeiling(board);
  takeRuns(board, view.runs);
  takePalette(board);
  board.byTag = new Map(view.cards.map((card) => [card.tag, card]));
  for (const card of board.cards.values()) fill(board, card);
  dress(board);
  if (first) paintNow(board);
}

/** Stop listening and drop the board's elements. */
export function discard(board) {
  cancelAnimationFrame(board.frame);
  closeOutbox(board.outbox);
  board.sight.disconnect();
  board.size.disconnect();
  board.ratio?.removeEventListener("change", board.onRatio);
  window.removeEventListener("runlens:shown", board.onShown);
  window.removeEventListener("runlens:highlight", board.onHighlight);
  window.removeEventListener("scroll", board.onScroll, { capture: true });
  board.root.remove();
}

function adopt(board) {
  const { view } = board;
  const { open = {}, page = {} } = view.layout ?? {};
  board.layout = { open: { ...open }, page: { ...page } };
  for (const card of view.cards) {
    if (card.window && card.window.axis === board.settings.axis) board.zooms.set(card.tag, { ...card.window, y: null });
  }
  heard(board.outbox, "layout", board.layout);
  heard(board.outbox, "windows", windowsOf(board));
}

function takeRuns(board, runs) {
  const now = Date.now();
  board.runs = new Map(runs.map((run) => [run.name, run]));
  for (const [name, { shown, at }] of board.toggled) {
    if (board.runs.get(name)?.shown === shown || now - at > PATIENCE_SHOWN) board.toggled.delete(name);
  }
  const text = JSON.stringify(runs.map((run) => [run.name, run.color, run.start, board.isShown(run.name)]));
  if (text !== board.runsText) soil(board);
  board.runsText = text;
}

function takeCeiling(board) {
  board.root.style.setProperty("--ceiling", `${coveredTop()}px`);
}

function takePalette(board) {
  board.palette = readPalette(board.host);
  const text = JSON.stringify(board.palette);
  if (text !== board.paletteText) soil(board);
  board.paletteText = text;
}

function fill(board, card) {
  const entry = board.byTag.get(card.tag);
  if (!entry) return;
  const old = new Map(card.series.map((series) => [`${series.earlier} ${series.run}`, series]));
  const fresh = readSeries(entry, board.view.runs, board.data).map((series) => {
    const known = old.get(`${series.earlier} ${series.run}`);
    return known && sameSeries(known, series) ? known : series;
  });
  const window = entry.window ?? null;
  const weight = board.view.smoothed_with;
  const upToDate = card.exactWeight === weight || fresh.every((series) => !series.exact);
  const same = card.filled && upToDate && JSON.stringify(window) === JSON.stringify(card.window)
    && fresh.length === card.series.length && fresh.every((series, at) => series === card.series[at]);
  Object.assign(card, { series: fresh, window, filled: true, exactWeight: weight });
  if (!window) card.whole = fresh;
  if (!same) soilCard(board, card);
}

function dress(board) {
  const { view, settings } = board;
  board.missing.textContent = view.missing ?? "";
  board.missing.hidden = !view.missing;
  board.toolbar.root.hidden = board.body.hidden = Boolean(view.missing);
  const groups = view.missing ? [] : view.groups;
  const [kept, used] = [new Set(), new Set()];
  const roots = groups.map(({ name, cards: tags, open, page }) => {
    if (!board.groups.has(name)) board.groups.set(name, newGroup(name, (choice) => choose(board, name, choice)));
    const group = board.groups.get(name);
    used.add(name);
    const isOpen = board.layout.open[name] ?? open;
    const shownPage = pageOf(tags, isOpen, board.layout.page[name] ?? page, view.page_size);
    const cards = shownPage.tags.map((tag) => {
      kept.add(tag);
      return cardFor(board, tag, name);
    });
    dressGroup(group, tags.length, isOpen, shownPage, cards.map((card) => card.root));
    return group.root;
  });
  for (const [tag, card] of board.cards) {
    if (kept.has(tag)) continue;
    board.sight.unobserve(card.root);
    board.dirty.delete(card);
    board.cards.delete(tag);
    if (board.pointer?.card === card) board.pointer = null;
  }
  for (const name of board.groups.keys()) if (!used.has(name)) board.groups.delete(name);
  arrange(board.body, roots);
  const names = [...board.runs.keys()];
  const tags = groups.reduce((sum, group) => sum + group.cards.length, 0);
  const restarted = [...board.byTag.values()].some(({ series }) => series.some(({ earlier }) => earlier));
  dressToolbar(board.toolbar, settings, tags, names.filter(board.isShown).length, names.length, restarted);
  stir(board);
}

function cardFor(board, tag, group) {
  let card = board.cards.get(tag);
  if (!card) {
    card = newCard(tag, (name, pressed) => act(board, name, pressed));
    card.zoom = board.zooms.get(tag) ?? null;
    card.log = board.logs.get(tag) ?? null;
    card.wide = board.wides.has(tag);
    listenHover(card, board, () => stir(board));
    listenZoom(card, board, (zoomed, ranges) => zoomTo(board, zoomed, ranges), (zoomed) => zoomTo(board, zoomed, null));
    board.cards.set(tag, card);
    board.sight.observe(card.root);
    fill(board, card);
  }
  const entry = board.byTag.get(tag);
  const short = tag.startsWith(`${group}/`) ? tag.slice(group.length + 1) : tag;
  dressCard(card, entry?.title || short, entry?.description, card.log ?? board.settings.log_y);
  return card;
}

function set(board, change) {
  const { smoothing, axis, log_y, earlier } = { ...board.settings, ...change };
  if (axis !== board.settings.axis) {
    board.zooms.clear();
    for (const card of board.cards.values()) card.zoom = null;
    post(board.outbox, "windows", {});
  }
  if (log_y !== board.settings.log_y) {
    board.logs.clear();
    for (const card of board.cards.values()) setLog(card, null, log_y);
  }
  board.settings = { smoothing, axis, log_y, earlier };
  post(board.outbox, "settings", board.settings);
  soil(board);
  dress(board);
}

function choose(board, name, { open, page }) {
  if (open !== undefined) board.layout.open[name] = open;
  if (page !== undefined) board.layout.page[name] = page;
  post(board.outbox, "layout", board.layout);
  dress(board);
}

function act(board, name, card) {
  if (name === "reset") return zoomTo(board, card, null);
  if (name === "log") {
    const log = !(card.log ?? board.settings.log_y);
    board.logs.set(card.tag, log);
    setLog(card, log, log);
  }
  if (name === "wide") {
    card.wide = !card.wide;
    if (card.wide) board.wides.add(card.tag);
    else board.wides.delete(card.tag);
  }
  soilCard(board, card);
  dress(board);
}

function setLog(card, log, isLog) {
  card.log = log;
  // What lies at or below zero has no place on a log axis.
  if (isLog && card.zoom?.y && card.zoom.y[0] <= 0) card.zoom = card.zoom.x ? { ...card.zoom, y: null } : null;
}

function zoomTo(board, card, ranges) {
  if (!ranges) card.zoom = null;
  else {
    const { axis } = board.settings;
    card.zoom = { axis, x: ranges.x ?? card.zoom?.x ?? null, y: ranges.y ?? (ranges.x ? null : card.zoom?.y ?? null) };
  }
  if (card.zoom) board.zooms.set(card.tag, card.zoom);
  else board.zooms.delete(card.tag);
  post(board.outbox, "windows", windowsOf(board));
  card.reset.hidden = !card.zoom;
  soilCard(board, card);
}

function windowsOf(board) {
  const zoomed = [...board.zooms].filter(([, zoom]) => zoom.x);
  return Object.fromEntries(zoomed.map(([tag, { x, axis }]) => [tag, { x, axis }]));
}

function show(board, shown) {
  const at = Date.now();
  for (const [name, value] of Object.entries(shown)) board.toggled.set(name, { shown: Boolean(value), at });
  if (!board.view) return;
  soil(board);
  dress(board);
}

function emphasise(board, run) {
  if (board.highlight === run) return;
  board.highlight = run;
  for (const card of board.cards.values()) if (card.frame) paintFocus(card, board);
}

function see(board, entries) {
  for (const { target, isIntersecting } of entries) {
    const card = [...board.cards.values()].find((candidate) => candidate.root === target);
    if (!card || card.near === isIntersecting) continue;
    card.near = isIntersecting;
    if (isIntersecting) soilCard(board, card);
    else blankCard(card);
  }
}

function resize(board) {
  if (!board.view) return;
  takeCeiling(board);
  for (const card of board.cards.values()) {
    const { clientWidth, clientHeight } = card.plot;
    if (card.near && (clientWidth !== card.width || clientHeight !== card.height)) soilCard(board, card);
  }
  announceWidth(board);
}

function watchRatio(board) {
  board.ratio?.removeEventListener("change", board.onRatio);
  board.ratio = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  board.onRatio = () => {
    soil(board);
    watchRatio(board);
  };
  board.ratio.addEventListener("change", board.onRatio);
}

function announceWidth(board) {
  let widest = 0;
  for (const card of board.cards.values()) if (card.near) widest = Math.max(widest, card.plot.clientWidth);
  const width = Math.ceil((widest * window.devicePixelRatio) / COLUMNS) * COLUMNS;
  // Columns for a wider card serve a narrower one as well; only much too many are worth another answer.
  const made = board.view.columns ?? 0;
  if (width > made || (width > 0 && 2 * width < made)) post(board.outbox, "width", width);
}

function soil(board) {
  for (const card of board.cards.values()) soilCard(board, card);
}

function soilCard(board, card) {
  board.dirty.add(card);
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
  const visible = [...board.cards.values()].filter((card) => card.frame);
  const near = paintHover(board, visible);
  if (near === board.hovered) return;
  board.hovered = near;
  emphasise(board, near);
  window.dispatchEvent(new CustomEvent("runlens:highlight", { detail: { run: near, source: "lines" } }));
  stir(board);
}

function paintDirty(board) {
  const due = [...board.dirty].filter((card) => card.near && card.filled);
  const places = new Map(due.map((card) => [card, card.root.getBoundingClientRect()]));
  due.sort((one, other) => before(places.get(one), places.get(other)));
  due.forEach(measureCard);
  const start = performance.now();
  for (const card of due) {
    board.dirty.delete(card);
    if (card.width > 0) paintCard(card, board);
    if (performance.now() - start > SLICE) break;
  }
  if (due.some((card) => board.dirty.has(card))) stir(board);
}

function before(one, other) {
  const unseen = ({ top, bottom }) => bottom < 0 || top > innerHeight;
  return unseen(one) - unseen(other) || one.top - other.top || one.left - other.left;
}

function paintNow(board) {
  // The observer reports after the next frame; the first cards need not wait for it.
  for (const card of board.cards.values()) card.near = card.root.getBoundingClientRect().top < innerHeight;
  announceWidth(board);
  paintDirty(board);
}

/** One component on the page: what the server sent, what the visitor chose, and when which card is painted. */

import { blankCard, dressCard, isEmpty, measureCard, newCard, paintCard, paintFocus, shownLines } from "./card.js";
import { arrange, coveredTop, element, readPalette } from "./dom.js";
import { inOrder, listenDrag, movedTo } from "./drag.js";
import { fitOf } from "./fit.js";
import { newFobs, placeFobs } from "./fobs.js";
import { openCardMenu, openPick, openRanges, openSettings } from "./forms.js";
import { dressGroup, newGroup, pageOf } from "./grid.js";
import { listenHover, listenKeys, newTooltip, paintHover } from "./hover.js";
import { newPanel } from "./panel.js";
import { dressReadout, newReadout } from "./readout.js";
import { settingsOf } from "./settings.js";
import { closeOutbox, heard, newOutbox, post } from "./sync.js";
import { readSeries, sameSeries } from "./table.js";
import { dressToolbar, newToolbar } from "./toolbar.js";
import { listenZoom } from "./zoom.js";

const DELAY = 150;
const SLICE = 50;
const FOCUS_SLICE = 4;
const COLUMNS = 128;
const CARD = 335;
const PATIENCE_SHOWN = 5000;
const PATIENCE_AGAIN = 3000;
const AHEAD = { rootMargin: "300px 0px", scrollMargin: "300px 0px" };

/** Return a new board inside `parent`, a shadow root; `update` fills it. */
export function newBoard(parent) {
  const board = {
    parent, host: parent.host ?? parent, root: element("div", "board"),
    missing: element("p", "missing"), body: element("div", "groups"), tooltip: newTooltip(), panel: newPanel(),
    cards: new Map(), groups: new Map(), runs: new Map(), byTag: new Map(),
    data: null, view: null, settings: null, send: null, trigger: null, palette: null, paletteText: "", runsText: "",
    layout: { open: {}, page: {}, pinned: [], order: {}, wide: [], tall: [] }, zooms: new Map(), ranges: new Map(),
    logs: new Map(), toggled: new Map(), selection: null, asked: 0, fit: null,
    highlight: null, hovered: null, picked: null, read: null, pointer: null, dragging: null, carried: null,
    dirty: new Set(), unfocused: new Set(), frame: 0, stirred: false,
  };
  board.isShown = (run) => isShown(board, run);
  board.can = (name) => board.view?.features?.includes(name) ?? false;
  board.selectionOf = (card) => (board.settings.linked ? board.selection : card.selection);
  board.outbox = newOutbox((name, value) => board.send(name, value), DELAY);
  board.toolbar = newToolbar((change) => set(board, change), (gear) => openSettings(board, gear, (change) => set(board, change)));
  board.root.append(board.toolbar.root, board.missing, board.body, board.tooltip.root, board.panel.root);
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
export function update(board, data, send, trigger) {
  const view = data.view;
  const first = board.view === null;
  Object.assign(board, { send, trigger, view, data });
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const said = settingsOf(view.settings);
  if (heard(board.outbox, "settings", said) || first) follow(board, said);
  if (first) adopt(board);
  const selection = view.selection ?? null;
  if (heard(board.outbox, "selection", sentSelection(selection))) board.selection = selection && bare(selection);
  // Pins and order may be changed elsewhere on the page as well.
  const layout = layoutOf(view);
  if (!first && view.features && heard(board.outbox, "layout", layout)) board.layout = layout;
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
  board.layout = layoutOf(view);
  for (const { tag, range, window } of view.cards) {
    if (range?.x || range?.y) board.ranges.set(tag, { x: range.x ?? null, y: range.y ?? null });
    if (!window || window.axis !== board.settings.axis || String(window.x) === String(range?.x)) continue;
    board.zooms.set(tag, { axis: window.axis, x: window.x ?? null, y: window.y ?? null });
  }
  heard(board.outbox, "layout", board.layout);
  heard(board.outbox, "windows", windowsOf(board));
  heard(board.outbox, "ranges", Object.fromEntries(board.ranges));
}

function layoutOf({ layout }) {
  const { open = {}, page = {}, pinned = [], order = {}, wide = [], tall = [] } = layout ?? {};
  return { open: { ...open }, page: { ...page }, pinned: [...pinned], order: { ...order }, wide: [...wide], tall: [...tall] };
}

function follow(board, settings) {
  if (board.settings && axisOf(settings) !== axisOf(board.settings)) forgetZooms(board);
  board.settings = settings;
  soil(board);
}

/** A selection as it is sent: an empty one says that it was removed. */
function sentSelection(selection) {
  return selection ? bare(selection) : {};
}

function bare({ from, to }) {
  return to === undefined || to === null ? { from } : { from, to };
}

function isShown(board, name) {
  const run = board.runs.get(name);
  const toggled = (one) => board.toggled.get(one)?.shown;
  if (!run?.members) return toggled(name) ?? run?.shown ?? false;
  // A group is hidden when all its runs are.
  if (run.members.some((one) => toggled(one) === true)) return true;
  return run.members.length && run.members.every((one) => toggled(one) === false) ? false : run.shown;
}

function takeRuns(board, runs) {
  const now = Date.now();
  board.runs = new Map(runs.map((run) => [run.name, run]));
  for (const [name, { shown, at }] of board.toggled) {
    if (board.runs.get(name)?.shown === shown || now - at > PATIENCE_SHOWN) board.toggled.delete(name);
  }
  const text = JSON.stringify([board.view.markers, runs.map((run) => [run.name, run.color, run.start, board.isShown(run.name)])]);
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
  if (entry.kept && (card.stamp === null || card.stamp !== entry.stamp)) return askAgain(board);
  const keyOf = ({ earlier, run, tag }) => `${earlier} ${tag} ${run}`;
  const old = new Map(card.series.map((series) => [keyOf(series), series]));
  const fresh = entry.kept ? card.series : readSeries(entry, board.view.runs, board.data).map((series) => {
    const known = old.get(keyOf(series));
    return known && sameSeries(known, series) ? known : series;
  });
  const window = entry.window ?? null;
  const weight = String(board.view.smoothed_with);
  const manner = JSON.stringify([window, entry.tags, entry.markers]);
  const upToDate = card.exactWeight === weight || fresh.every((series) => !series.exact);
  const same = card.filled && upToDate && manner === card.manner
    && fresh.length === card.series.length && fresh.every((series, at) => series === card.series[at]);
  Object.assign(card, { series: fresh, window, filled: true, exactWeight: weight, spec: entry, manner, stamp: entry.stamp ?? null });
  if (!window) card.whole = fresh;
  if (!same) soilCard(board, card);
}

/** Ask the server for what it takes to be here: once, since the answer brings everything. */
function askAgain(board) {
  const now = performance.now();
  if (now - board.asked < PATIENCE_AGAIN && board.asked) return;
  board.asked = now;
  board.trigger("again", Date.now());
}

function dress(board) {
  const { view, settings } = board;
  board.missing.textContent = view.missing ?? "";
  board.missing.hidden = !view.missing;
  board.toolbar.root.hidden = board.body.hidden = Boolean(view.missing);
  const groups = view.missing ? [] : view.groups;
  const [kept, used] = [new Set(), new Set()];
  const { layout } = board;
  board.root.style.setProperty("--card", `${settings.card_width || CARD}px`);
  const roots = groups.map(({ name, cards, open, page }) => {
    const tags = inOrder(cards, layout.order[name]);
    if (!board.groups.has(name)) board.groups.set(name, newGroup(name, (choice) => choose(board, name, choice)));
    const group = board.groups.get(name);
    used.add(name);
    const isOpen = layout.open[name] ?? open;
    const shownPage = pageOf(tags, isOpen, layout.page[name] ?? page, view.page_size);
    const there = shownPage.tags.filter((tag) => !kept.has(tag)).map((tag) => {
      kept.add(tag);
      return cardFor(board, tag, name);
    });
    const seen = settings.hide_empty ? there.filter((card) => !isEmpty(card, board)) : there;
    dressGroup(group, tags.length, isOpen, shownPage, seen.map((card) => card.root), there.length - seen.length);
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
  dressToolbar(board.toolbar, settings, tags, names.filter(board.isShown).length, [...board.runs.values()], restarted, board.can, view.noun);
  stir(board);
}

function cardFor(board, tag, group) {
  const { layout } = board;
  let card = board.cards.get(tag);
  if (!card) {
    card = newCard(tag, (name, pressed) => act(board, name, pressed));
    card.log = board.logs.get(tag) ?? null;
    card.readout = newReadout((run) => emphasise(board, run));
    card.root.append(card.readout.root);
    listenHover(card, board, () => stir(board));
    listenKeys(card, board, () => stir(board), (place) => offer(board, card, place));
    listenZoom(card, board, (zoomed, ranges) => zoomTo(board, zoomed, ranges), (zoomed) => zoomTo(board, zoomed, null));
    card.plot.addEventListener("click", ({ clientX: x, clientY: y }) => {
      if (card.moved) return;
      if (board.read?.card !== card) board.pointer = { card, x, y };
      if (board.frame) paintFrame(board);
      offer(board, card, { x, y });
    });
    listenDrag(card, board, (carried, target, place) => drop(board, carried, target, place));
    newFobs(card, board, (pressed, selection) => select(board, pressed, selection));
    board.cards.set(tag, card);
    board.sight.observe(card.root);
    fill(board, card);
  }
  const entry = board.byTag.get(tag);
  Object.assign(card, {
    group, zoom: board.zooms.get(tag) ?? null, range: board.ranges.get(tag) ?? null, wide: layout.wide.includes(tag),
    tall: layout.tall.includes(tag), pinned: layout.pinned.includes(tag),
  });
  const short = tag.startsWith(`${group}/`) ? tag.slice(group.length + 1) : tag;
  dressCard(card, entry?.title || short, entry?.description, card.log ?? board.settings.log_y, board.can);
  dressReadout(card.readout, entry?.readout, (run) => board.runs.get(run)?.color);
  placeFobs(card, board);
  return card;
}

function set(board, change) {
  const settings = settingsOf({ ...board.settings, ...change });
  const { log_y } = settings;
  if (axisOf(settings) !== axisOf(board.settings)) {
    forgetZooms(board);
    post(board.outbox, "windows", {});
  }
  if (log_y !== board.settings.log_y) {
    board.logs.clear();
    for (const card of board.cards.values()) setLog(card, null, log_y);
  }
  board.settings = settings;
  post(board.outbox, "settings", settings);
  soil(board);
  dress(board);
}

function axisOf({ axis, axis_tag }) {
  return axis === "tag" ? `tag ${axis_tag}` : axis;
}

/** Forget the parts of the x axis that cards show: they are of another axis. */
function forgetZooms(board) {
  board.zooms.clear();
  for (const [tag, { y }] of board.ranges) {
    if (y) board.ranges.set(tag, { x: null, y });
    else board.ranges.delete(tag);
  }
  for (const card of board.cards.values()) Object.assign(card, { zoom: null, range: board.ranges.get(card.tag) ?? null });
}

function choose(board, name, { open, page }) {
  if (open !== undefined) board.layout.open[name] = open;
  if (page !== undefined) board.layout.page[name] = page;
  arranged(board);
}

/** Tell the server how the cards are arranged, and show them so. */
function arranged(board) {
  post(board.outbox, "layout", layoutOf(board));
  dress(board);
}

const ACTS = {
  reset: (board, card) => zoomTo(board, card, null),
  log(board, card) {
    const log = !(card.log ?? board.settings.log_y);
    board.logs.set(card.tag, log);
    setLog(card, log, log);
    soilCard(board, card);
    dress(board);
  },
  wide: (board, card) => turn(board, card, "wide"),
  tall: (board, card) => turn(board, card, "tall"),
  pin: (board, card) => turn(board, card, "pinned"),
  dots: (board, card) => openCardMenu(board, card, (...done) => act(board, ...done)),
  pencil: (board, card) => openRanges(board, card, (...done) => act(board, ...done)),
  take: (board, card) => board.trigger("taken", { tag: card.tag }),
  side: (board, card, { tag, side }) => board.trigger("dropped", { tag, onto: card.tag, side }),
  split: (board, card, { part }) => board.trigger("split", part === undefined ? { tag: card.tag } : { tag: card.tag, part }),
  pick: (board, _card, { run, act: what }) => board.trigger("picked", { run, act: what }),
  note: (board, _card, note) => board.trigger("note", note),
  unnote: (board, _card, note) => board.trigger("unnote", note),
  select: (board, card, selection) => select(board, card, selection),
  left(board) {
    board.picked = null;
    stir(board);
  },
  move(board, card, by) {
    const tags = orderOf(board, card.group);
    const target = tags[tags.indexOf(card.tag) + by];
    if (target === undefined) return;
    board.layout.order[card.group] = movedTo(tags, card.tag, target, by < 0 ? "before" : "after");
    arranged(board);
  },
  range(board, card, { x, y, every }) {
    for (const one of every ? board.cards.values() : [card]) {
      if (x || y) board.ranges.set(one.tag, { x, y });
      else board.ranges.delete(one.tag);
      board.zooms.delete(one.tag);
      soilCard(board, one);
    }
    post(board.outbox, "ranges", Object.fromEntries(board.ranges));
    post(board.outbox, "windows", windowsOf(board));
    dress(board);
  },
};

function act(board, name, card, more) {
  ACTS[name](board, card, more);
}

function turn(board, card, name) {
  const tags = board.layout[name];
  board.layout[name] = tags.includes(card.tag) ? tags.filter((tag) => tag !== card.tag) : [...tags, card.tag];
  soilCard(board, card);
  arranged(board);
}

function orderOf(board, name) {
  const { cards = [] } = board.view.groups.find((group) => group.name === name) ?? {};
  return inOrder(cards, board.layout.order[name]);
}

function drop(board, carried, target, place) {
  if (place === "onto") return board.trigger("dropped", { tag: carried.tag, onto: target.tag });
  board.layout.order[target.group] = movedTo(orderOf(board, target.group), carried.tag, target.tag, place);
  return arranged(board);
}

function select(board, card, selection) {
  if (!board.settings.linked) card.selection = selection;
  else {
    board.selection = selection;
    post(board.outbox, "selection", sentSelection(selection));
  }
  for (const one of board.cards.values()) placeFobs(one, board);
}

/** Offer what can be done at a place of a card: with the run that is near, else with the step. */
function offer(board, card, place) {
  const { read } = board;
  if (!card.frame || read?.card !== card) return;
  const run = board.hovered === null ? null : board.runs.get(board.hovered);
  const x = place.x - card.plot.getBoundingClientRect().left;
  const marker = card.frame.markers.find((one) => one.kind === "note" && Math.abs(one.x - x) <= 6);
  board.picked = run?.name ?? null;
  board.pointer = null;
  stir(board);
  openPick(board, card, place, { run, step: read.step === null ? null : Number(read.step), marker }, (...done) => act(board, ...done));
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

/** Return the part of the x axis that each card shows, zoomed or typed: of it the server sends every point. */
function windowsOf(board) {
  const { axis } = board.settings;
  const typed = [...board.ranges].filter(([, { x }]) => x).map(([tag, { x }]) => [tag, { x, axis }]);
  const zoomed = [...board.zooms].filter(([, zoom]) => zoom.x).map(([tag, zoom]) => [tag, { x: zoom.x, axis: zoom.axis }]);
  return Object.fromEntries([...typed, ...zoomed]);
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
  for (const card of board.cards.values()) if (card.frame) board.unfocused.add(card);
  stir(board);
}

/** Draw the emphasised run on the cards: where the pointer is first, the others as the frame leaves time for. */
function paintFoci(board) {
  if (!board.unfocused.size) return;
  const start = performance.now();
  const own = board.pointer?.card;
  for (const card of board.unfocused.has(own) ? [own, ...board.unfocused] : board.unfocused) {
    if (board.unfocused.delete(card) && card.frame) paintFocus(card, board);
    if (performance.now() - start > FOCUS_SLICE) break;
  }
  if (board.unfocused.size) stir(board);
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
  if (!board.pointer) board.read = null;
  const near = paintHover(board, visible) ?? board.picked;
  if (near !== board.hovered) {
    board.hovered = near;
    emphasise(board, near);
    window.dispatchEvent(new CustomEvent("runlens:highlight", { detail: { run: near, source: "lines" } }));
  }
  paintFoci(board);
}

function paintDirty(board) {
  const due = [...board.dirty].filter((card) => card.near && card.filled);
  const places = new Map(due.map((card) => [card, card.root.getBoundingClientRect()]));
  due.sort((one, other) => before(places.get(one), places.get(other)));
  due.forEach(measureCard);
  if (board.settings.shared_y) shareRange(board);
  const start = performance.now();
  for (const card of due) {
    board.dirty.delete(card);
    if (card.width > 0) {
      paintCard(card, board);
      placeFobs(card, board);
    }
    if (performance.now() - start > SLICE) break;
  }
  if (due.some((card) => board.dirty.has(card))) stir(board);
}

/** Find the range of y that all cards in sight share; when it is another one, all are painted again. */
function shareRange(board) {
  const { log_y, outliers } = board.settings;
  let [low, high] = [Infinity, -Infinity];
  for (const card of board.cards.values()) {
    if (!card.near || !card.filled) continue;
    const lines = shownLines(card, board).filter(({ right }) => !right);
    const wanted = card.zoom?.x ?? card.range?.x ?? [-Infinity, Infinity];
    const [least, most] = fitOf(card, lines, wanted, card.log ?? log_y, outliers);
    [low, high] = [Math.min(low, least), Math.max(high, most)];
  }
  if (board.fit && board.fit[0] === low && board.fit[1] === high) return;
  board.fit = [low, high];
  for (const card of board.cards.values()) board.dirty.add(card);
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

/** One component on the page: what the server sent, what the visitor chose, and when which card is painted. */

import { arrange, coveredTop, element, readPalette } from "../lines/dom.js";
import { dressGroup, newGroup, pageOf } from "../lines/grid.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { listenZoom } from "../lines/zoom.js";
import { blankCard, dressCard, focusOn, isLit, nearestPoint, newCard, paintCard, paintFocus, paintMatrices, paintReading, pixelOf, wordsOf } from "./card.js";
import { nearestThreshold, readCurves } from "./curve.js";
import { hideTip, newTip, showTip } from "./tip.js";

const DELAY = 120;
const SLICE = 50;
const PATIENCE_CHOSEN = 4000; // milliseconds that a choice stands until the server has heard of it
const AHEAD = { rootMargin: "300px 0px", scrollMargin: "300px 0px" };

/** Return a new board inside `parent`, a shadow root; `updateBoard` fills it. */
export function newBoard(parent) {
  const board = {
    parent, host: parent.host ?? parent, root: element("div", "board"), body: element("div", "groups"), tip: newTip(),
    cards: new Map(), groups: new Map(), zooms: new Map(), wides: new Set(), layout: { open: {}, page: {} }, specs: new Map(),
    view: null, data: null, settings: null, chosen: null, send: null, palette: null, paletteText: "",
    focus: null, pointer: null, dragging: null, dirty: new Set(), frame: 0, stirred: false,
  };
  board.outbox = newOutbox((name, value) => board.send(name, value), DELAY);
  board.root.append(board.body, board.tip.root);
  board.sight = new IntersectionObserver((entries) => see(board, entries), AHEAD);
  board.size = new ResizeObserver(() => resize(board));
  board.size.observe(board.root);
  board.emphasise = (focus) => {
    if (emphasise(board, focus)) window.dispatchEvent(new CustomEvent("runlens:highlight", { detail: { run: focus?.run ?? null, source: "pr_curves" } }));
  };
  board.onHighlight = ({ detail }) => detail?.source !== "pr_curves" && emphasise(board, detail?.run ? { run: detail.run, label: null } : null);
  board.onSettings = ({ detail }) => preview(board, detail);
  board.onScroll = () => board.pointer && stir(board);
  window.addEventListener("runlens:highlight", board.onHighlight);
  window.addEventListener("runlens:pr_curves", board.onSettings);
  window.addEventListener("scroll", board.onScroll, { capture: true, passive: true });
  return board;
}

/** Take over new data: zoom, scroll, open groups and what the pointer reads stay. */
export function updateBoard(board, data, send) {
  const { view } = data;
  const first = board.view === null;
  Object.assign(board, { send, view, data });
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  takeSettings(board, view.settings);
  if (first) adopt(board);
  board.root.style.setProperty("--ceiling", `${coveredTop()}px`);
  board.palette = readPalette(board.host);
  board.specs = new Map(view.cards.map((spec) => [spec.tag, spec]));
  for (const card of board.cards.values()) fill(board, card);
  dress(board);
  soil(board);
  if (first) paintNow(board);
}

/** Stop listening and drop the board's elements. */
export function discardBoard(board) {
  cancelAnimationFrame(board.frame);
  closeOutbox(board.outbox);
  board.sight.disconnect();
  board.size.disconnect();
  window.removeEventListener("runlens:highlight", board.onHighlight);
  window.removeEventListener("runlens:pr_curves", board.onSettings);
  window.removeEventListener("scroll", board.onScroll, { capture: true });
  board.root.remove();
}

function adopt(board) {
  const { open = {}, page = {} } = board.view.layout ?? {};
  board.layout = { open: { ...open }, page: { ...page } };
  for (const [tag, zoom] of Object.entries(board.view.zooms ?? {})) board.zooms.set(tag, zoom);
  heard(board.outbox, "layout", board.layout);
  heard(board.outbox, "zooms", Object.fromEntries(board.zooms));
}

/** Follow the server, but not while it has yet to hear of a later choice. */
function takeSettings(board, said) {
  const { chosen } = board;
  const late = chosen && performance.now() - chosen.at < PATIENCE_CHOSEN && JSON.stringify(said) !== JSON.stringify(chosen.settings);
  if (!late) Object.assign(board, { settings: said, chosen: null });
}

function preview(board, settings) {
  if (!board.view) return;
  const before = board.settings;
  board.chosen = { settings, at: performance.now() };
  if (settings.view === "steps") return;
  board.settings = settings;
  if (settings.view !== before.view) {
    board.zooms.clear();
    for (const card of board.cards.values()) card.zoom = null;
    post(board.outbox, "zooms", {});
    dress(board);
  }
  soil(board);
}

function fill(board, card) {
  const spec = board.specs.get(card.name);
  if (!spec) return;
  card.spec = spec;
  card.curves = readCurves(spec, board.data).map((curve) => ({ ...curve, name: board.view.runs[curve.run] }));
}

function dress(board) {
  const { view } = board;
  const [kept, used] = [new Set(), new Set()];
  const roots = view.groups.map(({ name, cards: tags, open, page }) => {
    if (!board.groups.has(name)) board.groups.set(name, newGroup(name, (choice) => choose(board, name, choice)));
    const group = board.groups.get(name);
    used.add(name);
    const isOpen = board.layout.open[name] ?? open;
    const shown = pageOf(tags, isOpen, board.layout.page[name] ?? page, view.page_size);
    const cards = shown.tags.map((tag) => {
      kept.add(tag);
      return cardFor(board, tag, name);
    });
    dressGroup(group, tags.length, isOpen, shown, cards.map((card) => card.root));
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
  stir(board);
}

function cardFor(board, tag, group) {
  let card = board.cards.get(tag);
  if (!card) {
    card = newCard(tag, (name, pressed) => act(board, name, pressed), board.emphasise);
    card.wide = board.wides.has(tag);
    listenPointer(card, board);
    listenZoom(card, board, (zoomed, ranges) => zoomTo(board, zoomed, ranges), (zoomed) => zoomTo(board, zoomed, null));
    board.cards.set(tag, card);
    board.sight.observe(card.root);
    fill(board, card);
  }
  const zoom = board.zooms.get(tag);
  card.zoom = zoom?.view === board.settings.view ? zoom : null;
  dressCard(card, tag.startsWith(`${group}/`) ? tag.slice(group.length + 1) : tag);
  return card;
}

function listenPointer(card, board) {
  card.plot.addEventListener("pointermove", (event) => {
    board.pointer = { card, x: event.clientX, y: event.clientY };
    stir(board);
  });
  card.plot.addEventListener("pointerleave", () => {
    if (board.pointer?.card === card) board.pointer = null;
    stir(board);
  });
}

function choose(board, name, { open, page }) {
  if (open !== undefined) board.layout.open[name] = open;
  if (page !== undefined) board.layout.page[name] = page;
  post(board.outbox, "layout", { open: { ...board.layout.open }, page: { ...board.layout.page } });
  dress(board);
  soil(board);
}

function act(board, name, card) {
  if (name === "reset") return zoomTo(board, card, null);
  card.wide = !card.wide;
  if (card.wide) board.wides.add(card.name);
  else board.wides.delete(card.name);
  dress(board);
  return soil(board);
}

function zoomTo(board, card, ranges) {
  if (ranges) card.zoom = { view: board.settings.view, x: ranges.x ?? card.zoom?.x ?? null, y: ranges.y ?? (ranges.x ? null : card.zoom?.y ?? null) };
  else card.zoom = null;
  if (card.zoom) board.zooms.set(card.name, card.zoom);
  else board.zooms.delete(card.name);
  post(board.outbox, "zooms", Object.fromEntries(board.zooms));
  card.reset.hidden = !card.zoom;
  soilCard(board, card);
}

function emphasise(board, focus) {
  if (JSON.stringify(board.focus) === JSON.stringify(focus)) return false;
  board.focus = focus;
  for (const card of board.cards.values()) {
    if (card.frame) paintFocus(card, board);
    for (const { root, curve } of card.matrices.blocks) root.classList.toggle("lit", card.matrices.blocks.length > 1 && focus !== null && card.spec !== null && isLit(card, curve, focus));
  }
  return true;
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
  board.root.style.setProperty("--ceiling", `${coveredTop()}px`);
  for (const card of board.cards.values()) {
    const { clientWidth, clientHeight } = card.plot;
    if (card.near && (clientWidth !== card.width || clientHeight !== card.height)) soilCard(board, card);
  }
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
  readPointer(board);
}

function readPointer(board) {
  const { pointer, tip } = board;
  const frame = pointer?.card.frame;
  let readings = [];
  if (frame && !board.dragging) {
    const bounds = pointer.card.plot.getBoundingClientRect();
    const nearest = nearestPoint(pointer.card, pointer.x - bounds.left, pointer.y - bounds.top);
    if (nearest) readings = [nearest, ...sameThreshold(pointer.card, nearest)];
  }
  for (const card of board.cards.values()) {
    if (card.frame && card !== board.dragging) paintReading(card, board, card === pointer?.card ? readings : []);
  }
  if (!readings.length) {
    hideTip(tip);
    if (board.read) board.emphasise(null);
    board.read = false;
    return;
  }
  board.read = true;
  showTip(tip, readings, (curve) => wordsOf(pointer.card, curve), frame.view, pointer.x, pointer.y);
  board.emphasise(focusOn(pointer.card, readings[0].curve));
}

/** Return what the other curves have at the threshold that is read, the nearest first; of many steps those of one run. */
function sameThreshold(card, nearest) {
  const { curve, at } = nearest;
  const wanted = curve.threshold[at];
  const alike = curve.here ? (other) => other.here : (other) => other.run === curve.run && other.label === curve.label;
  const [x, y] = pixelOf(card, nearest);
  const found = card.curves.filter((other) => other !== curve && alike(other)).map((other) => {
    const reading = { curve: other, at: nearestThreshold(other, wanted) };
    const [across, down] = pixelOf(card, reading);
    const away = (across - x) ** 2 + (down - y) ** 2;
    return { ...reading, away: Number.isNaN(away) ? Infinity : away };
  });
  return found.sort((one, other) => (one.away === other.away ? 0 : one.away - other.away));
}

function paintDirty(board) {
  const due = [...board.dirty].filter((card) => card.near && card.spec);
  const places = new Map(due.map((card) => [card, card.root.getBoundingClientRect()]));
  due.sort((one, other) => unseenLast(places.get(one), places.get(other)));
  for (const card of due) [card.width, card.height] = [card.plot.clientWidth, card.plot.clientHeight];
  const start = performance.now();
  for (const card of due) {
    board.dirty.delete(card);
    paintMatrices(card, board);
    paintCard(card, board);
    if (performance.now() - start > SLICE) break;
  }
  if (due.some((card) => board.dirty.has(card))) stir(board);
}

function unseenLast(one, other) {
  const unseen = ({ top, bottom }) => bottom < 0 || top > innerHeight;
  return unseen(one) - unseen(other) || one.top - other.top || one.left - other.left;
}

function paintNow(board) {
  // The observer reports after the next frame; the first cards need not wait for it.
  for (const card of board.cards.values()) card.near = card.root.getBoundingClientRect().top < innerHeight;
  paintDirty(board);
}

/** One plot of parallel axes: what the server sent, what the visitor brushed, and when it is painted. */

import { arrange, element, freshContext, nameEnd, readPalette } from "../lines/dom.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { spelled, ticksOf, wordsOf } from "./axis.js";
import { clauseOf, joined, passing, readEnd, spansOf, typed, without } from "./clause.js";
import { dressLegend, hideRowTip, newLegend, newRowTip, showRowTip } from "./legend.js";
import { drawingOrder, pictureOf, readRows } from "./table.js";
import { heightOf, heightsOf, lanesWithin, NARROWEST, nearestLine, newGeometry, placeOf, TOP } from "./geometry.js";

const SEND_AFTER = 20;
const TALL = 400;
const REACH = 6;
const GRIP = 5;
const BESIDE_AXIS = 12;
const CLICK = 3;
const TICK_ROOM = 13;
const BREAKS = /(?<=[\s/_.-])/; // where a title may go on in the next line
const HEAD_SIZE = 11.5;
const HEAD_LETTERS = 14;
const HEAD_LETTER = 10; // pixels of one, with what the ends of lines waste
const HEAD_LEAST = 9.5;
const measure2d = document.createElement("canvas").getContext("2d");
const MOST_LEVELS = 200;
const SCALES = { linear: "Linear", log: "Log", quantile: "Quantile" };

/** Return a new board inside `parent`, a shadow root. */
export function newBoard(parent) {
  const board = {
    parent, host: parent.host ?? parent, root: element("div", "parallel"), bar: element("div", "above"), scroll: element("div", "scroll"),
    box: element("div", "box"), heads: element("div", "heads"), legend: newLegend(), tip: newRowTip(), menu: newMenu(),
    layers: ["faint", "lines", "axes", "hover"].map((name) => element("canvas", name)), columns: new Map(),
    view: null, table: null, picture: "", faint: false, rows: null, order: [], scales: {}, clauses: {}, shown: null, drag: null, hover: -1, frame: 0, soiled: new Set(), width: 0,
  };
  board.count = element("span", "count");
  board.clear = element("button", "plain", "Clear brushes");
  board.clear.type = "button";
  board.clear.addEventListener("click", () => brush(board, {}));
  board.bar.append(board.legend.root, board.count, board.clear);
  board.box.append(...board.layers, board.heads);
  board.scroll.append(board.box);
  board.root.append(board.bar, board.scroll, board.tip.root, board.menu.root);
  board.outbox = newOutbox((name, value) => board.send(name, value), SEND_AFTER);
  board.resized = new ResizeObserver(() => measure(board));
  board.resized.observe(board.scroll);
  listen(board);
  return board;
}

/** Take over new data; what is being brushed stays. */
export function updateBoard(board, data, send, fire) {
  const first = board.view === null;
  Object.assign(board, { send, fire, view: data.view, table: data.rows });
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const { view } = data;
  const before = JSON.stringify([board.picture, board.clauses, board.order, board.scales]);
  if (heard(board.outbox, "brush", view.brush) || first) board.clauses = view.brush;
  const keys = view.axes.map((spec) => spec.key);
  if (heard(board.outbox, "order", keys) || first) board.order = keys;
  board.order = [...board.order.filter((key) => keys.includes(key)), ...keys.filter((key) => !board.order.includes(key))];
  const scales = Object.fromEntries(view.axes.map((spec) => [spec.key, spec.scale]));
  if (heard(board.outbox, "scales", scales) || first) board.scales = scales;
  board.palette = readPalette(board.host);
  board.picture = pictureOf(view, board.palette);
  if (before === JSON.stringify([board.picture, board.clauses, board.order, board.scales])) return;
  dressLegend(board.legend, view);
  read(board);
  measure(board);
}

/** Stop listening and drop the board's elements. */
export function discardBoard(board) {
  cancelAnimationFrame(board.frame);
  closeOutbox(board.outbox);
  board.resized.disconnect();
  hideRowTip(board.tip);
  board.root.remove();
}

function read(board) {
  board.rows = readRows(board.view, board.table, board.scales);
  board.sorted = drawingOrder(board.rows.paints, board.rows.count);
  board.shown = passing(board.rows.axes, board.clauses, board.rows.count);
  board.hover = -1;
}

function axesOf(board) {
  return board.order.map((key) => board.rows.byKey.get(key)).filter(Boolean);
}

function measure(board) {
  if (!board.rows) return;
  const axes = axesOf(board);
  const width = Math.max(board.scroll.clientWidth, axes.length * NARROWEST);
  if (width === 0) return;
  Object.assign(board.box.style, { width: `${width}px`, height: `${TALL}px` });
  place(board, newGeometry(axes, width, TALL));
  soil(board, "faint", "lines", "axes", "hover");
}

function place(board, geometry) {
  board.geometry = geometry;
  board.heights = axesOf(board).map((axis) => heightsOf(axis, geometry, board.rows.count));
}

function soil(board, ...layers) {
  for (const layer of layers) board.soiled.add(layer);
  cancelAnimationFrame(board.frame);
  board.frame = requestAnimationFrame(() => paint(board));
}

// Painting ------------------------------------------------------------------------------------------------------------

function paint(board) {
  if (!board.geometry) return;
  const { width, height } = board.geometry;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const painters = { faint: paintFaint, lines: paintLines, axes: paintAllAxes, hover: paintHovered };
  for (const canvas of board.layers) {
    if (!board.soiled.has(canvas.className)) continue;
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    painters[canvas.className](board, freshContext(canvas, width, height, ratio));
  }
  board.soiled.clear();
  dressHeads(board);
  const shown = board.shown.reduce((sum, one) => sum + one, 0);
  board.count.textContent = shown === board.rows.count ? "" : `${shown.toLocaleString("en")} of ${board.rows.count.toLocaleString("en")} brushed`;
  board.clear.hidden = Object.keys(board.clauses).length === 0;
  board.root.dataset.painted = performance.now();
}

function strokeRows(board, context, wanted, color) {
  const { xs } = board.geometry;
  for (const row of board.sorted) {
    if (!wanted(row)) continue;
    context.strokeStyle = color(row);
    context.beginPath();
    for (let at = 0; at < xs.length; at += 1) {
      if (at) context.lineTo(xs[at], board.heights[at][row]);
      else context.moveTo(xs[0], board.heights[0][row]);
    }
    // A single axis has no lines: a mark stands for each.
    if (xs.length === 1) context.lineTo(xs[0] + BESIDE_AXIS, board.heights[0][row]);
    context.stroke();
  }
}

function opacityOf(count) {
  return Math.max(0.18, Math.min(0.85, 0.85 - 0.22 * Math.log10(Math.max(1, count / 30))));
}

function paintFaint(board, context) {
  board.faint = isFaint(board);
  if (!board.faint) return;
  context.lineWidth = 1;
  // However many lines lie on top of each other, the canvas as a whole stays faint.
  context.globalAlpha = 0.6 * opacityOf(board.rows.count);
  strokeRows(board, context, () => true, () => board.palette.text);
}

function paintLines(board, context) {
  const count = board.shown.reduce((sum, one) => sum + one, 0);
  context.lineWidth = count < 200 ? 1.5 : 1;
  context.globalAlpha = opacityOf(count);
  strokeRows(board, context, (row) => board.shown[row], (row) => board.view.palette[board.rows.paints[row]]);
}

function paintAllAxes(board, context) {
  const { geometry, palette } = board;
  context.font = palette.font;
  context.textBaseline = "middle";
  axesOf(board).forEach((axis, at) => {
    const x = geometry.xs[at];
    const clause = board.clauses[axis.spec.key];
    paintSpans(board, context, axis, clause, x);
    context.strokeStyle = palette.text;
    context.globalAlpha = 0.6;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(Math.round(x) + 0.5, geometry.top);
    context.lineTo(Math.round(x) + 0.5, geometry.bottom);
    context.stroke();
    const room = Math.max(24, (geometry.gap || geometry.width) - 14);
    const ticks = ticksOf(axis, Math.max(3, Math.floor((geometry.bottom - geometry.top) / 46)));
    for (const { at: placed, label } of [...ticks, ...endTicks(axis, ticks, geometry)]) paintTick(context, palette, x, heightOf(geometry, placed), label, room);
    for (const name of axis.used) paintTick(context, palette, x, geometry.laneAt.get(name), name, room, (clause?.lanes ?? []).includes(name));
  });
}

/** Return ticks for the ends of an axis of numbers, as far as no other one is written there. */
function endTicks(axis, ticks, { top, bottom }) {
  if (axis.scale === "levels" || axis.few) return [];
  const apart = TICK_ROOM / (bottom - top);
  return [[0, axis.low], [1, axis.high]]
    .filter(([end]) => ticks.every(({ at: placed }) => Math.abs(placed - end) >= apart))
    .map(([end, value]) => ({ at: end, label: spelled(axis.spec, value) }));
}

function paintTick(context, palette, x, y, label, room, brushed = false) {
  context.globalAlpha = 1;
  context.fillStyle = brushed ? palette.accent : palette.text;
  context.fillRect(Math.round(x) - 3, Math.round(y), 4, 1);
  const words = shortened(context, label, room);
  context.lineJoin = "round";
  context.strokeStyle = palette.background;
  context.lineWidth = 3.5;
  context.globalAlpha = 0.85;
  context.strokeText(words, x + 6, y);
  context.globalAlpha = 1;
  context.fillText(words, x + 6, y);
}

function shortened(context, text, room) {
  const clean = text.replace(/\s+/g, " ").slice(0, 80);
  if (context.measureText(clean).width <= room) return clean;
  let length = clean.length;
  while (length > 1 && context.measureText(`${clean.slice(0, length)}…`).width > room) length -= 1;
  return `${clean.slice(0, length)}…`;
}

function paintSpans(board, context, axis, clause, x) {
  const drawing = board.drag?.axis === axis ? board.drag.preview : null;
  const wanted = drawing ?? clause;
  context.fillStyle = board.palette.accent;
  for (const { low, high } of spansOf(axis, wanted)) {
    const [y0, y1] = [heightOf(board.geometry, high), heightOf(board.geometry, low)];
    context.globalAlpha = 0.28;
    context.fillRect(x - 6, y0, 12, Math.max(2, y1 - y0));
    context.globalAlpha = 0.9;
    context.fillRect(x - 6, y0, 12, 1.5);
    context.fillRect(x - 6, y1 - 1.5, 12, 1.5);
    if (drawing && !axis.spec.levels) paintEnds(board, context, axis, x, [[low, y1], [high, y0]]);
  }
  for (const lane of wanted?.lanes ?? []) {
    if (!board.geometry.laneAt.has(lane)) continue;
    context.globalAlpha = 0.28;
    context.fillRect(x - 6, board.geometry.laneAt.get(lane) - 8, 12, 16);
  }
  context.globalAlpha = 1;
}

/** While a range is dragged, its ends are told in numbers. ends: [place, height]. */
function paintEnds(board, context, axis, x, ends) {
  const { palette } = board;
  const right = x < board.geometry.width / 2;
  context.textAlign = right ? "left" : "right";
  for (const [place, y] of ends) {
    const words = spelled(axis.spec, axis.value(place));
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = palette.background;
    context.globalAlpha = 1;
    context.strokeText(words, x + (right ? 10 : -10), y);
    context.fillText(words, x + (right ? 10 : -10), y);
  }
  context.textAlign = "left";
}

function paintHovered(board, context) {
  if (board.hover < 0) return;
  const [hovered] = [board.hover];
  for (const [width, color] of [[5, board.palette.background], [2.5, board.view.palette[board.rows.paints[hovered]]]]) {
    context.lineWidth = width;
    context.lineJoin = "round";
    context.strokeStyle = color;
    context.beginPath();
    board.geometry.xs.forEach((x, at) => (at ? context.lineTo(x, board.heights[at][hovered]) : context.moveTo(x, board.heights[0][hovered])));
    context.stroke();
  }
}

// Heads of the axes, and their menu -----------------------------------------------------------------------------------

function dressHeads(board) {
  const nodes = axesOf(board).map((axis, at) => {
    const { key, title } = axis.spec;
    if (!board.columns.has(key)) board.columns.set(key, newHead(board, key));
    const head = board.columns.get(key);
    head.button.title = `${title}\nDrag to move, press for more`;
    head.button.setAttribute("aria-label", `Axis ${title}`);
    head.button.classList.toggle("brushed", Boolean(board.clauses[key]));
    head.mark.textContent = axis.scale === "log" || axis.scale === "quantile" ? axis.scale : "";
    const shift = board.drag?.head === key ? board.drag.shift : 0;
    // The last one has no neighbour, but the edge.
    const room = Math.max(40, Math.min(board.geometry.gap || Infinity, board.geometry.width - board.geometry.xs[at] + 11) - 3);
    const words = nameEnd(title, Math.max(HEAD_LETTERS, Math.floor((2 * room) / HEAD_LETTER)));
    if (head.name.textContent !== words) head.name.replaceChildren(...words.split(BREAKS).flatMap((part) => [part, element("wbr")]));
    head.button.style.fontSize = `${headSize(words, room - 8)}px`;
    Object.assign(head.root.style, { left: `${board.geometry.xs[at] - 8 + shift}px`, maxWidth: `${room}px` });
    head.root.classList.toggle("moving", shift !== 0);
    return head.root;
  });
  arrange(board.heads, nodes);
}

/** Return the size of letters at which the longest word of a title fits into its room, as far as they can be read. */
function headSize(title, room) {
  measure2d.font = `600 ${HEAD_SIZE}px system-ui, sans-serif`;
  const longest = title.split(BREAKS).reduce((most, word) => Math.max(most, measure2d.measureText(word.slice(0, 60)).width), 1);
  return Math.max(HEAD_LEAST, Math.min(HEAD_SIZE, (HEAD_SIZE * room) / longest));
}

function newHead(board, key) {
  const head = { root: element("div", "axis"), button: element("button", "title"), name: element("span", "name"), mark: element("span", "mark") };
  head.button.type = "button";
  head.button.append(head.name);
  head.root.append(head.button, head.mark);
  let from = null;
  head.button.addEventListener("pointerdown", (event) => {
    from = event.clientX;
    head.button.setPointerCapture(event.pointerId);
  });
  head.button.addEventListener("pointermove", (event) => {
    if (from === null || (Math.abs(event.clientX - from) < CLICK && !board.drag)) return;
    from += slide(board, key, event.clientX - from);
    board.drag = { head: key, shift: event.clientX - from };
    dressHeads(board);
  });
  const end = () => {
    const moved = board.drag?.head === key;
    board.drag = null;
    from = null;
    if (moved) {
      head.moved = true;
      post(board.outbox, "order", board.order);
      measure(board);
    }
  };
  head.button.addEventListener("pointerup", end);
  head.button.addEventListener("pointercancel", end);
  head.button.addEventListener("click", () => {
    if (head.moved) head.moved = false;
    else openMenu(board, key, head.button);
  });
  head.button.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && event.altKey) {
      event.preventDefault();
      move(board, key, step);
      head.button.focus();
    }
  });
  return head;
}

/** While a head is dragged, its axis changes places with those it passes; return how far it went. */
function slide(board, key, shift) {
  const { xs } = board.geometry;
  const at = board.order.indexOf(key);
  const x = xs[at] + shift;
  const to = xs.reduce((best, one, place) => (Math.abs(one - x) < Math.abs(xs[best] - x) ? place : best), at);
  if (to === at) return 0;
  const order = board.order.filter((one) => one !== key);
  order.splice(to, 0, key);
  board.order = order;
  place(board, newGeometry(axesOf(board), board.geometry.width, TALL));
  soil(board, "faint", "lines", "axes", "hover");
  return xs[to] - xs[at];
}

function move(board, key, step) {
  const at = board.order.indexOf(key);
  const to = at + step;
  if (to < 0 || to >= board.order.length) return;
  const order = [...board.order];
  [order[at], order[to]] = [order[to], order[at]];
  board.order = order;
  post(board.outbox, "order", order);
  measure(board);
}

function newMenu() {
  const root = element("div", "menu");
  if (root.showPopover) root.popover = "auto";
  root.hidden = !root.popover;
  return { root };
}

function openMenu(board, key, from) {
  const axis = board.rows.byKey.get(key);
  const { menu } = board;
  const close = () => (menu.root.popover ? menu.root.hidePopover() : (menu.root.hidden = true));
  const item = (words, press, { on = null, off = false } = {}) => {
    const button = element("button", "item", words);
    button.type = "button";
    button.disabled = off;
    if (on !== null) button.setAttribute("aria-pressed", String(on));
    button.addEventListener("click", () => {
      close();
      press();
    });
    return button;
  };
  const at = board.order.indexOf(key);
  const parts = [element("div", "menu-title", axis.spec.title)];
  if (axis.spec.about) parts.push(element("div", "about", axis.spec.about));
  for (const scale of axis.spec.scales) parts.push(item(SCALES[scale], () => rescale(board, key, scale), { on: axis.scale === scale }));
  parts.push(element("hr"), ...(axis.spec.levels ? [levelList(board, axis, item)] : [rangeFields(board, axis, close)]));
  parts.push(
    element("hr"),
    item("Colour by this", () => board.fire("color", key)),
    item("Clear brush", () => brush(board, { ...board.clauses, [key]: null }), { off: !board.clauses[key] }),
    item("Move left", () => move(board, key, -1), { off: at === 0 }),
    item("Move right", () => move(board, key, 1), { off: at === board.order.length - 1 }),
    item("Remove axis", () => remove(board, key), { off: board.order.length < 3 }),
  );
  menu.root.replaceChildren(...parts);
  const box = from.getBoundingClientRect();
  if (menu.root.popover) menu.root.showPopover();
  else menu.root.hidden = false;
  Object.assign(menu.root.style, { left: `${Math.max(4, Math.min(box.left, innerWidth - menu.root.offsetWidth - 8))}px`, top: `${Math.min(box.bottom + 4, innerHeight - menu.root.offsetHeight - 8)}px` });
}

/** Return fields in which a range is typed that is brushed on an axis: what dragging does, with the keyboard. */
function rangeFields(board, axis, close) {
  const { key } = axis.spec;
  const [from, to] = board.clauses[key]?.ranges?.length === 1 ? board.clauses[key].ranges[0] : [null, null];
  const root = element("form", "range");
  const fields = [["From", from], ["To", to]].map(([words, value]) => {
    const field = element("input", "");
    Object.assign(field, { type: "text", placeholder: words, value: value === null ? "" : typed(axis, value) });
    field.setAttribute("aria-label", `${words}: ${axis.spec.title}`);
    return field;
  });
  const press = element("button", "plain", "Brush");
  press.type = "submit";
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const ends = fields.map((field) => readEnd(axis, field.value));
    fields.forEach((field, place) => field.classList.toggle("wrong", Number.isNaN(ends[place])));
    if (ends.some(Number.isNaN)) return;
    close();
    const lanes = board.clauses[key]?.lanes ?? [];
    const none = ends[0] === null && ends[1] === null;
    if (!ends.includes(null)) ends.sort((low, high) => low - high);
    brush(board, { ...board.clauses, [key]: none && !lanes.length ? null : { ranges: none ? [] : [ends], lanes } });
  });
  root.append(...fields, press);
  return root;
}

/** Return the list of an axis' categories, each to be brushed or not. */
function levelList(board, axis, item) {
  const { key, levels } = axis.spec;
  const root = element("div", "levels");
  const held = board.clauses[key] ?? { values: [], lanes: [] };
  for (const level of levels.slice(0, MOST_LEVELS)) {
    const on = (held.values ?? []).includes(level);
    const values = on ? held.values.filter((one) => one !== level) : [...(held.values ?? []), level];
    root.append(item(level === "" ? "(empty)" : level.slice(0, 200), () => brush(board, { ...board.clauses, [key]: values.length || held.lanes?.length ? { values, lanes: held.lanes ?? [] } : null }), { on }));
  }
  return root;
}

function rescale(board, key, scale) {
  board.scales = { ...board.scales, [key]: scale };
  post(board.outbox, "scales", board.scales);
  read(board);
  measure(board);
}

function remove(board, key) {
  board.order = board.order.filter((one) => one !== key);
  if (board.clauses[key]) brush(board, { ...board.clauses, [key]: null });
  post(board.outbox, "order", board.order);
  measure(board);
}

// Brushing ------------------------------------------------------------------------------------------------------------

function brush(board, clauses) {
  board.clauses = Object.fromEntries(Object.entries(clauses).filter(([, clause]) => clause));
  const before = board.shown;
  board.shown = passing(board.rows.axes, board.clauses, board.rows.count);
  post(board.outbox, "brush", board.clauses);
  // Thousands of lines take a while to paint: after a drag they are there already.
  if (board.faint !== isFaint(board)) soil(board, "faint");
  if (board.shown.some((one, row) => one !== before[row])) soil(board, "lines");
  soil(board, "axes", "hover");
}

/** Return whether all lines are painted faintly behind those that are brushed. */
function isFaint(board) {
  return Object.keys(board.clauses).length > 0 || Boolean(board.drag);
}

function listen(board) {
  const { box } = board;
  box.addEventListener("pointerdown", (event) => press(board, event));
  box.addEventListener("pointermove", (event) => (board.drag?.axis ? drag(board, event) : point(board, event)));
  box.addEventListener("pointerup", (event) => drop(board, event));
  box.addEventListener("pointercancel", () => {
    board.drag = null;
    soil(board, "faint", "lines", "axes");
  });
  box.addEventListener("pointerleave", () => !board.drag && unpoint(board));
}

function at(board, event) {
  const bounds = board.box.getBoundingClientRect();
  return [event.clientX - bounds.left, event.clientY - bounds.top];
}

function axisAt(board, x) {
  const { xs } = board.geometry;
  const nearest = xs.reduce((best, one, place) => (Math.abs(one - x) < Math.abs(xs[best] - x) ? place : best), 0);
  return Math.abs(xs[nearest] - x) <= BESIDE_AXIS ? axesOf(board)[nearest] : null;
}

/** Return what of a clause lies at a height: {at, edge: -1 its lower end, 1 its upper, 0 inside} or {lane}; null when nothing does. */
function gripAt(board, axis, clause, y) {
  for (const lane of clause?.lanes ?? []) if (Math.abs(board.geometry.laneAt.get(lane) - y) <= 8) return { lane };
  for (const { low, high, at: which } of spansOf(axis, clause)) {
    const [y0, y1] = [heightOf(board.geometry, high), heightOf(board.geometry, low)];
    if (y < y0 - GRIP || y > y1 + GRIP) continue;
    const edge = axis.spec.levels ? 0 : Math.abs(y - y0) <= GRIP ? 1 : Math.abs(y - y1) <= GRIP ? -1 : 0;
    return { at: which, edge, low, high };
  }
  return null;
}

function press(board, event) {
  const [x, y] = at(board, event);
  if (event.button !== 0 || y < TOP - 12 || event.composedPath().some((node) => node.className === "title")) return;
  const axis = axisAt(board, x);
  if (!axis) return;
  event.preventDefault();
  board.box.setPointerCapture(event.pointerId);
  unpoint(board);
  const clause = board.clauses[axis.spec.key] ?? null;
  board.drag = { axis, from: y, moved: false, clause, grip: gripAt(board, axis, clause, y), preview: clause };
}

function drag(board, event) {
  const { drag: held, geometry } = board;
  const [, y] = at(board, event);
  if (!held.moved && Math.abs(y - held.from) < CLICK) return;
  if (!held.moved && !board.faint) soil(board, "faint");
  held.moved = true;
  const { axis, grip, clause } = held;
  if (grip?.at !== undefined && !axis.spec.levels) {
    const shift = placeOf(geometry, y) - placeOf(geometry, held.from);
    let [low, high] = [grip.low + (grip.edge > 0 ? 0 : shift), grip.high + (grip.edge < 0 ? 0 : shift)];
    if (grip.edge === 0) [low, high] = kept(low, high);
    held.preview = joined(without(clause, grip.at), clauseOf(axis, Math.min(low, high), Math.max(low, high)));
  } else {
    const [y0, y1] = [Math.min(y, held.from), Math.max(y, held.from)];
    const made = clauseOf(axis, placeOf(geometry, y1), placeOf(geometry, y0), lanesWithin(axis, geometry, y0, y1));
    held.preview = joined(clause, made);
  }
  const clauses = { ...board.clauses };
  if (held.preview) clauses[axis.spec.key] = held.preview;
  else delete clauses[axis.spec.key];
  board.shown = passing(board.rows.axes, clauses, board.rows.count);
  soil(board, "lines", "axes");
}

/** Return a range that is moved as a whole, no further than the ends of its axis. */
function kept(low, high) {
  const shift = low < 0 ? -low : high > 1 ? 1 - high : 0;
  return [low + shift, high + shift];
}

function drop(board, event) {
  const held = board.drag;
  if (!held?.axis) return;
  board.drag = null;
  const { key } = held.axis.spec;
  if (held.moved) {
    brush(board, { ...board.clauses, [key]: held.preview });
    return;
  }
  const [, y] = at(board, event);
  brush(board, { ...board.clauses, [key]: pressed(board, held, y) });
}

/** Return the clause after a press without a drag: what is brushed there is let go, a category or a lane is taken up. */
function pressed(board, { axis, clause, grip }, y) {
  if (grip) return without(clause, grip.at, grip.lane ?? null);
  const lanes = lanesWithin(axis, board.geometry, y - 9, y + 9);
  if (lanes.length) return joined(clause, clauseOf(axis, 2, 2, lanes));
  if (!axis.spec.levels) return null;
  const place = placeOf(board.geometry, y);
  const nearest = axis.spec.levels.reduce((best, _label, level) => (Math.abs(axis.place(level) - place) < Math.abs(axis.place(best) - place) ? level : best), 0);
  return joined(clause, clauseOf(axis, axis.place(nearest), axis.place(nearest)));
}

// Pointing ------------------------------------------------------------------------------------------------------------

function point(board, event) {
  if (!board.geometry || board.drag) return;
  const [x, y] = at(board, event);
  const axis = y > TOP - 8 ? axisAt(board, x) : null;
  const grip = axis ? gripAt(board, axis, board.clauses[axis.spec.key], y) : null;
  board.box.style.cursor = axis === null ? "default" : grip === null ? "crosshair" : grip.edge ? "ns-resize" : axis.spec.levels || grip.lane ? "pointer" : "grab";
  const hover = axis || y < TOP - 8 ? -1 : nearestLine(board.geometry, board.heights, board.shown, x, y, REACH);
  if (hover < 0) {
    unpoint(board);
    return;
  }
  if (hover !== board.hover) {
    board.hover = hover;
    soil(board, "hover");
  }
  const lines = axesOf(board).map((one) => [one.spec.title, wordsOf(one, hover)]);
  showRowTip(board.tip, board.rows.nameOf(hover), board.view.palette[board.rows.paints[hover]], lines, event.clientX, event.clientY);
}

function unpoint(board) {
  hideRowTip(board.tip);
  if (board.hover < 0) return;
  board.hover = -1;
  soil(board, "hover");
}

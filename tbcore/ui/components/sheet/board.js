/** One table: what the server said, what the visitor chose, and what is drawn of it. */

import { element, readPalette } from "../lines/dom.js";
import { counted } from "../lines/format.js";
import { compiled } from "../runs/selection.js";
import { drawBar, newBar } from "./bar.js";
import { HEAD, ROW, drawBody, titleCell } from "./body.js";
import { cellsOf, childrenOf, listedRows, newColumn, rowAndBelow, spelledCell } from "./cells.js";
import { movedKey, nextSort, shownKeys, tickOf, tickedRows, withOne, withSieve } from "./choices.js";
import { copiedCell, copiedRows } from "./copied.js";
import { drawHead } from "./head.js";
import { bestRow, heatScale } from "./heat.js";
import { openMenu } from "./menu.js";
import { openPicker } from "./picker.js";
import { passesSieve } from "./sieve.js";
import { openSifter } from "./sifter.js";
import { TRACE, arrangedColumns, columnsInSight, fittingWidth, usualWidth } from "./widths.js";

const SEND_AFTER = 120;
const NOTICED = 2500;
const NARROWEST = 36;
const WIDEST = 1600;
const NAME_SHARE = 0.46;
const FIXED_SHARE = 0.7;

/** Return a new table inside `host`. */
export function newTable(host) {
  const root = element("div", "sheet");
  const scroller = element("div", "scroller");
  const canvas = element("div", "canvas");
  const head = element("div", "heads");
  const bodyNode = element("div", "body");
  const empty = element("div", "empty");
  const mark = element("div", "mark");
  const fixed = element("div", "fixed");
  root.style.setProperty("--trace", `${TRACE}px`);
  scroller.tabIndex = -1;
  canvas.setAttribute("aria-multiselectable", "true");
  head.setAttribute("role", "row");
  head.setAttribute("aria-rowindex", 1);
  fixed.setAttribute("role", "presentation");
  head.append(fixed);
  bodyNode.setAttribute("role", "rowgroup");
  mark.setAttribute("role", "presentation");
  mark.hidden = true;
  canvas.append(head, bodyNode, mark);
  scroller.append(canvas);
  const board = {
    root, scroller, canvas, head, bodyNode, empty, mark,
    view: null, state: null, edits: null, stamp: null,
    columns: new Map(), about: new Map(), traces: new Map(), heats: new Map(), bests: new Map(), names: [],
    marks: {}, below: new Map(), folded: new Set(), ticked: new Set(), listed: [], rows: new Map(), heads: new Map(),
    usualWidths: new Map(), widths: new Map(), room: 0, place: null, places: new Map(), inSight: [0, 0], keys: [], cursor: 0, cursorKey: null, headAt: "",
    lastTick: null, lit: null, float: null, picker: null, sifter: null, notice: "", noticing: 0, frame: 0, sending: 0, palette: null, year: new Date().getFullYear(), send: () => {}, trigger: () => {},
  };
  board.act = actsOf(board);
  board.bar = newBar(board.act);
  board.widthOf = (key) => board.widths.get(key) ?? widthIn(board, key, board.room);
  board.colorOf = (row) => board.view.colors[board.marks.color[row]] ?? "transparent";
  board.groupTick = (row) => tickOf(leavesOf(board, row), board.ticked);
  board.titleOf = (row) => `${board.names[row]}${board.marks.group[row] ? "" : board.marks.shown[row] ? "" : "\nNot selected in the sidebar"}`;
  board.tickedLeaves = () => board.leaves.filter((row) => board.ticked.has(row));
  root.append(board.bar.root, scroller, empty);
  (host.querySelector(".stage") ?? host).replaceChildren(root);
  listen(board);
  return board;
}

/** Take what the server says. */
export function receiveTable(board, data, send, trigger) {
  const { view } = data;
  [board.send, board.trigger] = [send, trigger];
  const before = board.view;
  board.view = view;
  // What the visitor chose here is newer than what the server heard, unless the page itself changed it.
  if (board.state === null || view.edits !== board.edits) {
    board.state = view.state;
    board.edits = view.edits;
  }
  readColumns(board, data, before);
  board.scroller.style.maxHeight = `${view.height}px`;
  relist(board);
  if (board.sifter && view.facts) board.sifter.tell(view.facts);
  board.sifter?.redraw();
  board.picker?.redraw();
  schedule(board);
}

/** Let go of everything outside the table. */
export function discardTable(board) {
  cancelAnimationFrame(board.frame);
  clearTimeout(board.sending);
  clearTimeout(board.noticing);
  board.observer.disconnect();
  document.removeEventListener("copy", board.onCopy);
  window.removeEventListener("runlens:highlight", board.onHighlight);
  board.float?.close(false);
}

function readColumns(board, { view, ...tables }, before) {
  if (before !== null && board.stamp === view.stamp) {
    nameColumns(board);
    return;
  }
  board.stamp = view.stamp;
  const cells = tables.cells;
  const read = (field) => cellsOf(cells?.getChild(field));
  board.raw = new Map(Object.entries(view.fields).map(([key, field]) => [key, read(field)]));
  board.traces = new Map(Object.entries(view.traces).map(([key, field]) => [key, cells.getChild(field)]));
  const plain = (field) => read(field).values;
  board.marks = { color: plain("color"), shown: plain("shown"), group: plain("group"), depth: view.tree ? plain("depth") : [] };
  board.tree = view.tree ? { parent: plain("parent") } : null;
  board.below = board.tree ? childrenOf(board.tree) : new Map();
  board.usualWidths = before !== null && before.count > 0 ? board.usualWidths : new Map();
  nameColumns(board);
  const name = board.columns.get(view.name);
  board.names = Array.from(name.values, (code) => name.texts[code]);
  board.allLeaves = board.leaves = board.names.map((_, row) => row).filter((row) => !board.marks.group[row]);
  board.heats = new Map();
  for (const [key, one] of board.columns) if (one.role === "metric") board.heats.set(key, heatScale(one, board.leaves));
}

/** Put the words of the columns and the visitor's own to their cells. */
function nameColumns(board) {
  const { view, state } = board;
  const better = (about) => ({ ...about, better: state.better[about.key] ?? about.better });
  board.about = new Map(view.columns.map((about) => [about.key, better(about)]));
  board.about.set(view.name, view.name_column);
  board.columns = new Map();
  for (const [key, cells] of board.raw) {
    if (board.about.has(key)) board.columns.set(key, newColumn(board.about.get(key), cells, view.texts[key]));
  }
}

/** Bring what follows from the visitor's choices up to date. */
function relist(board) {
  const { state, view } = board;
  const chosen = new Set(state.chosen);
  const folded = new Set(state.folded);
  const passing = passingRows(board);
  board.leaves = passing === null ? board.allLeaves : board.allLeaves.filter((row) => passing.has(row));
  board.ticked = new Set(board.leaves.filter((row) => chosen.has(board.names[row])));
  board.folded = new Set(board.names.flatMap((name, row) => (board.below.has(row) && folded.has(name) ? [row] : [])));
  nameColumns(board);
  const by = state.sort.filter(([key]) => board.columns.has(key)).map(([key, descending]) => [board.columns.get(key), descending]);
  const rows = listedRows(view.count, by, board.tree, board.folded);
  board.listed = passing === null ? rows : rows.filter((row) => passing.has(row));
  board.listedCount = passing === null ? view.listed : passing.size;
  board.cursor = Math.max(0, Math.min(board.cursor, board.listed.length - 1));
  board.bests = new Map();
  for (const [key, one] of board.columns) if (one.role === "metric") board.bests.set(key, bestRow(one, board.leaves));
}

/** Return the rows that pass filters the server has not heard of yet; null when it has, and in trees, which it makes. */
function passingRows(board) {
  const { state, view } = board;
  if (board.tree || board.turn === undefined || view.turn === board.turn) return null;
  const sieves = state.filters.filter((one) => board.columns.has(one.key));
  const regexes = sieves.map((one) => (one.pattern ? compiled(one.pattern).regex : null));
  return new Set(board.allLeaves.filter((row) => sieves.every((one, at) => passesSieve(board.columns.get(one.key), row, one, regexes[at]))));
}

/** Return the width of a column in a table that is `room` pixels wide. */
function widthIn(board, key, room) {
  const { state, view } = board;
  const set = state.widths[key];
  const isName = key === view.name;
  if (set) return set;
  const column = board.columns.get(key);
  const trace = board.traces.has(key);
  if (!column) return 96;
  const known = `${key}\n${trace}`;
  if (!board.usualWidths.has(known)) board.usualWidths.set(known, usualWidth(column, view.count, fontOf(board), { name: isName, trace, deepest: deepest(board) }));
  const width = board.usualWidths.get(known);
  return isName ? Math.min(width, Math.max(120, Math.floor(NAME_SHARE * (room || Infinity)))) : width;
}

function deepest(board) {
  return board.view.tree ? 1 + board.marks.depth.reduce((most, depth) => Math.max(most, depth), 0) : 0;
}

function fontOf(board) {
  const style = getComputedStyle(board.root);
  return `${style.fontSize} ${style.fontFamily}`;
}

function leavesOf(board, row) {
  return rowAndBelow(row, board.below).filter((one) => !board.marks.group[one]);
}

// Drawing -----------------------------------------------------------------------------------------------------------

function schedule(board) {
  cancelAnimationFrame(board.frame);
  board.frame = requestAnimationFrame(() => drawTable(board));
}

function drawTable(board) {
  layOut(board);
  drawBar(board, board.act);
  drawHead(board, board.act);
  drawBody(board, true);
  board.root.toggleAttribute("data-waiting", board.turn !== undefined && board.view.turn !== board.turn);
  board.root.dataset.painted = performance.now();
}

function layOut(board) {
  const { state, view, scroller, canvas } = board;
  const keys = shownKeys(state, view);
  // Asked for once: between writing cells, every question for a size lays the whole page out anew.
  board.room = scroller.clientWidth;
  board.widths = new Map([view.name, ...keys].map((key) => [key, widthIn(board, key, board.room)]));
  board.place = arrangedColumns(keys, state.pinned, view.name, board.widthOf);
  // Columns that stay in sight must leave room for the others.
  if (board.place.fixed.length > 1 && board.place.fixedWidth > FIXED_SHARE * board.room) {
    board.place = arrangedColumns(keys, [], view.name, board.widthOf);
  }
  board.keys = [...board.place.fixed.slice(1), ...board.place.free];
  board.places = new Map([view.name, ...board.keys].map((key, at) => [key, at + 1]));
  if (!board.places.has(board.cursorKey)) board.cursorKey = null;
  board.palette = readPalette(scroller);
  canvas.setAttribute("role", view.tree ? "treegrid" : "grid");
  canvas.setAttribute("aria-label", `Table of ${view.rows}`);
  // What takes the keyboard must not come to lie under what stays in sight.
  scroller.style.scrollPadding = `${HEAD}px 0 0 ${board.place.fixedWidth}px`;
  canvas.style.width = `${board.place.total}px`;
  canvas.style.height = `${HEAD + board.listed.length * ROW}px`;
  canvas.setAttribute("aria-rowcount", board.listed.length + 1);
  canvas.setAttribute("aria-colcount", board.keys.length + 1);
  board.empty.hidden = view.count > 0;
  board.empty.textContent = view.total === 0 ? `No ${view.rows}` : `None of the ${view.rows} passes the filters`;
  look(board);
}

function look(board) {
  const { scroller, place } = board;
  board.inSight = columnsInSight(place, board.widthOf, scroller.scrollLeft, scroller.clientWidth);
}

function scrolled(board) {
  if (!board.place) return;
  const before = board.inSight.join();
  look(board);
  if (board.inSight.join() !== before) drawHead(board, board.act, false);
  board.scroller.classList.toggle("aside", board.scroller.scrollLeft > 0);
  drawBody(board, false);
}

// Choices -----------------------------------------------------------------------------------------------------------

function adopt(board, state, { later = false } = {}) {
  board.state = state;
  touch(board);
  relist(board);
  board.picker?.redraw();
  schedule(board);
  clearTimeout(board.sending);
  if (later) board.sending = setTimeout(() => tell(board), SEND_AFTER);
  else tell(board);
}

/** Give the choices a number that none had before, by which the server's answer is known. */
function touch(board) {
  board.turn = Math.max(Date.now(), (board.turn ?? 0) + 1);
}

function tell(board) {
  clearTimeout(board.sending);
  board.sending = 0;
  board.send("state", { ...board.state, turn: board.turn });
}

function tick(board, ticked) {
  const here = new Set(board.names);
  const elsewhere = board.state.chosen.filter((name) => !here.has(name));
  const chosen = board.leaves.filter((row) => ticked.has(row)).map((row) => board.names[row]);
  adopt(board, { ...board.state, chosen: [...elsewhere, ...chosen] }, { later: true });
}

function actsOf(board) {
  const act = {
    sort: (key, also) => adopt(board, { ...board.state, sort: nextSort(board.state.sort, key, also) }),
    unsort: (key) => adopt(board, { ...board.state, sort: board.state.sort.filter(([one]) => one !== key) }),
    move: (key, to) => adopt(board, { ...board.state, columns: movedKey(board.keys, key, to) }),
    menu: (key, anchor) => {
      board.float?.close(false);
      const column = board.about.get(key);
      board.float = openMenu(board, column, anchor, {
        change: (state) => adopt(board, state),
        sift: () => act.sift(key === board.view.name ? board.view.name_filter : key, anchor),
        fit: () => act.fit(key),
      });
    },
    sift: (key, anchor) => {
      board.float?.close(false);
      const column = board.about.get(key);
      if (!column) return;
      const sieve = () => board.state.filters.find((one) => one.key === key) ?? null;
      const change = (made) => adopt(board, withSieve(board.state, key, made));
      // The chip may be drawn anew meanwhile: what floats stays where it was opened.
      const sifter = openSifter(board, column, anchor, sieve, change, () => {
        if (board.sifter === sifter) board.sifter = null;
        board.state = { ...board.state, asking: "" };
      });
      board.float = board.sifter = sifter;
      board.state = { ...board.state, asking: key };
      touch(board);
      if (board.view.facts?.key === key) sifter.tell(board.view.facts);
      tell(board);
    },
    unsift: (key) => adopt(board, withSieve(board.state, key, null)),
    clear: () => adopt(board, { ...board.state, filters: [] }),
    pick: (anchor) => {
      if (board.picker) {
        board.picker.close();
        return;
      }
      board.float?.close(false);
      const picker = openPicker(board, anchor, () => board.state, (state) => adopt(board, state), () => {
        board.picker = null;
      });
      board.float = board.picker = picker;
    },
    tickAll: (on) => tick(board, new Set(on ? board.leaves : [])),
    show: () => {
      if (board.sending) tell(board);
      board.trigger("pressed", "show");
    },
    back: () => board.trigger("pressed", "back"),
    focusHead: (key) => {
      if (!key) return;
      board.headAt = key;
      board.heads.forEach((cell, one) => { cell.tabIndex = one === key ? 0 : -1; });
      board.heads.get(key)?.focus();
    },
    width: (key, width) => {
      const set = Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
      board.state = { ...board.state, widths: { ...board.state.widths, [key]: set } };
      schedule(board);
    },
    widthDone: () => {
      touch(board);
      tell(board);
    },
    fit: (key) => {
      const column = board.columns.get(key);
      if (!column) return;
      const options = { name: key === board.view.name, trace: board.traces.has(key), deepest: deepest(board) };
      act.width(key, fittingWidth(column, board.view.count, fontOf(board), options));
      act.widthDone();
    },
    placeOf: (x) => {
      const left = board.canvas.getBoundingClientRect().left;
      const fixedLeft = board.scroller.getBoundingClientRect().left;
      const middle = (key) => {
        const at = board.place.lefts.get(key) + board.widthOf(key) / 2;
        return at + (board.place.fixed.includes(key) ? fixedLeft : left);
      };
      const found = board.keys.findIndex((key) => x < middle(key));
      return found < 0 ? board.keys.length : found;
    },
    mark: (to) => {
      board.mark.hidden = to === null;
      if (to === null) return;
      const [key, last] = [board.keys[to], board.keys[board.keys.length - 1]];
      const at = key ? board.place.lefts.get(key) : board.place.lefts.get(last) + board.widthOf(last);
      board.mark.style.left = `${at - 1}px`;
    },
  };
  return act;
}

// Pointer and keyboard ----------------------------------------------------------------------------------------------

function listen(board) {
  const { root, scroller, bodyNode } = board;
  scroller.addEventListener("scroll", () => scrolled(board), { passive: true });
  bodyNode.addEventListener("click", (event) => clicked(board, event));
  bodyNode.addEventListener("dblclick", (event) => {
    const row = rowAt(event);
    if (row === null || !event.target.closest(".name-cell .name")) return;
    tick(board, new Set(leavesOf(board, row)));
  });
  bodyNode.addEventListener("pointerover", (event) => {
    const cell = event.target.closest(".td");
    if (cell) titleCell(board, cell);
    point(board, rowAt(event));
  });
  bodyNode.addEventListener("pointerleave", () => point(board, null));
  bodyNode.addEventListener("keydown", (event) => pressed(board, event));
  // The app listens for single letters and cannot see that they are typed into a field here.
  root.addEventListener("keydown", (event) => {
    if (event.target.matches("input")) event.stopPropagation();
  });
  board.onCopy = (event) => copied(board, event);
  document.addEventListener("copy", board.onCopy);
  board.observer = new ResizeObserver(() => schedule(board));
  board.observer.observe(scroller);
  board.onHighlight = (event) => {
    if (event.detail.source === "sheet" || event.detail.run === board.lit) return;
    board.lit = event.detail.run;
    schedule(board);
  };
  window.addEventListener("runlens:highlight", board.onHighlight);
}

function rowAt(event) {
  const row = event.target.closest(".row");
  return row === null ? null : Number(row.dataset.row);
}

function point(board, row) {
  const run = row === null || board.marks.group[row] ? null : board.names[row];
  if (run === board.pointed) return;
  board.pointed = run;
  window.dispatchEvent(new CustomEvent("runlens:highlight", { detail: { run, source: "sheet" } }));
}

function clicked(board, event) {
  const row = rowAt(event);
  if (row === null) return;
  board.cursor = board.listed.indexOf(row);
  board.cursorKey = event.target.closest(".td")?.dataset.key ?? null;
  if (event.target.closest(".fold") && board.below.has(row)) fold(board, row);
  else if (event.target.matches("input.tick")) tickRow(board, board.cursor, event.shiftKey);
  else drawBody(board, true);
  event.target.closest(".row").focus({ preventScroll: true });
}

function tickRow(board, at, range) {
  const row = board.listed[at];
  const leaves = leavesOf(board, row);
  const on = tickOf(leaves, board.ticked) !== "all";
  if (range && board.lastTick !== null) {
    const last = board.listed.indexOf(board.lastTick);
    const some = tickedRows(new Set(), board.listed, at, last < 0 ? null : last, true);
    turn(board, [...some].flatMap((one) => (board.marks.group[one] ? leavesOf(board, one) : [one])), on);
  } else if (board.marks.group[row]) turn(board, leaves, on);
  else turn(board, [row], !board.ticked.has(row));
  board.lastTick = row;
}

function turn(board, rows, on) {
  const ticked = new Set(board.ticked);
  for (const row of rows) {
    if (on) ticked.add(row);
    else ticked.delete(row);
  }
  tick(board, ticked);
}

function fold(board, row) {
  const name = board.names[row];
  const { folded } = board.state;
  adopt(board, { ...board.state, folded: withOne(folded, name, !folded.includes(name)) });
}

function pressed(board, event) {
  if (!event.target.matches(".row")) return;
  const row = board.listed[board.cursor];
  const page = Math.max(1, Math.floor(board.scroller.clientHeight / ROW) - 2);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  const [isParent, isFolded] = [board.cursorKey === null && board.below.has(row), board.folded.has(row)];
  const isAll = event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey);
  if (event.key in moves) moveTo(board, board.cursor + moves[event.key]);
  else if (event.key === " ") tickRow(board, board.cursor, event.shiftKey);
  else if (event.key === "Enter") tick(board, new Set(leavesOf(board, row)));
  else if (isAll) tick(board, new Set(board.leaves));
  else if (event.key === "ArrowRight" && isParent && isFolded) fold(board, row);
  else if (event.key === "ArrowLeft" && isParent && !isFolded) fold(board, row);
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") moveAcross(board, event.key === "ArrowRight" ? 1 : -1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function moveTo(board, place) {
  if (board.listed.length === 0) return;
  board.cursor = Math.min(board.listed.length - 1, Math.max(0, place));
  const { scroller } = board;
  const top = board.cursor * ROW;
  const room = scroller.clientHeight - HEAD;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + ROW > scroller.scrollTop + room) scroller.scrollTop = top + ROW - room;
  drawBody(board, true);
  board.rows.get(board.cursor)?.focus({ preventScroll: true });
}

/** Go on to the cell beside the one the keyboard is at; from the first back to the whole row. */
function moveAcross(board, step) {
  const { keys, scroller, place } = board;
  const to = Math.min(keys.length - 1, keys.indexOf(board.cursorKey) + step);
  board.cursorKey = keys[to] ?? null;
  if (board.cursorKey === null) scroller.scrollLeft = 0;
  else if (place.free.includes(board.cursorKey)) {
    const left = place.lefts.get(board.cursorKey);
    const least = left + board.widthOf(board.cursorKey) - scroller.clientWidth;
    scroller.scrollLeft = Math.min(left - place.fixedWidth, Math.max(least, scroller.scrollLeft));
  }
  scrolled(board);
  drawBody(board, true);
}

/** Put the cell that the keyboard is at into the clipboard, or the rows that are ticked, or else the row. */
function copied(board, event) {
  const held = board.root.getRootNode();
  if (!held.activeElement?.matches(".row") || !board.bodyNode.contains(held.activeElement)) return;
  // Who has marked a part of a text wants that.
  if (!(held.getSelection?.() ?? document.getSelection()).isCollapsed) return;
  const row = board.listed[board.cursor];
  const column = board.columns.get(board.cursorKey);
  const ticked = board.listed.filter((one) => board.ticked.has(one));
  const rows = ticked.length ? ticked : [row];
  const columns = [board.view.name, ...board.keys].map((key) => board.columns.get(key)).filter(Boolean);
  event.clipboardData.setData("text/plain", column ? copiedCell(column, row) : copiedRows(columns, rows));
  event.preventDefault();
  notify(board, column ? `Copied ${column.title}` : `Copied ${counted(rows.length, "row")}`);
}

function notify(board, words) {
  board.notice = words;
  clearTimeout(board.noticing);
  board.noticing = setTimeout(() => {
    board.notice = "";
    schedule(board);
  }, NOTICED);
  schedule(board);
}

/** The rows of the table: only what can be seen is in the document. */

import { element, freshContext, writeName } from "../lines/dom.js";
import { oneLine, spelledCell, wholeCell } from "./cells.js";
import { heatOf } from "./heat.js";
import { glyph, tickBox } from "./parts.js";
import { drawTrace, legible } from "./trace.js";
import { TRACE } from "./widths.js";

export const ROW = 28;
export const HEAD = 32;

const AT = "at";
const MARGIN = 8;
const TRACE_HEIGHT = 22;
const CUT_FROM = 24;

/** Bring the rows up to date; anew: whether what they hold may differ from what was drawn. */
export function drawBody(board, anew) {
  const { scroller, rows, listed, place, inSight } = board;
  const top = scroller.scrollTop;
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const end = Math.min(listed.length, Math.ceil((top + scroller.clientHeight) / ROW) + MARGIN);
  const keys = place.free.slice(...inSight);
  const spare = [];
  for (const [at, row] of rows) {
    if (at >= first && at < end) continue;
    rows.delete(at);
    if (row.contains(scroller.getRootNode().activeElement)) scroller.focus({ preventScroll: true });
    spare.push(row);
  }
  for (let at = first; at < end; at += 1) {
    let row = rows.get(at);
    const fresh = anew || !row;
    if (!row) {
      row = spare.pop() ?? newRow();
      rows.set(at, row);
    }
    const added = layCells(row, place.fixed, keys);
    if (fresh) writeRow(board, row, at);
    else {
      row.tabIndex = at === board.cursor ? 0 : -1;
      for (const cell of added) placeCell(board, row, cell, listed[at]);
    }
    if (!row.isConnected) board.bodyNode.append(row);
  }
  for (const row of spare) row.remove();
}

function newRow() {
  const row = element("div", "row");
  row.setAttribute("role", "row");
  const fixed = element("div", "fixed");
  fixed.setAttribute("role", "presentation");
  const name = element("div", "td name-cell");
  name.setAttribute("role", "rowheader");
  name.setAttribute("aria-colindex", 1);
  const box = tickBox("");
  box.tabIndex = -1;
  const fold = element("span", "fold");
  fold.append(glyph("fold"));
  name.append(box, fold, element("i", "swatch"), element("span", "name"));
  fixed.append(name);
  row.append(fixed);
  row.cellsShown = new Map();
  return row;
}

/** Give a row cells for these columns and no others; return those it did not have. */
function layCells(row, fixedKeys, keys) {
  const wanted = `${fixedKeys.join("\n")}\n\n${keys.join("\n")}`;
  if (row.columnsShown === wanted) return [];
  row.columnsShown = wanted;
  const before = row.cellsShown;
  const now = new Map();
  const [fixed] = row.children;
  const pinned = fixedKeys.slice(1);
  const lacking = [];
  for (const key of [...pinned, ...keys]) {
    const cell = before.get(key);
    // A cell that becomes pinned lies elsewhere.
    if (cell && (cell.parentElement === fixed) === pinned.includes(key)) {
      now.set(key, cell);
      before.delete(key);
    } else lacking.push(key);
  }
  const spare = [...before.values()].filter((cell) => cell.parentElement === row);
  for (const cell of before.values()) if (cell.parentElement !== row) cell.remove();
  const added = lacking.map((key) => {
    const isPinned = pinned.includes(key);
    const cell = (isPinned ? null : spare.pop()) ?? newCell();
    cell.dataset.key = key;
    if (isPinned) fixed.append(cell);
    else if (!cell.isConnected || cell.parentElement !== row) row.append(cell);
    now.set(key, cell);
    return cell;
  });
  for (const cell of spare) cell.remove();
  // Pinned cells lie one after the other, the others where they are put.
  fixed.append(...pinned.map((key) => now.get(key)));
  row.cellsShown = now;
  return added;
}

function newCell() {
  const cell = element("div", "td");
  cell.setAttribute("role", "gridcell");
  cell.append(element("span", "value"));
  return cell;
}

function writeRow(board, row, at) {
  const { listed, view, place, ticked, marks } = board;
  const number = listed[at];
  row.dataset.row = number;
  row.setAttribute("aria-rowindex", at + 2);
  row.style.transform = `translateY(${at * ROW}px)`;
  row.tabIndex = at === board.cursor ? 0 : -1;
  const isGroup = marks.group[number] === 1;
  const isOn = ticked.has(number);
  row.classList.toggle("group", isGroup);
  row.classList.toggle("ticked", isOn);
  row.classList.toggle("lit", board.lit !== null && board.names[number] === board.lit);
  const [fixed] = row.children;
  fixed.style.width = `${place.fixedWidth}px`;
  writeNameCell(board, fixed.firstElementChild, number, isOn, isGroup);
  for (const cell of row.cellsShown.values()) placeCell(board, row, cell, number);
  row.setAttribute("aria-selected", String(isOn));
  row.dataset.name = board.names[number] ?? "";
  const isAt = at === board.cursor && board.cursorKey !== null;
  attribute(row, "aria-activedescendant", isAt ? AT : null);
  attribute(row, "aria-level", view.tree ? marks.depth[number] + 1 : null);
  attribute(row, "aria-expanded", board.below.has(number) ? !board.folded.has(number) : null);
}

function attribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

function placeCell(board, row, cell, number) {
  const { key } = cell.dataset;
  cell.setAttribute("aria-colindex", board.places.get(key));
  cell.style.width = `${board.widthOf(key)}px`;
  cell.style.left = cell.parentElement === row ? `${board.place.lefts.get(key)}px` : "";
  writeCell(board, cell, board.columns.get(key), key, number);
}

function writeNameCell(board, cell, number, isOn, isGroup) {
  const { marks, names, below, folded } = board;
  const [box, fold, swatch, name] = cell.children;
  cell.removeAttribute("title");
  cell.style.width = `${board.widthOf(board.view.name)}px`;
  const tick = isGroup ? board.groupTick(number) : isOn ? "all" : "none";
  box.checked = tick === "all";
  box.indeterminate = tick === "some";
  box.setAttribute("aria-label", `Tick ${names[number]}`);
  cell.style.setProperty("--depth", marks.depth[number] ?? 0);
  const parent = below.has(number);
  fold.hidden = !board.view.tree;
  fold.classList.toggle("leaf", !parent);
  fold.classList.toggle("open", parent && !folded.has(number));
  swatch.style.setProperty("--run", board.colorOf(number));
  swatch.classList.toggle("off", marks.shown[number] !== 1);
  swatch.hidden = isGroup;
  writeName(name, names[number] ?? "");
  cell.setAttribute("aria-label", names[number] ?? "");
}

function writeCell(board, cell, column, key, number) {
  const value = cell.firstElementChild;
  const isMissing = column === undefined || column.missing[number] === 1;
  const text = column === undefined ? "" : isMissing ? "–" : oneLine(spelledCell(column, number, board.year));
  const warmth = column?.role === "metric" && board.marks.group[number] !== 1 ? heatOf(board.heats.get(key) ?? null, column.values[number], column.better) : null;
  const isAt = board.cursorKey === key && board.listed[board.cursor] === number;
  const classes = {
    free: cell.parentElement?.className !== "fixed",
    right: column && !column.left,
    missing: column && isMissing,
    nan: column && !isMissing && column.type !== "text" && !Number.isFinite(column.values[number]),
    best: board.bests.get(key) === number,
    warm: warmth !== null,
    plain: warmth !== null && !column.better,
    traced: board.traces.has(key),
    at: isAt,
  };
  const wanted = ["td", ...Object.keys(classes).filter((name) => classes[name])].join(" ");
  if (cell.className !== wanted) cell.className = wanted;
  if (warmth !== null) cell.style.setProperty("--heat", `${Math.round(warmth * 100)}%`);
  if (column?.type === "text" && text.length > CUT_FROM) {
    value.classList.add("name");
    writeName(value, text);
  } else if (value.textContent !== text || value.childElementCount) {
    value.classList.remove("name");
    value.textContent = text;
  }
  cell.removeAttribute("title");
  if (cell.id !== (isAt ? AT : "")) attribute(cell, "id", isAt ? AT : null);
  writeTrace(board, cell, key, number);
}

function writeTrace(board, cell, key, number) {
  const values = board.traces.get(key)?.get(number)?.toArray() ?? [];
  let canvas = cell.children[1];
  if (!values.some(Number.isFinite)) {
    canvas?.remove();
    return;
  }
  if (!canvas) {
    canvas = element("canvas", "trace");
    canvas.style.width = `${TRACE}px`;
    canvas.style.height = `${TRACE_HEIGHT}px`;
    cell.append(canvas);
  }
  const context = freshContext(canvas, TRACE, TRACE_HEIGHT, window.devicePixelRatio || 1);
  drawTrace(context, values, TRACE, TRACE_HEIGHT, legible(board.colorOf(number), board.palette.background));
}

/** Say a cell in full to whoever points at it. */
export function titleCell(board, cell) {
  const row = cell.closest(".row");
  if (!row || cell.title) return;
  const number = Number(row.dataset.row);
  if (cell.classList.contains("name-cell")) {
    cell.title = board.titleOf(number);
    return;
  }
  const column = board.columns.get(cell.dataset.key);
  if (!column) return;
  const best = cell.classList.contains("best") ? "\nThe best of the rows listed" : "";
  cell.title = wholeCell(column, number) + best;
}

/** The head of the table: names of columns, how they are sorted, and what drags them. */

import { arrange, element, writeName } from "../lines/dom.js";
import { isLeft } from "./cells.js";
import { tickOf } from "./choices.js";
import { glyph, glyphButton, tickBox } from "./parts.js";

const MOVED = 5;

/** Bring the cells of the head up to date. act: what its buttons do; anew: whether those that were there are, too. */
export function drawHead(board, act, anew = true) {
  const { head, place, inSight } = board;
  const active = head.contains(head.getRootNode().activeElement) ? head.getRootNode().activeElement.closest(".th")?.dataset.key : null;
  const keys = [...place.fixed, ...place.free.slice(...inSight)];
  if (!keys.includes(board.headAt)) board.headAt = board.view.name;
  const before = board.heads;
  const cells = new Map(keys.map((key) => [key, board.heads.get(key) ?? newHead(board, key, act)]));
  board.heads = cells;
  for (const [key, cell] of cells) if (anew || !before.has(key)) writeHead(board, key, cell);
  const fixed = head.firstElementChild;
  fixed.style.width = `${place.fixedWidth}px`;
  arrange(fixed, place.fixed.map((key) => cells.get(key)));
  arrange(head, [fixed, ...place.free.slice(...inSight).map((key) => cells.get(key))]);
  if (active) cells.get(active)?.focus({ preventScroll: true });
}

function newHead(board, key, act) {
  const cell = element("div", "th");
  cell.dataset.key = key;
  cell.setAttribute("role", "columnheader");
  cell.setAttribute("aria-haspopup", "menu");
  if (key === board.view.name) {
    const box = tickBox("Tick every row listed", (on) => act.tickAll(on));
    box.addEventListener("click", (event) => event.stopPropagation());
    cell.append(box);
  }
  const name = element("span", "name");
  const marks = element("span", "marks");
  const caret = glyphButton("caret", "Menu of the column", (event) => {
    event.stopPropagation();
    act.menu(key, caret);
  }, "glyph caret");
  caret.tabIndex = -1;
  const edge = element("span", "edge");
  edge.title = "Drag to resize, double-click to fit";
  cell.append(name, marks, caret, edge);
  edge.addEventListener("pointerdown", (event) => resize(board, key, edge, event, act));
  edge.addEventListener("click", (event) => event.stopPropagation());
  edge.addEventListener("dblclick", (event) => {
    event.stopPropagation();
    act.fit(key);
  });
  cell.addEventListener("pointerdown", (event) => drag(board, key, cell, event, act));
  cell.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    act.menu(key, caret);
  });
  cell.addEventListener("keydown", (event) => {
    if (event.target === cell) headPressed(board, key, caret, event, act);
  });
  return cell;
}

function headPressed(board, key, caret, event, act) {
  const keys = [...board.heads.keys()];
  const at = keys.indexOf(key);
  if (event.key === "Enter" || event.key === " ") act.sort(key, event.shiftKey);
  else if (event.key === "ArrowDown") act.menu(key, caret);
  else if (event.key === "ArrowRight") act.focusHead(keys[at + 1]);
  else if (event.key === "ArrowLeft") act.focusHead(keys[at - 1]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function writeHead(board, key, cell) {
  const { state, view } = board;
  const column = board.about.get(key);
  const isFixed = board.place.fixed.includes(key);
  cell.style.width = `${board.widthOf(key)}px`;
  cell.style.left = isFixed ? "" : `${board.place.lefts.get(key)}px`;
  cell.classList.toggle("right", !isLeft(column.type));
  cell.classList.toggle("free", !isFixed);
  cell.tabIndex = board.headAt === key ? 0 : -1;
  const at = state.sort.findIndex(([one]) => one === key);
  const sorted = at < 0 ? "none" : state.sort[at][1] ? "descending" : "ascending";
  // Only one column may say that the rows are in its order; the others are in words.
  cell.setAttribute("aria-sort", at > 0 ? "none" : sorted);
  cell.ariaDescription = at > 0 ? `Sorted ${sorted} where those before it are equal` : "";
  cell.classList.toggle("sorted", at >= 0);
  cell.setAttribute("aria-colindex", board.places.get(key));
  cell.setAttribute("aria-label", column.title);
  const filtered = state.filters.some((one) => one.key === (key === view.name ? view.name_filter : key));
  const better = { low: "Lower is better.", high: "Higher is better." }[column.better] ?? "";
  cell.title = [column.title, column.about, better, "Shift-click: sort by it as well"].filter(Boolean).join("\n");
  writeName(cell.querySelector(".name"), column.title);
  if (key === view.name) {
    const box = cell.querySelector(".tick");
    const tick = tickOf(board.leaves, board.ticked);
    box.checked = tick === "all";
    box.indeterminate = tick === "some";
  }
  const marks = cell.querySelector(".marks");
  const place = state.sort.length > 1 && at >= 0 ? at + 1 : "";
  const wanted = `${sorted} ${filtered} ${place}`;
  if (marks.dataset.shown !== wanted) {
    marks.dataset.shown = wanted;
    const parts = [];
    if (filtered) parts.push(glyph("filter"));
    if (sorted !== "none") parts.push(glyph(sorted === "ascending" ? "up" : "down"));
    if (place) parts.push(element("sub", "", String(place)));
    marks.replaceChildren(...parts);
  }
}

function resize(board, key, edge, event, act) {
  if (event.button !== 0) return;
  event.preventDefault();
  event.stopPropagation();
  const [from, width] = [event.clientX, board.widthOf(key)];
  edge.setPointerCapture(event.pointerId);
  edge.onpointermove = (moved) => act.width(key, width + moved.clientX - from);
  edge.onpointerup = edge.onpointercancel = () => {
    edge.onpointermove = edge.onpointerup = edge.onpointercancel = null;
    act.widthDone();
  };
}

function drag(board, key, cell, event, act) {
  if (event.button !== 0 || event.target.closest("button, input, .edge")) return;
  const from = event.clientX;
  let to = null;
  const isName = key === board.view.name;
  cell.setPointerCapture(event.pointerId);
  cell.onpointermove = (moved) => {
    if (isName || (to === null && Math.abs(moved.clientX - from) < MOVED)) return;
    cell.classList.add("dragged");
    to = act.placeOf(moved.clientX);
    act.mark(to);
  };
  cell.onpointerup = cell.onpointercancel = (up) => {
    cell.onpointermove = cell.onpointerup = cell.onpointercancel = null;
    cell.classList.remove("dragged");
    act.mark(null);
    if (up.type === "pointercancel") return;
    if (to !== null) act.move(key, to);
    else act.sort(key, up.shiftKey);
  };
}

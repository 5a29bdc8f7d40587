/** The line above the table: which columns, what is filtered, how many rows, and what to do with those that are ticked. */

import { element } from "../lines/dom.js";
import { counted, wholeNumber } from "../lines/format.js";
import { glyph, glyphButton, textButton } from "./parts.js";
import { sieveWords } from "./sieve.js";

/** Return the bar and what is in it. act: what its buttons do. */
export function newBar(act) {
  const root = element("div", "bar");
  const columns = textButton("", () => act.pick(columns), "tool");
  columns.append(glyph("columns"), element("span", "", "Columns"));
  const chips = element("div", "chips");
  const count = element("span", "count");
  count.setAttribute("role", "status");
  const ticked = element("span", "ticked-count");
  const untick = glyphButton("close", "Tick no row", () => act.tickAll(false));
  const show = textButton("", () => act.show(), "tool");
  const back = textButton("Undo", () => act.back(), "link", "Select the runs in the sidebar that were selected before");
  root.append(columns, chips, count, ticked, show, back);
  return { root, columns, chips, count, ticked, untick, show, back, drawn: "" };
}

/** Bring the bar up to date. */
export function drawBar(board, act) {
  const { bar, view, state } = board;
  const { rows } = view;
  const listed = board.listedCount === view.total
    ? `${wholeNumber(view.total)} ${view.total === 1 ? rows.replace(/s$/, "") : rows}`
    : `${wholeNumber(board.listedCount)} of ${wholeNumber(view.total)} ${rows}`;
  bar.count.textContent = board.notice || listed;
  const ticks = board.tickedLeaves().length;
  bar.ticked.hidden = ticks === 0;
  bar.ticked.replaceChildren(element("span", "", `${wholeNumber(ticks)} ticked`), bar.untick);
  const which = ticks ? (ticks === 1 ? "this one" : `these ${wholeNumber(ticks)}`) : board.listedCount === 1 ? "this one" : `these ${wholeNumber(board.listedCount)}`;
  bar.show.replaceChildren(glyph("only"), element("span", "", `Show only ${which} everywhere`));
  bar.show.title = `Select the ${counted(ticks || board.listedCount, "row").replace("row", rows.replace(/s$/, ""))} ${ticks ? "that are ticked" : "listed"} in the sidebar, for every page`;
  bar.show.hidden = board.listedCount === 0 || (ticks === 0 && board.listedCount === view.total);
  bar.back.hidden = !view.back;
  // What orders the rows from a column that is not shown.
  const unseen = state.sort.filter(([key]) => key !== view.name && !board.keys.includes(key) && board.about.has(key));
  const drawn = JSON.stringify([state.filters, unseen]);
  if (drawn === bar.drawn) return;
  bar.drawn = drawn;
  const chips = state.filters.map((sieve) => newChip(board, sieve, act));
  chips.push(...unseen.map((one) => newSortChip(board, one, act)));
  if (state.filters.length > 1) chips.push(textButton("Clear all", () => act.clear(), "link"));
  bar.chips.replaceChildren(...chips);
  bar.chips.hidden = chips.length === 0;
}

function newSortChip(board, [key, descending], act) {
  const { title } = board.about.get(key);
  const chip = element("span", "chip");
  const text = element("span", "chip-text");
  text.append("sorted by ", element("b", "", title), descending ? " ↓" : " ↑");
  chip.append(text, glyphButton("close", `Do not sort by ${title}`, () => act.unsort(key)));
  return chip;
}

function newChip(board, sieve, act) {
  const column = board.about.get(sieve.key) ?? { title: sieve.key, type: "text" };
  const chip = element("span", "chip");
  chip.dataset.key = sieve.key;
  const words = sieveWords(sieve, column.type);
  const text = textButton("", () => act.sift(sieve.key, chip), "chip-text", `${column.title}: ${words}`);
  text.append(element("b", "", column.title), element("span", "", ` ${words}`));
  const drop = glyphButton("close", `Remove the filter of ${column.title}`, () => act.unsift(sieve.key));
  chip.append(text, drop);
  return chip;
}

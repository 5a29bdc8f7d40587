/** The rows of the run list: only those that can be seen are in the document. */

import { element } from "../lines/dom.js";
import { moment, wholeNumber } from "../lines/format.js";
import { briefAge, cutMiddle, fewDigits, fresh } from "./words.js";

export const ROW_HEIGHT = 26;
export const HEAD_HEIGHT = 20;

const MARGIN = 6;
const WIDEST = 5;

const ruler = document.createElement("canvas").getContext("2d");

/**
 * Bring the rows in `list` up to date with `model` and return the range of rows drawn, [first, end).
 *
 * list: {scroller, spacer, rows}; rows holds the elements by their place in the list and is changed here.
 * model: {runs, flags, order, cursor, lit, now}; order holds the indices of the runs listed.
 */
export function drawRows(list, model) {
  const { scroller, spacer, rows } = list;
  changed(spacer.style, "height", `${model.order.length * ROW_HEIGHT}px`);
  const [top, height] = [scroller.scrollTop, scroller.clientHeight];
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - MARGIN);
  const end = Math.min(model.order.length, Math.ceil((top + height) / ROW_HEIGHT) + MARGIN);
  const spare = [];
  for (const [place, row] of rows) {
    if (place >= first && place < end) continue;
    // A row that leaves with the focus in it would take the keyboard away from the list.
    if (row.contains(scroller.getRootNode().activeElement)) scroller.focus({ preventScroll: true });
    rows.delete(place);
    spare.push(row);
  }
  for (let place = first; place < end; place += 1) {
    if (!rows.has(place)) {
      const row = spare.pop() ?? newRow();
      row.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
      if (!row.isConnected) spacer.append(row);
      rows.set(place, row);
    }
    const index = model.order[place];
    fillRow(rows.get(place), index, model.runs[index], model.flags[index], place === model.cursor, model);
  }
  for (const row of spare) row.remove();
  writeNames(rows, model.runs);
  return [first, end];
}

/** Return how many letters the columns {points, step} hold for `runs`; a rare longer figure takes its room. */
export function figureWidths(runs) {
  let [points, step] = [1, 1];
  for (const run of runs) {
    points = Math.max(points, fewDigits(run.points).length);
    if (run.last_step !== null) step = Math.max(step, fewDigits(run.last_step).length);
  }
  return { points: Math.min(points, WIDEST), step: Math.min(step, WIDEST) };
}

/** Return where to scroll so that the row at `place` can be seen whole. */
export function scrollTopFor(scroller, place) {
  const top = place * ROW_HEIGHT;
  const least = top + ROW_HEIGHT + HEAD_HEIGHT - scroller.clientHeight;
  return Math.min(top, Math.max(least, scroller.scrollTop));
}

/** Write the names into the rooms that the rest of their rows leaves; all are measured before any is written. */
function writeNames(rows, runs) {
  const names = Array.from(rows.values(), (row) => [row.children[1], runs[row.dataset.run].name]);
  const widths = names.map(([cell]) => cell.clientWidth);
  if (names.length > 0) ruler.font = fontOf(names[0][0]);
  const widthOf = (text) => ruler.measureText(text).width;
  names.forEach(([cell, name], at) => {
    if (cell.name === name && cell.room === widths[at]) return;
    cell.textContent = cutMiddle(name, widths[at], widthOf);
    [cell.name, cell.room] = [name, widths[at]];
  });
}

function fontOf(cell) {
  // Read whole, a font with tabular figures is an empty string.
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(cell);
  return `${fontWeight} ${fontSize} ${fontFamily}`;
}

function newRow() {
  const row = element("div", "row");
  row.setAttribute("role", "listitem");
  const swatch = element("span", "swatch");
  swatch.setAttribute("role", "checkbox");
  const name = element("span", "name");
  const problems = element("button", "problems");
  const only = element("button", "only", "only");
  only.title = "Show only this run (double click)";
  // Enter on the row does the same.
  only.tabIndex = -1;
  row.append(swatch, name, element("span", "fresh"), problems);
  row.append(element("span", "figure age"), element("span", "figure points"), element("span", "figure step"), only);
  return row;
}

function fillRow(row, index, run, flag, isCursor, model) {
  const [swatch, name, dot, problems, old, points, step] = row.children;
  const age = run.last === null ? null : Math.max(0, model.now - run.last);
  changed(row.dataset, "run", String(index));
  row.classList.toggle("off", !flag);
  row.classList.toggle("lit", run.name === model.lit);
  changed(swatch, "ariaChecked", String(flag));
  changed(swatch, "ariaLabel", run.name);
  changed(swatch, "tabIndex", isCursor ? 0 : -1);
  if (row.color !== run.color) swatch.style.setProperty("--run", (row.color = run.color));
  changed(name, "title", run.name);
  changed(dot, "hidden", !fresh(age));
  changed(problems, "hidden", !run.problems);
  changed(problems, "textContent", run.problems ? fewDigits(run.problems) : "");
  changed(problems, "title", run.problems ? problemTitle(run) : "");
  changed(old, "textContent", briefAge(age));
  changed(dot, "title", (old.title = age === null ? "" : `last event ${moment(run.last)}`));
  changed(points, "textContent", fewDigits(run.points));
  changed(points, "title", `${wholeNumber(run.points)} points`);
  changed(step, "textContent", run.last_step === null ? "" : fewDigits(run.last_step));
  changed(step, "title", run.last_step === null ? "No step yet" : `Last step ${wholeNumber(run.last_step)}`);
}

function problemTitle(run) {
  const more = run.problems > 1 ? `\nand ${wholeNumber(run.problems - 1)} more` : "";
  return `${run.problem_text}${more}\nClick for all`;
}

function changed(target, property, value) {
  if (target[property] !== value) target[property] = value;
}

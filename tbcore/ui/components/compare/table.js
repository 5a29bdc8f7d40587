/** A table of runs beside each other. What counts is marked by weight and signs, not only by colour. */

import { element, writeName } from "../lines/dom.js";

/** Return the table of a view: a column per run, the first of them the baseline. */
export function comparison(view) {
  const table = element("table", "comparison");
  const head = element("thead");
  const titles = element("tr");
  titles.append(element("th", "title", view.corner), ...view.runs.map(runHead));
  head.append(titles);
  const body = element("tbody");
  body.append(...view.lines.map(comparedRow));
  if (view.more) body.append(moreRow(view));
  table.append(head, body);
  return table;
}

function runHead(run, at) {
  const cell = element("th", "run");
  const [line, swatch, name] = [element("div", "line"), element("i"), element("span", "", run.name)];
  cell.scope = "col";
  swatch.style.background = run.color;
  cell.title = run.name;
  line.append(swatch, name);
  cell.append(line);
  if (at === 0) cell.append(element("div", "side", "baseline"));
  return cell;
}

function comparedRow(line) {
  const row = element("tr");
  const title = element("th", "title");
  title.scope = "row";
  title.title = line.about ? `${line.title}\n${line.about}` : line.title;
  const name = element("span", "name");
  writeName(name, line.title);
  title.append(name);
  if (line.side) title.append(element("span", "side", line.side));
  row.append(title, ...line.cells.map((cell) => comparedCell(cell, line.number)));
  return row;
}

function comparedCell(cell, isNumber) {
  const made = element("td", [isNumber ? "number" : "words", cell.strong ? "strong" : "", cell.text ? "" : "missing"].filter(Boolean).join(" "));
  const value = element("div", "value", cell.text || "–");
  value.title = cell.text ? cell.whole || cell.text : "not there";
  made.append(value);
  if (cell.note) {
    const note = element("div", ["note", cell.tone].filter(Boolean).join(" "), noteWords(cell));
    if (cell.tone) note.title = cell.tone;
    made.append(note);
  }
  return made;
}

/** Return the words of a note, with a sign for those who see no colours: a row knows better and worse, or neither. */
export function noteWords({ note, tone }) {
  return tone === "better" ? `✓ ${note}` : note;
}

function moreRow(view) {
  const row = element("tr");
  const cell = element("td", "more", `${view.more.toLocaleString("en-US")} more rows: the downloads hold them all.`);
  cell.colSpan = view.runs.length + 1;
  row.append(cell);
  return row;
}

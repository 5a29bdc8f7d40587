/** Two texts compared: side by side or one below the other. What differs is marked by signs and lines, not only by colour. */

import { counted } from "../lines/format.js";
import { element } from "../lines/dom.js";

/** Return a table of the changes. */
export function changeTable({ lines, sides, left, right }) {
  const table = element("table", sides ? "changes sides" : "changes");
  const head = element("thead");
  const titles = element("tr");
  if (sides) titles.append(cell("th", "", left, 3), cell("th", "", right, 3));
  else titles.append(cell("th", "", `− ${left}   + ${right}`, 4));
  head.append(titles);
  const body = element("tbody");
  for (const line of lines) body.append(...(sides ? sideRows(line) : rowsBelow(line)));
  const columns = element("colgroup");
  for (const kind of sides ? ["at", "sign", "", "at", "sign", ""] : ["at", "at", "sign", ""]) columns.append(element("col", kind));
  table.append(columns, head, body);
  return table;
}

function sideRows(line) {
  if (line.kind === "gap") return [gapRow(line.count, 6)];
  const row = element("tr", line.kind);
  const [old, young] = [line.kind !== "added", line.kind !== "removed"];
  row.append(
    ...half(old, line.left, line.kind === "same" ? " " : "−", line.before, line.kind === "same" ? "" : "old"),
    ...half(young, line.right, line.kind === "same" ? " " : "+", line.after, line.kind === "same" ? "" : "young"),
  );
  return [row];
}

function rowsBelow(line) {
  if (line.kind === "gap") return [gapRow(line.count, 4)];
  const made = [];
  if (line.kind === "same") made.push(below(line.left, line.right, " ", line.before, ""));
  if (line.kind === "changed" || line.kind === "removed") made.push(below(line.left, 0, "−", line.before, "old"));
  if (line.kind === "changed" || line.kind === "added") made.push(below(0, line.right, "+", line.after, "young"));
  return made;
}

function below(left, right, sign, parts, kind) {
  const row = element("tr");
  row.append(cell("td", "at", left || ""), cell("td", "at", right || ""), cell("td", `sign ${kind}`, sign), words(parts, kind));
  return row;
}

function half(there, number, sign, parts, kind) {
  if (!there) return [cell("td", "none at", ""), cell("td", "none sign", ""), cell("td", "none", "")];
  return [cell("td", "at", number), cell("td", `sign ${kind}`, sign), words(parts, kind)];
}

function words(parts, kind) {
  const node = cell("td", `words ${kind}`, "");
  node.dir = "auto";
  for (const [text, differs] of parts) node.append(element(differs ? (kind === "old" ? "del" : "ins") : "span", "", text));
  return node;
}

function gapRow(count, columns) {
  const row = element("tr", "gap");
  row.append(cell("td", "", `${counted(count, "equal line")} left out`, columns));
  return row;
}

function cell(name, kind, text, columns = 1) {
  const node = element(name, kind, String(text));
  node.colSpan = columns;
  return node;
}

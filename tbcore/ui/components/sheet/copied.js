/** Cells as text for the clipboard, which spreadsheets take apart again. */

import { moment } from "../lines/format.js";
import { spelledCell } from "./cells.js";

/** Return a cell with all its digits, "" where it is missing; times in local time. */
export function copiedCell(column, row) {
  const value = column.values[row];
  if (column.missing[row]) return "";
  if (column.type === "text" || column.type === "bool") return spelledCell(column, row);
  return column.type === "time" ? moment(value) : String(value);
}

/** Return rows as lines of cells with tabs between them, the titles of the columns first. */
export function copiedRows(columns, rows) {
  const lines = [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => copiedCell(column, row)))];
  return lines.map((cells) => cells.map(quoted).join("\t")).join("\n");
}

function quoted(text) {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

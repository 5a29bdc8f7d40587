/** The columns of a sheet as the browser holds them: numbers and what is missing, how they are spelled and ordered. */

import { duration, moment, number, wholeNumber } from "../lines/format.js";

const SIZE_UNITS = ["kB", "MB", "GB", "TB", "PB"];
const TYPES_LEFT = ["text", "bool", "time"];

/** Return {values, missing} of an Arrow vector; a cell that is missing is NaN, and `missing` 1. */
export function cellsOf(vector) {
  const values = new Float64Array(vector?.length ?? 0);
  const missing = new Uint8Array(values.length);
  const plain = vector && !vector.nullCount ? vector.toArray() : null;
  if (plain instanceof Float64Array || plain instanceof Int32Array) values.set(plain);
  else {
    for (let row = 0; row < values.length; row += 1) {
      const value = vector.get(row);
      missing[row] = value === null ? 1 : 0;
      values[row] = value === null ? NaN : Number(value);
    }
  }
  return { values, missing };
}

/** Return a column that is ready to be drawn. about: {key, title, type, role, better, about}; texts: of its codes, in order. */
export function newColumn(about, cells, texts = []) {
  return { ...about, ...cells, texts, left: isLeft(about.type), chosen: about.role === "hparam" };
}

/** Return whether the cells of a column type begin at its left edge. */
export function isLeft(type) {
  return TYPES_LEFT.includes(type);
}

/** Return a cell as it is shown; "" where it is missing. */
export function spelledCell(column, row, year = new Date().getFullYear()) {
  const value = column.values[row];
  if (column.missing[row]) return "";
  if (column.type === "text") return column.texts[value] ?? "";
  if (Number.isNaN(value)) return "NaN";
  switch (column.type) {
    case "bool":
      return value ? "true" : "false";
    case "time":
      return shortMoment(value, year);
    case "duration":
      return duration(value);
    case "size":
      return byteSize(value);
    case "count":
      return wholeNumber(value);
    default:
      // A seed or a size that somebody chose is not known by its first four digits.
      return column.chosen && Number.isSafeInteger(value) ? wholeNumber(value) : number(value);
  }
}

/** Return a text that has lines as one line. */
export function oneLine(text) {
  return text.replace(/\s*[\r\n\t]\s*/g, " ");
}

/** Return a cell in full. */
export function wholeCell(column, row) {
  const value = column.values[row];
  if (column.missing[row]) return "no value";
  if (column.type === "time" && Number.isFinite(value)) return moment(value);
  if (column.type === "duration") return `${wholeNumber(value)} s`;
  if (column.type === "size") return `${wholeNumber(value)} bytes`;
  return column.type === "number" ? String(value) : spelledCell(column, row);
}

/** Return bytes in decimal units with at most one decimal: 512 B, 1.2 MB. */
export function byteSize(bytes) {
  let [amount, unit] = [bytes, "B"];
  for (const larger of SIZE_UNITS) {
    if (!(Math.abs(amount) >= (unit === "B" ? 1000 : 999.95))) break;
    [amount, unit] = [amount / 1000, larger];
  }
  return `${Number(amount.toFixed(1))} ${unit}`;
}

/** Return unix seconds as the day and the minute, with the year where it is not `year`. */
export function shortMoment(seconds, year) {
  const text = moment(seconds);
  if (text.length !== 19) return text;
  return text.slice(text.startsWith(`${year}-`) ? 5 : 0, 16);
}

/** Compare two rows of a column as tbcore/analysis/sheets.py orders them: NaN after numbers, what is missing last. */
export function compareCells(column, one, other, descending) {
  const [left, right] = [column.values[one], column.values[other]];
  const late = lateness(column, one) - lateness(column, other);
  if (late !== 0) return late;
  if (left === right || Number.isNaN(left) || Number.isNaN(right)) return 0;
  return left < right === descending ? 1 : -1;
}

function lateness(column, row) {
  return column.missing[row] ? 2 : Number.isNaN(column.values[row]) ? 1 : 0;
}

/**
 * Return the rows in the order they are listed: by `columns`, [column, descending] of each, else as they came.
 *
 * tree: {depth, parent} of rows that stand below each other, or null: rows are ordered among those of one parent, and
 * what is below a row of `folded` (a Set of rows) is left out.
 */
export function listedRows(count, columns, tree = null, folded = new Set()) {
  const rows = Array.from({ length: count }, (_, row) => row);
  const compare = (one, other) => {
    for (const [column, descending] of columns) {
      const found = compareCells(column, one, other, descending);
      if (found !== 0) return found;
    }
    return 0;
  };
  if (!tree) return rows.sort(compare);
  const below = childrenOf(tree);
  const found = [];
  const walk = (some) => {
    for (const row of [...some].sort(compare)) {
      found.push(row);
      if (below.has(row) && !folded.has(row)) walk(below.get(row));
    }
  };
  walk(below.get(-1) ?? []);
  return found;
}

/** Return a map from each parent, -1 for the top, to the rows right below it. */
export function childrenOf(tree) {
  const below = new Map();
  tree.parent.forEach((parent, row) => {
    if (!below.has(parent)) below.set(parent, []);
    below.get(parent).push(row);
  });
  return below;
}

/** Return a row and all that stands below it. */
export function rowAndBelow(row, below) {
  return [row, ...(below.get(row) ?? []).flatMap((one) => rowAndBelow(one, below))];
}

/** How wide columns are, and which of them are on screen. */

import { oneLine, spelledCell } from "./cells.js";

export const TRACE = 48;

const LEAST = 56;
const USUAL_MOST = 210;
const NAME_LEAST = 150;
const NAME_MOST = 340;
const PADDING = 21;
const HEAD_SIGNS = 44;
const STAR = 16;
const HEAD_MOST = 104;
const LONG_HEAD = 24; // letters, beyond which both ends of a head are shown
const LONG_HEAD_MOST = 164;
const MEASURED = 400;

const measure = globalThis.document?.createElement("canvas").getContext("2d");

/** Return the pixels that the longest cells of a column take; of many rows some are measured. */
export function fittingWidth(column, count, font, { name = false, deepest = 0, trace = false, most = Infinity } = {}) {
  const every = Math.max(1, Math.floor(count / MEASURED));
  measure.font = `600 ${font}`;
  let head = measure.measureText(column.title).width + HEAD_SIGNS - PADDING;
  if (most < Infinity && !name) head = Math.min(head, [...column.title].length > LONG_HEAD ? LONG_HEAD_MOST : HEAD_MOST);
  // The head has the room above the curve as well.
  let widest = trace ? head - TRACE - 6 : head;
  measure.font = font;
  for (let row = 0; row < count; row += every) widest = Math.max(widest, measure.measureText(oneLine(spelledCell(column, row))).width);
  const besides = PADDING + (name ? 56 + 14 * deepest : 0) + (trace ? TRACE + 6 : 0) + (column.role === "metric" && column.better ? STAR : 0);
  return Math.ceil(Math.max(name ? NAME_LEAST : LEAST, Math.min(widest + besides, most)));
}

/** Return the width a column has before anyone set it. */
export function usualWidth(column, count, font, options = {}) {
  return fittingWidth(column, count, font, { ...options, most: options.name ? NAME_MOST : USUAL_MOST + (options.trace ? TRACE : 0) });
}

/** Return {fixed, free, lefts, fixedWidth, total} of columns: those that stay in sight first, with where each begins. */
export function arrangedColumns(keys, pinned, name, widthOf) {
  const fixed = [name, ...keys.filter((key) => key !== name && pinned.includes(key))];
  const free = keys.filter((key) => !fixed.includes(key));
  const lefts = new Map();
  let at = 0;
  for (const key of [...fixed, ...free]) {
    lefts.set(key, at);
    at += widthOf(key);
  }
  const fixedWidth = fixed.reduce((sum, key) => sum + widthOf(key), 0);
  return { fixed, free, lefts, fixedWidth, total: at };
}

/** Return [first, end) of the free columns that can be seen, with one more on either side. */
export function columnsInSight({ free, lefts, fixedWidth }, widthOf, left, width) {
  let [first, end] = [free.length, 0];
  free.forEach((key, at) => {
    const from = lefts.get(key);
    if (from + widthOf(key) < left + fixedWidth || from > left + width) return;
    first = Math.min(first, at);
    end = Math.max(end, at + 1);
  });
  return first >= end ? [0, 0] : [Math.max(0, first - 1), Math.min(free.length, end + 1)];
}

/** The rows of a table as they are drawn: an axis for each column, a colour for each row. */

import { newAxis } from "./axis.js";

/** Return {count, axes, byKey, names, paints} of what the server sent; air: room beyond the ends of the axes. */
export function readRows(view, table, scales, air = 0) {
  const axes = view.axes.map((spec, at) => {
    const lanes = table.getChild(`lane${at}`)?.toArray() ?? null;
    return newAxis({ ...spec, scale: scales[spec.key] ?? spec.scale }, table.getChild(`value${at}`).toArray(), lanes, air);
  });
  const names = table.getChild("name");
  const paints = table.getChild("paint").toArray();
  return { count: table.numRows, axes, byKey: new Map(axes.map((axis) => [axis.spec.key, axis])), nameOf: (row) => names.get(row), paints };
}

/**
 * Return a word for all that a board is painted by, except what the visitor does on it; another one for another picture.
 * view.stamp is the server's word for the rows.
 */
export function pictureOf(view, palette) {
  return JSON.stringify([{ ...view, brush: null }, palette]);
}

/** Return the rows in the order they are drawn: those that stand for fewer, and the coloured ones, on top. */
export function drawingOrder(paints, count) {
  const often = new Map();
  for (let row = 0; row < count; row += 1) often.set(paints[row], (often.get(paints[row]) ?? 0) + 1);
  const grey = (row) => (paints[row] === 0 ? 0 : 1);
  return Array.from({ length: count }, (_one, row) => row).sort((a, b) => grey(a) - grey(b) || (often.size > 40 ? 0 : often.get(paints[b]) - often.get(paints[a])) || a - b);
}

/** Where axes and rows lie on the canvas, in CSS pixels. */

import { LANES } from "./axis.js";

export const TOP = 54;
const LANE = 20;
const BOTTOM = 14;
const SIDE = 18;
const LABELS = 66;
export const NARROWEST = 74;

/** Return the geometry of `axes` in a box: lanes of all axes are on one height, above or below the numbers. */
export function newGeometry(axes, width, height) {
  const used = LANES.filter((name) => axes.some((axis) => axis.used.includes(name)));
  const above = used.filter((name) => name === "∞");
  const below = used.filter((name) => name !== "∞");
  const top = TOP + above.length * LANE;
  const bottom = height - BOTTOM - below.length * LANE;
  const laneAt = new Map([...above.map((name, at) => [name, top - LANE * (at + 0.8)]), ...below.map((name, at) => [name, bottom + LANE * (at + 0.8)])]);
  const gap = axes.length > 1 ? (width - SIDE - LABELS) / (axes.length - 1) : 0;
  return { top, bottom, laneAt, gap, width, height, xs: axes.map((_axis, at) => SIDE + at * gap) };
}

/** Return the height of a place of an axis. */
export function heightOf({ top, bottom }, place) {
  return bottom - place * (bottom - top);
}

/** Return the place at a height. */
export function placeOf({ top, bottom }, y) {
  return (bottom - y) / (bottom - top);
}

/** Return the height of every row on an axis: a Float32Array. */
export function heightsOf(axis, geometry, count) {
  const heights = new Float32Array(count);
  const lanes = LANES.map((name) => geometry.laneAt.get(name) ?? geometry.bottom);
  for (let row = 0; row < count; row += 1) {
    const lane = axis.lanes ? axis.lanes[row] : 0;
    heights[row] = lane ? lanes[lane - 1] : heightOf(geometry, axis.place(axis.values[row]));
  }
  return heights;
}

/** Return the lanes of an axis between two heights. */
export function lanesWithin(axis, { laneAt }, low, high) {
  return axis.used.filter((name) => laneAt.get(name) >= low && laneAt.get(name) <= high);
}

/** Return the row whose line is nearest to a place on the canvas, at most `reach` pixels away; -1 when none is. */
export function nearestLine({ xs }, heights, shown, x, y, reach) {
  if (xs.length === 0) return -1;
  let left = xs.findLastIndex((at) => at <= x);
  left = Math.max(0, Math.min(left, xs.length - 2));
  const right = Math.min(left + 1, xs.length - 1);
  const part = right === left ? 0 : Math.max(0, Math.min(1, (x - xs[left]) / (xs[right] - xs[left])));
  let [best, nearest] = [-1, reach];
  for (let row = 0; row < shown.length; row += 1) {
    if (!shown[row]) continue;
    const [from, to] = [heights[left][row], heights[right][row]];
    // The distance to a steep line is less than the height above it.
    const steep = right === left ? 1 : Math.hypot(1, (to - from) / (xs[right] - xs[left]));
    const distance = Math.abs(from + part * (to - from) - y) / steep;
    if (distance <= nearest) [best, nearest] = [row, distance];
  }
  return best;
}

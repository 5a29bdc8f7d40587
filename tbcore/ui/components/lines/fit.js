/** How far the axes of a card reach, and what a card says of what they leave out. */

import { counted } from "./format.js";
import { airyRange, widened } from "./scale.js";
import { rowsWithin } from "./table.js";

const ROOM = { step: 1, relative: 1, wall: 30 };
const ENOUGH_VALUES = 250_000;

/** Return the range of x: zoomed, typed, or all that the lines have. */
export function xRangeOf(card, lines, axis, log) {
  const wanted = card.zoom?.x ?? card.range?.x;
  if (wanted && !(log && wanted[0] <= 0)) return wanted;
  let [low, high] = [Infinity, -Infinity];
  for (const { raw } of lines) {
    if (raw.low < low) low = raw.low;
    if (raw.high > high) high = raw.high;
  }
  if (log) return low < high ? [low, high] : airyRange(low, high, true);
  // Most runs log their first value a moment after they start: the axis begins at the start.
  if (axis === "relative" && low > 0 && low < high / 2) low = 0;
  return widened(low, high, ROOM[axis] ?? 0);
}

/** Return the range of y: zoomed, typed, the one all cards share, or what fits the lines. */
export function yRangeOf(card, board, lines, xRange, log) {
  const wanted = card.zoom?.y ?? card.range?.y;
  if (wanted && !(log && wanted[0] <= 0)) return wanted;
  const fit = board.settings.shared_y && board.fit ? board.fit : fitOf(card, lines, xRange, log, board.settings.outliers);
  return airyRange(...fit, log);
}

/** Return the least and the greatest value that the y axis has to show: [Infinity, -Infinity] when there is none. */
export function fitOf(card, lines, [left, right], log, outliers) {
  const zoomed = Boolean(card.zoom?.x ?? card.range?.x);
  const inner = outliers ? innerRange(lines, left, right, log) : null;
  if (inner) return inner;
  let [low, high] = [Infinity, -Infinity];
  const take = (value) => {
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const line of lines) {
    if (!zoomed) {
      // A smoothed value lies between the values it is made of.
      take(log ? line.series.facts.lowPositive : line.series.facts.low);
      take(line.series.facts.high);
      // On a log axis it may lie below every positive one, if some are zero.
      if (log && line.drawn !== line.smoothValues) for (const value of line.drawn) if (value > 0) take(value);
      continue;
    }
    for (const values of line.series.band ? [line.values, line.series.low, line.series.high] : [line.values]) {
      takeWithin(line.raw, values, left, right, log, take);
    }
    if (line.smooth) takeWithin(line.smooth, line.drawn, left, right, log, take);
  }
  return [low, high];
}

/**
 * Return the 5th and the 95th percentile of what is drawn of the lines for x in [left, right], null for up to 2 values.
 *
 * Source: TensorBoard's line_chart_internal_utils.ts: of n sorted values, those at ceil(0.05 (n - 1)) and
 * floor(0.95 (n - 1)); of a smoothed line the raw values behind it do not count.
 */
export function innerRange(lines, left, right, log) {
  const parts = lines.map((line) => {
    const { series } = line;
    const whole = !(line.raw.low < left) && !(line.raw.high > right);
    if (!line.smooth && whole && series.all) return series.all.value;
    const run = line.smooth ?? line.raw;
    const [from, to] = rowsWithin(run, left, right);
    return line.drawn.subarray(from, to);
  });
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const stride = Math.max(1, Math.ceil(total / ENOUGH_VALUES));
  const values = new Float64Array(Math.ceil(total / stride) + parts.length);
  let count = 0;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += stride) {
      if (!Number.isFinite(part[index]) || (log && part[index] <= 0)) continue;
      values[count] = part[index];
      count += 1;
    }
  }
  if (count <= 2) return null;
  const sorted = values.subarray(0, count).sort();
  return [sorted[Math.ceil((count - 1) * 0.05)], sorted[Math.floor((count - 1) * 0.95)]];
}

function takeWithin(run, values, left, right, log, take) {
  const [from, to] = rowsWithin(run, left, right);
  let inside = false;
  for (let pass = 0; pass < 2 && !inside; pass += 1) {
    for (let index = from; index < to; index += 1) {
      const [x, y] = [run.xs[index] - run.offset, values[index]];
      // Between two points there is still a line to see: the second pass takes its ends.
      if (!Number.isFinite(y) || (log && y <= 0) || (pass === 0 && !(x >= left && x <= right))) continue;
      if (pass === 1 && !run.rising) return;
      inside = true;
      take(y);
    }
  }
}

/** Return what the card leaves out, in a line. */
export function noteOf({ lines, log, ys, box }, settings) {
  if (lines.length === 0) return "no points of the shown runs";
  const finite = lines.some(({ series }) => series.facts.low <= series.facts.high);
  if (!finite) return "no finite values";
  const said = [];
  const complete = lines.every(({ series }) => series.whole);
  const hidden = log ? lines.reduce((sum, { series }) => sum + series.facts.notPositive, 0) : 0;
  if (hidden) said.push(complete ? `${counted(hidden, "value")} ≤ 0 not shown on a log axis` : "values ≤ 0 are not shown");
  const before = lines.reduce((sum, { raw }) => sum + raw.hidden, 0);
  if (before) said.push(complete ? `${counted(before, "point")} at x ≤ 0 not shown` : "points at x ≤ 0 not shown");
  const odd = lines.reduce((sum, { series }) => sum + series.facts.notFinite, 0);
  if (odd && complete) said.push(`${counted(odd, "value")} NaN or infinite`);
  const outside = settings.outliers && lines.some(({ series: { facts }, right }) => !right && (facts.low < ys.low || facts.high > ys.high));
  if (outside) said.push("outliers lie outside");
  return said.join(" · ");
}

/** One step: the histograms of several runs as outlines, cumulated or against each other; or one as it was logged. */

import { binAt } from "./data.js";
import { pixelAt, valueAt } from "../lines/scale.js";

const THIN_BAR = 2; // pixels across the narrowest bar

/** Draw the bars of one histogram's own buckets; a bucket without width is as wide as can be seen. */
export function paintBars(context, frame, color, palette, lit = -1) {
  const { lefts, rights, tops } = barsOf(frame);
  for (let at = 0; at < lefts.length; at += 1) {
    context.fillStyle = at === lit ? palette.text : color;
    context.globalAlpha = at === lit ? 0.85 : 0.72;
    const width = rights[at] - lefts[at];
    context.fillRect(lefts[at], tops[at], width > 3 ? width - 0.6 : width, frame.box.bottom - tops[at]);
  }
  context.globalAlpha = 1;
}

/** Return the bar at a pixel: the one that holds it, else the nearest within `reach` pixels, else -1. */
export function barAt(frame, x, reach = 6) {
  const { lefts, rights } = barsOf(frame);
  let [best, distance] = [-1, reach];
  for (let at = 0; at < lefts.length; at += 1) {
    const away = Math.max(0, lefts[at] - x, x - rights[at]);
    if (frame.bars.count[at] > 0 && away < distance) [best, distance] = [at, away];
  }
  return best;
}

/** Return the buckets as they are drawn: edges that are no numbers, or beyond the axis, lie at its ends. */
export function withinEnds({ low, high }, { left, right, count }) {
  const within = (edge, otherwise) => (edge >= low && edge <= high ? edge : edge > high ? high : edge < low ? low : otherwise);
  return { left: Array.from(left, (edge) => within(edge, low)), right: Array.from(right, (edge) => within(edge, high)), count };
}

/**
 * Return each bucket's height: its count, or its count by width where the widths differ, since areas are what is seen.
 *
 * pixels: how wide the axis is; a bucket too narrow to be seen counts as wide as it is drawn.
 */
export function densities({ value, low, high }, { left, right, count }, pixels) {
  const scale = pixels / (value.to(high) - value.to(low));
  const widths = Array.from(left, (edge, at) => (value.to(right[at]) - value.to(edge)) * scale);
  const wide = widths.filter((width) => width > 0 && Number.isFinite(width));
  const [least, most] = [Math.min(...wide), Math.max(...wide)];
  if (!wide.length || most - least <= 1e-6 * most) return { heights: Array.from(count), even: true };
  return { heights: Array.from(count, (amount, at) => amount / Math.max(widths[at], THIN_BAR)), even: false };
}

/** Draw one run's outline over common bins. */
export function paintOutline(context, frame, edges, shares, color, filled) {
  const { xs, ys, box, value } = frame;
  const trace = () => {
    context.beginPath();
    context.moveTo(pixelAt(xs, value.to(edges[0])), box.bottom);
    for (let bin = 0; bin < shares.length; bin += 1) {
      const y = pixelAt(ys, shares[bin]);
      context.lineTo(pixelAt(xs, value.to(edges[bin])), y);
      context.lineTo(pixelAt(xs, value.to(edges[bin + 1])), y);
    }
    context.lineTo(pixelAt(xs, value.to(edges[shares.length])), box.bottom);
  };
  context.strokeStyle = context.fillStyle = color;
  context.lineJoin = "miter";
  trace();
  if (filled) {
    context.globalAlpha *= 0.14;
    context.fill();
    context.globalAlpha /= 0.14;
  }
  context.stroke();
}

/** Draw a curve of points; `vertical` says whether y runs along the axis of values too. */
export function paintPoints(context, frame, curve, color, vertical) {
  const { xs, ys, value } = frame;
  context.strokeStyle = color;
  context.lineJoin = "bevel";
  context.beginPath();
  for (let at = 0; at < curve.xs.length; at += 1) {
    context.lineTo(pixelAt(xs, value.to(curve.xs[at])), pixelAt(ys, vertical ? value.to(curve.ys[at]) : curve.ys[at]));
  }
  context.stroke();
}

/** Return what a curve has at a pixel: {at, y, text} with the place in the curve, the pixel and the number; null beyond it. */
export function readCurve(frame, form, edges, curve, x) {
  const { xs, ys, value } = frame;
  const target = value.from(valueAt(xs, x));
  if (form === "outlines") {
    const bin = binAt(edges, target);
    return bin < 0 ? null : { at: bin, y: pixelAt(ys, curve.ys[bin]), number: curve.ys[bin] };
  }
  const count = curve.xs.length;
  if (!count) return null;
  if (form === "qq") {
    let [best, distance] = [-1, Infinity];
    for (let at = 0; at < count; at += 1) {
      const away = Math.abs(pixelAt(xs, value.to(curve.xs[at])) - x);
      if (away < distance) [best, distance] = [at, away];
    }
    return { at: best, y: pixelAt(ys, value.to(curve.ys[best])), number: curve.ys[best] };
  }
  const share = shareBelow(curve, target);
  return { at: -1, y: pixelAt(ys, share), number: share };
}

/** Return which share of the values is at most `target`: linear between the points of a cumulated curve. */
export function shareBelow({ xs, ys }, target) {
  const count = xs.length;
  if (!count || target < xs[0]) return 0;
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= target) low = middle + 1;
    else high = middle;
  }
  if (low === count) return ys[count - 1];
  const [x0, x1] = [xs[low - 1], xs[low]];
  return ys[low - 1] + ((ys[low] - ys[low - 1]) * (target - x0)) / (x1 - x0);
}

function barsOf(frame) {
  const { xs, ys, value, bars } = frame;
  const { heights } = frame.densities;
  const [lefts, rights, tops] = [[], [], []];
  for (let at = 0; at < heights.length; at += 1) {
    let [left, right] = [bars.left[at], bars.right[at]].map((edge) => pixelAt(xs, value.to(edge)));
    const middle = left / 2 + right / 2;
    if (!(right - left >= THIN_BAR)) [left, right] = [middle - THIN_BAR / 2, middle + THIN_BAR / 2];
    lefts.push(left);
    rights.push(right);
    tops.push(pixelAt(ys, heights[at]));
  }
  return { lefts, rights, tops };
}

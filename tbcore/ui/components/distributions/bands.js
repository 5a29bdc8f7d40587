/** Percentiles over steps: a band between neighbouring ones, the darker the more values it holds for its width in percent. */

import { PERCENTS, placeOf } from "./data.js";
import { pixelAt } from "../lines/scale.js";

const MEDIAN = 4;
const HALF = 5; // pixels on either side that a single histogram is drawn wide

/** Return how opaque band `at` is: in proportion to the percents of the values between its ends. */
export function opacity(at) {
  return (PERCENTS[at + 1] - PERCENTS[at]) / 25;
}

/** Draw the bands, the least and the greatest value faint, and the median as a line. */
export function paintBands(context, frame, rows, color) {
  const { places } = frame;
  const stretches = stretchesOf(rows);
  context.fillStyle = context.strokeStyle = color;
  context.lineJoin = "bevel";
  for (const [from, to] of stretches) {
    const xs = points(frame, places, from, to);
    for (let band = 0; band < PERCENTS.length - 1; band += 1) {
      context.globalAlpha = 0.85 * opacity(band);
      fillBetween(context, frame, xs, rows.quantiles[band], rows.quantiles[band + 1]);
    }
    context.globalAlpha = 0.5;
    context.lineWidth = 0.8;
    for (const at of [0, PERCENTS.length - 1]) strokeAlong(context, frame, xs, rows.quantiles[at]);
    context.globalAlpha = 1;
    context.lineWidth = 1.8;
    strokeAlong(context, frame, xs, rows.quantiles[MEDIAN]);
  }
}

/** Return the stretches [from, to) of rows that have percentiles: an empty histogram has none, and parts the band. */
export function stretchesOf({ quantiles }) {
  const found = [];
  const middle = quantiles[MEDIAN];
  let from = 0;
  for (let at = 0; at <= middle.length; at += 1) {
    if (at < middle.length && !Number.isNaN(middle[at])) continue;
    if (at > from) found.push([from, at]);
    from = at + 1;
  }
  return found;
}

/** Draw a dot at each percentile of one row. */
export function paintQuantiles(context, frame, rows, row, color, palette) {
  const x = pixelAt(frame.xs, placeOf(frame.places, row));
  for (const at of PERCENTS.keys()) {
    const y = height(frame, rows.quantiles[at][row]);
    if (!(y > frame.box.top - 4 && y < frame.box.bottom + 4)) continue;
    const radius = at === MEDIAN ? 4 : 2.6;
    context.fillStyle = palette.background;
    context.beginPath();
    context.arc(x, y, radius + 1, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = color;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Return [pixel, place in the stretch] of the rows; a single one is as wide as can be seen. */
function points(frame, places, from, to) {
  const found = [];
  for (let at = from; at < to; at += 1) found.push([pixelAt(frame.xs, placeOf(places, at)), at]);
  if (found.length > 1) return found;
  const [x, at] = found[0];
  return [[x - HALF, at], [x + HALF, at]];
}

function fillBetween(context, frame, xs, low, high) {
  context.beginPath();
  for (const [x, at] of xs) context.lineTo(x, height(frame, high[at]));
  for (let index = xs.length - 1; index >= 0; index -= 1) context.lineTo(xs[index][0], height(frame, low[xs[index][1]]));
  context.fill();
}

function strokeAlong(context, frame, xs, values) {
  context.beginPath();
  for (const [x, at] of xs) context.lineTo(x, height(frame, values[at]));
  context.stroke();
}

/** Return the pixel of a value; what lies beyond the plot, also infinitely, lies just outside of it. */
export function height({ ys, value, box }, of) {
  // A log axis has no place for what is not above zero.
  const at = of < 0 && value.scale === "log" ? Infinity : pixelAt(ys, value.to(of));
  return Math.min(Math.max(at, box.top - 1), box.bottom + 1);
}

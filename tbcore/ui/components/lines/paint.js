/** Marks on a canvas: grid and labels, lines, markers. Knows scales and arrays, not cards. */

import { duration, durationLabel, momentLabel, number, tickLabels } from "./format.js";
import { durationTicks, linearTicks, logTicks, momentTicks, newScale, pixelAt } from "./scale.js";
import { rowsWithin } from "./table.js";

const FAR = 1e6;
const FLAT = 0.4;
const MARKER_GAP = 10;
const SPACINGS = [66, 50, 40, 34];
const ROOMY = [90, 130, 200];
const BARE = 0.13;
const LABEL_GAP = 8;
const SIGNS = {
  restart: [[-4, -3], [4, -3], [0, 4]],
  checkpoint: [[0, -4], [4, 0], [0, 4], [-4, 0]],
  note: [[0, -3], [7, -3], [5, 0], [7, 3], [0, 3]],
};
const OVERHANG = 8; // pixels that a label may reach beyond the plot

/** Return the y axis as {ticks, labels}. */
export function yAxis([low, high], log, height) {
  const count = Math.max(2, Math.floor(height / 38));
  const { ticks, step } = log ? logTicks(low, high, count) : linearTicks(low, high, count);
  return { ticks, labels: step ? tickLabels(ticks, step) : ticks.map((tick) => number(tick)) };
}

/**
 * Return the x axis as {ticks, labels, dates}; `dates` is the second row of a wall time axis, else empty.
 *
 * widthOf: the pixels a label takes. Of the distances between ticks at which all labels fit, the widest is taken that
 * leaves no end bare.
 */
export function xAxis([low, high], axis, width, widthOf, log = false) {
  const scale = newScale(low, high, 0, width, log);
  const reaches = ({ ticks }) => ticks.length > 1 && high - ticks.at(-1) <= BARE * (high - low);
  const fits = ({ ticks, labels }) => {
    let free = -Infinity;
    return ticks.every((tick, at) => {
      const half = widthOf(labels[at]) / 2;
      const x = Math.min(pixelAt(scale, tick), width + OVERHANG - half);
      const has = x - half >= free;
      free = x + half + LABEL_GAP;
      return has;
    });
  };
  const made = (pixels) => (log ? logTicksOf : ticksOf)(low, high, axis, width / pixels);
  const fitting = SPACINGS.map(made).filter(fits);
  return fitting.find(reaches) ?? fitting[0] ?? ROOMY.map(made).find(fits) ?? made(width);
}

function logTicksOf(low, high, axis, count) {
  const { ticks, step } = logTicks(low, high, count);
  const spelled = axis === "relative" ? duration : number;
  return { ticks, labels: step && axis !== "relative" ? tickLabels(ticks, step) : ticks.map((tick) => spelled(tick)), dates: [] };
}

function ticksOf(low, high, axis, count) {
  if (axis === "relative") {
    const { ticks, step } = durationTicks(low, high, count);
    return { ticks, labels: ticks.map((tick) => durationLabel(tick, step)), dates: [] };
  }
  if (axis === "wall") {
    const { ticks, step } = momentTicks(low, high, count);
    const rows = ticks.map((tick) => momentLabel(tick, step));
    const dates = rows.map(([, date], at) => (at && date === rows[at - 1][1] ? "" : date));
    return { ticks, labels: rows.map((row) => row[0]), dates };
  }
  // The last of 2000 steps is 1999: a tick that close to the end is still in sight.
  const { ticks, step } = linearTicks(low, high + (high - low) * 0.004, count, axis === "step" ? 1 : 0);
  return { ticks, labels: tickLabels(ticks, step), dates: [] };
}

/** Draw grid lines and labels around the plot's box {left, top, right, bottom}. */
export function paintAxes(context, box, xs, ys, horizontal, vertical, palette, right = null) {
  context.font = palette.font;
  context.lineWidth = 1;
  context.strokeStyle = palette.grid;
  context.fillStyle = palette.text;
  context.globalAlpha = 0.55;
  context.beginPath();
  for (const tick of vertical.ticks) {
    const y = Math.round(pixelAt(ys, tick)) + 0.5;
    context.moveTo(box.left, y);
    context.lineTo(box.right, y);
  }
  for (const tick of horizontal.ticks) {
    const x = Math.round(pixelAt(xs, tick)) + 0.5;
    context.moveTo(x, box.top);
    context.lineTo(x, box.bottom);
  }
  context.stroke();
  context.globalAlpha = 1;
  context.beginPath();
  context.moveTo(box.left, box.bottom + 0.5);
  context.lineTo(box.right, box.bottom + 0.5);
  context.stroke();
  context.globalAlpha = 0.65;
  context.textBaseline = "middle";
  context.textAlign = "right";
  vertical.ticks.forEach((tick, at) => context.fillText(vertical.labels[at], box.left - 6, pixelAt(ys, tick) + 0.5));
  context.textAlign = "left";
  right?.labels.forEach((label, at) => context.fillText(label, box.right + 6, pixelAt(right.scale, right.ticks[at]) + 0.5));
  context.textBaseline = "top";
  paintRow(context, xs, horizontal.ticks, horizontal.labels, box, box.bottom + 6);
  if (horizontal.dates.length) paintRow(context, xs, horizontal.ticks, horizontal.dates, box, box.bottom + 19);
  context.globalAlpha = 1;
}

/** Draw one line; points that stand alone become dots. `run` is {xs, offset, rising} and `values` its y. */
export function paintLine(context, run, values, xs, ys, ratio) {
  const [from, to] = rowsWithin(run, xs.low, xs.high);
  const dense = !run.parts && to - from > 1.5 * Math.abs(xs.end - xs.start) * ratio;
  context.beginPath();
  const alone = (dense ? traceDense : trace)(context, run, values, xs, ys, from, to, ratio);
  context.stroke();
  for (let at = 0; at < alone.length; at += 2) paintDot(context, alone[at], alone[at + 1], context.lineWidth + 0.6);
}

/** Fill what lies between two lines; on a logarithmic axis, what has no place on it reaches the plot's lower edge. */
export function paintBand(context, run, low, high, xs, ys) {
  const [from, to] = rowsWithin(run, xs.low, xs.high);
  const down = (value) => Math.max(-FAR, Math.min(FAR, ys.log && !(value > 0) ? ys.start : pixelAt(ys, value)));
  const across = (index) => Math.max(-FAR, Math.min(FAR, pixelAt(xs, run.xs[index] - run.offset)));
  const drawable = (index) => Number.isFinite(low[index]) && Number.isFinite(high[index]) && !(xs.log && run.xs[index] <= run.offset);
  context.beginPath();
  for (let index = from; index < to; index += 1) {
    if (!drawable(index)) continue;
    const first = index;
    context.moveTo(across(index), down(high[index]));
    while (index + 1 < to && drawable(index + 1)) {
      index += 1;
      context.lineTo(across(index), down(high[index]));
    }
    for (let back = index; back >= first; back -= 1) context.lineTo(across(back), down(low[back]));
  }
  context.fill();
}

/** Draw a vertical line over the plot, with a sign of its kind at the top. */
export function paintMarker(context, box, x, kind) {
  const at = Math.round(x) + 0.5;
  context.setLineDash(kind === "note" ? [] : kind === "restart" ? [2, 3] : [5, 3]);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(at, box.top);
  context.lineTo(at, box.bottom);
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  for (const [dx, dy] of SIGNS[kind] ?? SIGNS.note) context.lineTo(at + dx, box.top + dy);
  context.fill();
}

/** Draw a triangle for each value that is not finite, at the height of the nearest finite one of its line. */
export function paintNotFinite(context, run, values, xs, ys, middle) {
  const [from, to] = rowsWithin(run, xs.low, xs.high);
  const height = (index) => Math.max(-FAR, Math.min(FAR, pixelAt(ys, values[index])));
  const drawable = (index) => Number.isFinite(values[index]) && (!ys.log || values[index] > 0);
  let before = -1;
  let after = -1;
  let drawn = -Infinity;
  for (let index = from - 1; index >= 0 && before < 0; index -= 1) if (drawable(index)) before = index;
  for (let index = from; index < to; index += 1) {
    if (drawable(index)) before = index;
    if (Number.isFinite(values[index])) continue;
    const x = pixelAt(xs, run.xs[index] - run.offset);
    if (Math.abs(x - drawn) < MARKER_GAP || !(Math.abs(x) < FAR)) continue;
    if (after < index) {
      after = index + 1;
      while (after < values.length && !drawable(after)) after += 1;
    }
    const nearer = after < values.length && (before < 0 || after - index < index - before) ? after : before;
    paintTriangle(context, x, nearer < 0 ? middle : height(nearer), values[index] === -Infinity ? -1 : 1);
    drawn = x;
  }
}

/** Draw a filled circle. */
export function paintDot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function trace(context, run, values, xs, ys, from, to) {
  const { start: left, from: x0, factor: kx, log: logX } = xs;
  const { start: bottom, from: y0, factor: ky, log } = ys;
  const { xs: source, offset, parts } = run;
  const shift = offset + x0;
  const alone = [];
  let length = 0;
  let [lastX, lastY] = [0, 0];
  for (let index = from; index < to; index += 1) {
    const value = values[index];
    const x = left + (logX ? Math.log10(source[index] - offset) - x0 : source[index] - shift) * kx;
    if (parts && length && x < lastX) {
      if (length === 1) alone.push(lastX, lastY);
      length = 0;
    }
    const y = bottom + ((log ? Math.log10(value) : value) - y0) * ky;
    // NaN fails this test too, and so does a value that a log axis cannot show.
    if (!(Math.abs(y) < Infinity && Math.abs(x) < Infinity)) {
      if (length === 1) alone.push(lastX, lastY);
      length = 0;
      continue;
    }
    lastX = x < -FAR ? -FAR : x > FAR ? FAR : x;
    lastY = y < -FAR ? -FAR : y > FAR ? FAR : y;
    if (length === 0) context.moveTo(lastX, lastY);
    else context.lineTo(lastX, lastY);
    length += 1;
  }
  if (length === 1) alone.push(lastX, lastY);
  return alone;
}

/** Like `trace`, for many points a pixel: each device pixel's first, lowest, highest and last point are enough. */
function traceDense(context, run, values, xs, ys, from, to, ratio) {
  const { start: left, from: x0, factor: kx, log: logX } = xs;
  const { start: bottom, from: y0, factor: ky, log } = ys;
  const { xs: source, offset } = run;
  const shift = offset + x0;
  const alone = [];
  const flat = FLAT / ratio;
  let [cell, length, first, low, high, last, x, started] = [NaN, 0, 0, 0, 0, 0, 0, false];
  const finish = () => {
    // Of what lies within a fraction of a pixel one point is enough.
    if (!started) context.moveTo(x, first);
    else if (high - low > flat || length === 1) context.lineTo(x, first);
    started = true;
    if (high - low > flat) {
      context.lineTo(x, low);
      context.lineTo(x, high);
    }
    if (length > 1) context.lineTo(x, last);
  };
  let written = 0;
  for (let index = from; index < to; index += 1) {
    const value = values[index];
    let y = bottom + ((log ? Math.log10(value) : value) - y0) * ky;
    const here = Math.round((left + (logX ? Math.log10(source[index] - offset) - x0 : source[index] - shift) * kx) * ratio);
    if (!(Math.abs(y) < Infinity && Math.abs(here) < Infinity)) {
      if (written === 1) alone.push(x, last);
      else if (written) finish();
      [cell, length, written, started] = [NaN, 0, 0, false];
      continue;
    }
    y = y < -FAR ? -FAR : y > FAR ? FAR : y;
    if (here !== cell) {
      if (length) finish();
      cell = here;
      x = Math.max(-FAR, Math.min(FAR, here / ratio));
      first = low = high = y;
      length = 0;
    } else if (y < low) low = y;
    else if (y > high) high = y;
    last = y;
    length += 1;
    written += 1;
  }
  if (written === 1) alone.push(x, last);
  else if (written) finish();
  return alone;
}

function paintRow(context, scale, ticks, labels, box, y) {
  let free = -Infinity;
  ticks.forEach((tick, at) => {
    const half = context.measureText(labels[at]).width / 2;
    const x = Math.min(Math.max(pixelAt(scale, tick), half + 1), box.right + OVERHANG - half);
    if (!labels[at] || x - half < free) return;
    context.textAlign = "center";
    context.fillText(labels[at], x, y);
    // A little less than was planned for: where a label lies is rounded.
    free = x + half + LABEL_GAP - 1;
  });
}

function paintTriangle(context, x, y, up) {
  context.beginPath();
  context.moveTo(x - 4, y + 3 * up);
  context.lineTo(x + 4, y + 3 * up);
  context.lineTo(x, y - 4 * up);
  context.fill();
}

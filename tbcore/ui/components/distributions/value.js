/** The axis of the values: linear, logarithmic, or logarithmic on both sides of zero. It is painted in even units. */

import { number, tickLabels } from "../lines/format.js";
import { linearTicks, logTicks } from "../lines/scale.js";

const DECADE = 34; // least pixels between ticks that are powers of ten

/** Return the axis {scale, unit, to, from}: `to` turns values into even units, `from` back; `unit` is where symlog turns linear. */
export function newValueAxis(scale, unit = 1) {
  if (scale === "log") return { scale, unit, to: Math.log10, from: (even) => 10 ** even };
  if (scale === "symlog") {
    const to = (value) => Math.sign(value) * Math.log1p(Math.abs(value) / unit);
    return { scale, unit, to, from: (even) => Math.sign(even) * unit * Math.expm1(Math.abs(even)) };
  }
  return { scale, unit, to: (value) => value, from: (even) => even };
}

/** Return {ticks, labels} between two values over `pixels`; the ticks are in even units. */
export function valueTicks(axis, low, high, pixels, spacing) {
  const count = Math.max(2, Math.floor(pixels / spacing));
  if (axis.scale === "symlog") {
    const values = symlogTicks(axis, low, high, pixels, Math.max(DECADE, spacing));
    return { ticks: values.map(axis.to), labels: values.map((value) => number(value)), dates: [] };
  }
  const { ticks, step } = axis.scale === "log" ? logTicks(low, high, count) : linearTicks(low, high, count);
  return { ticks: ticks.map(axis.to), labels: step ? tickLabels(ticks, step) : ticks.map((tick) => number(tick)), dates: [] };
}

/** Return zero and the powers of ten that are far enough from one another, or round numbers where all is linear. */
function symlogTicks(axis, low, high, pixels, spacing) {
  const [from, to] = [axis.to(low), axis.to(high)];
  const pixel = (value) => ((axis.to(value) - from) / (to - from)) * pixels;
  const candidates = low <= 0 && high >= 0 ? [0] : [];
  const most = Math.max(Math.abs(low), Math.abs(high));
  const top = Math.floor(Math.log10(most) + 1e-9);
  const bottom = Math.max(top - 60, Math.ceil(Math.log10(axis.unit) - 1e-9));
  for (let power = top; power >= bottom; power -= 1) {
    for (const value of [Number(`1e${power}`), -Number(`1e${power}`)]) if (value >= low && value <= high) candidates.push(value);
  }
  const kept = [];
  for (const value of candidates) if (kept.every((other) => Math.abs(pixel(other) - pixel(value)) >= spacing)) kept.push(value);
  if (kept.length < 3) return linearTicks(low, high, Math.max(2, Math.floor(pixels / spacing))).ticks;
  return kept.sort((one, other) => one - other);
}

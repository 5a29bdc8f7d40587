/** From the server's Arrow tables to the series that are drawn: typed arrays and what is known about them. */

import { smooth, smoothMeans } from "./smooth.js";

const NUMBERS = [Float64Array, Float32Array, Int32Array];
const WINDOWS = ["mean", "median"]; // of one point they are the values themselves
// Beside a line's points: its x on the axis of another tag, its band, and how many runs it is made of.
const EXTRAS = ["x", "low", "high", "runs"];

let made = 0;

/** Return column `name` of an Arrow table as a typed array of numbers; empty cells become NaN. */
export function column(table, name) {
  const vector = table?.getChild(name);
  if (!vector) return new Float64Array(0);
  const values = vector.toArray();
  if (!vector.nullCount && NUMBERS.some((type) => values instanceof type)) return values;
  const copy = new Float64Array(vector.length);
  for (let index = 0; index < copy.length; index += 1) {
    const value = vector.get(index);
    copy[index] = value === null ? NaN : Number(value);
  }
  return copy;
}

/** Return the columns `names` of an Arrow table, or null when there is no such table. */
export function columns(table, names) {
  return table ? Object.fromEntries(names.map((name) => [name, column(table, name)])) : null;
}

/** Return one line: its points in the order written and, when they are not all the points, what smoothing needs. */
export function newSeries(run, { step, wall, value, ...others }, about = {}) {
  const { whole = true, earlier = false, exact = null, means = null, all = null } = about;
  const { tag = null, dash = 0, side = "left", band = false, color = null, plain = false } = about;
  const facts = { low: Infinity, high: -Infinity, lowPositive: Infinity, notPositive: 0, notFinite: 0 };
  for (let index = 0; index < value.length; index += 1) {
    const y = value[index];
    if (!Number.isFinite(y)) {
      facts.notFinite += 1;
      continue;
    }
    if (y < facts.low) facts.low = y;
    if (y > facts.high) facts.high = y;
    if (y <= 0) facts.notPositive += 1;
    else if (y < facts.lowPositive) facts.lowPositive = y;
  }
  for (const edge of band ? [others.low, others.high] : []) {
    for (const y of edge) {
      if (!Number.isFinite(y)) continue;
      if (y < facts.low) facts.low = y;
      if (y > facts.high) facts.high = y;
      if (y > 0 && y < facts.lowPositive) facts.lowPositive = y;
    }
  }
  const points = { step, wall, value, ...others };
  made += 1;
  return withOrder({ id: made, run, ...points, points, whole, earlier, exact, means, all, tag, dash, side, band, color, plain, facts, smoothed: null });
}

/** Return the series of one card of the view, from the tables it names. */
export function readSeries(card, runs, tables) {
  if (!tables[card.table]) return [];
  const others = EXTRAS.filter((name) => tables[card.table].getChild(name));
  const rows = columns(tables[card.table], ["step", "wall", "value", ...others]);
  const exact = tables[card.table].getChild("smooth") && column(tables[card.table], "smooth");
  const means = columns(tables[card.table + "_means"], ["step", "wall", "mean", "count"]);
  const all = columns(tables[card.table + "_all"], ["value"]);
  const places = all && column(tables[card.table], "place");
  return card.series.map((entry) => {
    const points = cut(rows, [entry.start, entry.count]);
    return newSeries(runs[entry.run].name, points, {
      whole: entry.whole,
      earlier: entry.earlier === true,
      tag: entry.tag ?? null,
      dash: entry.dash ?? 0,
      side: entry.side ?? "left",
      band: entry.band === true,
      color: entry.color ?? null,
      plain: entry.raw === true,
      exact: exact && entry.smooth ? { ...points, value: exact.subarray(entry.start, entry.start + entry.count) } : null,
      means: means && entry.means ? cut(means, entry.means) : null,
      all: all && entry.all
        ? { value: cut(all, entry.all).value, place: places.subarray(entry.start, entry.start + entry.count) }
        : null,
    });
  });
}

/** Return whether two series hold the same points. */
export function sameSeries(one, other) {
  return ["run", "earlier", "whole", "tag", "dash", "side", "band", "color", "plain"].every((name) => one[name] === other[name])
    && sameRows(one.points, other.points, ["value", "step", "wall", ...EXTRAS])
    && sameRows(one.exact, other.exact, ["value", "step", "wall"])
    && sameRows(one.means, other.means, ["mean", "count", "step", "wall"])
    && sameRows(one.all, other.all, ["value", "place"]);
}

/**
 * Return the smoothed line {step, wall, value, steps, walls} of a series; `old` when it was smoothed another way.
 *
 * The server's line when it was made with this weight: a zoomed card's points alone lack what came before them. Else the
 * average of all values when they are at hand, else a preview from the means. Other methods are the server's alone.
 */
export function smoothedLine(series, weight, exactWith, method = "ema") {
  if (!(weight > (WINDOWS.includes(method) ? 1 : 0))) return series;
  const [madeBy, madeWith] = Array.isArray(exactWith) ? exactWith : ["ema", exactWith];
  const exact = series.exact !== null && weight === madeWith && method === madeBy;
  const known = series.smoothed;
  if (known?.weight === weight && known.exact === exact && known.method === method) return known.line;
  const { step, wall, x, steps, walls, across } = series;
  const beside = { step, wall, x, steps, walls, across };
  let line;
  if (exact) line = withOrder(series.exact);
  else if (method !== "ema") line = series.exact ? withOrder({ ...series.exact, old: true }) : { ...beside, value: series.value, old: true };
  else if (series.all) line = { ...beside, value: pick(smooth(series.all.value, weight), series.all.place) };
  else if (series.whole || !series.means) line = { ...beside, value: smooth(series.value, weight) };
  else {
    const { mean, count } = series.means;
    line = withOrder({ step: series.means.step, wall: series.means.wall, value: smoothMeans(mean, count, weight) });
  }
  series.smoothed = { weight, exact, method, line };
  return line;
}

/**
 * Return the x values of a line on `axis` as {xs, offset, rising, low, high, hidden}: x is xs[i] - offset.
 *
 * hidden: points at or before 0, which a logarithmic axis cannot show. Null when the line has no such x.
 */
export function abscissa(line, axis, start, log = false) {
  const onSteps = axis === "step";
  const [xs, ordered] = axis === "tag" ? [line.x, line.across] : onSteps ? [line.step, line.steps] : [line.wall, line.walls];
  if (!xs) return null;
  const { rising, low, high } = ordered;
  const offset = axis === "relative" && Number.isFinite(start) ? start : 0;
  const found = { xs, offset, rising, low: low - offset, high: high - offset, hidden: 0 };
  if (log && found.low <= 0) {
    found.low = Infinity;
    for (const x of xs) {
      if (x <= offset) found.hidden += 1;
      else if (x - offset < found.low) found.low = x - offset;
    }
  }
  return found;
}

/** Return `smoothed` with NaN where the value of `raw` has no place on a log axis: an average near zero is no fall. */
export function brokenAtZero(smoothed, raw) {
  return Float64Array.from(smoothed, (value, index) => (raw[index] <= 0 ? NaN : value));
}

/** Return the row whose x is nearest to `x`, -1 when no row's x is finite. */
export function nearestRow({ xs, offset, rising }, x) {
  const target = x + offset;
  if (rising) {
    if (xs.length === 0) return -1;
    const right = firstAtLeast(xs, target);
    if (right === 0) return 0;
    if (right === xs.length) return xs.length - 1;
    return target - xs[right - 1] <= xs[right] - target ? right - 1 : right;
  }
  let best = -1;
  let distance = Infinity;
  for (let index = 0; index < xs.length; index += 1) {
    const away = Math.abs(xs[index] - target);
    if (away < distance) [best, distance] = [index, away];
  }
  return best;
}

/** Return the rows [from, to) to draw for x in [low, high]: those inside and one on either side. */
export function rowsWithin({ xs, offset, rising }, low, high) {
  if (!rising) return [0, xs.length];
  return [Math.max(0, firstAtLeast(xs, low + offset) - 1), Math.min(xs.length, firstAbove(xs, high + offset) + 1)];
}

function cut(rows, [start, count]) {
  const parts = Object.entries(rows).map(([name, values]) => [name, values.subarray(start, start + count)]);
  return Object.fromEntries(parts);
}

function pick(values, places) {
  const picked = new Float64Array(places.length);
  for (let index = 0; index < picked.length; index += 1) picked[index] = values[places[index]];
  return picked;
}

function withOrder(line) {
  return { ...line, steps: order(line.step), walls: order(line.wall), across: line.x ? order(line.x) : null };
}

function order(xs) {
  let [low, high, rising] = [Infinity, -Infinity, true];
  for (let index = 0; index < xs.length; index += 1) {
    const x = xs[index];
    // A point at no time, or at an infinite one, has no place on the axis: the others keep theirs.
    if (!Number.isFinite(x)) {
      rising = false;
      continue;
    }
    if (x < high) rising = false;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return { rising, low, high };
}

function firstAtLeast(xs, x) {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAbove(xs, x) {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sameRows(one, other, names) {
  if (!one || !other) return one === other;
  return names.every((name) => one[name] === other[name] || (one[name] && other[name] && sameNumbers(one[name], other[name])));
}

function sameNumbers(one, other) {
  if (one.length !== other.length) return false;
  for (let index = one.length - 1; index >= 0; index -= 1) if (!Object.is(one[index], other[index])) return false;
  return true;
}

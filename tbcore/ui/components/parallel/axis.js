/** Axes of a table's columns: where each value lies, from 0 at the low end to 1 at the high one, and where the ticks are. */

import { durationLabel, moment, momentLabel, number, duration, tickLabels } from "../lines/format.js";
import { durationTicks, linearTicks, logTicks, momentTicks, widened } from "../lines/scale.js";

/** What is no number has a lane of its own; a row's lane is a place in here plus one, 0 says that it has a value. */
export const LANES = ["missing", "NaN", "-∞", "∞"];
const SEVERAL = 8; // different numbers up to which each has a tick of its own
const CLOSE = 0.38; // of the room of one tick, at which two do not yet touch

/**
 * Return the axis of a column. spec: {key, title, type, scale, levels: null or the words of categories, in order}.
 * values: numbers, or which level; lanes: null when every row has a value; air: room beyond the ends, in parts of all.
 */
export function newAxis(spec, values, lanes, air = 0) {
  const axis = { spec, values, lanes, used: [], scale: "linear", few: null, whole: true };
  if (lanes) axis.used = LANES.filter((_name, at) => lanes.includes(at + 1));
  if (spec.levels) return Object.assign(axis, { scale: "levels" }, levelPlaces(spec.levels.length, air > 0));
  let [low, high] = [Infinity, -Infinity];
  const different = new Set();
  for (let row = 0; row < values.length; row += 1) {
    if (lanes && lanes[row]) continue;
    if (values[row] < low) low = values[row];
    if (values[row] > high) high = values[row];
    if (different.size <= SEVERAL) different.add(values[row]);
    axis.whole &&= Number.isInteger(values[row]);
  }
  if (different.size <= SEVERAL) axis.few = [...different].sort((a, b) => a - b);
  if (spec.scale === "quantile" && low < high) return Object.assign(axis, { scale: "quantile", low, high }, quantilePlaces(values, lanes));
  if (spec.scale === "log" && low > 0) return Object.assign(axis, { scale: "log" }, evenPlaces(...airyEnds(low, high, true, air), true));
  return Object.assign(axis, evenPlaces(...airyEnds(low, high, false, air), false));
}

function airyEnds(low, high, log, air) {
  if (!log) {
    const [bottom, top] = widened(low, high, 0);
    return [bottom - (top - bottom) * air, top + (top - bottom) * air];
  }
  const [bottom, top] = low < high ? [low, high] : [low / 2, high * 2];
  const more = (top / bottom) ** air;
  return [bottom / more, top * more];
}

function evenPlaces(low, high, log) {
  const [from, to] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  return {
    low, high,
    place: (value) => ((log ? Math.log10(value) : value) - from) / (to - from),
    value: (place) => (log ? 10 ** (from + place * (to - from)) : from + place * (to - from)),
  };
}

function levelPlaces(count, airy) {
  const last = Math.max(1, count - 1);
  if (airy) return { low: 0, high: count - 1, place: (level) => (level + 0.5) / count, value: (place) => Math.round(place * count - 0.5) };
  return {
    low: 0, high: count - 1,
    place: (level) => (count === 1 ? 0.5 : level / last),
    value: (place) => Math.round(place * last),
  };
}

/** Between the values that occur, in their order, places go evenly by how many rows there are. */
function quantilePlaces(values, lanes) {
  const sorted = Float64Array.from(values).filter((_value, row) => !(lanes && lanes[row])).sort();
  const [marks, ranks] = [[], []];
  for (let first = 0, next = 0; first < sorted.length; first = next) {
    while (next < sorted.length && sorted[next] === sorted[first]) next += 1;
    marks.push(sorted[first]);
    ranks.push((first + next - 1) / 2);
  }
  const [lowest, span] = [ranks[0], ranks[ranks.length - 1] - ranks[0]];
  const places = ranks.map((rank) => (rank - lowest) / span);
  return { marks, places, place: (value) => between(value, marks, places), value: (place) => between(place, places, marks) };
}

/** Return what `to` is at `at` among the rising numbers `from`, by straight lines in between. */
function between(at, from, to) {
  let [low, high] = [0, from.length - 1];
  if (!(at > from[low])) return to[low];
  if (!(at < from[high])) return to[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle] <= at) low = middle;
    else high = middle;
  }
  return to[low] + ((at - from[low]) / (from[high] - from[low])) * (to[high] - to[low]);
}

/** Return the ticks [{at: place, label}] of an axis, about `count`; of categories as many as there is room for. */
export function ticksOf(axis, count) {
  if (axis.scale === "levels") {
    const stride = Math.ceil(axis.spec.levels.length / Math.max(1, 2 * count));
    return axis.spec.levels.map((label, level) => ({ at: axis.place(level), label })).filter((_tick, at) => at % stride === 0);
  }
  if (axis.few && axis.spec.type !== "time") return fewTicks(axis, CLOSE / count);
  if (axis.scale === "quantile") {
    const wanted = Math.min(count, axis.marks.length);
    const picked = new Set(Array.from({ length: wanted }, (_one, at) => nearestMark(axis.places, at / Math.max(1, wanted - 1))));
    return [...picked].map((at) => ({ at: axis.places[at], label: spelled(axis.spec, axis.marks[at]) }));
  }
  const { low, high } = axis;
  if (axis.scale === "log") return logTicks(low, high, count).ticks.map((tick) => ({ at: axis.place(tick), label: spelled(axis.spec, tick) }));
  const { type } = axis.spec;
  const least = type === "count" || axis.whole ? 1 : 0;
  const { ticks, step } = type === "time" ? momentTicks(low, high, count) : type === "duration" ? durationTicks(low, high, count) : linearTicks(low, high, count, least);
  const labels = type === "time" ? ticks.map((tick, at) => momentWords(tick, step, at === 0)) : type === "duration" ? ticks.map((tick) => durationLabel(tick, step)) : tickLabels(ticks, step);
  return ticks.map((tick, at) => ({ at: axis.place(tick), label: labels[at] }));
}

/** Where there are but a few different numbers, each is a tick, unless it would be written over the one before. */
function fewTicks(axis, apart) {
  const ticks = [];
  for (const value of axis.few) {
    const at = axis.place(value);
    if (ticks.length === 0 || at - ticks[ticks.length - 1].at >= apart) ticks.push({ at, label: spelled(axis.spec, value) });
  }
  return ticks;
}

function momentWords(tick, step, first) {
  const [own, belongs] = momentLabel(tick, step);
  return first && belongs ? `${belongs}, ${own}` : own;
}

function nearestMark(places, at) {
  let best = 0;
  for (let mark = 1; mark < places.length; mark += 1) if (Math.abs(places[mark] - at) < Math.abs(places[best] - at)) best = mark;
  return best;
}

/** Return the value of a row in words. */
export function wordsOf(axis, row) {
  const lane = axis.lanes ? axis.lanes[row] : 0;
  if (lane) return LANES[lane - 1];
  return axis.spec.levels ? axis.spec.levels[axis.values[row]] ?? "" : spelled(axis.spec, axis.values[row]);
}

/** Return a number of a column in words. */
export function spelled({ type }, value) {
  return type === "time" ? moment(value) : type === "duration" ? duration(value) : number(value);
}

/**
 * What is brushed on an axis, in the units of its values, so that it stays when the logs grow or the scale is another:
 * {ranges: [[low, high]], an end of null is open; values: [words of categories]; lanes: [of what is no number]}.
 * `tbcore/analysis/brushes.py` says the same of rows.
 */

import { LANES } from "./axis.js";

const NEAR = 1e-9;
const DIGITS = 6;

/** Return whether a row is within what is brushed on an axis; without a clause every row is. */
export function passes(axis, clause, row) {
  if (!clause) return true;
  const lane = axis.lanes ? axis.lanes[row] : 0;
  if (lane) return (clause.lanes ?? []).includes(LANES[lane - 1]);
  const value = axis.values[row];
  if (axis.spec.levels) return (clause.values ?? []).includes(axis.spec.levels[value]);
  return (clause.ranges ?? []).some(([low, high]) => (low === null || value >= low) && (high === null || value <= high));
}

/** Return for every row whether it is within all that is brushed: a Uint8Array. clauses: by the key of the axis. */
export function passing(axes, clauses, count) {
  const found = new Uint8Array(count).fill(1);
  for (const axis of axes) {
    const clause = clauses[axis.spec.key];
    if (!clause) continue;
    for (let row = 0; row < count; row += 1) if (found[row] && !passes(axis, clause, row)) found[row] = 0;
  }
  return found;
}

/** Return the clause of all between two places of an axis, the lower one first, and of some lanes; null when it is of nothing. */
export function clauseOf(axis, low, high, lanes = []) {
  if (axis.spec.levels) {
    const values = axis.spec.levels.filter((_label, level) => axis.place(level) >= low - NEAR && axis.place(level) <= high + NEAR);
    return values.length || lanes.length ? { values, lanes } : null;
  }
  const ranges = high > low && high >= 0 && low <= 1 ? [[low <= 0 ? null : rounded(axis.value(low)), high >= 1 ? null : rounded(axis.value(high))]] : [];
  return ranges.length || lanes.length ? { ranges, lanes } : null;
}

/** Return what either of two clauses is of; ranges that touch become one. */
export function joined(one, other) {
  if (!one || !other) return one ?? other;
  const lanes = [...new Set([...(one.lanes ?? []), ...(other.lanes ?? [])])];
  if (one.values || other.values) return { values: [...new Set([...(one.values ?? []), ...(other.values ?? [])])], lanes };
  const sorted = [...(one.ranges ?? []), ...(other.ranges ?? [])].sort(([a], [b]) => (a ?? -Infinity) - (b ?? -Infinity));
  const ranges = [];
  for (const [low, high] of sorted) {
    const last = ranges[ranges.length - 1];
    if (last && (last[1] === null || (low ?? -Infinity) <= last[1])) last[1] = last[1] === null || high === null ? null : Math.max(last[1], high);
    else ranges.push([low, high]);
  }
  return { ranges, lanes };
}

/** Return the parts [{low, high, at}] of an axis that a clause is of, as places; at: which of its ranges or values it is. */
export function spansOf(axis, clause) {
  if (!clause) return [];
  if (axis.spec.levels) {
    const half = axis.spec.levels.length > 1 ? 0.3 / (axis.spec.levels.length - 1) : 0.1;
    return (clause.values ?? []).flatMap((value, at) => {
      const level = axis.spec.levels.indexOf(value);
      return level < 0 ? [] : [{ low: axis.place(level) - half, high: axis.place(level) + half, at }];
    });
  }
  return (clause.ranges ?? []).flatMap(([low, high], at) => {
    const span = { low: low === null ? 0 : bounded(axis, low), high: high === null ? 1 : bounded(axis, high), at };
    return span.high >= 0 && span.low <= 1 ? [{ ...span, low: Math.max(0, span.low), high: Math.min(1, span.high) }] : [];
  });
}

/** Return a clause without one of its ranges, values (by number) or lanes (by name); null when nothing is left. */
export function without(clause, at, lane = null) {
  const drop = (all) => all?.filter((_one, place) => place !== at);
  const left = lane === null ? { ...clause, ...(clause.values ? { values: drop(clause.values) } : { ranges: drop(clause.ranges) }) } : { ...clause, lanes: clause.lanes.filter((one) => one !== lane) };
  return left.ranges?.length || left.values?.length || left.lanes?.length ? left : null;
}

/** Return the end of a range that somebody typed: null where nothing was, NaN where it is none. */
export function readEnd({ spec }, text) {
  const clean = text.trim().replaceAll(",", "").replace("−", "-");
  if (clean === "") return null;
  const value = spec.type === "time" ? Date.parse(clean.replace(" ", "T")) / 1000 : Number(clean);
  return Number.isFinite(value) ? value : NaN;
}

/** Return the end of a range as it can be typed. */
export function typed({ spec }, value) {
  if (spec.type !== "time") return String(value);
  const moment = new Date(1000 * value);
  return new Date(moment - 60_000 * moment.getTimezoneOffset()).toISOString().slice(0, 19).replace("T", " ");
}

function bounded(axis, value) {
  // Nothing at or below 0 has a place on an axis of decades.
  const place = axis.place(value);
  return Number.isNaN(place) || place === -Infinity ? 0 : place;
}

function rounded(value) {
  return Number(value.toPrecision(DIGITS));
}

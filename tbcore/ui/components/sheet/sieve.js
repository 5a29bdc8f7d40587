/** Filters of one column: where a range stands on its slider, and the words of a filter. */

import { counted, duration, number } from "../lines/format.js";
import { byteSize, oneLine, shortMoment } from "./cells.js";

export const PLACES = 1000;

const LONGEST = 3;

/** Return the value at a place of the slider, 0 to PLACES; the ends are the facts' own. */
export function valueAt(facts, place) {
  if (place <= 0) return facts.low;
  if (place >= PLACES) return facts.high;
  const share = place / PLACES;
  const value = facts.log
    ? facts.low * (facts.high / facts.low) ** share
    : facts.low * (1 - share) + facts.high * share;
  return facts.whole ? Math.round(value) : rounded(value, facts);
}

/** Return the place of a value on the slider. */
export function placeAt(facts, value) {
  if (!(facts.high > facts.low)) return 0;
  const share = facts.log
    ? Math.log(Math.max(value, facts.low) / facts.low) / Math.log(facts.high / facts.low)
    : (value / 2 - facts.low / 2) / (facts.high / 2 - facts.low / 2);
  return Math.round(Math.min(1, Math.max(0, share)) * PLACES);
}

/** Return the filter with a new range; an end at the end of all values is none. */
export function rangedSieve(sieve, facts, low, high) {
  const made = { ...sieve, low: low === null || low <= facts.low ? null : low, high: high === null || high >= facts.high ? null : high };
  return tidySieve(made);
}

/** Return the filter with no more than it says, null when that is nothing. */
export function tidySieve(sieve) {
  const made = { key: sieve.key };
  for (const end of ["low", "high", "values"]) if (sieve[end] !== null && sieve[end] !== undefined) made[end] = sieve[end];
  if (sieve.pattern) made.pattern = sieve.pattern;
  if (sieve.nan && sieve.nan !== "with") made.nan = sieve.nan;
  // Whoever asks for values asks for no rows without one, unless they say so.
  const asks = Object.keys(made).length > 1;
  const idle = asks ? "without" : "with";
  const missing = sieve.missing ?? idle;
  if (missing !== idle) made.missing = missing;
  return Object.keys(made).length > 1 ? made : null;
}

/** Return the filter with one value of `all` let through or not; null instead of a list of all of them. */
export function valuedSieve(sieve, all, some, on) {
  const now = new Set(sieve.values ?? all);
  for (const value of some) {
    if (on) now.add(value);
    else now.delete(value);
  }
  const values = all.filter((value) => now.has(value));
  const others = [...now].filter((value) => !all.includes(value));
  return tidySieve({ ...sieve, values: values.length === all.length ? null : [...values, ...others] });
}

/** Return the filter with one value picked or not, where there are too many to list: none picked lets all through. */
export function pickedSieve(sieve, value, on) {
  const now = new Set(sieve.values ?? []);
  if (on) now.add(value);
  else now.delete(value);
  return tidySieve({ ...sieve, values: now.size ? [...now] : null });
}

/**
 * Return whether a cell passes a filter, as tbcore/analysis/sheets.py says: what is shown until the server has said it.
 *
 * What only the server can tell, such as how numbers in a list are spelled, lets every cell pass.
 */
export function passesSieve(column, row, sieve, regex) {
  if (column.missing[row]) return sieve.missing === "with" || sieve.missing === "only";
  if (sieve.missing === "only") return false;
  const value = column.values[row];
  if (sieve.low != null && !(value >= sieve.low)) return false;
  if (sieve.high != null && !(value <= sieve.high)) return false;
  if (sieve.nan === "only" && !Number.isNaN(value)) return false;
  if (sieve.nan === "without" && Number.isNaN(value)) return false;
  if (column.type !== "text" && column.type !== "bool") return true;
  const text = column.type === "text" ? column.texts[value] : value ? "true" : "false";
  if (sieve.values && !sieve.values.includes(text)) return false;
  return !regex || regex.test(text);
}

/** Return what a filter asks of its column, in words. */
export function sieveWords(sieve, type) {
  if (sieve.missing === "only") return "no value";
  const spell = speller(type);
  const { low, high, values, pattern } = sieve;
  const parts = [];
  if (low != null && high != null) parts.push(low === high ? spell(low) : `${spell(low)} – ${spell(high)}`);
  else if (low != null) parts.push(`≥ ${spell(low)}`);
  else if (high != null) parts.push(`≤ ${spell(high)}`);
  if (values) parts.push(listWords(values));
  if (pattern) parts.push(`~ ${pattern}`);
  if (sieve.nan === "only") parts.push("NaN");
  if (sieve.nan === "without") parts.push("not NaN");
  const asked = parts.join(", ");
  if (!asked) return "has a value";
  return sieve.missing === "with" ? `${asked} or no value` : asked;
}

/** Return what spells the values of a column type. */
export function speller(type) {
  const year = new Date().getFullYear();
  return { duration, size: byteSize, time: (value) => shortMoment(value, year) }[type] ?? number;
}

function listWords(values) {
  if (values.length === 0) return "none";
  const words = values.slice(0, LONGEST).map((value) => oneLine(value) || "(empty)").join(", ");
  return values.length > LONGEST ? `${words} and ${counted(values.length - LONGEST, "other")}` : words;
}

function rounded(value, facts) {
  // Far from zero neighbouring values share their first digits: keep what tells a thousandth of the range.
  const step = facts.log ? value : (facts.high - facts.low) / PLACES;
  const digits = Math.min(17, Math.max(4, 1 + Math.ceil(Math.log10(Math.abs(value) / step) || 0)));
  return Number(value.toPrecision(digits));
}

/** Sets of points: a byte each here, a short text on the way to the server and in the address. */

/** Return the set that `text` tells: "r0-99,105", ranges, or "b" and bits in base 64; 1 for each that is in it. */
export function unpackedSet(text, count) {
  const set = new Uint8Array(count);
  if (text[0] === "r") {
    for (const part of text.slice(1).split(",")) {
      const [low, high = low] = part.split("-").map(Number);
      set.fill(1, low, high + 1);
    }
  } else if (text[0] === "b") {
    const bits = atob(text.slice(1));
    for (let at = 0; at < bits.length; at += 1) {
      const byte = bits.charCodeAt(at);
      for (let bit = 0; byte >> bit; bit += 1) if ((byte >> bit) & 1 && 8 * at + bit < count) set[8 * at + bit] = 1;
    }
  }
  return set;
}

/** Return the shorter of the two texts of a set, as the server spells it; "" for none. */
export function packedSet(set) {
  const ranges = [];
  for (let at = 0; at < set.length; at += 1) {
    if (!set[at]) continue;
    const from = at;
    while (set[at + 1]) at += 1;
    ranges.push(from === at ? `${from}` : `${from}-${at}`);
  }
  if (ranges.length === 0) return "";
  const last = set.lastIndexOf(1);
  const bytes = new Uint8Array((last >> 3) + 1);
  const length = 4 * Math.ceil(bytes.length / 3);
  if (2 * ranges.length <= length) {
    const text = ranges.join(",");
    if (text.length <= length) return `r${text}`;
  }
  for (let at = 0; at <= last; at += 1) if (set[at]) bytes[at >> 3] |= 1 << (at & 7);
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return `b${btoa(letters)}`;
}

/** Return how many are in a set. */
export function sizeOf(set) {
  let size = 0;
  for (let at = 0; at < set.length; at += 1) size += set[at];
  return size;
}

/** Return the numbers of the points of a set, `most` of them at most. */
export function membersOf(set, most = Infinity) {
  const found = [];
  for (let at = set.indexOf(1); at >= 0 && found.length < most; at = set.indexOf(1, at + 1)) found.push(at);
  return found;
}

/** How much a point stands out. */
export const GONE = 0;
export const FAINT = 1;
export const PLAIN = 2;
export const STRONG = 3;

/**
 * Return how much each point stands out: what is hidden is gone, and once anything is chosen the rest is faint.
 * chosen: {hidden, selected: sets, picked, neighbors: points, lit, only: paints}; placed: a set of those that have a place.
 */
export function standing(paints, placed, { hidden, selected, picked, neighbors, lit, only }) {
  const count = paints.length;
  const levels = new Uint8Array(count);
  const [lights, shows] = [flags(lit), flags(only)];
  let [many, light] = [false, false];
  for (let row = 0; row < count; row += 1) {
    if (!placed[row] || hidden[row] || (only.length && !shows[paints[row]])) continue;
    levels[row] = PLAIN;
    many ||= selected[row] === 1;
    light ||= lights[paints[row]] === 1;
  }
  const near = picked >= 0 && neighbors.length > 0 && levels[picked] !== GONE;
  if (many || near || light) {
    for (let row = 0; row < count; row += 1) {
      if (levels[row] === GONE) continue;
      if (many && selected[row]) levels[row] = STRONG;
      else if (many || near || !lights[paints[row]]) levels[row] = FAINT;
    }
  }
  if (near) for (const row of [picked, ...neighbors]) if (levels[row]) levels[row] = STRONG;
  return levels;
}

function flags(paints) {
  const found = new Uint8Array(256);
  for (const paint of paints) found[paint] = 1;
  return found;
}

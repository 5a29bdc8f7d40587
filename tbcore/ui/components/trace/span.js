/** Stretches of time: what is seen of a trace, moved and zoomed; how times are spelled. Times are nanoseconds since its first event. */

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
const CLOSEST = 20; // nanoseconds across the picture
const AROUND = 0.02; // of the length that is seen beyond both ends

/** Return `seen` {start, end} within the trace: no closer than can be told apart, no wider than all of it. */
export function heldSpan(seen, length) {
  const margin = Math.max(1, length * AROUND);
  const most = length + 2 * margin;
  const wide = Math.min(most, Math.max(CLOSEST, seen.end - seen.start));
  const middle = (seen.start + seen.end) / 2;
  const start = Math.min(length + margin - wide, Math.max(-margin, middle - wide / 2));
  return { start, end: start + wide };
}

/** Return all of a trace. */
export function wholeSpan(length) {
  return heldSpan({ start: -length, end: 2 * length }, length);
}

/** Return what is seen after zooming by `factor` (above 1: closer) with the time `at` kept in its place. */
export function zoomedSpan(seen, factor, at, length) {
  const wide = Math.min(length * (1 + 2 * AROUND) + 2, Math.max(CLOSEST, (seen.end - seen.start) / factor));
  const share = (at - seen.start) / (seen.end - seen.start);
  return heldSpan({ start: at - share * wide, end: at + (1 - share) * wide }, length);
}

/** Return what is seen after moving by `by` nanoseconds. */
export function movedSpan(seen, by, length) {
  return heldSpan({ start: seen.start + by, end: seen.end + by }, length);
}

/** Return what is seen when the times under two fingers are kept there: `times` and their places `xs`, in pixels of `width`. */
export function pinchedSpan(seen, times, xs, width, length) {
  const [wide, apart] = [times[1] - times[0], xs[1] - xs[0]];
  // Fingers that cross or touch tell nothing.
  if (wide * apart <= 0 || Math.abs(apart) < 8) return seen;
  const scale = wide / apart;
  const start = times[0] - xs[0] * scale;
  return heldSpan({ start, end: start + width * scale }, length);
}

/** Return a view of a stretch with some room around it. */
export function spanAround(start, end, length, room = 0.1) {
  const wide = Math.max(end - start, CLOSEST / 2);
  return heldSpan({ start: start - room * wide, end: end + room * wide }, length);
}

/** Return a view in which a stretch is seen: the same one when it is, else moved, else as wide as needed. least: of the view that it fills. */
export function spanShowing(seen, start, end, length, least = 1 / 2_000) {
  const wide = seen.end - seen.start;
  if (end - start > 0.8 * wide || end - start < wide * least) return spanAround(start, end, length, end - start > 0.8 * wide ? 0.1 : 5);
  if (start >= seen.start + wide * 0.02 && end <= seen.end - wide * 0.02) return seen;
  const middle = (start + end) / 2;
  return heldSpan({ start: middle - wide / 2, end: middle + wide / 2 }, length);
}

/** Return a view on its way from one to another, `way` from 0 to 1: evenly in scale, as the eye has it. */
export function spanBetween(from, to, way) {
  const [one, other] = [from.end - from.start, to.end - to.start];
  const wide = one * (other / one) ** way;
  const part = Math.abs(other - one) < 1e-6 * one ? way : (wide - one) / (other - one);
  const start = from.start + (to.start - from.start) * part;
  return { start, end: start + wide };
}

/** Return the ticks of a view {at, label}, no closer than `room` pixels, and the nanoseconds between them. */
export function ticksOf(seen, width, room = 90) {
  const least = ((seen.end - seen.start) / Math.max(1, width)) * room;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least * 0.999);
  const ticks = [];
  for (let place = Math.ceil(seen.start / step); place * step <= seen.end && ticks.length < 200; place += 1) {
    if (place >= 0) ticks.push({ at: place * step, label: momentOf(place * step, step) });
  }
  return { ticks, step };
}

/** Return a moment as a tick or a readout spells it: with the decimals that tell it from one `step` nanoseconds later. */
export function momentOf(at, step) {
  if (at === 0) return "0";
  const size = Math.abs(at);
  const [unit, name] = UNITS.find(([one]) => size >= one) ?? [1, "ns"];
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return `${(at / unit).toFixed(decimals)}${name}`;
}

/** Return a length of time with three digits: 412µs, 1.23ms. */
export function lengthOf(nanoseconds) {
  if (nanoseconds === 0) return "0ns";
  const size = Math.abs(nanoseconds);
  const [unit, name] = UNITS.find(([one]) => Number((size / one).toPrecision(3)) >= 1) ?? [1, "ns"];
  const value = Number((nanoseconds / unit).toPrecision(3));
  return `${Math.abs(value) >= 1e4 ? value.toLocaleString("en-US") : value}${name}`;
}

/** Return a length of time to the nanosecond: 1.234 567ms. */
export function exactly(nanoseconds) {
  const size = Math.abs(nanoseconds);
  const [unit, name] = UNITS.find(([one]) => size >= one) ?? [1, "ns"];
  const [whole, rest] = String(Number((nanoseconds / unit).toFixed(Math.round(Math.log10(unit))))).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${grouped}${rest ? `.${rest.replace(/(\d{3})(?=\d)/g, "$1 ")}` : ""}${name}`;
}

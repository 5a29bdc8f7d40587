/** Numbers, durations and times as the axes, tooltips and counts spell them. */

const PREFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Return `value` with 4 significant digits: 0.1235, 9999, 12.35k, 1.2M, 3.1e-7, NaN, -Infinity. */
export function number(value) {
  if (!Number.isFinite(value) || value === 0) return String(value + 0);
  const rounded = Number(value.toPrecision(4));
  const size = Math.abs(rounded);
  if (size < 1e-4 || size >= 1e15) return rounded.toExponential().replace("e+", "e");
  if (size < 1e4) return String(rounded);
  const [unit, prefix] = PREFIXES.find(([least]) => size >= least);
  return Number((rounded / unit).toPrecision(4)) + prefix;
}

/** Return a step as it was logged, in groups of three digits: 1,234,567. */
export function wholeNumber(value) {
  if (typeof value !== "bigint" && !Number.isFinite(value)) return String(value);
  const [digits, rest] = String(value < 0 ? -value : value).split(".");
  const grouped = digits.includes("e") ? digits : digits.replace(/\B(?=(\d{3})+$)/g, ",");
  return (value < 0 ? "-" : "") + grouped + (rest === undefined ? "" : "." + rest);
}

/** Return seconds as their two largest parts: 250ms, 12.3s, 3m 05s, 1h 03m, 2d 04h. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return String(seconds);
  if (seconds < 0) return "-" + duration(-seconds);
  if (seconds === 0) return "0s";
  if (seconds < 1e-3) return number(Number((seconds * 1e6).toPrecision(3))) + "µs";
  if (seconds < 0.9995) return number(Number((seconds * 1e3).toPrecision(3))) + "ms";
  if (seconds < 59.95) return Number(seconds.toFixed(1)) + "s";
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${padded(whole % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${padded(minutes % 60)}m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${padded(hours % 24)}h`;
}

/** Return unix seconds in local time: 2026-11-20 19:14:03. */
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return String(seconds);
  const day = `${at.getFullYear()}-${padded(at.getMonth() + 1)}-${padded(at.getDate())}`;
  return `${day} ${padded(at.getHours())}:${padded(at.getMinutes())}:${padded(at.getSeconds())}`;
}

/** Return the labels of evenly spaced `ticks`, all with the same unit and just enough decimals for `step`. */
export function tickLabels(ticks, step) {
  const size = ticks.reduce((most, tick) => Math.max(most, Math.abs(tick)), 0);
  const [unit, suffix] = unitOf(size);
  const decimals = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return ticks.map((tick) => (tick === 0 ? "0" : (tick / unit).toFixed(decimals) + suffix));
}

/** Return the label of a duration tick: no more parts than ticks `step` seconds apart need. */
export function durationLabel(seconds, step) {
  if (seconds === 0) return "0";
  if (seconds < 0) return "-" + durationLabel(-seconds, step);
  if (step < 1) {
    const milli = seconds < 1 && step >= 1e-3;
    const micro = seconds < 1e-3;
    const unit = micro ? 1e-6 : milli ? 1e-3 : 1;
    const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
    return (seconds / unit).toFixed(decimals) + (micro ? "µs" : milli ? "ms" : "s");
  }
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"],
                 [Math.floor(whole / 60) % 60, "m"], [whole % 60, "s"]];
  while (parts.length > 1 && parts[0][0] === 0) parts.shift();
  while (parts.length > 1 && parts[parts.length - 1][0] === 0) parts.pop();
  return parts.map(([count, unit], at) => (at ? padded(count) : count) + unit).join(" ");
}

/** Return a wall time tick's two rows: [what changes from tick to tick, the date or year it belongs to]. */
export function momentLabel(seconds, step) {
  const at = new Date(seconds * 1000);
  const day = `${MONTHS[at.getMonth()]} ${at.getDate()}`;
  const year = String(at.getFullYear());
  if (step >= 360 * 86400) return [year, ""];
  if (step >= 28 * 86400) return [MONTHS[at.getMonth()], year];
  if (step >= 86400) return [day, year];
  const minute = `${padded(at.getHours())}:${padded(at.getMinutes())}`;
  if (step >= 60) return [minute, day];
  const second = `${minute}:${padded(at.getSeconds())}`;
  return [step >= 1 ? second : `${second}.${String(at.getMilliseconds()).padStart(3, "0")}`, day];
}

/** Return "1 tag" or "25 tags". */
export function counted(count, noun) {
  return `${wholeNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function padded(count) {
  return String(count).padStart(2, "0");
}

function unitOf(size) {
  if (size >= 1e15 || (size > 0 && size < 1e-3)) {
    const power = Math.floor(Math.log10(size) + 1e-9);
    return [Number(`1e${power}`), `e${power}`];
  }
  if (size < 1e4) return [1, ""];
  return PREFIXES.find(([least]) => size >= least);
}

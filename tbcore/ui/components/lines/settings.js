/** What the visitor can set, as it is set at first, and the ways of smoothing. */

export const USUAL_ROWS = 12; // of the tooltip
const USUAL = {
  smoothing: 0.6, method: "ema", axis: "step", axis_tag: "", log_x: false, log_y: false, earlier: false, outliers: false,
  partition: false, order: "nearest", rows: 0, card_width: 0, shared_y: false, linked: true, hide_empty: false,
};
const METHODS = {
  // title, its amount, least, most, step, at first
  ema: ["Exponential average", "weight", 0, 0.999, 0.001, 0.6],
  twema: ["Time-weighted average", "weight", 0, 0.999, 0.001, 0.6],
  gaussian: ["Gaussian", "standard deviation in points", 0, 1000, 1, 5],
  mean: ["Running mean", "window in points", 1, 1001, 2, 11],
  median: ["Running median", "window in points", 1, 1001, 2, 11],
};

/** Return all settings: those said, the others as at first; in one order, so that equal ones are spelled alike. */
export function settingsOf(said) {
  return Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => [name, said[name] ?? usual]));
}

/** Return the ways of smoothing as [name, title]. */
export function smoothingMethods() {
  return Object.entries(METHODS).map(([name, [title]]) => [name, title]);
}

/** Return {title, amount, least, most, step, usual} of a way of smoothing. */
export function smoothingMethod(name) {
  const [title, amount, least, most, step, usual] = METHODS[name] ?? METHODS.ema;
  return { title, amount, least, most, step, usual };
}

/** Return whether the settings smooth at all. */
export function isSmooth({ method, smoothing }) {
  return smoothing > smoothingMethod(method).least;
}

/** Return the amount of smoothing that a visitor's text stands for, inside what the method allows. */
export function amountOf(text, method) {
  const { least, most } = smoothingMethod(method);
  const amount = Number(text);
  return Number.isFinite(amount) ? Math.min(most, Math.max(least, Number(amount.toFixed(3)))) : least;
}

/** Return whether the x axis is logarithmic: there is no logarithm of a date. */
export function isLogX({ axis, log_x }) {
  return log_x && axis !== "wall";
}

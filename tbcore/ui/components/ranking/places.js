/** Where the bars and whiskers of a ranking lie, in percent of their box. */

/** Return {left, width} of what lies between two numbers on a scale from `low` to `high`; null when it is not known. */
export function stretchOf(from, to, low, high) {
  if (from === null || to === null || !(high > low)) return null;
  const clipped = (value) => Math.min(Math.max(value, low), high);
  const [start, end] = [clipped(Math.min(from, to)), clipped(Math.max(from, to))];
  return { left: (100 * (start - low)) / (high - low), width: (100 * (end - start)) / (high - low) };
}

/** Return the ends of the scale of importances: from a little below 0, when a whisker goes there, to the greatest. */
export function importanceScale(rows, floor) {
  const highs = rows.flatMap(({ importance, high }) => [importance, high]).filter((value) => value !== null);
  const lows = rows.map(({ low }) => low).filter((value) => value !== null);
  const top = Math.max(floor ?? 0, 1e-9, ...highs);
  return [Math.max(-0.08 * top, Math.min(0, ...lows)), top];
}

/** Return a number with its sign: +0.52, −0.1, 0. */
export function signedWords(value) {
  if (value === null) return "–";
  const rounded = Math.round(value * 100) / 100;
  return rounded > 0 ? `+${rounded}` : rounded < 0 ? `−${-rounded}` : "0";
}

/** Return a number with three decimals: 0.693, −0.012, 0.000. */
export function threeDecimals(value) {
  if (value === null) return "–";
  return `${value <= -0.0005 ? "−" : ""}${Math.abs(value).toFixed(3)}`;
}

/** How good a metric is among the rows that are listed: the heat behind its cells, and the best of them. */

const FENCE = 1.5;
const DECADES = 3;

/**
 * Return {low, high, log, sorted}: what the heat of a column runs over; null where all are the same.
 *
 * Values far out are clipped, so that one run gone wrong does not make all others look alike.
 * Source: the fences of Tukey's box plot, 1.5 times the middle half's width beyond it.
 */
export function heatScale(column, rows) {
  const found = Float64Array.from(rows.map((row) => column.values[row]).filter(Number.isFinite)).sort();
  const [least, most] = [found[0], found[found.length - 1]];
  if (!(least < most)) return null;
  const log = least > 0 && Math.log10(most) - Math.log10(least) > DECADES;
  const [below, above] = [0.25, 0.75].map((share) => (log ? Math.log(quantileOf(found, share)) : quantileOf(found, share)));
  const reach = FENCE * (above - below);
  const back = (value) => (log ? Math.exp(value) : value);
  const [low, high] = reach > 0 ? [Math.max(least, back(below - reach)), Math.min(most, back(above + reach))] : [least, most];
  return { ...(low < high ? { low, high } : { low: least, high: most }), log, sorted: found };
}

/** Return how warm a value is: 0 to 1, for the good end where it is known, else for the high one; null for none. */
export function heatOf(scale, value, better) {
  if (scale === null || Number.isNaN(value)) return null;
  const place = scale.log
    ? Math.log(Math.max(value, scale.low) / scale.low) / Math.log(scale.high / scale.low)
    : (value / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2);
  // Half by size, half by rank: the first shows how far apart values are, the second still tells those that crowd.
  const share = (Math.min(1, Math.max(0, place)) + rankIn(scale.sorted, value)) / 2;
  return better === "low" ? 1 - share : share;
}

/** Return the row with the best value, the first of equals; null where nobody knows what is good. */
export function bestRow(column, rows) {
  if (!column.better) return null;
  const sign = column.better === "low" ? 1 : -1;
  let [best, least] = [null, Infinity];
  for (const row of rows) {
    const value = sign * column.values[row];
    if (Number.isFinite(value) && (value < least || (value === least && row < best))) [best, least] = [row, value];
  }
  return best;
}

/** Return the share of other values that are smaller, those that are equal counted half. */
function rankIn(sorted, value) {
  const smaller = countBelow(sorted, (other) => other < value);
  const upTo = countBelow(sorted, (other) => other <= value);
  return Math.min(1, Math.max(0, (smaller + Math.max(upTo - 1, smaller)) / 2 / (sorted.length - 1)));
}

function countBelow(sorted, holds) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

function quantileOf(sorted, share) {
  const place = share * (sorted.length - 1);
  const [below, rest] = [Math.floor(place), place % 1];
  return sorted[below] + rest * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

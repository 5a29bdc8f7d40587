/** From the server's Arrow tables to what a panel draws: rows of histograms, or of percentiles, in the order of the axis. */

import { column, columns } from "../lines/table.js";

export const PERCENTS = [0, 6.68, 15.87, 30.85, 50, 69.15, 84.13, 93.32, 100];

const ROWS = ["step", "last_step", "wall", "last_wall", "many", "count"];

/** Return the rows of a panel over steps: histograms as shares [rows * bins] over `edges`, or nine quantiles [rows] each. */
export function readPanel(spec, tables) {
  const table = tables[spec.table];
  if (!table) return { step: [], edges: [], peaks: {} };
  const rows = { ...columns(table, ROWS), shares: new Float32Array(0), edges: column(tables[spec.edges], "edge"), quantiles: [], peaks: {} };
  if (spec.form === "bands") rows.quantiles = PERCENTS.map((_, at) => column(table, `q${at}`));
  else {
    rows.shares = column(tables[`${spec.table}_shares`], "share");
    rows.peaks = peaksOf(rows);
  }
  return rows;
}

/** Return where the rows lie on an axis: {first, last}, and what is subtracted from both. */
export function placesOf(rows, axis, start) {
  if (axis === "step") return { first: rows.step, last: rows.last_step, offset: 0 };
  return { first: rows.wall, last: rows.last_wall, offset: axis === "relative" ? start : 0 };
}

/** Return the place of row `at`: the middle of the steps it stands for. */
export function placeOf({ first, last, offset }, at) {
  return first[at] / 2 + last[at] / 2 - offset;
}

/** Return the n + 1 boundaries of n rows: half-way to their neighbours, and as far beyond the first and the last. */
export function boundaries({ first, last, offset }) {
  const count = first.length;
  const found = new Float64Array(count + 1);
  for (let at = 1; at < count; at += 1) found[at] = last[at - 1] / 2 + first[at] / 2 - offset;
  if (count === 1) {
    [found[0], found[1]] = [first[0] - offset - 0.5, last[0] - offset + 0.5];
  } else if (count > 1) {
    found[0] = first[0] - offset - Math.abs(found[1] - (last[0] - offset));
    found[count] = last[count - 1] - offset + Math.abs(first[count - 1] - offset - found[count - 1]);
  }
  return found;
}

/** Return the row whose place is nearest to `x`, -1 without rows. */
export function nearestPlace(places, x) {
  let best = -1;
  let distance = Infinity;
  for (let at = 0; at < places.first.length; at += 1) {
    const [first, last] = [places.first[at] - places.offset, places.last[at] - places.offset];
    const away = x >= first && x <= last ? 0 : Math.min(Math.abs(x - first), Math.abs(x - last));
    if (away < distance) [best, distance] = [at, away];
  }
  return best;
}

/** Return the bin that holds `value`, -1 outside of all; the last bin is closed. */
export function binAt(edges, value) {
  const bins = edges.length - 1;
  if (!(bins > 0 && value >= edges[0] && value <= edges[bins])) return -1;
  let [low, high] = [0, bins];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Return the greatest share of a bin, and the greatest count of one. */
function peaksOf({ shares, edges, count }) {
  const bins = edges.length - 1;
  const peaks = { share: 0, count: 0 };
  for (let row = 0; row < count.length; row += 1) {
    let most = 0;
    for (let at = row * bins; at < (row + 1) * bins; at += 1) if (shares[at] > most) most = shares[at];
    if (most > peaks.share) peaks.share = most;
    if (most * count[row] > peaks.count) peaks.count = most * count[row];
  }
  return peaks;
}

/** Return the curves of a panel of one step: {run, xs, ys} and, of logged buckets, {run, lefts, rights, counts}. */
export function readMoment(spec, tables) {
  const table = tables[spec.table];
  const facts = columns(tables[`${spec.table}_facts`], spec.facts ?? []) ?? {};
  if (spec.form === "bars") {
    return { facts, curves: [], edges: new Float64Array(0), ...columns(table, ["left", "right", "count"]) };
  }
  const [xs, ys] = [column(table, "x"), column(table, "y")];
  const curves = spec.lines.map(({ run, earlier, start, count }) => ({
    run, earlier, xs: xs.subarray(start, start + count), ys: ys.subarray(start, start + count),
  }));
  return { facts, curves, edges: spec.edges ? column(tables[spec.edges], "edge") : new Float64Array(0) };
}

/** The numbers of precision-recall and ROC curves that the browser works out itself. No drawing here. */

import { columns } from "../lines/table.js";

const COUNTS = ["tp", "fp", "tn", "fn"];
const LOGGED = [...COUNTS, "precision", "recall"];
const ISO_STEPS = [0.01, 0.02, 0.05, 0.1, 0.2];
const ISO_LINES = 6; // at most
const ISO_POINTS = 48;
const AROUND = 0.04; // of what is seen, around curves that fill the axes

/** Return the curves of a card from the table it names. */
export function readCurves(spec, tables) {
  const rows = columns(tables[spec.table], ["place", ...LOGGED]);
  return rows ? spec.curves.map((entry) => newCurve(entry, rows)) : [];
}

/** Return one curve: what is logged of it, with the thresholds, F1 and rates that follow. */
export function newCurve(entry, rows) {
  const { start, count, thresholds } = entry;
  const part = (name) => rows[name].subarray(start, start + count);
  const curve = { ...entry, ...Object.fromEntries(LOGGED.map((name) => [name, part(name)])), paths: {} };
  curve.threshold = Float64Array.from(part("place"), (place) => (thresholds > 1 ? place / (thresholds - 1) : 0));
  curve.f1 = Float64Array.from(curve.precision, (precision, at) => f1Of(precision, curve.recall[at]));
  curve.falseRate = Float64Array.from(curve.fp, (fp, at) => shareOf(fp, fp + curve.tn[at]));
  curve.trueRate = Float64Array.from(curve.tp, (tp, at) => shareOf(tp, tp + curve.fn[at]));
  return curve;
}

/** Return the harmonic mean of precision and recall, 0 where both are 0. */
export function f1Of(precision, recall) {
  const total = precision + recall;
  return total > 0 ? (2 * precision * recall) / total : total === 0 ? 0 : NaN;
}

/**
 * Return the points {xs, ys, first} of a curve in a view; point `at` is that of threshold `at` - first.
 *
 * Precision over recall ends where nothing is positive any more. A ROC curve has the corners at which all and nothing is
 * positive besides, and without positives or without negatives no points.
 */
export function pathOf(curve, view) {
  curve.paths[view] ??= view === "roc" ? rocPath(curve) : { xs: curve.recall.subarray(0, curve.seen), ys: curve.precision.subarray(0, curve.seen), first: 0 };
  return curve.paths[view];
}

function rocPath({ falseRate, trueRate, auc }) {
  if (auc === null) return { xs: falseRate.subarray(0, 0), ys: trueRate.subarray(0, 0), first: 0 };
  return { xs: Float64Array.of(1, ...falseRate, 0), ys: Float64Array.of(1, ...trueRate, 0), first: 1 };
}

/** Return the place of the logged threshold that is nearest, of two equally near ones the lower. */
export function nearestThreshold({ threshold }, wanted) {
  let [low, high] = [0, threshold.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (threshold[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  // A slider's 0.35 is not quite a threshold's.
  return low > 0 && wanted - threshold[low - 1] <= threshold[low] - wanted + 1e-12 ? low - 1 : low;
}

/** Return {count, share} of the four cells of a confusion matrix: true and false positives, false and true negatives. */
export function matrixOf(curve, at) {
  const [tp, fp, tn, fn] = COUNTS.map((name) => curve[name][at]);
  const cell = (count, other) => ({ count, share: shareOf(count, count + other) });
  return { tp: cell(tp, fn), fn: cell(fn, tp), fp: cell(fp, tn), tn: cell(tn, fp) };
}

/** Return the ranges {x, y} of the axes. fit: whether they go around the curves, instead of from 0 to 1. */
export function rangesOf(curves, view, fit) {
  if (!fit) return { x: [0, 1], y: [0, 1] };
  const paths = curves.map((curve) => pathOf(curve, view));
  const inner = ({ xs, first }) => [first, xs.length - first];
  return {
    x: around(paths.map((path) => path.xs.subarray(...inner(path)))),
    y: around(paths.map((path) => path.ys.subarray(...inner(path)))),
  };
}

function around(columnsOfAll) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of columnsOfAll) {
    for (const value of values) {
      if (value >= 0 && value < low) low = value;
      if (value <= 1 && value > high) high = value;
    }
  }
  if (!(low <= high)) return [0, 1];
  const room = Math.max(AROUND * (high - low), 0.005);
  return [Math.max(0, low - room), Math.min(1, high + room)];
}

/** Return the lines of equal F1 that cross ranges of recall and precision: [{level, points: [[recall, precision], ...]}]. */
export function isoLines([left, right], [bottom, top]) {
  const [low, high] = [f1Of(bottom, left), f1Of(top, right)];
  const step = ISO_STEPS.find((one) => (high - low) / one <= ISO_LINES) ?? ISO_STEPS.at(-1);
  const lines = [];
  for (let number = 1; number < Math.round(1 / step); number += 1) {
    const level = number * step;
    if (!(low < level && level < high)) continue;
    // Recall at which the line enters and leaves what is seen: precision falls along it.
    const first = Math.max(left, (level * top) / (2 * top - level));
    const last = Math.min(right, 2 * bottom > level ? (level * bottom) / (2 * bottom - level) : right);
    if (!(first < last)) continue;
    const points = Array.from({ length: ISO_POINTS + 1 }, (_, place) => {
      const recall = first + ((last - first) * place) / ISO_POINTS;
      return [recall, (level * recall) / (2 * recall - level)];
    });
    lines.push({ level, points });
  }
  return lines;
}

/** Return a count as it was logged: whole or not, with the digits that single precision holds. */
export function countText(value) {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(Number.isInteger(value) ? 12 : 7));
  return Math.abs(rounded) >= 1e4 && rounded < 1e15 ? rounded.toLocaleString("en-US", { maximumFractionDigits: 3 }) : String(rounded);
}

/** Return a share as percent, with three digits and no more; nothing where there is none. */
export function percentText(share) {
  return Number.isFinite(share) ? `${Number((100 * share).toPrecision(3))}%` : "";
}

function shareOf(part, whole) {
  return whole > 0 ? part / whole : NaN;
}

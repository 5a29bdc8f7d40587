/** One card: its elements, its scales, its layers of canvas, and which point is where. */

import { element, freshContext, iconButton, release, writeName } from "../lines/dom.js";
import { tickLabels } from "../lines/format.js";
import { paintAxes, paintDot } from "../lines/paint.js";
import { linearTicks, newScale, pixelAt } from "../lines/scale.js";
import { isoLines, nearestThreshold, pathOf, rangesOf } from "./curve.js";
import { dressMatrices, newMatrices } from "./matrix.js";

const DASHES = [[], [6, 3], [2, 2.5], [9, 3, 2, 3], [12, 4], [4, 2, 1, 2], [1, 3], [14, 3, 3, 3, 3, 3]];
const TITLES = { pr: ["Recall", "Precision"], roc: ["False positive rate", "True positive rate"] };
const MARK = 4.5; // pixels from the middle of a diamond to its corners
const CROWD = 40;
const NO_ROC = "no ROC curve without positives or without negatives";

/** Return a new card without data. `act(name, card)` is called as a button is pressed, `emphasise(focus)` as one is pointed at. */
export function newCard(name, act, emphasise) {
  const card = {
    name, tag: name, spec: null, curves: [], zoom: null, wide: false, near: false, frame: null, width: 0, height: 0,
    root: element("article", "card"), heading: element("h3", "title"), legend: element("div", "classes"),
    plot: element("div", "plot"), problems: element("ul", "problems"),
    axes: element("canvas", "axes"), lines: element("canvas", "lines"), focus: element("canvas", "focus"), cursor: element("canvas", "cursor"),
  };
  const [header, actions] = [element("header"), element("div", "actions")];
  card.note = element("div", "note");
  card.reset = iconButton("reset", "Reset zoom (double click)", () => act("reset", card));
  card.wideButton = iconButton("wide", "Full width", () => act("wide", card));
  actions.append(card.reset, card.wideButton);
  header.append(card.heading, card.note, actions);
  card.emphasise = emphasise;
  card.matrices = newMatrices((curve) => emphasise(curve && focusOn(card, curve)));
  card.plot.setAttribute("role", "img");
  card.plot.setAttribute("aria-label", name);
  card.plot.append(card.axes, card.lines, card.focus, card.cursor);
  card.root.append(header, card.legend, card.plot, card.matrices.root, card.problems);
  return card;
}

/** Write the card's names, its classes, and what is wrong with values. */
export function dressCard(card, title) {
  const { spec } = card;
  writeName(card.heading, spec?.title ?? title);
  card.heading.title = [card.name, spec?.description].filter(Boolean).join("\n");
  card.root.classList.toggle("waiting", spec === null);
  card.root.classList.toggle("wide", card.wide);
  card.root.classList.toggle("bare", isBare(card));
  card.wideButton.setAttribute("aria-pressed", String(card.wide));
  card.reset.hidden = !card.zoom;
  const labels = spec?.labels ?? [];
  card.legend.replaceChildren(...labels.map(({ label, color }, at) => {
    const made = element("span", "class");
    made.append(sample(color, color ? 0 : at), element("span", "", label));
    made.addEventListener("pointerenter", () => card.emphasise({ run: null, label }));
    made.addEventListener("pointerleave", () => card.emphasise(null));
    return made;
  }));
  card.legend.hidden = labels.length === 0;
  card.problems.replaceChildren(...(spec?.problems ?? []).map((text) => element("li", "", text)));
  card.problems.hidden = !spec?.problems.length;
}

/** Return whether all there is to say of a card is what is wrong with its values. */
function isBare({ spec }) {
  return Boolean(spec && !spec.curves.length && spec.problems.length);
}

/** Return a short line in the colour and the dashes of a class. */
function sample(color, dash) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 26 8");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", "M0 4h26");
  line.setAttribute("stroke-dasharray", DASHES[dash % DASHES.length].join(" "));
  if (color) line.setAttribute("stroke", color);
  svg.append(line);
  return svg;
}

/** Return what is emphasised as the pointer is on a curve: its run and, among classes, its class. */
export function focusOn(card, curve) {
  return { run: curve.name, label: card.spec.labels.length ? curve.label : null };
}

/** Return whether a curve is among what is emphasised. */
export function isLit({ spec }, curve, focus) {
  if (focus === null) return false;
  return (focus.run === null || focus.run === curve.name) && (focus.label === null || !spec.labels.length || focus.label === curve.label);
}

/** Return what a curve is called in its card: its class, and its run unless all are of one. */
export function wordsOf(card, curve) {
  const alone = curve.label && card.curves.every(({ run }) => run === curve.run);
  return [curve.label, alone ? "" : curve.name].filter(Boolean).join(" · ") + (curve.earlier ? " (earlier)" : "");
}

/** Draw the card: axes, what lies behind, all curves, then marks and what is emphasised. */
export function paintCard(card, board) {
  if (isBare(card)) {
    card.frame = null;
    card.root.dataset.painted = performance.now();
  }
  if (isBare(card) || !(card.width > 0)) return;
  const { palette, settings: { view, fit } } = board;
  const ratio = window.devicePixelRatio;
  const curves = card.curves;
  const usual = rangesOf(curves, view, fit);
  const [x, y] = [card.zoom?.x ?? usual.x, card.zoom?.y ?? usual.y];
  const box = { left: 54, top: 8, right: card.width - 12, bottom: card.height - 38 };
  const xs = newScale(x[0], x[1], box.left, box.right);
  const ys = newScale(y[0], y[1], box.bottom, box.top);
  card.frame = { box, xs, ys, ratio, view, curves };
  const context = freshContext(card.axes, card.width, card.height, ratio);
  paintAxes(context, box, xs, ys, evenTicks(x, (box.right - box.left) / 60), evenTicks(y, (box.bottom - box.top) / 42), palette);
  nameAxes(context, card, TITLES[view], palette);
  context.save();
  clip(context, box);
  if (view === "roc") paintChance(context, card.frame, palette);
  else paintIsoLines(context, card.frame, palette);
  context.restore();
  const pencil = freshContext(card.lines, card.width, card.height, ratio);
  pencil.save();
  clip(pencil, box);
  // What is at the slider lies above what is not.
  for (const curve of curves) if (!curve.here) paintCurve(pencil, card, curve, 1.2);
  for (const curve of curves) if (curve.here) paintCurve(pencil, card, curve, 1.8);
  pencil.restore();
  paintFocus(card, board);
  const without = view === "roc" && curves.length > 0 && curves.every(({ auc }) => auc === null);
  card.note.textContent = curves.length === 0 ? "nothing is logged up to this step" : without ? NO_ROC : "";
  card.root.dataset.painted = performance.now();
}

/** Draw a diamond on each curve at the threshold, and above the others the curves that are emphasised. */
export function paintFocus(card, board) {
  const { box, xs, ys, ratio, view, curves } = card.frame;
  const lit = curves.filter((curve) => isLit(card, curve, board.focus));
  const dimmed = lit.length > 0 && lit.length < curves.length;
  card.plot.classList.toggle("dimmed", dimmed);
  const context = freshContext(card.focus, card.width, card.height, ratio);
  context.save();
  clip(context, box);
  if (dimmed) for (const curve of lit) paintCurve(context, card, curve, curve.here ? 2.4 : 1.4);
  for (const curve of curves) {
    if (!curve.here) continue;
    const at = nearestThreshold(curve, board.settings.threshold) + pathOf(curve, view).first;
    const { xs: xValues, ys: yValues } = pathOf(curve, view);
    if (at >= xValues.length) continue;
    context.globalAlpha = dimmed && !lit.includes(curve) ? 0.25 : 1;
    paintDiamond(context, pixelAt(xs, xValues[at]), pixelAt(ys, yValues[at]), curve.color, board.palette);
  }
  context.restore();
  context.globalAlpha = 1;
}

/** Write the confusion matrices at the threshold. */
export function paintMatrices(card, board) {
  const { matrices, threshold } = board.settings;
  const here = matrices ? card.curves.filter((curve) => curve.here) : [];
  dressMatrices(card.matrices, here, here.map((curve) => wordsOf(card, curve)), threshold);
}

/** Forget what was drawn and give its memory back; the card is painted again when it comes near. */
export function blankCard(card) {
  release([card.axes, card.lines, card.focus, card.cursor]);
  card.frame = null;
  delete card.root.dataset.painted;
}

/** Return the pixel of a threshold of a curve in a painted card. */
export function pixelOf({ frame: { xs, ys, view } }, { curve, at }) {
  const path = pathOf(curve, view);
  return [pixelAt(xs, path.xs[at + path.first]), pixelAt(ys, path.ys[at + path.first])];
}

/** Return the point {curve, at} nearest to a pixel of a painted card, where `at` is its threshold; null without points. */
export function nearestPoint({ frame: { box, xs, ys, view, curves } }, x, y) {
  let [best, least] = [null, Infinity];
  for (const curve of curves) {
    const { xs: xValues, ys: yValues, first } = pathOf(curve, view);
    for (let at = first; at < xValues.length - first; at += 1) {
      const [across, down] = [pixelAt(xs, xValues[at]), pixelAt(ys, yValues[at])];
      if (!(across >= box.left - 1 && across <= box.right + 1 && down >= box.top - 1 && down <= box.bottom + 1)) continue;
      // Of curves that lie on each other the one at the slider is read, of equal points the highest threshold.
      const distance = (across - x) ** 2 + (down - y) ** 2 - (curve.here ? 0.5 : 0);
      if (distance <= least) [best, least] = [{ curve, at: at - first }, distance];
    }
  }
  return best;
}

/** Draw a ring around the point that is read, and smaller ones where the other curves have its threshold. */
export function paintReading(card, board, readings) {
  const { box, ratio } = card.frame;
  if (!readings.length) return release([card.cursor]);
  const context = freshContext(card.cursor, card.width, card.height, ratio);
  // A hundred rings are a smear.
  const ringed = readings.length > CROWD ? readings.slice(0, 1) : readings;
  ringed.toReversed().forEach(({ curve, at }, index, all) => {
    const [x, y] = pixelOf(card, { curve, at });
    if (!(x >= box.left - 2 && x <= box.right + 2 && y >= box.top - 2 && y <= box.bottom + 2)) return;
    const chosen = index === all.length - 1;
    context.fillStyle = board.palette.background;
    paintDot(context, x, y, chosen ? 6 : 4);
    context.fillStyle = curve.color;
    paintDot(context, x, y, chosen ? 4.5 : 2.5);
  });
}

function paintCurve(context, card, curve, width) {
  const { xs, ys, view } = card.frame;
  const path = pathOf(curve, view);
  const by = card.spec.labels.findIndex(({ label, color }) => label === curve.label && !color);
  context.globalAlpha = curve.opacity;
  context.strokeStyle = context.fillStyle = curve.color;
  context.lineWidth = width;
  context.lineJoin = "bevel";
  context.setLineDash(by > 0 ? DASHES[by % DASHES.length] : []);
  context.beginPath();
  let drawn = 0;
  let last = null;
  for (let at = 0; at < path.xs.length; at += 1) {
    const [x, y] = [pixelAt(xs, path.xs[at]), pixelAt(ys, path.ys[at])];
    if (!(Math.abs(x) < Infinity && Math.abs(y) < Infinity)) continue;
    context.lineTo(x, y);
    drawn += 1;
    last = [x, y];
  }
  context.stroke();
  if (drawn === 1) paintDot(context, ...last, 3);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paintDiamond(context, x, y, color, palette) {
  if (!(Math.abs(x) < Infinity && Math.abs(y) < Infinity)) return;
  context.beginPath();
  context.moveTo(x, y - MARK);
  context.lineTo(x + MARK, y);
  context.lineTo(x, y + MARK);
  context.lineTo(x - MARK, y);
  context.closePath();
  context.fillStyle = color;
  context.strokeStyle = palette.background;
  context.lineWidth = 1.2;
  context.fill();
  context.stroke();
}

function evenTicks([low, high], count) {
  const { ticks, step } = linearTicks(low, high, Math.max(2, Math.floor(count)));
  return { ticks, labels: tickLabels(ticks, step), dates: [] };
}

function nameAxes(context, card, [across, up], palette) {
  const { box } = card.frame;
  context.fillStyle = palette.text;
  context.globalAlpha = 0.75;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(across, (box.left + box.right) / 2, card.height - 3);
  context.save();
  context.translate(5, (box.top + box.bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "top";
  context.fillText(up, 0, 0);
  context.restore();
  context.globalAlpha = 1;
}

function paintIsoLines(context, { box, xs, ys }, palette) {
  context.strokeStyle = context.fillStyle = palette.text;
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "bottom";
  for (const { level, points } of isoLines([xs.low, xs.high], [ys.low, ys.high])) {
    context.globalAlpha = 0.32;
    context.setLineDash([2, 3]);
    context.beginPath();
    for (const [recall, precision] of points) context.lineTo(pixelAt(xs, recall), pixelAt(ys, precision));
    context.stroke();
    const [x, y] = [pixelAt(xs, points.at(-1)[0]), pixelAt(ys, points.at(-1)[1])];
    context.globalAlpha = 0.6;
    if (x > box.right - 2 && y < box.bottom - 14 && y > box.top + 14) context.fillText(`F1 ${Number(level.toPrecision(2))}`, x - 3, y - 2);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paintChance(context, { xs, ys }, palette) {
  context.strokeStyle = context.fillStyle = palette.text;
  context.globalAlpha = 0.4;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(pixelAt(xs, 0), pixelAt(ys, 0));
  context.lineTo(pixelAt(xs, 1), pixelAt(ys, 1));
  context.stroke();
  context.setLineDash([]);
  const [low, high] = [Math.max(xs.low, ys.low), Math.min(xs.high, ys.high)];
  if (low < high) {
    const middle = low + 0.6 * (high - low);
    context.globalAlpha = 0.6;
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillText("chance", pixelAt(xs, middle) + 8, pixelAt(ys, middle));
  }
  context.globalAlpha = 1;
}

function clip(context, box) {
  context.beginPath();
  context.rect(box.left - 5, box.top - 5, box.right - box.left + 10, box.bottom - box.top + 10);
  context.clip();
}

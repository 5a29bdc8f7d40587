/** One card: its elements, its scales, its three layers of canvas. */

import { element, freshContext, iconButton, release, writeName } from "./dom.js";
import { counted } from "./format.js";
import { paintAxes, paintLine, paintNotFinite, xAxis, yAxis } from "./paint.js";
import { airyRange, newScale, widened } from "./scale.js";
import { abscissa, brokenAtZero, rowsWithin, smoothedLine } from "./table.js";

const ROOM = { step: 1, relative: 1, wall: 30 };
const FAINT = "42%";

/** Return a new card for `tag` without data. `act(name, card)` is called when one of its buttons is pressed. */
export function newCard(tag, act) {
  const card = {
    tag, series: [], whole: null, window: null, zoom: null, log: null, wide: false,
    near: false, filled: false, width: 0, height: 0, frame: null,
    root: element("article", "card"), heading: element("h3", "title"),
    plot: element("div", "plot"), note: element("div", "note"),
    axes: element("canvas", "axes"), lines: element("canvas", "lines"),
    focus: element("canvas", "focus"), cursor: element("canvas", "cursor"),
  };
  const actions = element("div", "actions");
  card.reset = iconButton("reset", "Reset zoom (double click)", () => act("reset", card));
  card.logButton = iconButton("log", "Logarithmic y axis", () => act("log", card));
  card.wideButton = iconButton("wide", "Full width", () => act("wide", card));
  actions.append(card.reset, card.logButton, card.wideButton);
  const header = element("header");
  header.append(card.heading, card.note, actions);
  card.plot.setAttribute("role", "img");
  card.plot.append(card.axes, card.lines, card.focus, card.cursor);
  card.root.append(header, card.plot);
  return card;
}

/** Write the card's name and the state of its buttons. */
export function dressCard(card, title, description, log) {
  writeName(card.heading, title);
  card.heading.title = description ? `${card.tag}\n${description}` : card.tag;
  card.plot.setAttribute("aria-label", card.tag);
  card.reset.hidden = !card.zoom;
  card.logButton.setAttribute("aria-pressed", String(log));
  card.wideButton.setAttribute("aria-pressed", String(card.wide));
  card.root.classList.toggle("wide", card.wide);
  card.root.classList.toggle("waiting", !card.filled);
}

/** Read the size of the card's plot: before any painting, so that the page is laid out once. */
export function measureCard(card) {
  card.width = card.plot.clientWidth;
  card.height = card.plot.clientHeight;
}

/** Return the series to draw: those of the zoomed window, or the whole ones until a window's points have come. */
export function seriesOf(card) {
  if (!card.window || !card.whole) return card.series;
  const wanted = card.zoom?.x;
  if (!wanted || card.window.axis !== card.zoom.axis) return card.whole;
  const [low, high] = card.window.x;
  const slack = (high - low) * 1e-6;
  return wanted[0] >= low - slack && wanted[1] <= high + slack ? card.series : card.whole;
}

/** Return the lines of the runs that are shown, on the current axis: what painting, hovering and fitting share. */
export function shownLines(card, board) {
  const { axis, smoothing, earlier, log_y } = board.settings;
  const log = card.log ?? log_y;
  const lines = [];
  for (const series of seriesOf(card)) {
    const run = board.runs.get(series.run);
    if (!run || !board.isShown(run.name) || series.value.length === 0) continue;
    if (series.earlier && !earlier) continue;
    const start = run.start ?? firstWall(card, series);
    const smoothed = series.earlier ? series : smoothedLine(series, smoothing, board.view.smoothed_with);
    const breaks = log && series.facts.notPositive > 0 && smoothed.value.length === series.value.length;
    lines.push({
      run, series, start, values: series.value, smoothValues: smoothed.value,
      drawn: breaks ? brokenAtZero(smoothed.value, series.value) : smoothed.value,
      raw: abscissa(series, axis, start), smooth: smoothed === series ? null : abscissa(smoothed, axis, start),
    });
  }
  return lines;
}

/** Draw the card: axes and all lines, then the emphasised run. */
export function paintCard(card, board) {
  const { palette, settings } = board;
  const ratio = window.devicePixelRatio;
  const log = card.log ?? settings.log_y;
  const lines = shownLines(card, board);
  const bottom = card.height - (settings.axis === "wall" ? 36 : 22);
  const context = freshContext(card.axes, card.width, card.height, ratio);
  context.font = palette.font;
  const xRange = xRangeOf(card, lines, settings.axis);
  const yRange = yRangeOf(card, lines, xRange, log);
  const vertical = yAxis(yRange, log, bottom - 8);
  const widthOf = (label) => context.measureText(label).width;
  const widest = vertical.labels.reduce((most, label) => Math.max(most, widthOf(label)), 0);
  const left = Math.round(Math.min(card.width / 3, Math.max(40, widest + 12)));
  const box = { left, top: 8, right: card.width - 10, bottom };
  const inset = card.zoom?.x ? 0 : 4;
  const xs = newScale(xRange[0], xRange[1], box.left + inset, box.right - inset);
  const ys = newScale(yRange[0], yRange[1], box.bottom, box.top, log);
  const horizontal = xAxis(xRange, settings.axis, xs.end - xs.start, widthOf);
  paintAxes(context, box, xs, ys, horizontal, vertical, palette);
  card.frame = { box, xs, ys, lines, log, ratio };
  const pencil = clipped(freshContext(card.lines, card.width, card.height, ratio), box);
  paintLines(pencil, card.frame, lines, board, 1.6);
  pencil.restore();
  paintFocus(card, board);
  card.note.textContent = card.note.title = noteOf(lines, log);
  card.root.dataset.painted = performance.now();
}

/** Draw the emphasised run above the others, which the style sheet dims. */
export function paintFocus(card, board) {
  const chosen = card.frame ? card.frame.lines.filter((line) => line.run.name === board.highlight) : [];
  const dimmed = chosen.length > 0 && card.frame.lines.length > 1;
  card.plot.classList.toggle("dimmed", dimmed);
  if (!dimmed) return release([card.focus]);
  const pencil = clipped(freshContext(card.focus, card.width, card.height, card.frame.ratio), card.frame.box);
  paintLines(pencil, card.frame, chosen, board, 2.2);
  pencil.restore();
}

/** Forget what was drawn and give its memory back; the card is painted again when it comes near. */
export function blankCard(card) {
  release([card.axes, card.lines, card.focus, card.cursor]);
  card.frame = null;
  delete card.root.dataset.painted;
}

function clipped(context, box) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top - 4, box.right - box.left, box.bottom - box.top + 4);
  context.clip();
  return context;
}

function paintLines(context, { box, xs, ys, ratio }, lines, { settings, palette }, width) {
  const smoothing = settings.smoothing > 0;
  context.lineJoin = "bevel";
  // All faint lines lie below all bold ones.
  for (const line of lines) {
    const { color } = line.run;
    // Opaque: the transparent segments of a noisy line would add up to the full colour.
    const faint = `color-mix(in srgb, ${color} ${FAINT}, ${palette.background})`;
    const pale = smoothing || line.series.earlier;
    context.strokeStyle = context.fillStyle = pale ? faint : color;
    context.lineWidth = pale ? 1 : width;
    if (!smoothing || line.smooth || line.series.earlier) paintLine(context, line.raw, line.values, xs, ys, ratio);
    context.fillStyle = color;
    if (line.series.facts.notFinite) paintNotFinite(context, line.raw, line.values, xs, ys, (box.top + box.bottom) / 2);
  }
  if (!smoothing) return;
  context.lineWidth = width;
  for (const line of lines) {
    if (line.series.earlier) continue;
    context.strokeStyle = context.fillStyle = line.run.color;
    paintLine(context, line.smooth ?? line.raw, line.drawn, xs, ys, ratio);
  }
}

/** Return when a run of unknown start has its first point: a window's points alone may begin later. */
function firstWall(card, series) {
  const { low } = (card.whole ?? card.series).find(({ run }) => run === series.run)?.walls ?? series.walls;
  return low === Infinity ? series.walls.low : low;
}

function xRangeOf(card, lines, axis) {
  if (card.zoom?.x) return card.zoom.x;
  let [low, high] = [Infinity, -Infinity];
  for (const { raw } of lines) {
    if (raw.low < low) low = raw.low;
    if (raw.high > high) high = raw.high;
  }
  // Most runs log their first value a moment after they start: the axis begins at the start.
  if (axis === "relative" && low > 0 && low < high / 2) low = 0;
  return widened(low, high, ROOM[axis]);
}

function yRangeOf(card, lines, [left, right], log) {
  if (card.zoom?.y) return card.zoom.y;
  let [low, high] = [Infinity, -Infinity];
  const take = (value) => {
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const line of lines) {
    if (!card.zoom?.x) {
      // A smoothed value lies between the values it is made of.
      take(log ? line.series.facts.lowPositive : line.series.facts.low);
      take(line.series.facts.high);
      // On a log axis it may lie below every positive one, if some are zero.
      if (log && line.drawn !== line.smoothValues) for (const value of line.drawn) if (value > 0) take(value);
      continue;
    }
    takeWithin(line.raw, line.values, left, right, log, take);
    if (line.smooth) takeWithin(line.smooth, line.drawn, left, right, log, take);
  }
  return airyRange(low, high, log);
}

function takeWithin(run, values, left, right, log, take) {
  const [from, to] = rowsWithin(run, left, right);
  let inside = false;
  for (let pass = 0; pass < 2 && !inside; pass += 1) {
    for (let index = from; index < to; index += 1) {
      const [x, y] = [run.xs[index] - run.offset, values[index]];
      // Between two points there is still a line to see: the second pass takes its ends.
      if (!Number.isFinite(y) || (log && y <= 0) || (pass === 0 && !(x >= left && x <= right))) continue;
      if (pass === 1 && !run.rising) return;
      inside = true;
      take(y);
    }
  }
}

function noteOf(lines, log) {
  if (lines.length === 0) return "no points of the shown runs";
  const finite = lines.some(({ series }) => series.facts.low <= series.facts.high);
  if (!finite) return "no finite values";
  if (!log) return "";
  const hidden = lines.reduce((sum, { series }) => sum + series.facts.notPositive, 0);
  if (!hidden) return "";
  const complete = lines.every(({ series }) => series.whole);
  return complete ? `${counted(hidden, "value")} ≤ 0 not shown on a log axis` : "values ≤ 0 are not shown";
}

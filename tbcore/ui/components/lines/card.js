/** One card: its elements, its scales, its layers of canvas. */

import { element, freshContext, iconButton, lineDrawing, mixed, release, writeName } from "./dom.js";
import { fitOf, noteOf, xRangeOf, yRangeOf } from "./fit.js";
import { paintAxes, paintBand, paintLine, paintMarker, paintNotFinite, xAxis, yAxis } from "./paint.js";
import { airyRange, newScale, pixelAt } from "./scale.js";
import { isLogX, isSmooth } from "./settings.js";
import { abscissa, brokenAtZero, nearestRow, smoothedLine } from "./table.js";

const FAINT = 0.42;
const DASHES = [[], [6, 4], [2, 3], [9, 3, 2, 3]];
// More lines than these are drawn thinner: they are told apart better, and sooner drawn.
const MANY_LINES = 40;
const PARTS = { faint: paintFaint, bold: paintBold };

/** Return a new card for `tag` without data. `act(name, card)` is called when one of its buttons is pressed. */
export function newCard(tag, act) {
  const card = {
    tag, series: [], whole: null, window: null, zoom: null, range: null, log: null, wide: false, tall: false, spec: null,
    near: false, filled: false, width: 0, height: 0, frame: null, stamp: null, selection: null,
    root: element("article", "card"), heading: element("h3", "title"), head: element("header"),
    plot: element("div", "plot"), note: element("div", "note"), told: element("ul", "told"), keys: { root: element("ul", "keys"), said: "" },
    message: element("div", "message"),
    axes: element("canvas", "axes"), faint: element("canvas", "faint"), lines: element("canvas", "lines"), faintOf: "",
    focus: element("canvas", "focus"), cursor: element("canvas", "cursor"),
    hair: element("div", "hair"), dot: element("div", "dot"),
  };
  const actions = element("div", "actions");
  const button = (name, label) => iconButton(name, label, () => act(name, card));
  card.reset = button("reset", "Reset zoom (double click)");
  card.logButton = button("log", "Logarithmic y axis");
  card.wideButton = button("wide", "Full width");
  card.pinButton = button("pin", "Pin the card");
  card.menuButton = button("dots", "More of this card");
  card.rangeButton = button("pencil", "Ranges of the axes");
  card.rangeButton.classList.add("ranges");
  actions.append(card.reset, card.pinButton, card.logButton, card.wideButton, card.menuButton);
  card.head.append(card.heading, card.note, actions);
  card.plot.setAttribute("role", "img");
  card.plot.append(card.axes, card.faint, card.lines, card.focus, card.hair, card.dot, card.cursor);
  card.hair.hidden = card.dot.hidden = true;
  card.plot.tabIndex = 0;
  const stage = element("div", "stand");
  stage.append(card.plot, card.rangeButton, card.message);
  card.root.append(card.head, card.keys.root, card.told, stage);
  return card;
}

/** Write the card's name and the state of its buttons. */
export function dressCard(card, title, description, log, can) {
  writeName(card.heading, title);
  card.heading.title = description ? `${card.tag}\n${description}` : card.tag;
  card.plot.setAttribute("aria-label", card.tag);
  card.reset.hidden = !card.zoom;
  card.pinButton.hidden = !can("pin");
  card.rangeButton.hidden = !can("ranges");
  card.logButton.setAttribute("aria-pressed", String(log));
  card.wideButton.setAttribute("aria-pressed", String(card.wide));
  card.pinButton.setAttribute("aria-pressed", String(card.pinned === true));
  card.rangeButton.setAttribute("aria-pressed", String(card.range !== null));
  card.head.draggable = can("arrange") || can("overlay");
  for (const name of ["wide", "tall"]) card.root.classList.toggle(name, card[name]);
  card.root.classList.toggle("waiting", !card.filled);
  const { message = "", notes = [] } = card.spec ?? {};
  card.message.textContent = message;
  card.message.hidden = !message;
  card.plot.hidden = Boolean(message);
  dressTags(card);
  if (card.told.textContent !== notes.join("")) card.told.replaceChildren(...notes.map((text) => element("li", "", text)));
}

/** Tell which tag is drawn how, where a card has several. */
function dressTags({ keys, spec }) {
  const { tags = [], series = [] } = spec ?? {};
  const known = tags.map((tag, at) => {
    const one = series.find((candidate) => (candidate.tag ?? 0) === at);
    return [tag, one?.dash ?? 0, one?.color ?? "currentColor", one?.side === "right"];
  });
  const said = tags.length > 1 ? JSON.stringify(known) : "";
  if (keys.said === said) return;
  keys.said = said;
  const shared = tags.length > 1 ? sharedFolder(tags) : 0;
  keys.root.replaceChildren(...(said ? known : []).map(([tag, dash, color, right]) => {
    const key = element("li", "", "");
    const sample = lineDrawing("M0 8h26");
    sample.setAttribute("viewBox", "0 0 26 16");
    sample.setAttribute("class", "sample");
    sample.style.stroke = color;
    sample.style.strokeDasharray = dashOf({ dash }).join(" ");
    const name = element("span", "name");
    writeName(name, tag.slice(shared));
    key.title = tag;
    key.append(sample, name, ...(right ? [element("span", "side", "right axis")] : []));
    return key;
  }));
}

/** Return how many letters at the front the names have in common, up to a slash. */
export function sharedFolder(names) {
  const [first, ...others] = names;
  let end = 0;
  while (end < first.length && others.every((name) => name[end] === first[end])) end += 1;
  const shared = first.lastIndexOf("/", end - 1) + 1;
  // A tag that ends with its folder would be left without a name.
  return shared && names.some((name) => name.length === shared) ? first.slice(0, shared - 1).lastIndexOf("/") + 1 : shared;
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
  const { axis, smoothing, method, earlier, log_y, partition } = board.settings;
  const log = card.log ?? log_y;
  const logX = isLogX(board.settings);
  const { tags = [] } = card.spec ?? {};
  const lines = [];
  for (const series of seriesOf(card)) {
    const run = board.runs.get(series.run);
    if (!run || !board.isShown(run.name) || series.value.length === 0) continue;
    if (series.earlier && !earlier) continue;
    const start = run.start ?? firstWall(card, series);
    const smoothed = series.earlier || series.plain ? series : smoothedLine(series, smoothing, board.view.smoothed_with, method);
    const raw = abscissa(series, axis, start, logX);
    if (!raw) continue;
    const smooth = smoothed === series ? null : abscissa(smoothed, axis, start, logX);
    for (const part of smooth ? [raw, smooth] : [raw]) part.parts = partition && !part.rising;
    const breaks = log && series.facts.notPositive > 0 && smoothed.value.length === series.value.length;
    const name = tags.length > 1 ? `${run.name} · ${tags[series.tag ?? 0]}` : run.name;
    lines.push({
      run, series, start, raw, smooth, color: series.color ?? run.color, values: series.value, smoothValues: smoothed.value, old: smoothed.old === true,
      drawn: breaks ? brokenAtZero(smoothed.value, series.value) : smoothed.value,
      name: series.earlier ? `${name} (earlier)` : name, right: series.side === "right",
    });
  }
  return lines;
}

/** Return whether no run that is shown has points for the card. */
export function isEmpty(card, board) {
  return card.filled && !seriesOf(card).some(({ run, value }) => value.length && board.runs.has(run) && board.isShown(run));
}

/** Return where everything of a card lies inside `area` {left, top, right, bottom}: its box, its scales, its ticks. */
export function layoutCard(card, board, context, area, palette) {
  const { settings } = board;
  const { axis } = settings;
  const log = card.log ?? settings.log_y;
  const logX = isLogX(settings);
  const lines = shownLines(card, board);
  const bottom = area.bottom - (axis === "wall" ? 36 : 22);
  context.font = palette.font;
  const xRange = xRangeOf(card, lines, axis, logX);
  const widthOf = (label) => context.measureText(label).width;
  const widthsOf = ({ labels }) => labels.reduce((most, label) => Math.max(most, widthOf(label)), 0);
  const [ownLines, otherLines] = [lines.filter(({ right }) => !right), lines.filter(({ right }) => right)];
  const yRange = yRangeOf(card, board, ownLines.length ? ownLines : lines, xRange, log);
  const vertical = yAxis(yRange, log, bottom - area.top);
  const rightRange = otherLines.length && ownLines.length ? airyRange(...fitOf(card, otherLines, xRange, log, settings.outliers), log) : null;
  const right = rightRange && yAxis(rightRange, log, bottom - area.top);
  const most = (area.right - area.left) / 3;
  const box = {
    left: area.left + Math.round(Math.min(most, Math.max(40, widthsOf(vertical) + 12))), top: area.top,
    right: area.right - (right ? Math.round(Math.min(most, widthsOf(right) + 12)) : 10), bottom,
  };
  const inset = card.zoom?.x ?? card.range?.x ? 0 : 4;
  const xs = newScale(xRange[0], xRange[1], box.left + inset, box.right - inset, logX);
  const ys = newScale(yRange[0], yRange[1], box.bottom, box.top, log);
  if (right) right.scale = newScale(rightRange[0], rightRange[1], box.bottom, box.top, log);
  const horizontal = xAxis(xRange, axis, xs.end - xs.start, widthOf, logX);
  for (const line of lines) line.ys = right && line.right ? right.scale : ys;
  return { box, xs, ys, right, horizontal, vertical, lines, log };
}

/**
 * Draw a card's axes, markers and lines as they were laid out. `clipped(box, part)` returns where the faint and the bold
 * lines are drawn, null for what need not be.
 */
export function drawCard(context, frame, card, board, palette, clipped) {
  const { box, xs, ys, right, horizontal, vertical, lines } = frame;
  paintAxes(context, box, xs, ys, horizontal, vertical, palette, right);
  context.globalAlpha = 0.6;
  for (const { x, kind, color } of frame.markers) {
    context.strokeStyle = context.fillStyle = color ?? palette.text;
    paintMarker(context, box, x, kind);
  }
  context.globalAlpha = 1;
  for (const part of ["faint", "bold"]) {
    const pencil = clipped(box, part);
    if (!pencil) continue;
    PARTS[part](pencil, frame, lines, board.settings, palette, lines.length > MANY_LINES ? 1 : 1.6);
    pencil.restore();
  }
}

/** Return the markers that lie inside a card's plot: {x, kind, text, step, color}. */
export function markersOf(frame, card, board) {
  const { axis } = board.settings;
  if (axis === "tag") return [];
  const every = [...(board.view.markers ?? []), ...(card.spec?.markers ?? [])];
  return every.flatMap((marker) => {
    const run = marker.run === null || marker.run === undefined ? null : board.runs.get(marker.run);
    if (marker.run && (!run || !board.isShown(marker.run))) return [];
    const line = frame.lines.find((candidate) => !run || candidate.run === run);
    let at = axis === "step" ? marker.step : marker.wall;
    if (axis === "relative" && at !== null) at -= run?.start ?? line?.start ?? at;
    // A note knows its step alone: on an axis of time it stands where the first line has that step.
    if ((at === null || at === undefined) && line) {
      const row = nearestRow(abscissa(line.series, "step", 0), marker.step);
      at = row < 0 ? NaN : line.raw.xs[row] - line.raw.offset;
    }
    const x = pixelAt(frame.xs, at ?? NaN);
    return x >= frame.box.left && x <= frame.box.right ? [{ ...marker, x, color: run?.color }] : [];
  });
}

/** Draw the card: axes and all lines, then the emphasised run. */
export function paintCard(card, board) {
  const { palette } = board;
  const ratio = window.devicePixelRatio;
  const context = freshContext(card.axes, card.width, card.height, ratio);
  const frame = layoutCard(card, board, context, { left: 0, top: 8, right: card.width, bottom: card.height }, palette);
  card.frame = Object.assign(frame, { ratio });
  Object.assign(card.hair.style, { top: `${frame.box.top}px`, height: `${frame.box.bottom - frame.box.top}px` });
  frame.markers = markersOf(frame, card, board);
  // What lies behind the smoothed lines stays while they are smoothed more or less.
  const faintOf = isSmooth(board.settings) ? faintText(frame, card, palette) : "";
  drawCard(context, frame, card, board, palette, (box, part) => {
    if (part === "faint" && faintOf && faintOf === card.faintOf) return null;
    if (part === "faint" && !faintOf && !frame.lines.some(({ series }) => series.band)) return release([card.faint]);
    return clippedTo(freshContext(part === "faint" ? card.faint : card.lines, card.width, card.height, ratio), box);
  });
  card.faintOf = faintOf;
  card.plot.classList.toggle("old", frame.lines.some(({ old }) => old));
  paintFocus(card, board);
  card.note.textContent = card.note.title = noteOf(frame, board.settings);
  card.root.dataset.painted = performance.now();
}

/** Draw the emphasised run above the others, which the style sheet dims. */
export function paintFocus(card, board) {
  const chosen = card.frame ? card.frame.lines.filter((line) => isRun(line.run, board.highlight)) : [];
  const dimmed = chosen.length > 0 && card.frame.lines.length > 1;
  card.plot.classList.toggle("dimmed", dimmed);
  if (!dimmed) return release([card.focus]);
  const pencil = clippedTo(freshContext(card.focus, card.width, card.height, card.frame.ratio), card.frame.box);
  for (const part of Object.values(PARTS)) part(pencil, card.frame, chosen, board.settings, board.palette, 2.2);
  pencil.restore();
}

/** Forget what was drawn and give its memory back; the card is painted again when it comes near. */
export function blankCard(card) {
  release([card.axes, card.faint, card.lines, card.focus, card.cursor]);
  card.faintOf = "";
  card.hair.hidden = card.dot.hidden = true;
  card.frame = null;
  delete card.root.dataset.painted;
}

/** Return the context, drawing only inside the box until it is restored. */
export function clippedTo(context, box) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top - 4, box.right - box.left, box.bottom - box.top + 4);
  context.clip();
  return context;
}

/** Return whether `name` is a run or one of the runs of a group. */
export function isRun(run, name) {
  return name !== null && (run.name === name || run.members?.includes(name) === true);
}

/** Return the pattern a line is drawn in, as lengths of its dashes and gaps. */
export function dashOf({ dash }) {
  return DASHES[dash % DASHES.length];
}

/** Draw what lies behind the lines: bands and, when they are smoothed, what was logged. */
function paintFaint(context, { xs, ratio = 1 }, lines, settings, palette) {
  const smoothing = isSmooth(settings);
  for (const { color, series, raw, ys } of lines) {
    if (!series.band) continue;
    context.fillStyle = color;
    context.globalAlpha = 0.18;
    paintBand(context, raw, series.low, series.high, xs, ys);
    context.globalAlpha = 1;
  }
  Object.assign(context, { lineJoin: "bevel", lineWidth: 1 });
  for (const { color, series, raw, smooth, values, ys } of lines) {
    if (!(smoothing && smooth) && !series.earlier) continue;
    // Opaque: the transparent segments of a noisy line would add up to the full colour.
    context.strokeStyle = context.fillStyle = mixed(color, palette.background, FAINT);
    paintLine(context, raw, values, xs, ys, ratio);
  }
}

function paintBold(context, { box, xs, ratio = 1 }, lines, settings, palette, width) {
  Object.assign(context, { lineJoin: "bevel", lineWidth: width });
  for (const { color, series, raw, smooth, values, drawn, ys } of lines) {
    context.strokeStyle = context.fillStyle = color;
    if (!series.earlier) {
      context.setLineDash(dashOf(series));
      paintLine(context, smooth ?? raw, drawn, xs, ys, ratio);
    }
    if (series.facts.notFinite) paintNotFinite(context, raw, values, xs, ys, (box.top + box.bottom) / 2);
  }
  context.setLineDash([]);
}

/** Return a text that is the same as long as the faint lines look the same. */
function faintText({ box, xs, ys, right, lines }, card, palette) {
  const scales = [xs, ys, right?.scale].map((scale) => scale && [scale.low, scale.high, scale.log]);
  const drawn = lines.map(({ color, series, right: onRight, raw }) => [series.id, color, onRight, raw.offset, raw.parts]);
  return JSON.stringify([card.width, card.height, window.devicePixelRatio, box, scales, palette.background, drawn]);
}

/** Return when a run of unknown start has its first point: a window's points alone may begin later. */
function firstWall(card, series) {
  const { low } = (card.whole ?? card.series).find(({ run }) => run === series.run)?.walls ?? series.walls;
  return low === Infinity ? series.walls.low : low;
}

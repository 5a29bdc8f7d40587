/** One panel: its elements, its scales, its layers of canvas, and what is read where the pointer is. */

import { element, freshContext, iconButton, release, writeName } from "../lines/dom.js";
import { duration, moment, number, tickLabels, wholeNumber } from "../lines/format.js";
import { paintAxes, xAxis } from "../lines/paint.js";
import { linearTicks, newScale, pixelAt, valueAt, widened } from "../lines/scale.js";
import { paintBands, paintQuantiles } from "./bands.js";
import { PERCENTS, binAt, boundaries, nearestPlace, placeOf, placesOf } from "./data.js";
import { paintCell, paintHeat } from "./heat.js";
import { legendColors, shade } from "./ramp.js";
import { baseOf, paintRidge, paintRidges, ridgeAt } from "./ridges.js";
import { barAt, densities, paintBars, paintOutline, paintPoints, readCurve, withinEnds } from "./single.js";
import { dressFacts, newFacts } from "./facts.js";
import { newValueAxis, valueTicks } from "./value.js";

const ROOM = { step: 1, relative: 1, wall: 30 };
const HEAD = 0.36; // of the plot's height is the highest ridge
const STRIP = 9; // pixels across the strip that tells the steps of overlaid ridges by their colour
const AIR = 0.04;
const SINGLE = ["bars", "outlines", "cdf", "qq"];

/** Return a new panel; `act(name, panel)` is called when one of its buttons is pressed. */
export function newPanel(id, act) {
  const panel = {
    id, spec: null, rows: null, moment: null, zoom: null, wide: false, near: false, frame: null, width: 0, height: 0,
    root: element("article", "card panel"), heading: element("h3", "title"), swatch: element("i"), name: element("span", "name"),
    legend: element("div", "legend"), plot: element("div", "plot"), notes: element("p", "notes"), facts: newFacts(),
    axes: element("canvas", "axes"), lines: element("canvas", "lines"), cursor: element("canvas", "cursor"),
  };
  const actions = element("div", "actions");
  panel.reset = iconButton("reset", "All steps (double click)", () => act("reset", panel));
  panel.wideButton = iconButton("wide", "Full width", () => act("wide", panel));
  actions.append(panel.reset, panel.wideButton);
  panel.heading.append(panel.swatch, panel.name);
  const header = element("header");
  header.append(panel.heading, panel.legend, actions);
  panel.plot.setAttribute("role", "img");
  panel.plot.tabIndex = 0;
  panel.plot.append(panel.axes, panel.lines, panel.cursor);
  panel.root.append(header, panel.plot, panel.notes, panel.facts.root);
  return panel;
}

/** Write the panel's names, its notes and the state of its buttons. */
export function dressPanel(panel, board) {
  const { spec } = panel;
  const run = spec.run === null ? null : board.view.runs[spec.run];
  // Below a line with the tag's name it is the run that is told, else both where there are several runs.
  const words = spec.of > 0 ? run.name : board.view.alone || !run ? spec.title : `${spec.title} · ${run.name}`;
  writeName(panel.name, words + (spec.earlier ? ", earlier" : ""));
  panel.heading.title = [spec.tag, run?.name, spec.description].filter(Boolean).join("\n");
  panel.swatch.hidden = !run;
  if (run) panel.swatch.style.background = run.color;
  panel.plot.setAttribute("aria-label", [spec.tag, run?.name].filter(Boolean).join(", ") + (spec.earlier ? ", earlier" : ""));
  panel.notes.textContent = spec.notes.join(" · ");
  panel.notes.hidden = !spec.notes.length;
  panel.notes.classList.toggle("problem", Boolean(spec.problem));
  panel.reset.hidden = !panel.zoom;
  panel.wideButton.setAttribute("aria-pressed", String(panel.wide));
  panel.root.classList.toggle("wide", panel.wide);
  panel.root.classList.toggle("single", SINGLE.includes(spec.form));
  panel.root.classList.toggle("bare", spec.form === "none");
  dressFacts(panel.facts, spec, panel.moment, board);
}

/** Return whether a panel shows one step, and not a row of them. */
export function isSingle({ spec }) {
  return SINGLE.includes(spec.form);
}

/** Draw the panel. peaks: the greatest share and count of a bin, of this panel or of all it is compared with. */
export function paintPanel(panel, board, peaks) {
  const { spec } = panel;
  panel.frame = spec.form === "none" ? null : isSingle(panel) ? singleFrame(panel) : seriesFrame(panel, board, peaks);
  panel.legend.hidden = true;
  if (panel.frame) {
    const axes = freshContext(panel.axes, panel.width, panel.height, panel.frame.ratio);
    axes.font = board.palette.font;
    (isSingle(panel) ? paintSingle : paintSeries)(panel, board, axes);
  }
  panel.root.dataset.painted = performance.now();
}

/** Forget what was drawn and give its memory back; the panel is painted again when it comes near. */
export function blankPanel(panel) {
  release([panel.axes, panel.lines, panel.cursor]);
  panel.frame = null;
  delete panel.root.dataset.painted;
}

/* Over steps */

function seriesFrame(panel, board, peaks) {
  const { rows, spec, zoom } = panel;
  if (!rows.step.length || rows.edges.length < 2) return null;
  const { axis, height } = board.settings;
  const overlay = spec.form === "ridges" && board.settings.show === "overlay";
  const value = newValueAxis(spec.scale, spec.unit);
  const start = board.view.runs[spec.run].start ?? rows.wall[0];
  const places = placesOf(rows, axis, start);
  const [low, high] = [rows.edges[0], rows.edges.at(-1)];
  const ends = zoom?.axis === axis ? zoom.x : rangeOf(spec.form, places, axis);
  return { spec, value, places, low, high, ends, axis, overlay, start, peaks, counted: height === "count", ratio: window.devicePixelRatio, box: null };
}

/** Return the ends of the axis of steps. */
export function rangeOf(form, places, axis) {
  // One ridge stands at the bottom.
  if (form === "ridges" && places.first.length === 1) return [placeOf(places, 0) - 1, placeOf(places, 0)];
  if (form === "heat") {
    const bounds = boundaries(places);
    return [bounds[0], bounds.at(-1)];
  }
  const last = places.last.length - 1;
  return widened(places.first[0] - places.offset, places.last[last] - places.offset, ROOM[axis]);
}

function paintSeries(panel, board, context) {
  const { frame, rows, spec } = panel;
  const { palette } = board;
  const widthOf = (label) => context.measureText(label).width;
  const dated = frame.axis === "wall";
  if (spec.form === "ridges") {
    const bottom = panel.height - 22;
    const steps = stepTicks(frame, bottom - 8);
    const left = frame.overlay ? 12 : Math.round(Math.min(panel.width / 3, Math.max(40, widest(steps.labels, widthOf) + 12)));
    frame.box = { left, top: 8, right: panel.width - (frame.overlay ? 12 + STRIP + widest(steps.labels, widthOf) + 8 : 10), bottom };
    layRidges(frame, rows, panel.height);
    const horizontal = valueTicks(frame.value, frame.low, frame.high, frame.box.right - frame.box.left, 56);
    paintAxes(context, frame.box, frame.xs, frame.ys, horizontal, frame.overlay ? { ticks: [], labels: [] } : steps, palette);
    if (frame.overlay) paintStrip(context, frame, board.view.runs[spec.run].color, palette);
  } else {
    const bottom = panel.height - (dated ? 36 : 22);
    const air = spec.form === "bands" ? AIR * (frame.value.to(frame.high) - frame.value.to(frame.low)) : 0;
    const [low, high] = [frame.value.to(frame.low) - air, frame.value.to(frame.high) + air];
    const vertical = valueTicks(frame.value, frame.low, frame.high, bottom - 8, 36);
    const left = Math.round(Math.min(panel.width / 3, Math.max(40, widest(vertical.labels, widthOf) + 12)));
    frame.box = { left, top: 8, right: panel.width - 10, bottom };
    frame.xs = newScale(frame.ends[0], frame.ends[1], frame.box.left, frame.box.right);
    frame.ys = newScale(low, high, frame.box.bottom, frame.box.top);
    frame.steps = { scale: frame.xs, along: "x" };
    const horizontal = xAxis(frame.ends, frame.axis, frame.box.right - frame.box.left, widthOf);
    paintAxes(context, frame.box, frame.xs, frame.ys, horizontal, vertical, palette);
  }
  const pencil = freshContext(panel.lines, panel.width, panel.height, frame.ratio);
  const { color } = board.view.runs[spec.run];
  if (spec.form === "heat") {
    paintHeat(panel.lines, frame, rows, frame.peaks.share, board.ramp);
    dressLegend(panel, board);
    return;
  }
  pencil.save();
  pencil.beginPath();
  pencil.rect(frame.box.left, 0, frame.box.right - frame.box.left, frame.box.bottom + 1);
  pencil.clip();
  if (spec.form === "bands") paintBands(pencil, frame, rows, color);
  else paintRidges(pencil, frame, rows, color, palette);
  pencil.restore();
}

function layRidges(frame, rows, height) {
  const { box, overlay, value } = frame;
  const span = box.bottom - box.top;
  frame.head = overlay ? span * 0.94 : rows.step.length > 1 ? span * HEAD : span * 0.85;
  frame.xs = newScale(value.to(frame.low), value.to(frame.high), box.left, box.right);
  // The newest is in front: at the bottom.
  frame.ys = newScale(frame.ends[0], frame.ends[1], overlay ? box.top : box.top + frame.head, box.bottom);
  frame.steps = { scale: frame.ys, along: "y" };
}

/** Return {ticks, labels} of the steps beside the plot. */
export function stepTicks(frame, pixels) {
  const { ticks, labels } = xAxis(frame.ends, frame.axis, pixels, () => 24);
  // A single ridge has no step below its own. The second row of a wall time axis has no room beside the plot.
  const kept = [...ticks.keys()].filter((at) => frame.places.first.length > 1 || ticks[at] === frame.ends[1]);
  return { ticks: kept.map((at) => ticks[at]), labels: kept.map((at) => labels[at]) };
}

function paintStrip(context, frame, color, palette) {
  const { box, ys } = frame;
  const left = box.right + 8;
  const count = Math.max(1, Math.round(box.bottom - box.top));
  for (let at = 0; at < count; at += 1) {
    context.fillStyle = shade(color, count > 1 ? at / (count - 1) : 1, palette.background);
    context.fillRect(left, box.top + at, STRIP, 1.5);
  }
  context.fillStyle = palette.text;
  context.globalAlpha = 0.65;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const { ticks, labels } = stepTicks(frame, box.bottom - box.top);
  ticks.forEach((tick, at) => context.fillText(labels[at], left + STRIP + 4, Math.min(Math.max(pixelAt(ys, tick), box.top + 4), box.bottom - 4)));
  context.globalAlpha = 1;
}

function dressLegend(panel, board) {
  const colors = legendColors(board.ramp, 8).join(", ");
  panel.legend.hidden = !(panel.frame.peaks.share > 0);
  if (!panel.legend.querySelector(".gradient")) panel.legend.replaceChildren(element("span", "", "0"), element("i", "gradient"), element("span", "most"));
  panel.legend.title = "Share of the values of a step that lie in one bin; colours follow its square root";
  panel.legend.querySelector(".gradient").style.background = `linear-gradient(to right, ${colors})`;
  panel.legend.querySelector(".most").textContent = percent(panel.frame.peaks.share);
}

/* One step */

function singleFrame({ spec, moment }) {
  const value = newValueAxis(spec.scale, spec.unit);
  const made = { spec, value, low: spec.low, high: spec.high, ratio: window.devicePixelRatio, box: null };
  if (spec.form === "bars") {
    if (!moment.count.length) return null;
  } else {
    if (!moment.curves.length) return null;
    // The tails of the histograms lie far beyond the quantiles.
    if (spec.form === "qq") [made.low, made.high] = widened(...finiteEnds(moment.curves.flatMap(({ xs, ys }) => [xs, ys])), 0);
    made.top = spec.form === "outlines" ? moment.curves.reduce((most, { ys }) => ys.reduce((one, share) => Math.max(one, share), most), 0) : 1;
  }
  return made;
}

function finiteEnds(columns) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of columns) {
    for (const value of values) {
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  return [low, high];
}

function paintSingle(panel, board, context) {
  const { frame, spec, moment: at } = panel;
  const { palette } = board;
  const widthOf = (label) => context.measureText(label).width;
  const bottom = panel.height - 22;
  if (spec.form === "bars") {
    frame.bars = withinEnds(frame, at);
    frame.densities = densities(frame, frame.bars, (panel.width - 50) / (1 + 2 * AIR));
    frame.top = frame.densities.heights.reduce((most, height) => Math.max(most, height), 0);
  }
  const vertical = heightTicks(frame, bottom - 8);
  const left = Math.round(Math.min(panel.width / 3, Math.max(40, widest(vertical.labels, widthOf) + 12)));
  frame.box = { left, top: 8, right: panel.width - 10, bottom };
  const ends = [frame.value.to(frame.low), frame.value.to(frame.high)];
  const air = spec.form === "bars" || spec.form === "qq" ? AIR * (ends[1] - ends[0]) : 0;
  frame.xs = newScale(ends[0] - air, ends[1] + air, frame.box.left, frame.box.right);
  frame.ys = spec.form === "qq" ? newScale(ends[0] - air, ends[1] + air, bottom, frame.box.top)
    : newScale(0, (frame.top || 1) * 1.04, bottom, frame.box.top);
  const horizontal = valueTicks(frame.value, frame.low, frame.high, frame.box.right - frame.box.left, 56);
  paintAxes(context, frame.box, frame.xs, frame.ys, horizontal, vertical, palette);
  const pencil = freshContext(panel.lines, panel.width, panel.height, frame.ratio);
  if (spec.form === "bars") {
    paintBars(pencil, frame, board.view.runs[spec.lines[0].run].color, palette);
    panel.legend.hidden = frame.densities.even;
    panel.legend.title = "The buckets differ in width: a bar's area, not its height, is its count";
    panel.legend.replaceChildren(element("span", "", "count by width"));
    return;
  }
  if (spec.form === "qq") {
    pencil.strokeStyle = palette.text;
    pencil.globalAlpha = 0.3;
    pencil.setLineDash([4, 4]);
    pencil.beginPath();
    pencil.moveTo(frame.xs.start, frame.ys.start);
    pencil.lineTo(frame.xs.end, frame.ys.end);
    pencil.stroke();
    pencil.setLineDash([]);
    pencil.globalAlpha = 1;
  }
  for (const curve of at.curves) paintOne(pencil, panel, board, curve, at.curves.length <= 6, false);
}

function paintOne(context, { frame, spec, moment: at }, board, curve, filled, lit) {
  const { name, color } = board.view.runs[curve.run];
  const dimmed = board.highlight !== null && board.highlight !== name && at.curves.some(({ run }) => board.view.runs[run].name === board.highlight);
  context.globalAlpha = dimmed && !lit ? 0.25 : 1;
  context.lineWidth = lit ? 2.4 : 1.5;
  if (curve.earlier) context.setLineDash([3, 3]);
  if (spec.form === "outlines") paintOutline(context, frame, at.edges, curve.ys, color, filled);
  else paintPoints(context, frame, curve, color, spec.form === "qq");
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function heightTicks(frame, pixels) {
  const { spec } = frame;
  if (spec.form === "qq") return valueTicks(frame.value, frame.low, frame.high, pixels, 36);
  if (spec.form === "bars" && !frame.densities.even) return { ticks: [], labels: [] };
  const scaled = spec.form === "bars" ? 1 : 100;
  const { ticks, step } = linearTicks(0, (frame.top || 1) * scaled, Math.max(2, Math.floor(pixels / 38)));
  const labels = tickLabels(ticks, step);
  return { ticks: ticks.map((tick) => tick / scaled), labels: scaled === 1 ? labels : labels.map((label) => `${label}%`) };
}

/* What the pointer reads */

/** Return what is at a pixel of a painted panel, null where there is nothing: {x, row, bin} over steps, {x, found} at one. */
export function readPixel(panel, px, py) {
  const { frame, rows, spec, moment: at } = panel;
  if (!frame?.box) return null;
  const { box, xs, ys, value, places } = frame;
  if (px < box.left - 2 || px > box.right + 2 || py > box.bottom + 2) return null;
  if (spec.form === "bars") {
    const bar = barAt(frame, px);
    return bar < 0 ? null : { bar };
  }
  if (isSingle(panel)) {
    const found = at.curves.map((curve) => ({ curve, ...readCurve(frame, spec.form, at.edges, curve, px) })).filter(({ y }) => y !== undefined);
    found.sort((one, other) => Math.abs(one.y - py) - Math.abs(other.y - py));
    return found.length ? { px, found } : null;
  }
  if (spec.form === "ridges") {
    const ridge = ridgeAt(frame, rows, px, py);
    return ridge && { ...ridge, x: placeOf(places, ridge.row) };
  }
  const x = valueAt(xs, px);
  const row = nearestPlace(places, x);
  return row < 0 ? null : { row, x, bin: spec.form === "heat" ? binAt(rows.edges, value.from(valueAt(ys, py))) : -1 };
}

/** Draw on the panel's cursor layer what is read: its own reading, or the step that is read in another panel. */
export function paintReading(panel, board, reading, x) {
  const { frame, rows, spec, moment: at } = panel;
  if (!frame?.box || (!reading && (x === null || isSingle(panel)))) return release([panel.cursor]);
  const { box, xs, places } = frame;
  const { palette } = board;
  const context = freshContext(panel.cursor, panel.width, panel.height, frame.ratio);
  if (spec.form === "bars") return paintBars(context, frame, "transparent", palette, reading.bar);
  const guide = (pixel) => {
    if (!(pixel >= box.left - 1 && pixel <= box.right + 1)) return;
    context.strokeStyle = palette.text;
    context.globalAlpha = 0.35;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(Math.round(pixel) + 0.5, box.top);
    context.lineTo(Math.round(pixel) + 0.5, box.bottom);
    context.stroke();
    context.globalAlpha = 1;
  };
  if (isSingle(panel)) {
    if (spec.form !== "qq") guide(reading.px);
    const [nearest] = reading.found;
    paintOne(context, panel, board, nearest.curve, false, true);
    return undefined;
  }
  const { color } = board.view.runs[spec.run];
  const row = reading ? reading.row : nearestPlace(places, x);
  const [low, high] = frame.ends;
  if (row < 0 || (!reading && !(x >= low && x <= high))) return release([panel.cursor]);
  if (spec.form === "ridges") {
    paintRidge(context, frame, rows, row, color, palette, true);
    if (reading) guide(pixelAt(xs, frame.value.to(rows.edges[reading.bin] / 2 + rows.edges[reading.bin + 1] / 2)));
    return undefined;
  }
  if (spec.form === "heat") {
    if (reading?.bin >= 0) paintCell(context, frame, rows, row, reading.bin, palette);
    else guide(pixelAt(xs, placeOf(places, row)));
    return undefined;
  }
  guide(pixelAt(xs, placeOf(places, row)));
  paintQuantiles(context, frame, rows, row, color, palette);
  return undefined;
}

/** Return what the tooltip says of a reading: {name, color, rows}. */
export function wordsOf(panel, board, reading) {
  const { rows, spec, frame, moment: at } = panel;
  if (isSingle(panel)) return singleWords(panel, board, reading);
  const run = board.view.runs[spec.run];
  const { row, bin } = reading;
  const said = stepWords(rows, row, frame.start);
  if (spec.form === "bands") {
    const lines = PERCENTS.map((percents, index) => ({
      words: percents === 0 ? "min" : percents === 100 ? "max" : percents === 50 ? "median" : `${percents}%`,
      number: number(rows.quantiles[index][row]), strong: percents === 50,
    }));
    return { name: run.name, color: run.color, rows: [...said, ...lines.reverse(), { words: "values", number: number(rows.count[row]) }] };
  }
  if (bin < 0) return { name: run.name, color: run.color, rows: said };
  const share = rows.shares[row * (rows.edges.length - 1) + bin];
  return {
    name: run.name, color: run.color,
    rows: [
      ...said,
      { words: "from", number: number(rows.edges[bin]) },
      { words: "to", number: number(rows.edges[bin + 1]) },
      { words: rows.many[row] > 1 ? "mean count" : "count", number: number(share * rows.count[row]) },
      { words: rows.many[row] > 1 ? "mean share" : "share", number: percent(share), strong: true },
    ],
  };
}

function stepWords(rows, row, start) {
  const [first, last, many] = [rows.step[row], rows.last_step[row], rows.many[row]];
  const steps = first === last ? wholeNumber(first) : `${wholeNumber(first)} – ${wholeNumber(last)}`;
  const wall = rows.wall[row];
  return [
    { words: many > 1 ? `${wholeNumber(many)} steps` : "step", number: steps, strong: true },
    { words: "time", number: moment(wall) },
    { words: "relative", number: duration(wall - start) },
  ];
}

function singleWords({ spec, moment: at, frame }, board, reading) {
  if (spec.form === "bars") {
    const { bar } = reading;
    const total = at.count.reduce((sum, count) => sum + count, 0);
    const run = board.view.runs[spec.lines[0].run];
    return {
      name: run.name, color: run.color,
      rows: [
        { words: "from", number: exact(at.left[bar]) },
        { words: "to", number: exact(at.right[bar]) },
        { words: "count", number: exact(at.count[bar]) },
        { words: "share", number: percent(at.count[bar] / total), strong: true },
      ],
    };
  }
  const value = frame.value.from(valueAt(frame.xs, reading.px));
  const heads = [];
  if (spec.form === "outlines") {
    const bin = reading.found[0].at;
    heads.push({ words: "from", number: number(at.edges[bin]) }, { words: "to", number: number(at.edges[bin + 1]) });
    heads.push({ words: "", number: "count · share" });
  } else if (spec.form === "cdf") heads.push({ words: "share of values ≤", number: number(value) });
  else heads.push({ words: `quantile of ${board.view.runs[spec.against]?.name ?? ""}`, number: number(reading.found[0].curve.xs[reading.found[0].at]) });
  const spelled = (found, run) => {
    if (spec.form === "qq") return number(found);
    const total = at.facts.count[at.facts.run.indexOf(run)];
    return spec.form === "outlines" ? `${number(found * total)} · ${percent(found)}` : percent(found);
  };
  const lines = reading.found.map(({ curve, number: found }, index) => {
    const { name, color } = board.view.runs[curve.run];
    return { words: name, color, number: spelled(found, curve.run), strong: index === 0 };
  });
  return { name: "", color: null, rows: [...heads, ...lines] };
}

/** Return a share as a percentage. */
export function percent(share) {
  return Number.isFinite(share) ? `${number(100 * share)}%` : String(share);
}

/** Return a number with all the digits it was logged with. */
function exact(value) {
  return Math.abs(value) < 1e15 && Number.isInteger(value) ? wholeNumber(value) : String(Number(value.toPrecision(9)));
}

function widest(labels, widthOf) {
  return labels.reduce((most, label) => Math.max(most, widthOf(label)), 0);
}

/** Return the pixel of the row after, or with -1 before, the one that is read: what the arrow keys move to. */
export function neighbour(panel, reading, across, up) {
  const { frame, rows, spec } = panel;
  if (!frame?.box || isSingle(panel)) return null;
  const row = Math.min(Math.max((reading?.row ?? (across > 0 ? -1 : rows.step.length)) + across, 0), rows.step.length - 1);
  const bins = rows.edges.length - 1;
  const bin = Math.min(Math.max((reading?.bin ?? bins >> 1) + up, 0), bins - 1);
  const middle = frame.value.to(rows.edges[bin]) / 2 + frame.value.to(rows.edges[bin + 1]) / 2;
  if (spec.form === "ridges") return { row, bin, x: placeOf(frame.places, row), at: [pixelAt(frame.xs, middle), baseOf(frame, row)] };
  const x = placeOf(frame.places, row);
  return { row, bin: spec.form === "heat" ? bin : -1, x, at: [pixelAt(frame.xs, x), pixelAt(frame.ys, middle)] };
}

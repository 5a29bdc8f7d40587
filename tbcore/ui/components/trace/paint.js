/** The picture: lanes of events, curves, processes that are folded, arrows, what is pointed at and what is selected. */

import { freshContext } from "../lines/dom.js";
import { lengthOf, momentOf, ticksOf } from "./span.js";
import { itemsWithin, placeOfTrack, SIZES } from "./tracks.js";
import { marksWithin } from "./marks.js";

const TEXT_FROM = 26; // pixels of a mark that holds letters
const RULER = 40;
const STEPS = 18; // of them for the steps
const LINES_APART = 10; // pixels between the ends of steps
const MANY_ARROWS = 20; // from which on they are faint

/** Draw all that is seen of the lanes. */
export function paintTracks(board) {
  const { canvas, plot, palette } = board;
  const context = freshContext(canvas, plot.width, plot.height, plot.ratio);
  const top = board.scroll.scrollTop;
  const scale = plot.width / (board.seen.end - board.seen.start);
  const labels = [];
  const outlines = [];
  const see = { context, board, scale, labels, outlines };
  context.translate(0, -top);
  const items = itemsWithin(board.layout.items, top, top + plot.height);
  for (const item of items) if (item.kind !== "head") paintGround(see, item);
  paintStepLines(see, top, plot.height);
  for (const item of items) {
    if (item.kind === "lane") {
      const parts = partsOf(board, item);
      for (let row = 0; row < item.rows; row += 1) {
        const y = item.y + row * SIZES.row;
        if (y + SIZES.row < top || y > top + plot.height) continue;
        for (const [marks, from, until] of parts) paintMarks(see, marks, item.lane.track + row, y, from, until);
      }
    } else if (item.kind === "curve") paintCurve(see, item);
    else if (item.kind === "density") paintDensity(see, item);
  }
  context.font = palette.font;
  context.textBaseline = "middle";
  for (const bright of [true, false]) {
    context.fillStyle = bright ? board.ink : board.quiet;
    for (const [text, x, y, lit] of labels) if (lit === bright) context.fillText(text, x, y);
  }
  paintInstants(see, items, top);
  for (const [x, y, wide, color] of outlines) {
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(x - 0.5, y + 0.5, Math.max(2, wide) + 1, SIZES.row - 2);
  }
  if (board.arrows) paintArrows(see);
  paintRange(see, top, plot.height);
  paintCursor(see, top, plot.height);
}

/** Return what a lane is drawn from: [marks, from, until] of each stretch, as fine as they are at hand. */
function partsOf(board, item) {
  const { base, marks, seen } = board;
  const fine = marks && (marks.lanes.get(item.lane.id) ?? -1) >= Math.min(1, item.rows) && marks.until > seen.start && marks.from < seen.end;
  if (!fine) return base ? [[base, seen.start, seen.end]] : [];
  const parts = [[marks, Math.max(seen.start, marks.from), Math.min(seen.end, marks.until)]];
  if (base && marks.from > seen.start && marks.from > 0) parts.push([base, seen.start, marks.from]);
  if (base && marks.until < seen.end && marks.until < board.length) parts.push([base, marks.until, seen.end]);
  // What answers that came before say of rows that were folded then.
  const rows = marks.lanes.get(item.lane.id);
  return rows >= item.rows || !base ? parts : [...parts, [onlyBelow(base, item.lane.track + rows), parts[0][1], parts[0][2]]];
}

function onlyBelow(base, track) {
  return { ...base, places: { get: (one) => (one >= track ? base.places.get(one) : undefined) } };
}

function paintGround({ context, board }, item) {
  context.fillStyle = board.ground;
  context.fillRect(0, item.y - 1, board.plot.width, item.h + 1);
}

function paintMarks({ context, board, scale, labels, outlines }, marks, track, y, from, until) {
  const { seen, plot, names } = board;
  const [first, to] = marksWithin(marks, track, from, until);
  const { ratio, width } = plot;
  const high = SIZES.row - 1;
  const searching = board.dims && marks.searched;
  let covered = -1;
  let style = "";
  let [begun, end] = [0, 0]; // of the rectangle at hand
  for (let at = first; at < to; at += 1) {
    const begin = Math.max(marks.start[at], from);
    const stop = Math.min(marks.end[at], until);
    if (stop < begin) continue;
    let left = Math.round(Math.max(-4, (begin - seen.start) * scale) * ratio) / ratio;
    let right = Math.max(left + 1 / ratio, Math.round(Math.min(width + 4, (stop - seen.start) * scale) * ratio) / ratio);
    if (right <= covered || left > width || right < 0) continue;
    if (left < covered) left = covered;
    covered = right;
    const wide = right - left;
    const paint = board.byKind ? board.kindPaints[marks.role[at]] : board.namePaints[names.get(marks.name[at])?.hue ?? 0];
    const lit = !searching || marks.hits[at] > 0;
    const merged = marks.count[at] > 1;
    const share = merged ? marks.total[at] / Math.max(1, marks.end[at] - marks.start[at]) : 1;
    const want = !lit ? paint.dim : merged ? paint.soft[share > 0.9 ? 3 : share > 0.5 ? 2 : share > 0.2 ? 1 : 0] : paint.fill;
    // Narrow neighbours of one colour are one rectangle.
    const color = searching && lit && wide < 6 ? paint.edge : want;
    if (color !== style || left > end + 0.01 || wide > 3) {
      if (end > begun) context.fillRect(begun, y, end - begun, high);
      if (color !== style) context.fillStyle = style = color;
      begun = left;
    }
    end = wide > 3 ? right - 1 / ratio : right;
    if (wide > TEXT_FROM) {
      const known = names.get(marks.name[at]);
      const text = merged ? `${marks.count[at].toLocaleString("en-US")} events` : known?.name ?? "";
      const fitting = fitted(board, text, wide - 7);
      if (fitting) labels.push([fitting, left + 4, y + high / 2 + 0.5, lit]);
    }
  }
  if (end > begun) context.fillRect(begun, y, end - begun, high);
  const { picked, pointed } = board;
  if (picked?.track === track) outlines.push([(picked.start - seen.start) * scale, y, (picked.end - picked.start) * scale, board.palette.text]);
  if (pointed && pointed.track === track && pointed.marks === marks) {
    const at = pointed.at;
    outlines.push([(marks.start[at] - seen.start) * scale, y, (marks.end[at] - marks.start[at]) * scale, board.palette.accent]);
  }
}

/** Return as much of a text as fits, "" when that is nothing to read. */
function fitted(board, text, room) {
  let wide = board.widths.get(text);
  if (wide === undefined) {
    board.pen.font = board.palette.font;
    wide = board.pen.measureText(text).width;
    if (board.widths.size > 50_000) board.widths.clear();
    board.widths.set(text, wide);
  }
  if (wide <= room) return text;
  const letters = Math.floor((text.length * room) / wide) - 1;
  return letters >= 3 ? `${text.slice(0, letters)}…` : "";
}

function paintCurve({ context, board, scale }, item) {
  const { curves, seen, palette } = board;
  const [first, to] = curves?.places.get(item.curve.id) ?? [0, 0];
  const [top, bottom] = [item.y + 3, item.y + item.h - 1];
  const most = item.curve.peak > 0 ? item.curve.peak : 1;
  const place = (value) => bottom - (Math.max(0, value) / most) * (bottom - top);
  const until = Math.min(board.plot.width, (board.length - seen.start) * scale);
  for (const [column, style] of [["high", board.curvePaint[0]], ["mean", board.curvePaint[1]]]) {
    context.fillStyle = style;
    for (let at = first; at < to; at += 1) {
      const x = Math.max(0, (curves.time[at] - seen.start) * scale);
      const next = at + 1 < to ? (curves.time[at + 1] - seen.start) * scale : until;
      if (next < 0 || x > board.plot.width) continue;
      const y = place(curves[column][at]);
      if (bottom - y > 0.2) context.fillRect(x, y, Math.max(1 / board.plot.ratio, Math.min(board.plot.width, next) - x), bottom - y);
    }
  }
  context.fillStyle = palette.grid;
  context.fillRect(0, bottom, board.plot.width, 1);
}

function paintDensity({ context, board, scale }, item) {
  const density = [board.density, board.strip].find((one) => one?.places.has(item.group));
  const [first, to] = density?.places.get(item.group) ?? [0, 0];
  const [top, bottom] = [item.y + 2, item.y + item.h - 1];
  const most = board.strip?.most.get(item.group) || 1;
  context.fillStyle = board.curvePaint[1];
  for (let at = first; at < to; at += 1) {
    const left = (density.place[at] * density.cell - board.seen.start) * scale;
    const wide = density.cell * scale;
    if (left + wide < 0 || left > board.plot.width || density.value[at] <= 0) continue;
    const high = Math.max(1, Math.min(1, density.value[at] / most) * (bottom - top));
    context.fillRect(left, bottom - high, Math.max(1 / board.plot.ratio, wide), high);
  }
}

function paintStepLines({ context, board, scale }, top, height) {
  const { steps, seen, plot } = board;
  if (!steps.length || steps.length * 3 > plot.width * 20) return;
  context.fillStyle = board.band;
  let last = -9;
  for (const [, start, end] of stepsSeen(board)) {
    const x = Math.round((start - seen.start) * scale);
    const until = Math.round((end - seen.start) * scale);
    if (x - last >= LINES_APART) {
      context.fillRect(x, top, 1, height);
      last = x;
    }
    if (until - last >= LINES_APART) context.fillRect((last = until), top, 1, height);
  }
}

function stepsSeen(board) {
  return board.steps.filter(([, start, end]) => end >= board.seen.start && start <= board.seen.end);
}

function paintInstants({ context, board, scale }, items, top) {
  const { instants, seen } = board;
  if (!instants) return;
  context.fillStyle = board.palette.text;
  for (const item of items) {
    if (item.kind !== "lane") continue;
    const [first, to] = instants.places.get(item.lane.id) ?? [0, 0];
    for (let at = first; at < to; at += 1) {
      const x = (instants.time[at] - seen.start) * scale;
      if (x < -4 || x > board.plot.width + 4 || item.y < top - 10) continue;
      context.beginPath();
      context.moveTo(x, item.y + 4);
      context.lineTo(x - 3, item.y - 2);
      context.lineTo(x + 3, item.y - 2);
      context.fill();
    }
  }
}

function paintArrows({ context, board, scale }) {
  const many = board.arrows.length > MANY_ARROWS;
  context.lineWidth = many ? 1 : 1.5;
  context.globalAlpha = many ? 0.3 : 1;
  for (const { source, target } of board.arrows) {
    const [one, other] = [source, target].map((end) => placeOfTrack(board.layout, board.groups, end.track));
    if (!one || !other) continue;
    const back = target.start < source.start;
    const x = (Math.min(source.end, Math.max(source.start, back ? source.start : Math.min(source.end, target.start))) - board.seen.start) * scale;
    const [y, until] = [one.y + SIZES.row / 2, other.y + SIZES.row / 2];
    const end = (target.start - board.seen.start) * scale;
    if (Math.max(x, end) < -500 || Math.min(x, end) > board.plot.width + 500) continue;
    const bend = Math.max(14, Math.min(120, Math.abs(end - x) / 2));
    context.strokeStyle = context.fillStyle = board.palette.accent;
    context.beginPath();
    context.moveTo(x, y);
    context.bezierCurveTo(x + bend, y, end - bend, until, end - 5, until);
    context.stroke();
    context.beginPath();
    context.arc(x, y, 2.5, 0, 2 * Math.PI);
    context.moveTo(end, until);
    context.lineTo(end - 7, until - 3.5);
    context.lineTo(end - 7, until + 3.5);
    context.fill();
  }
  context.globalAlpha = 1;
}

function paintRange({ context, board, scale }, top, height) {
  const { range, seen, palette, plot } = board;
  if (!range) return;
  const [x, until] = [range.start, range.end].map((time) => (time - seen.start) * scale);
  context.fillStyle = board.shade;
  context.fillRect(-1, top, x + 1, height);
  context.fillRect(until, top, plot.width - until + 1, height);
  context.fillStyle = palette.accent;
  for (const one of [x, until]) context.fillRect(Math.round(one), top, 1, height);
}

function paintCursor({ context, board }, top, height) {
  if (board.hover === null || board.drag?.kind === "move") return;
  context.fillStyle = board.cursor;
  context.fillRect(Math.round(board.hover), top, 1, height);
}

/** Draw the times above the lanes, and the steps. */
export function paintRuler(board) {
  const { ruler, plot, seen, palette, range } = board;
  const context = freshContext(ruler, plot.width, RULER, plot.ratio);
  const scale = plot.width / (seen.end - seen.start);
  const { ticks, step } = ticksOf(seen, plot.width);
  context.font = palette.font;
  context.textBaseline = "middle";
  context.fillStyle = palette.grid;
  context.fillRect(0, RULER - 1, plot.width, 1);
  for (const { at, label } of ticks) {
    const x = Math.round((at - seen.start) * scale);
    context.fillStyle = palette.grid;
    context.fillRect(x, 5, 1, RULER - STEPS - 6);
    context.fillStyle = board.quiet;
    context.fillText(label, x + 4, (RULER - STEPS) / 2 + 1);
  }
  let last = -9;
  stepsSeen(board).forEach(([name, start, end], place) => {
    const x = Math.max(-2, (start - seen.start) * scale);
    const wide = Math.min(plot.width + 2, (end - seen.start) * scale) - x;
    if (x + wide < last + 1.5) return;
    last = x + wide;
    context.fillStyle = board.stepPaint[(place + (board.firstStep ?? 0)) % 2];
    context.fillRect(x, RULER - STEPS, Math.max(1, wide - 1), STEPS - 3);
    const text = wide > TEXT_FROM ? fitted(board, name, wide - 8) : "";
    context.fillStyle = board.ink;
    if (text) context.fillText(text, x + 4, RULER - STEPS / 2 - 1);
  });
  const told = range ? [[(range.start + range.end) / 2, lengthOf(range.end - range.start)]] : [];
  if (board.hover !== null && !range) told.push([seen.start + board.hover / scale, momentOf(seen.start + board.hover / scale, step / 100)]);
  for (const [at, text] of told) {
    const wide = context.measureText(text).width + 10;
    const x = Math.min(plot.width - wide, Math.max(0, (at - seen.start) * scale - wide / 2));
    context.fillStyle = range ? palette.accent : palette.text;
    context.fillRect(x, 3, wide, RULER - STEPS - 5);
    context.fillStyle = palette.background;
    context.fillText(text, x + 5, (RULER - STEPS) / 2 + 1);
  }
}

/** Draw all of the trace in a strip, with a frame around what is seen. */
export function paintStrip(board) {
  const { stripCanvas, strip, palette, length, seen } = board;
  const width = board.stripWidth;
  const height = 34;
  const context = freshContext(stripCanvas, width, height, board.plot.ratio);
  const scale = width / Math.max(1, length);
  if (strip) {
    const groups = [...strip.places.keys()];
    const rows = Math.max(1, groups.length);
    groups.forEach((group, place) => {
      const [from, to] = strip.places.get(group);
      const most = strip.most.get(group) || 1;
      const [y, high] = [(place * height) / rows, height / rows - (rows < 6 ? 2 : 0)];
      context.fillStyle = board.groups[group]?.device ? board.stripPaint[1] : board.stripPaint[0];
      for (let at = from; at < to; at += 1) {
        const part = Math.min(1, strip.value[at] / most);
        if (part <= 0) continue;
        context.fillRect(strip.place[at] * strip.cell * scale, y + high * (1 - part), Math.max(0.8, strip.cell * scale), high * part);
      }
    });
  }
  const [x, until] = [seen.start, seen.end].map((time) => Math.min(width, Math.max(0, time * scale)));
  context.fillStyle = board.shade;
  context.fillRect(0, 0, x, height);
  context.fillRect(until, 0, width - until, height);
  context.strokeStyle = palette.accent;
  context.lineWidth = 1.5;
  context.strokeRect(Math.min(width - 3, x + 0.5), 0.75, Math.max(2, until - x - 1), height - 1.5);
}


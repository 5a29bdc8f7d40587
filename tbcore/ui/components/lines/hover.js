/** What the pointer reads: a crosshair and dots in every card, one tooltip, the nearest line emphasised. */

import { isRun } from "./card.js";
import { arrange, element, freshContext, release, writeName } from "./dom.js";
import { duration, moment, number, wholeNumber } from "./format.js";
import { paintDot } from "./paint.js";
import { pixelAt, valueAt } from "./scale.js";
import { isSmooth, USUAL_ROWS } from "./settings.js";
import { nearestRow } from "./table.js";

const HEADS = ["Run", "Smoothed", "Value", "Step", "Time", "Relative", "Band", "Runs", "X"];
const ROW_HEIGHT = 21;
const ROOM_ABOVE = 92;
const MARKED = 6;
const NEAR = 18;
const BEYOND = 8;
const GONE = 28;
const ENDED = 6;
const MANY = 40;
const BESIDE = 18;
const EDGE = 8;
const PROBE = 6;
const POINTED = 54;

/** Return what each line of a painted card has nearest to `x`: by distance from pixel `y`, ended lines last. */
export function readings(frame, x, y) {
  const pixel = pixelAt(frame.xs, x);
  const found = [];
  for (const line of frame.lines) {
    const row = nearestRow(line.raw, x);
    if (row < 0) continue;
    const smoothRow = line.smooth ? nearestRow(line.smooth, x) : row;
    if (smoothRow < 0) continue;
    const curve = line.smooth ?? line.raw;
    const x0 = curve.xs[smoothRow] - curve.offset;
    const at = [pixelAt(frame.xs, x0), pixelAt(line.ys ?? frame.ys, line.drawn[smoothRow])];
    const away = Math.max(0, Math.abs(at[0] - pixel) - BEYOND);
    const distance = (Number.isFinite(at[1]) ? Math.abs(at[1] - y) : 1e5) + away;
    const gone = away > ENDED && !(x >= line.raw.low && x <= line.raw.high);
    const [value, smoothed] = [line.values[row], line.smoothValues[smoothRow]];
    found.push({ line, row, gone, value, smoothed, at, away, distance });
  }
  return found.sort((one, other) => one.gone - other.gone || one.distance - other.distance);
}

/** Return readings in the order of the rows of the tooltip; lines that ended before x stay last. */
export function orderedReadings(found, order) {
  if (order === "nearest") return found;
  // What is not a number comes after every number.
  const last = (value) => (Number.isNaN(value) ? Infinity : value);
  const orders = {
    ascending: (one, other) => last(one.smoothed) - last(other.smoothed) || 0,
    descending: (one, other) => last(-one.smoothed) - last(-other.smoothed) || 0,
    alphabetical: (one, other) => one.line.name.localeCompare(other.line.name, undefined, { numeric: true }),
  };
  return [...found].sort((one, other) => one.gone - other.gone || orders[order](one, other));
}

/** Return the shared tooltip, hidden. */
export function newTooltip() {
  const root = element("div", "tooltip");
  const table = element("table");
  const head = element("tr");
  const heads = HEADS.map((name) => element("th", name.toLowerCase(), name));
  head.append(element("th"), ...heads);
  const header = element("thead");
  header.append(head);
  const body = element("tbody");
  const more = element("div", "more");
  table.append(header, body);
  root.append(table, more);
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return { root, table, body, more, rows: [], time: heads[HEADS.indexOf("Time")], across: heads.at(-1), side: 0 };
}

/** Follow the pointer over a card's plot. `redraw()` asks for the next frame to call `paintHover`. */
export function listenHover(card, board, redraw) {
  card.plot.addEventListener("pointermove", (event) => {
    if (board.panel.open) return;
    board.pointer = { card, x: event.clientX, y: event.clientY };
    redraw();
  });
  card.plot.addEventListener("pointerleave", () => {
    if (board.pointer?.card === card) board.pointer = null;
    redraw();
  });
}

/** Read with the keys: left and right from point to point, up and down from line to line; Enter calls `press(place)`. */
export function listenKeys(card, board, redraw, press) {
  card.plot.addEventListener("keydown", (event) => {
    const { frame } = card;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (event.target !== card.plot || event.altKey || event.ctrlKey || event.metaKey || !frame || !frame.lines.length) return;
    if (event.key === "Escape") board.pointer = null;
    else if (event.key === "Enter" && board.pointer?.card === card) press(board.pointer);
    else if (!across && !down) return;
    else {
      const bounds = card.plot.getBoundingClientRect();
      const { box } = frame;
      const own = board.pointer?.card === card ? board.pointer : null;
      const [px, py] = own ? [own.x - bounds.left, own.y - bounds.top] : [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const found = readings(frame, valueAt(frame.xs, px), py);
      const place = found[0].at;
      if (across) {
        const { line } = found[0];
        const { raw, smooth } = line;
        const row = Math.max(0, Math.min(raw.xs.length - 1, found[0].row + across * (event.shiftKey ? 10 : 1)));
        const to = raw.xs[row] - raw.offset;
        place[0] = pixelAt(frame.xs, to);
        place[1] = pixelAt(line.ys ?? frame.ys, line.drawn[smooth ? nearestRow(smooth, to) : row]);
      } else {
        const upward = found.map(({ at }) => at).sort((one, other) => one[1] - other[1]);
        place[1] = (upward[upward.indexOf(place) + down] ?? place)[1];
      }
      board.pointer = { card, x: bounds.left + place[0], y: bounds.top + (Number.isFinite(place[1]) ? place[1] : py) };
    }
    event.preventDefault();
    redraw();
  });
  card.plot.addEventListener("blur", () => {
    if (board.pointer?.card === card) board.pointer = null;
    redraw();
  });
}

/** Draw the crosshairs and the tooltip for where the pointer is, or remove them; return the run the pointer is near. */
export function paintHover(board, cards) {
  const { pointer, tooltip } = board;
  const frame = pointer?.card.frame;
  if (!frame || board.dragging) {
    hideTooltip(tooltip);
    for (const card of cards) if (card !== board.dragging) dropCursor(card);
    return board.dragging ? board.highlight : null;
  }
  const bounds = pointer.card.plot.getBoundingClientRect();
  const [px, py] = [pointer.x - bounds.left, pointer.y - bounds.top];
  if (px < frame.box.left - 2 || px > frame.box.right + 2) {
    hideTooltip(tooltip);
    cards.forEach(dropCursor);
    return null;
  }
  const x = valueAt(frame.xs, px);
  const found = readings(frame, x, py);
  for (const card of cards) {
    if (!card.frame) continue;
    paintCursor(card, board, x, card === pointer.card ? found : dotsOf(card.frame, board, x));
  }
  const told = frame.markers.filter((marker) => Math.abs(marker.x - px) <= MARKED).map(markerText);
  fillTooltip(tooltip, board, orderedReadings(found, board.settings.order), told);
  placeTooltip(tooltip, pointer, bounds, frame, found[0]?.distance <= POINTED ? found[0].line : null);
  board.read = { card: pointer.card, found, step: found[0] ? found[0].line.series.step[found[0].row] : null };
  return found.length && found[0].distance <= NEAR ? found[0].line.run.name : null;
}

/** Return what the other cards show of a crosshair: of very many lines only the emphasised one. */
function dotsOf(frame, board, x) {
  if (frame.lines.length <= MANY) return readings(frame, x, 0);
  const lines = frame.lines.filter(({ run }) => isRun(run, board.highlight));
  return readings({ ...frame, lines }, x, 0);
}

function markerText({ kind, text, step }) {
  return [kind === "note" ? "" : kind, text, `at step ${wholeNumber(step)}`].filter(Boolean).join(" ");
}

function paintCursor(card, board, x, found) {
  const { xs, box, ratio, lines } = card.frame;
  const pixel = Math.round(pixelAt(xs, x));
  const inside = pixel + 0.5 >= box.left && pixel <= box.right + 0.5;
  // An element moves at less cost than a canvas is drawn: with very many lines there is nothing else to draw.
  card.hair.hidden = !inside;
  card.hair.style.transform = `translateX(${pixel}px)`;
  const crowded = lines.length > MANY;
  const dimmed = found.length > 1 && found.some(({ line }) => isRun(line.run, board.highlight));
  const dots = !inside ? [] : found.filter(({ line, at, away, gone }) => {
    // A run that ended before the crosshair has no point there, and a hundred dots are a smear.
    if (gone || away > GONE || (crowded && !isRun(line.run, board.highlight))) return false;
    return at[1] > box.top - 4 && at[1] < box.bottom + 4 && at[0] > box.left - 4 && at[0] < box.right + 4;
  });
  card.dot.hidden = !(crowded && dots.length);
  if (crowded && dots.length) {
    const [{ line, at }] = dots;
    card.dot.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
    card.dot.style.background = line.color;
  }
  if (crowded || !dots.length) return release([card.cursor]);
  const context = freshContext(card.cursor, card.width, card.height, ratio);
  for (const { line, at } of dots) {
    const chosen = isRun(line.run, board.highlight);
    context.globalAlpha = dimmed && !chosen ? 0.35 : 1;
    context.fillStyle = board.palette.background;
    paintDot(context, at[0], at[1], chosen ? 5.5 : 4);
    context.fillStyle = line.color;
    paintDot(context, at[0], at[1], chosen ? 4.5 : 3);
  }
}

/** Remove the crosshair of a card. */
function dropCursor(card) {
  card.hair.hidden = card.dot.hidden = true;
  release([card.cursor]);
}

function fillTooltip(tooltip, board, found, told) {
  const { axis, axis_tag, rows } = board.settings;
  const fitting = Math.max(3, Math.floor((innerHeight - ROOM_ABOVE) / ROW_HEIGHT));
  const shown = found.slice(0, Math.min(fitting, rows || USUAL_ROWS));
  const { classList } = tooltip.table;
  classList.toggle("plain", !isSmooth(board.settings));
  classList.toggle("bare", !shown.some(({ line }) => line.series.band));
  classList.toggle("single", !shown.some(({ line }) => line.series.runs));
  classList.toggle("steps", axis !== "tag");
  if (axis === "tag") tooltip.across.textContent = axis_tag;
  while (tooltip.rows.length < shown.length) tooltip.rows.push(newRow());
  const moments = shown.map(({ line, row }) => moment(line.series.wall[row]).split(" "));
  const oneDay = moments.every(([day, time]) => time && day === moments[0][0]);
  tooltip.table.classList.toggle("one-day", oneDay);
  tooltip.time.textContent = oneDay && moments.length ? moments[0][0] : "Time";
  const first = found.reduce((nearest, one) => (!nearest || one.distance < nearest.distance ? one : nearest), null);
  shown.forEach((reading, index) => {
    const { line: { run, color, series, start, name }, row, value, smoothed, gone } = reading;
    const wall = series.wall[row];
    const [day, time] = moments[index];
    const cells = [
      number(smoothed), number(value), wholeNumber(series.step[row]), duration(wall - start),
      series.band ? `${number(series.low[row])} – ${number(series.high[row])}` : "",
      series.runs ? wholeNumber(series.runs[row]) : "", series.x ? number(series.x[row]) : "",
    ];
    const made = tooltip.rows[index];
    made.root.classList.toggle("gone", gone);
    made.day.textContent = time ? `${day} ` : day;
    made.time.textContent = time ?? "";
    made.swatch.style.background = color;
    writeName(made.name, name);
    made.root.classList.toggle("nearest", isRun(run, board.highlight) || (reading === first && !board.highlight));
    cells.forEach((text, at) => {
      if (made.cells[at].textContent !== text) made.cells[at].textContent = text;
    });
  });
  arrange(tooltip.body, tooltip.rows.slice(0, shown.length).map((row) => row.root));
  const more = found.length > shown.length ? [`and ${found.length - shown.length} more`] : [];
  tooltip.more.textContent = [...more, ...told].join("\n");
  if (found.length === 0) hideTooltip(tooltip);
  else if (tooltip.root.hidden) {
    tooltip.root.hidden = false;
    if (tooltip.root.popover) tooltip.root.showPopover();
  }
}

function newRow() {
  const root = element("tr");
  const mark = element("td", "mark");
  const swatch = element("i");
  mark.append(swatch);
  const cells = ["smoothed", "value", "step", "relative", "band", "runs", "x"].map((name) => element("td", name));
  const at = element("td", "time");
  const [day, time] = [element("span", "day"), element("span")];
  at.append(day, time);
  const run = element("td", "run");
  const name = element("div", "name");
  run.append(name);
  root.append(mark, run, ...cells.slice(0, 3), at, ...cells.slice(3));
  return { root, swatch, name, cells, day, time };
}

/** Put the tooltip on the side of the pointer where it fits and hides least of `line`, the one pointed at or null. */
function placeTooltip(tooltip, { x, y }, bounds, frame, line) {
  const { root } = tooltip;
  if (root.hidden) return;
  const [width, height] = [root.offsetWidth, root.offsetHeight];
  const [right, left, below, above] = [x + BESIDE, x - BESIDE - width, y + BESIDE, y - BESIDE - height];
  const sides = [[right, below], [left, below], [right, above], [left, above]].map(([across, down], side) => {
    const inWidth = across >= EDGE && across + width <= innerWidth - EDGE;
    const fits = inWidth && down >= EDGE && down + height <= innerHeight - EDGE;
    const [from, top] = [across - bounds.left, down - bounds.top];
    const covered = line ? coveredPart(frame, line, from, from + width, top, top + height) : 0;
    // Among equals it stays where it is.
    return { across, down, side, cost: (fits ? 0 : 1e4) + covered + (side === tooltip.side ? 0 : 0.5) + side / 100 };
  });
  const best = sides.reduce((one, other) => (other.cost < one.cost ? other : one));
  tooltip.side = best.side;
  root.style.left = `${Math.max(EDGE, Math.min(best.across, innerWidth - width - EDGE))}px`;
  root.style.top = `${Math.max(EDGE, Math.min(best.down, innerHeight - height - EDGE))}px`;
}

/** Return at how many places along x the line lies inside a rectangle of the plot. */
function coveredPart({ box, xs, ys }, line, left, right, top, bottom) {
  const curve = line.smooth ?? line.raw;
  if (!curve.rising) return 0;
  let count = 0;
  for (let pixel = Math.max(left, box.left); pixel <= Math.min(right, box.right); pixel += PROBE) {
    const x = valueAt(xs, pixel);
    const y = x >= curve.low && x <= curve.high ? pixelAt(line.ys ?? ys, line.drawn[nearestRow(curve, x)]) : NaN;
    if (y >= top && y <= bottom) count += 1;
  }
  return count;
}

function hideTooltip({ root }) {
  if (root.hidden) return;
  if (root.popover) root.hidePopover();
  root.hidden = true;
}

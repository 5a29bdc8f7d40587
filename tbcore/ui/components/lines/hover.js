/** What the pointer reads: a crosshair and dots in every card, one tooltip, the nearest line emphasised. */

import { arrange, element, freshContext, release, writeName } from "./dom.js";
import { duration, moment, number, wholeNumber } from "./format.js";
import { paintDot } from "./paint.js";
import { pixelAt, valueAt } from "./scale.js";
import { nearestRow } from "./table.js";

const HEADS = ["Run", "Smoothed", "Value", "Step", "Time", "Relative"];
const ROWS = 12;
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
    const at = [pixelAt(frame.xs, x0), pixelAt(frame.ys, line.drawn[smoothRow])];
    const away = Math.max(0, Math.abs(at[0] - pixel) - BEYOND);
    const distance = (Number.isFinite(at[1]) ? Math.abs(at[1] - y) : 1e5) + away;
    const gone = away > ENDED && !(x >= line.raw.low && x <= line.raw.high);
    const [value, smoothed] = [line.values[row], line.smoothValues[smoothRow]];
    found.push({ line, row, gone, value, smoothed, at, away, distance });
  }
  return found.sort((one, other) => one.gone - other.gone || one.distance - other.distance);
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
  return { root, table, body, more, rows: [], time: heads[HEADS.indexOf("Time")], side: 0 };
}

/** Follow the pointer over a card's plot. `redraw()` asks for the next frame to call `paintHover`. */
export function listenHover(card, board, redraw) {
  card.plot.addEventListener("pointermove", (event) => {
    board.pointer = { card, x: event.clientX, y: event.clientY };
    redraw();
  });
  card.plot.addEventListener("pointerleave", () => {
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
    for (const card of cards) if (card !== board.dragging) release([card.cursor]);
    return board.dragging ? board.highlight : null;
  }
  const bounds = pointer.card.plot.getBoundingClientRect();
  const [px, py] = [pointer.x - bounds.left, pointer.y - bounds.top];
  if (px < frame.box.left - 2 || px > frame.box.right + 2) {
    hideTooltip(tooltip);
    for (const card of cards) release([card.cursor]);
    return null;
  }
  const x = valueAt(frame.xs, px);
  const found = readings(frame, x, py);
  for (const card of cards) {
    if (!card.frame) continue;
    paintCursor(card, board, x, card === pointer.card ? found : readings(card.frame, x, 0));
  }
  fillTooltip(tooltip, board, found);
  placeTooltip(tooltip, pointer, bounds, frame, found[0]?.distance <= POINTED ? found[0].line : null);
  return found.length && found[0].distance <= NEAR ? found[0].line.run.name : null;
}

function paintCursor(card, board, x, found) {
  const { xs, box, ratio } = card.frame;
  const pixel = Math.round(pixelAt(xs, x)) + 0.5;
  if (!(pixel >= box.left && pixel <= box.right + 1)) return release([card.cursor]);
  const context = freshContext(card.cursor, card.width, card.height, ratio);
  context.strokeStyle = board.palette.text;
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(pixel, box.top);
  context.lineTo(pixel, box.bottom);
  context.stroke();
  context.globalAlpha = 1;
  const crowded = found.length > MANY;
  const dimmed = found.length > 1 && found.some(({ line }) => line.run.name === board.highlight);
  for (const { line, at, away, gone } of found) {
    const chosen = line.run.name === board.highlight;
    // A run that ended before the crosshair has no point there, and a hundred dots are a smear.
    if (gone || away > GONE || (crowded && !chosen) || !(at[1] > box.top - 4 && at[1] < box.bottom + 4)) continue;
    if (!(at[0] > box.left - 4 && at[0] < box.right + 4)) continue;
    context.globalAlpha = dimmed && !chosen ? 0.35 : 1;
    context.fillStyle = board.palette.background;
    paintDot(context, at[0], at[1], chosen ? 5.5 : 4);
    context.fillStyle = line.run.color;
    paintDot(context, at[0], at[1], chosen ? 4.5 : 3);
  }
}

function fillTooltip(tooltip, board, found) {
  const smoothing = board.settings.smoothing > 0;
  tooltip.table.classList.toggle("plain", !smoothing);
  const shown = found.slice(0, ROWS);
  while (tooltip.rows.length < shown.length) tooltip.rows.push(newRow());
  const moments = shown.map(({ line, row }) => moment(line.series.wall[row]).split(" "));
  const oneDay = moments.every(([day, time]) => time && day === moments[0][0]);
  tooltip.table.classList.toggle("one-day", oneDay);
  tooltip.time.textContent = oneDay && moments.length ? moments[0][0] : "Time";
  shown.forEach(({ line: { run, series, start }, row, value, smoothed, gone }, index) => {
    const wall = series.wall[row];
    const [day, time] = moments[index];
    const cells = [number(smoothed), number(value), wholeNumber(series.step[row]), duration(wall - start)];
    const made = tooltip.rows[index];
    made.root.classList.toggle("gone", gone);
    made.day.textContent = time ? `${day} ` : day;
    made.time.textContent = time ?? "";
    made.swatch.style.background = run.color;
    writeName(made.name, series.earlier ? `${run.name} (earlier)` : run.name);
    made.root.classList.toggle("nearest", run.name === board.highlight || (index === 0 && !board.highlight));
    cells.forEach((text, at) => {
      if (made.cells[at].textContent !== text) made.cells[at].textContent = text;
    });
  });
  arrange(tooltip.body, tooltip.rows.slice(0, shown.length).map((row) => row.root));
  tooltip.more.textContent = found.length > ROWS ? `and ${found.length - ROWS} more` : "";
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
  const cells = ["smoothed", "value", "step", "relative"].map((name) => element("td", name));
  const at = element("td", "time");
  const [day, time] = [element("span", "day"), element("span")];
  at.append(day, time);
  const run = element("td", "run");
  const name = element("div", "name");
  run.append(name);
  root.append(mark, run, ...cells.slice(0, 3), at, cells[3]);
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
    const y = x >= curve.low && x <= curve.high ? pixelAt(ys, line.drawn[nearestRow(curve, x)]) : NaN;
    if (y >= top && y <= bottom) count += 1;
  }
  return count;
}

function hideTooltip({ root }) {
  if (root.hidden) return;
  if (root.popover) root.hidePopover();
  root.hidden = true;
}

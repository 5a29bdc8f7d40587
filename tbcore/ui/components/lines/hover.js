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
const MANY = 40;

/** Return what each line of a painted card has nearest to `x`, the nearest to pixel `y` first. */
export function readings(frame, x, y) {
  const pixel = pixelAt(frame.xs, x);
  const found = [];
  for (const line of frame.lines) {
    const row = nearestRow(line.raw, x);
    if (row < 0) continue;
    const smoothRow = line.smooth ? nearestRow(line.smooth, x) : row;
    const curve = line.smooth ?? line.raw;
    const at = [pixelAt(frame.xs, curve.xs[smoothRow] - curve.offset), pixelAt(frame.ys, line.smoothValues[smoothRow])];
    const away = Math.max(0, Math.abs(at[0] - pixel) - BEYOND);
    const distance = (Number.isFinite(at[1]) ? Math.abs(at[1] - y) : 1e5) + away;
    found.push({ line, row, value: line.values[row], smoothed: line.smoothValues[smoothRow], at, away, distance });
  }
  return found.sort((one, other) => one.distance - other.distance);
}

/** Return the shared tooltip, hidden. */
export function newTooltip() {
  const root = element("div", "tooltip");
  const table = element("table");
  const head = element("tr");
  head.append(element("th"), ...HEADS.map((name) => element("th", name.toLowerCase(), name)));
  const header = element("thead");
  header.append(head);
  const body = element("tbody");
  const more = element("div", "more");
  table.append(header, body);
  root.append(table, more);
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return { root, table, body, more, rows: [] };
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
  placeTooltip(tooltip, pointer);
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
  for (const { line, at, away } of found) {
    const chosen = line.run.name === board.highlight;
    // A run that ended long before the crosshair has no point there, and a hundred dots are a smear.
    if (away > GONE || (crowded && !chosen) || !(at[1] > box.top - 4 && at[1] < box.bottom + 4)) continue;
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
  shown.forEach(({ line: { run, series, start }, row, value, smoothed }, index) => {
    const wall = series.wall[row];
    const cells = [number(smoothed), number(value), wholeNumber(series.step[row]),
                   moment(wall), duration(wall - start)];
    const made = tooltip.rows[index];
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
  const cells = ["smoothed", "value", "step", "time", "relative"].map((name) => element("td", name));
  const run = element("td", "run");
  const name = element("div", "name");
  run.append(name);
  root.append(mark, run, ...cells);
  return { root, swatch, name, cells };
}

function placeTooltip({ root }, { x, y }) {
  if (root.hidden) return;
  const [width, height] = [root.offsetWidth, root.offsetHeight];
  const left = x + 18 + width <= innerWidth - 8 ? x + 18 : x - 18 - width;
  const top = y + 18 + height <= innerHeight - 8 ? y + 18 : y - 18 - height;
  root.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  root.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

function hideTooltip({ root }) {
  if (root.hidden) return;
  if (root.popover) root.hidePopover();
  root.hidden = true;
}

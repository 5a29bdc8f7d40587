/** One plot of points, or a grid of such plots over the same rows: what is brushed in one cell is told apart in all. */

import { element, freshContext, readPalette } from "../lines/dom.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { ticksOf, wordsOf } from "../parallel/axis.js";
import { clauseOf, passing, spansOf } from "../parallel/clause.js";
import { dressLegend, hideRowTip, newLegend, newRowTip, showRowTip } from "../parallel/legend.js";
import { drawingOrder, pictureOf, readRows } from "../parallel/table.js";
import { acrossOf, boxAt, downOf, laneAcross, laneDown, nearestPoint, newCells, pointsOf, stretchAcross, stretchDown } from "./cells.js";
import { paintMarks } from "./marks.js";

const SEND_AFTER = 20;
const REACH = 12;
const CLICK = 4;
const ENDS = 0.04;
const CELL_LEAST = 118;
const LANE_LABEL = 30;
const LINE = 11;

/** Return a new board inside `parent`, a shadow root. */
export function newBoard(parent) {
  const board = {
    parent, host: parent.host ?? parent, root: element("div", "scatter"), bar: element("div", "above"), scroll: element("div", "scroll"),
    box: element("div", "box"), legend: newLegend(), tip: newRowTip(), layers: ["points", "hover"].map((name) => element("canvas", name)),
    view: null, data: null, picture: "", rows: null, clauses: {}, shown: null, boxes: [], drag: null, hover: -1, frame: 0, soiled: new Set(), size: [0, 0],
  };
  board.note = element("span", "note");
  board.count = element("span", "count");
  board.clear = element("button", "plain", "Clear brushes");
  board.clear.type = "button";
  board.clear.addEventListener("click", () => brush(board, {}));
  board.bar.append(board.legend.root, board.note, board.count, board.clear);
  board.box.append(...board.layers);
  board.scroll.append(board.box);
  board.root.append(board.bar, board.scroll, board.tip.root);
  board.outbox = newOutbox((name, value) => board.send(name, value), SEND_AFTER);
  board.resized = new ResizeObserver(() => measure(board));
  board.resized.observe(board.scroll);
  board.box.addEventListener("pointerdown", (event) => press(board, event));
  board.box.addEventListener("pointermove", (event) => (board.drag ? drag(board, event) : point(board, event)));
  board.box.addEventListener("pointerup", () => drop(board));
  board.box.addEventListener("pointercancel", () => {
    board.drag = null;
    soil(board, "points", "hover");
  });
  board.box.addEventListener("pointerleave", () => !board.drag && unpoint(board));
  return board;
}

/** Take over new data; what is brushed stays. */
export function updateBoard(board, data, send) {
  const first = board.view === null;
  Object.assign(board, { send, view: data.view, data });
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const before = JSON.stringify([board.picture, board.clauses]);
  if (heard(board.outbox, "brush", data.view.brush) || first) board.clauses = data.view.brush;
  board.palette = readPalette(board.host);
  board.picture = pictureOf(data.view, board.palette);
  if (before === JSON.stringify([board.picture, board.clauses])) return;
  board.note.textContent = data.view.note ?? "";
  dressLegend(board.legend, data.view);
  board.rows = readRows(data.view, data.rows, {}, ENDS);
  board.sorted = drawingOrder(board.rows.paints, board.rows.count);
  board.shown = passing(board.rows.axes, board.clauses, board.rows.count);
  board.hover = -1;
  measure(board);
}

/** Stop listening and drop the board's elements. */
export function discardBoard(board) {
  cancelAnimationFrame(board.frame);
  closeOutbox(board.outbox);
  board.resized.disconnect();
  hideRowTip(board.tip);
  board.root.remove();
}

function measure(board) {
  if (!board.rows) return;
  const across = 1 + Math.max(...board.view.cells.map((cell) => cell.column));
  const width = Math.max(board.scroll.clientWidth, across * CELL_LEAST);
  if (board.scroll.clientWidth === 0) return;
  board.size = [width, board.view.height];
  Object.assign(board.box.style, { width: `${width}px`, height: `${board.view.height}px` });
  board.boxes = newCells(board.view, board.rows, ...board.size);
  board.points = board.boxes.map((box) => pointsOf(box, board.rows.count));
  soil(board, "points", "hover");
}

function soil(board, ...layers) {
  for (const layer of layers) board.soiled.add(layer);
  cancelAnimationFrame(board.frame);
  board.frame = requestAnimationFrame(() => paint(board));
}

// Painting ------------------------------------------------------------------------------------------------------------

function paint(board) {
  const [width, height] = board.size;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const painters = { points: paintCells, hover: paintAbove };
  for (const canvas of board.layers) {
    if (!board.soiled.has(canvas.className)) continue;
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    painters[canvas.className](board, freshContext(canvas, width, height, ratio));
  }
  board.soiled.clear();
  const shown = board.shown.reduce((sum, one) => sum + one, 0);
  board.count.textContent = shown === board.rows.count ? "" : `${shown.toLocaleString("en")} of ${board.rows.count.toLocaleString("en")} brushed`;
  board.clear.hidden = Object.keys(board.clauses).length === 0;
  board.root.dataset.painted = performance.now();
}

function paintCells(board, context) {
  const small = board.boxes.length > 1;
  board.boxes.forEach((box, at) => {
    paintFrame(board, context, box, small);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    paintMarks(context, box, board.data, board.palette, false);
    paintPoints(board, context, board.points[at], small);
    paintMarks(context, box, board.data, board.palette, true);
    paintBrush(board, context, box);
    context.restore();
  });
}

function radiusOf(count, small) {
  const radius = count <= 60 ? 4 : count <= 400 ? 3.2 : count <= 2000 ? 2.4 : 1.7;
  return small ? Math.max(1.2, radius * 0.65) : radius;
}

function paintPoints(board, context, { x, y }, small) {
  const radius = radiusOf(board.rows.count, small);
  const dot = (row) => {
    if (radius < 2 && !board.view.ringed) {
      context.fillRect(x[row] - radius, y[row] - radius, 2 * radius, 2 * radius);
      return;
    }
    context.beginPath();
    context.arc(x[row], y[row], radius, 0, 2 * Math.PI);
    context.fill();
  };
  context.fillStyle = board.palette.text;
  context.globalAlpha = 0.12;
  for (const row of board.sorted) if (!board.shown[row]) dot(row);
  context.globalAlpha = board.rows.count > 1000 ? 0.6 : 0.85;
  for (const row of board.sorted) {
    if (!board.shown[row]) continue;
    context.fillStyle = board.view.palette[board.rows.paints[row]];
    dot(row);
    if (!board.view.ringed) continue;
    context.lineWidth = 1.5;
    context.strokeStyle = board.palette.background;
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintFrame(board, context, box, small) {
  const { palette } = board;
  context.strokeStyle = palette.grid;
  context.lineWidth = 1;
  context.globalAlpha = 1;
  context.strokeRect(Math.round(box.left) + 0.5, Math.round(box.top) + 0.5, Math.round(box.width) - 1, Math.round(box.height) - 1);
  context.font = palette.font;
  context.fillStyle = palette.text;
  const xTicks = ticksOf(box.xs, Math.max(2, Math.floor(box.width / 90)));
  const yTicks = ticksOf(box.ys, Math.max(2, Math.floor(box.height / 55)));
  context.globalAlpha = small ? 0.45 : 0.7;
  context.beginPath();
  for (const { at } of xTicks) line(context, acrossOf(box, at), box.top, acrossOf(box, at), box.top + box.height);
  for (const { at } of yTicks) line(context, box.left, downOf(box, at), box.left + box.width, downOf(box, at));
  context.stroke();
  paintLaneEdges(context, box);
  context.globalAlpha = 1;
  if (box.last) {
    context.textAlign = "center";
    context.textBaseline = "top";
    const lanes = box.xs.used.map((name) => ({ at: laneAcross(box, name), label: name === "missing" ? "none" : name }));
    const room = Math.max(26, (box.width / Math.max(1, xTicks.length)) * 0.95);
    const ticks = xTicks.map(({ at, label }) => ({ at: acrossOf(box, at), label })).filter(({ at }) => lanes.every((lane) => Math.abs(lane.at - at) > LANE_LABEL));
    for (const { at, label } of [...lanes, ...ticks]) {
      context.fillText(fitted(context, label, room), within(context, at, label, room, small ? box.left - 6 : 0, small ? box.left + box.width + 6 : board.size[0]), box.top + box.height + 5);
    }
    context.font = `600 ${palette.font}`;
    context.fillText(fitted(context, box.xs.spec.title, box.width), box.left + box.width / 2, box.top + box.height + 23);
    context.font = palette.font;
  }
  if (box.first) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const { at, label } of yTicks) {
      if (box.ys.used.every((name) => Math.abs(laneDown(box, name) - downOf(box, at)) > LINE)) context.fillText(fitted(context, label, 58), box.left - 5, downOf(box, at));
    }
    for (const name of box.ys.used) context.fillText(fitted(context, name, 58), box.left - 5, laneDown(box, name));
    context.save();
    context.translate(9, box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.font = `600 ${palette.font}`;
    context.fillText(fitted(context, box.ys.spec.title, box.height), 0, 0);
    context.restore();
    context.font = palette.font;
  }
}

function paintLaneEdges(context, box) {
  context.setLineDash([3, 3]);
  context.beginPath();
  if (box.xLanes.low.length) line(context, box.x0 - 1, box.top, box.x0 - 1, box.top + box.height);
  if (box.xLanes.high.length) line(context, box.x1 + 1, box.top, box.x1 + 1, box.top + box.height);
  if (box.yLanes.low.length) line(context, box.left, box.y0 + 1, box.left + box.width, box.y0 + 1);
  if (box.yLanes.high.length) line(context, box.left, box.y1 - 1, box.left + box.width, box.y1 - 1);
  context.globalAlpha = 1;
  context.stroke();
  context.setLineDash([]);
}

function line(context, x0, y0, x1, y1) {
  context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
}

function within(context, x, label, room, least, most) {
  const half = Math.min(context.measureText(label).width, room) / 2;
  return Math.min(Math.max(x, least + half + 2), most - half - 2);
}

function fitted(context, text, room) {
  const clean = text.replace(/\s+/g, " ").slice(0, 120);
  if (context.measureText(clean).width <= room) return clean;
  let length = clean.length;
  while (length > 1 && context.measureText(`${clean.slice(0, length)}…`).width > room) length -= 1;
  return `${clean.slice(0, length)}…`;
}

function paintBrush(board, context, box) {
  const [across, down] = [box.xs, box.ys].map((axis) => (board.clauses[axis.spec.key] ? spansOf(axis, board.clauses[axis.spec.key]) : null));
  if (!across && !down) return;
  const whole = [{ low: -0.5, high: 1.5 }];
  context.fillStyle = board.palette.accent;
  context.strokeStyle = board.palette.accent;
  for (const x of across ?? whole) {
    for (const y of down ?? whole) {
      const [x0, x1, y0, y1] = [acrossOf(box, x.low), acrossOf(box, x.high), downOf(box, y.high), downOf(box, y.low)];
      context.globalAlpha = 0.08;
      context.fillRect(x0, y0, x1 - x0, y1 - y0);
      context.globalAlpha = 0.7;
      context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
  }
  context.globalAlpha = 1;
}

function paintAbove(board, context) {
  const { drag: held } = board;
  if (held?.moved) {
    const { box, from, to } = held;
    context.fillStyle = board.palette.accent;
    context.strokeStyle = board.palette.accent;
    context.globalAlpha = 0.12;
    context.beginPath();
    context.rect(...[0, 1].map((at) => Math.min(from[at], to[at])), ...[0, 1].map((at) => Math.abs(from[at] - to[at])));
    context.fill();
    context.globalAlpha = 0.9;
    context.stroke();
    if (!box) return;
  }
  if (board.hover < 0) return;
  context.globalAlpha = 1;
  const radius = radiusOf(board.rows.count, board.boxes.length > 1) + 2;
  for (const { x, y } of board.points) {
    context.beginPath();
    context.arc(x[board.hover], y[board.hover], radius, 0, 2 * Math.PI);
    context.fillStyle = board.view.palette[board.rows.paints[board.hover]];
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = board.palette.text;
    context.stroke();
  }
}

// Brushing and pointing -----------------------------------------------------------------------------------------------

function at(board, event) {
  const bounds = board.box.getBoundingClientRect();
  return [event.clientX - bounds.left, event.clientY - bounds.top];
}

function press(board, event) {
  const from = at(board, event);
  const box = boxAt(board.boxes, ...from);
  if (event.button !== 0 || !box || board.view.fixed) return;
  event.preventDefault();
  board.box.setPointerCapture(event.pointerId);
  unpoint(board);
  board.drag = { box, from, to: from, moved: false };
}

function drag(board, event) {
  const { drag: held } = board;
  const [x, y] = at(board, event);
  const { left, top, width, height } = held.box;
  held.to = [Math.min(Math.max(x, left), left + width), Math.min(Math.max(y, top), top + height)];
  if (Math.hypot(held.to[0] - held.from[0], held.to[1] - held.from[1]) >= CLICK) held.moved = true;
  if (!held.moved) return;
  board.shown = passing(board.rows.axes, clausesOf(board), board.rows.count);
  soil(board, "points", "hover");
}

/** Return what is brushed with the box that is being dragged: on its two axes anew, on others as before. */
function clausesOf(board) {
  const { box, from, to } = board.drag;
  const [[x0, x1], [y0, y1]] = [0, 1].map((part) => [Math.min(from[part], to[part]), Math.max(from[part], to[part])]);
  const clauses = { ...board.clauses };
  for (const [axis, stretch] of [[box.xs, stretchAcross(box, x0, x1)], [box.ys, stretchDown(box, y0, y1)]]) {
    // A box that holds nothing on an axis lets nothing pass.
    clauses[axis.spec.key] = clauseOf(axis, ...stretch) ?? (axis.spec.levels ? { values: [], lanes: [] } : { ranges: [], lanes: [] });
  }
  return clauses;
}

function drop(board) {
  const { drag: held } = board;
  if (!held) return;
  const clauses = held.moved ? clausesOf(board) : Object.fromEntries(Object.entries(board.clauses).filter(([key]) => key !== held.box.xs.spec.key && key !== held.box.ys.spec.key));
  board.drag = null;
  brush(board, clauses);
}

function brush(board, clauses) {
  board.clauses = clauses;
  board.shown = passing(board.rows.axes, clauses, board.rows.count);
  post(board.outbox, "brush", clauses);
  soil(board, "points", "hover");
}

function point(board, event) {
  const [x, y] = at(board, event);
  const box = boxAt(board.boxes, x, y);
  board.box.style.cursor = box && !board.view.fixed ? "crosshair" : "default";
  const hover = box ? nearestPoint(board.points[board.boxes.indexOf(box)], board.shown, x, y, REACH) : -1;
  if (hover < 0) {
    unpoint(board);
    return;
  }
  if (hover !== board.hover) {
    board.hover = hover;
    soil(board, "hover");
  }
  const lines = board.rows.axes.map((axis) => [axis.spec.title, wordsOf(axis, hover)]);
  showRowTip(board.tip, board.rows.nameOf(hover), board.view.palette[board.rows.paints[hover]], lines, event.clientX, event.clientY);
}

function unpoint(board) {
  hideRowTip(board.tip);
  if (board.hover < 0) return;
  board.hover = -1;
  soil(board, "hover");
}

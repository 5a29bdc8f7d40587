/** Where the cells of a plot lie, and their points, in CSS pixels. */

import { LANES } from "../parallel/axis.js";

const LANE_ROOM = 13;
const LEFT = 80;
const BELOW = 46;
const AIR = 10;
const APART = 10;
// Multiples of these fill a square evenly: powers of the plastic number.
const ACROSS_BY = 0.7548776662;
const DOWN_BY = 0.569840291;

/** Return the boxes of the cells of a grid: [{cell, left, top, width, height}], labels only at its edges. */
export function newCells(view, rows, width, height) {
  const { cells } = view;
  const across = 1 + Math.max(...cells.map((cell) => cell.column));
  const down = 1 + Math.max(...cells.map((cell) => cell.row));
  const [wide, high] = [(width - LEFT - AIR - APART * (across - 1)) / across, (height - BELOW - AIR - APART * (down - 1)) / down];
  return cells.map((cell) => {
    const [xs, ys] = [rows.axes[cell.x], rows.axes[cell.y]];
    const room = {
      left: LEFT + cell.column * (wide + APART), top: AIR + cell.row * (high + APART), width: wide, height: high,
      first: cell.column === 0, last: cell.row === down - 1,
    };
    // What is no number lies beside the numbers: left and below, endlessly much right and above.
    const [xLanes, yLanes] = [xs, ys].map((axis) => ({ low: axis.used.filter((name) => name !== "∞"), high: axis.used.filter((name) => name === "∞") }));
    return {
      cell, xs, ys, ...room, xLanes, yLanes,
      x0: room.left + 1 + xLanes.low.length * LANE_ROOM, x1: room.left + wide - 1 - xLanes.high.length * LANE_ROOM,
      y0: room.top + high - 1 - yLanes.low.length * LANE_ROOM, y1: room.top + 1 + yLanes.high.length * LANE_ROOM,
    };
  });
}

/** Return where a place of the x axis lies in a box. */
export function acrossOf(box, place) {
  return box.x0 + place * (box.x1 - box.x0);
}

/** Return where a place of the y axis lies in a box. */
export function downOf(box, place) {
  return box.y0 + place * (box.y1 - box.y0);
}

/** Return where a lane of the x axis lies in a box. */
export function laneAcross(box, name) {
  const at = box.xLanes.low.indexOf(name);
  return at < 0 ? box.x1 + LANE_ROOM * 0.5 : box.x0 - LANE_ROOM * (at + 0.5);
}

/** Return where a lane of the y axis lies in a box. */
export function laneDown(box, name) {
  const at = box.yLanes.low.indexOf(name);
  return at < 0 ? box.y1 - LANE_ROOM * 0.5 : box.y0 + LANE_ROOM * (at + 0.5);
}

/** Return {x, y} of every row in a box: Float32Arrays. Points of categories are spread a little, the same way every time. */
export function pointsOf(box, count) {
  const [x, y] = [new Float32Array(count), new Float32Array(count)];
  const spread = (axis, size) => (axis.scale === "levels" ? Math.min(18, (0.3 * size) / Math.max(1, axis.spec.levels.length)) : 0);
  const [sideways, upwards] = [spread(box.xs, box.x1 - box.x0), spread(box.ys, box.y0 - box.y1)];
  for (let row = 0; row < count; row += 1) {
    const [xLane, yLane] = [box.xs.lanes ? box.xs.lanes[row] : 0, box.ys.lanes ? box.ys.lanes[row] : 0];
    x[row] = (xLane ? laneAcross(box, LANES[xLane - 1]) : acrossOf(box, box.xs.place(box.xs.values[row]))) + (sideways && !xLane ? sideways * scatteredAt(row, ACROSS_BY) : 0);
    y[row] = (yLane ? laneDown(box, LANES[yLane - 1]) : downOf(box, box.ys.place(box.ys.values[row]))) + (upwards && !yLane ? upwards * scatteredAt(row, DOWN_BY) : 0);
  }
  return { x, y };
}

/** Return a number between -1 and 1 that looks like chance and is the same for the same row. */
export function scatteredAt(row, by) {
  return 2 * ((row * by + 0.5) % 1) - 1;
}

/** Return the row whose point is nearest, at most `reach` pixels away; -1 when none is. */
export function nearestPoint({ x, y }, shown, atX, atY, reach) {
  let [best, nearest] = [-1, reach * reach];
  for (let row = 0; row < x.length; row += 1) {
    const distance = (x[row] - atX) ** 2 + (y[row] - atY) ** 2;
    if (shown[row] && distance <= nearest) [best, nearest] = [row, distance];
  }
  return best;
}

/** Return the box under a place, labels not included; null when there is none. */
export function boxAt(boxes, x, y) {
  return boxes.find((box) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height) ?? null;
}

/** Return [low, high, lanes] of a stretch of pixels along the x axis of a box: places, and what is no number. */
export function stretchAcross(box, from, to) {
  return [(from - box.x0) / (box.x1 - box.x0), (to - box.x0) / (box.x1 - box.x0), box.xs.used.filter((name) => laneAcross(box, name) >= from && laneAcross(box, name) <= to)];
}

/** Return [low, high, lanes] of a stretch of pixels along the y axis of a box, from its top to its bottom. */
export function stretchDown(box, top, bottom) {
  return [(bottom - box.y0) / (box.y1 - box.y0), (top - box.y0) / (box.y1 - box.y0), box.ys.used.filter((name) => laneDown(box, name) >= top && laneDown(box, name) <= bottom)];
}

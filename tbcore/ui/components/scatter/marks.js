/** What is drawn besides the points: tiles, bands, lines, steps, boxes, whiskers. All in the units of the axes. */

import { acrossOf, downOf } from "./cells.js";

/** Draw the marks of a cell that lie under its points, or over them. */
export function paintMarks(context, box, tables, palette, over) {
  for (const mark of box.cell.marks ?? []) {
    if (Boolean(mark.over) !== over || !tables[mark.table]) continue;
    const columns = Object.fromEntries(tables[mark.table].schema.fields.map(({ name }) => [name, tables[mark.table].getChild(name).toArray()]));
    context.save();
    context.globalAlpha = 1;
    PAINTERS[mark.form](context, box, columns, mark.color ?? palette[mark.paint ?? "text"], mark);
    context.restore();
  }
}

function along(box, values) {
  return Float64Array.from(values, (value) => acrossOf(box, box.xs.place(value)));
}

function upon(box, values) {
  return Float64Array.from(values, (value) => downOf(box, heightAt(box.ys, value)));
}

/** On an axis of decades what is not positive lies at the bottom. */
function heightAt(axis, value) {
  const place = axis.place(value);
  return Number.isFinite(place) || axis.scale !== "log" ? place : 0;
}

const PAINTERS = {
  band(context, box, { x, low, high }, color) {
    const [xs, bottom, top] = [along(box, x), upon(box, low), upon(box, high)];
    context.globalAlpha = 0.16;
    context.fillStyle = color;
    context.beginPath();
    for (let at = 0; at < xs.length; at += 1) context.lineTo(xs[at], top[at]);
    for (let at = xs.length - 1; at >= 0; at -= 1) context.lineTo(xs[at], bottom[at]);
    context.fill();
  },
  line(context, box, { x, y }, color, mark) {
    strokeThrough(context, along(box, x), upon(box, y), color, mark);
  },
  step(context, box, { x, y }, color, mark) {
    const [xs, ys] = [along(box, x), upon(box, y)];
    const [cornersX, cornersY] = [[], []];
    xs.forEach((at, place) => {
      if (place) {
        cornersX.push(at);
        cornersY.push(ys[place - 1]);
      }
      cornersX.push(at);
      cornersY.push(ys[place]);
    });
    if (xs.length) {
      cornersX.push(box.x1);
      cornersY.push(ys[ys.length - 1]);
    }
    strokeThrough(context, cornersX, cornersY, color, mark);
  },
  rings(context, box, { x, y }, color) {
    const [xs, ys] = [along(box, x), upon(box, y)];
    context.strokeStyle = color;
    context.lineWidth = 1.8;
    xs.forEach((at, place) => {
      context.beginPath();
      context.arc(at, ys[place], 6.5, 0, 2 * Math.PI);
      context.stroke();
    });
  },
  tiles(context, box, columns, _color, { ramp }) {
    const [x0, x1, y0, y1] = [along(box, columns.left), along(box, columns.right), upon(box, columns.bottom), upon(box, columns.top)];
    context.globalAlpha = 0.85;
    x0.forEach((from, at) => {
      context.fillStyle = ramp[columns.paint[at]];
      // At whole pixels: no seams between tiles that touch.
      const [left, top, right, bottom] = [from, y1[at], x1[at], y0[at]].map(Math.round);
      context.fillRect(left, top, right - left, bottom - top);
    });
  },
  boxes(context, box, { x, least, low, middle, high, most }, color) {
    const half = Math.min(26, (0.32 * (box.x1 - box.x0)) / Math.max(1, box.xs.spec.levels?.length ?? 1));
    const xs = along(box, x);
    const [whisker0, y0, y1, y2, whisker1] = [least, low, middle, high, most].map((values) => upon(box, values));
    context.strokeStyle = color;
    context.fillStyle = color;
    xs.forEach((at, place) => {
      context.globalAlpha = 0.08;
      context.fillRect(at - half, y2[place], 2 * half, y0[place] - y2[place]);
      context.globalAlpha = 0.65;
      context.lineWidth = 1.2;
      context.strokeRect(at - half, y2[place], 2 * half, y0[place] - y2[place]);
      segment(context, at, whisker0[place], at, y0[place]);
      segment(context, at, y2[place], at, whisker1[place]);
      context.globalAlpha = 1;
      context.lineWidth = 2.2;
      segment(context, at - half, y1[place], at + half, y1[place]);
    });
  },
  whiskers(context, box, { x, y, low, high }, color) {
    const [xs, ys, bottom, top] = [along(box, x), upon(box, y), upon(box, low), upon(box, high)];
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = 2;
    xs.forEach((at, place) => {
      segment(context, at, bottom[place], at, top[place]);
      segment(context, at - 5, bottom[place], at + 5, bottom[place]);
      segment(context, at - 5, top[place], at + 5, top[place]);
      context.beginPath();
      context.arc(at, ys[place], 4.5, 0, 2 * Math.PI);
      context.fill();
    });
  },
};

function strokeThrough(context, xs, ys, color, { width = 2, dash = [] }) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.beginPath();
  for (let at = 0; at < xs.length; at += 1) context.lineTo(xs[at], ys[at]);
  context.stroke();
}

function segment(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

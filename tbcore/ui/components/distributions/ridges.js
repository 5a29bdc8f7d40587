/** Ridges: each step's histogram as an outline, one behind the other or all on one base line, the newest in front. */

import { binAt, placeOf } from "./data.js";
import { shade } from "./ramp.js";
import { pixelAt } from "../lines/scale.js";

/** Draw all ridges, the oldest first. */
export function paintRidges(context, frame, rows, color, palette) {
  const count = rows.step.length;
  for (let row = 0; row < count; row += 1) {
    const age = count > 1 ? row / (count - 1) : 1;
    paintRidge(context, frame, rows, row, shade(color, age, palette.background), palette, false);
  }
}

/** Draw one ridge; `lit` one stands out from all others. */
export function paintRidge(context, frame, rows, row, color, palette, lit) {
  const { xs, value, overlay } = frame;
  const bins = rows.edges.length - 1;
  const base = baseOf(frame, row);
  const height = heightsOf(frame, rows);
  const middle = (bin) => (pixelAt(xs, value.to(rows.edges[bin])) + pixelAt(xs, value.to(rows.edges[bin + 1]))) / 2;
  const trace = () => {
    context.beginPath();
    context.moveTo(pixelAt(xs, value.to(rows.edges[0])), base);
    for (let bin = 0; bin < bins; bin += 1) context.lineTo(middle(bin), base - height(row, bin));
    context.lineTo(pixelAt(xs, value.to(rows.edges[bins])), base);
  };
  context.lineJoin = "bevel";
  trace();
  if (!overlay || lit) {
    context.fillStyle = color;
    context.globalAlpha = lit ? (overlay ? 0.18 : 0.9) : 0.8;
    context.fill();
    context.globalAlpha = 1;
  }
  context.strokeStyle = lit ? palette.text : overlay ? color : palette.background;
  context.lineWidth = lit ? 1.8 : overlay ? 1.2 : 0.8;
  context.stroke();
}

/** Return {row, bin} of the ridge whose outline comes nearest to a pixel, null outside of the values. */
export function ridgeAt(frame, rows, x, y) {
  const { xs, value } = frame;
  const bin = binAt(rows.edges, value.from(xs.from + (x - xs.start) / xs.factor));
  if (bin < 0) return null;
  const height = heightsOf(frame, rows);
  let [best, distance] = [-1, Infinity];
  for (let row = rows.step.length - 1; row >= 0; row -= 1) {
    const away = Math.abs(baseOf(frame, row) - height(row, bin) - y);
    if (away < distance) [best, distance] = [row, away];
  }
  return best < 0 ? null : { row: best, bin };
}

/** Return the pixel of a ridge's base line. */
export function baseOf({ overlay, box, ys, places }, row) {
  return overlay ? box.bottom : pixelAt(ys, placeOf(places, row));
}

function heightsOf({ head, peaks, counted }, rows) {
  const bins = rows.edges.length - 1;
  const peak = counted ? peaks.count : peaks.share;
  return (row, bin) => {
    const share = rows.shares[row * bins + bin];
    return peak > 0 ? ((counted ? share * rows.count[row] : share) / peak) * head : 0;
  };
}

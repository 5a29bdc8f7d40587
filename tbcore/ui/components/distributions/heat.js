/** The heat map: steps across, values up, the share of each bin as a colour. */

import { boundaries } from "./data.js";
import { levelOf } from "./ramp.js";
import { pixelAt } from "../lines/scale.js";

/** Draw the cells as pixels of the canvas: thousands of steps cost no more than the pixels they take. */
export function paintHeat(canvas, frame, rows, peak, ramp) {
  const { box, xs, ys, value, ratio, places } = frame;
  const bins = rows.edges.length - 1;
  const [left, top] = [Math.round(box.left * ratio), Math.round(box.top * ratio)];
  const [width, height] = [Math.round(box.right * ratio) - left, Math.round(box.bottom * ratio) - top];
  if (bins < 1 || width < 1 || height < 1) return;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const binOf = new Int16Array(height).fill(-1);
  for (let bin = 0; bin < bins; bin += 1) {
    const from = Math.round(pixelAt(ys, value.to(rows.edges[bin + 1])) * ratio) - top;
    const to = Math.round(pixelAt(ys, value.to(rows.edges[bin])) * ratio) - top;
    for (let y = Math.max(0, from); y < Math.min(height, Math.max(to, from + 1)); y += 1) binOf[y] = bin;
  }
  const bounds = boundaries(places);
  const levels = new Uint32Array(bins);
  for (let row = 0; row < bounds.length - 1; row += 1) {
    const from = Math.max(0, Math.round(pixelAt(xs, bounds[row]) * ratio) - left);
    const to = Math.min(width, Math.max(from + 1, Math.round(pixelAt(xs, bounds[row + 1]) * ratio) - left));
    if (!(to > from)) continue;
    for (let bin = 0; bin < bins; bin += 1) levels[bin] = ramp[levelOf(rows.shares[row * bins + bin], peak)];
    for (let y = 0; y < height; y += 1) {
      const bin = binOf[y];
      if (bin >= 0 && levels[bin]) pixels.fill(levels[bin], y * width + from, y * width + to);
    }
  }
  context.putImageData(image, left, top);
}

/** Draw the outline of the cell of `row` and `bin`. */
export function paintCell(context, frame, rows, row, bin, palette) {
  const { xs, ys, value, box, places } = frame;
  const bounds = boundaries(places);
  const within = (pixel, low, high) => Math.min(Math.max(pixel, low), high);
  const [x0, x1] = [bounds[row], bounds[row + 1]].map((x) => within(pixelAt(xs, x), box.left, box.right));
  const [y0, y1] = [rows.edges[bin + 1], rows.edges[bin]].map((edge) => within(pixelAt(ys, value.to(edge)), box.top, box.bottom));
  context.strokeStyle = palette.text;
  context.lineWidth = 1.5;
  context.strokeRect(x0 - 0.75, y0 - 0.75, Math.max(1, x1 - x0) + 1.5, Math.max(1, y1 - y0) + 1.5);
}

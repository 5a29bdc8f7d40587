/** The picture as a PNG: points, names and what the colours mean, twice as fine as on a plain screen. */

import { newLayer, paintOver, paintPoints } from "./scene.js";

const FINER = 2;
const MARGINS = 12;
const ROW = 18;
const SWATCH = 9;

/** Hand the visitor a picture of a scene. entries: [{label, count, color}] of the legend. */
export function savePicture(scene, window, view, entries) {
  const layer = newLayer();
  const lists = paintPoints(layer, scene, window, FINER);
  const over = document.createElement("canvas");
  paintOver(over, { ...scene, lists, hover: -1, drag: null, pointed: false }, window, FINER, new Map());
  const places = legendPlaces(over.getContext("2d"), scene.looks, view, entries, window.width);
  const head = view.title ? 26 : 0;
  const bottom = places.length ? places[places.length - 1].y + ROW : 0;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [window.width * FINER, (head + window.height + bottom) * FINER];
  const context = canvas.getContext("2d");
  context.fillStyle = scene.looks.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(layer.canvas, 0, head * FINER);
  context.drawImage(over, 0, head * FINER);
  context.setTransform(FINER, 0, 0, FINER, 0, 0);
  context.textBaseline = "middle";
  context.fillStyle = scene.looks.text;
  context.font = scene.looks.font.replace("11px", "600 13px");
  if (head) context.fillText(view.title, MARGINS, head / 2 + 2);
  context.font = scene.looks.font;
  for (const { text, x, y, color, ramp } of places) {
    const top = head + window.height + y;
    if (ramp) {
      const shade = context.createLinearGradient(x, 0, x + 110, 0);
      ramp.forEach((stop, at) => shade.addColorStop(at / (ramp.length - 1), stop));
      context.fillStyle = shade;
      context.fillRect(x, top + ROW / 2 - 5, 110, 10);
    }
    if (color) {
      context.fillStyle = color;
      context.fillRect(x, top + ROW / 2 - SWATCH / 2, SWATCH, SWATCH);
    }
    context.fillStyle = scene.looks.text;
    if (text) context.fillText(text, x + (color ? SWATCH + 5 : 0), top + ROW / 2);
  }
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "projection.png";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}

function legendPlaces(context, looks, { legend }, entries, width) {
  context.font = looks.font;
  const parts = [];
  if (legend.title) parts.push({ text: legend.title, wide: 0 });
  if (legend.stops) parts.push({ text: legend.low, wide: 0 }, { ramp: legend.stops, wide: 110 }, { text: legend.high, wide: 0 });
  for (const { label, count, color } of entries) parts.push({ text: `${label}  ${count}`, color, wide: SWATCH + 5 });
  let [x, y] = [MARGINS, 6];
  return parts.map(({ text = "", color, ramp, wide }) => {
    const room = wide + (text ? context.measureText(text).width : 0);
    if (x > MARGINS && x + room > width - MARGINS) [x, y] = [MARGINS, y + ROW];
    const place = { text, color, ramp, x, y };
    x += room + 14;
    return place;
  });
}

/** Choosing a range with the pointer: drag to zoom, Shift and drag to pan, Alt and wheel to zoom at the pointer. */

import { freshContext } from "./dom.js";
import { newScale, valueAt } from "./scale.js";

const LEAST = 5;
const THIN = 24;

/**
 * Return the ranges {x, y} chosen by a drag between two points [x, y], null for an axis that stays as it is.
 *
 * A mainly horizontal drag chooses x alone; a box or a vertical drag both, or y alone when it is too narrow for x.
 */
export function draggedRanges({ box, xs, ys }, [x0, y0], [x1, y1]) {
  const [across, down] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
  const range = (scale, one, other, low, high) => {
    const ends = [one, other].map((pixel) => valueAt(scale, Math.min(Math.max(pixel, low), high)));
    return ends[0] <= ends[1] ? ends : [ends[1], ends[0]];
  };
  return {
    x: across >= LEAST ? range(xs, x0, x1, box.left, box.right) : null,
    y: down >= THIN || (across < LEAST && down >= LEAST) ? range(ys, y0, y1, box.top, box.bottom) : null,
  };
}

/** Return the range of `scale` moved by `pixels`. */
export function pannedRange(scale, pixels) {
  return [valueAt(scale, scale.start - pixels), valueAt(scale, scale.end - pixels)].sort((one, other) => one - other);
}

/** Return the range of `scale` made `factor` times as wide around `pixel`. */
export function zoomedRange(scale, pixel, factor) {
  const ends = [scale.start, scale.end].map((end) => valueAt(scale, pixel + (end - pixel) * factor));
  return ends.sort((one, other) => one - other);
}

/** Listen on the card's plot. `zoomTo(card, {x, y})` is called with each range chosen, null for an axis left alone. */
export function listenZoom(card, board, zoomTo, reset) {
  let drag = null;
  const at = (event) => {
    const bounds = card.plot.getBoundingClientRect();
    return [event.clientX - bounds.left, event.clientY - bounds.top];
  };
  const finish = () => {
    drag = board.dragging = null;
    card.plot.classList.remove("panning");
    freshContext(card.cursor, card.width, card.height, window.devicePixelRatio);
  };
  card.plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !card.frame || event.pointerType === "touch") return;
    event.preventDefault();
    card.plot.setPointerCapture(event.pointerId);
    card.moved = false;
    drag = { from: at(event), pan: event.shiftKey, frame: card.frame, zoomY: card.zoom?.y };
    board.dragging = card;
    card.plot.classList.toggle("panning", drag.pan);
  });
  card.plot.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const to = at(event);
    const [dx, dy] = [to[0] - drag.from[0], to[1] - drag.from[1]];
    card.moved ||= Math.hypot(dx, dy) >= LEAST;
    if (drag.pan) {
      const { xs, ys } = drag.frame;
      zoomTo(card, { x: pannedRange(xs, dx), y: drag.zoomY ? pannedRange(ys, dy) : null });
    } else paintSelection(card, board, drag.from, to);
  });
  card.plot.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { pan, from, frame } = drag;
    const ranges = draggedRanges(frame, from, at(event));
    finish();
    if (!pan && (ranges.x || ranges.y)) zoomTo(card, ranges);
  });
  card.plot.addEventListener("pointercancel", () => drag && finish());
  card.plot.addEventListener("dblclick", () => reset(card));
  card.plot.addEventListener("wheel", (event) => {
    if (!event.altKey || !card.frame) return;
    event.preventDefault();
    const { xs, box } = card.frame;
    const edges = newScale(valueAt(xs, box.left), valueAt(xs, box.right), box.left, box.right, xs.log);
    zoomTo(card, { x: zoomedRange(edges, at(event)[0], 1.0015 ** event.deltaY), y: null });
  }, { passive: false });
}

function paintSelection(card, board, from, to) {
  const context = freshContext(card.cursor, card.width, card.height, window.devicePixelRatio);
  const { box } = card.frame;
  const ranges = draggedRanges(card.frame, from, to);
  const inside = (value, low, high) => Math.min(Math.max(value, low), high);
  const [x0, x1] = ranges.x ? [from[0], to[0]].map((x) => inside(x, box.left, box.right)) : [box.left, box.right];
  const [y0, y1] = ranges.y ? [from[1], to[1]].map((y) => inside(y, box.top, box.bottom)) : [box.top, box.bottom];
  if (!ranges.x && !ranges.y) return;
  context.fillStyle = context.strokeStyle = board.palette.accent;
  context.globalAlpha = 0.14;
  context.fillRect(x0, y0, x1 - x0, y1 - y0);
  context.globalAlpha = 0.7;
  context.strokeRect(Math.min(x0, x1) + 0.5, Math.min(y0, y1) + 0.5, Math.abs(x1 - x0) - 1, Math.abs(y1 - y0) - 1);
}

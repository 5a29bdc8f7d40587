/** Choosing steps with the pointer: drag along the axis of steps, Alt and wheel to zoom at the pointer, double click for all. */

import { freshContext } from "../lines/dom.js";
import { newScale, valueAt } from "../lines/scale.js";
import { zoomedRange } from "../lines/zoom.js";

const SHORT = 5;

/** Listen on the panel's plot. `zoomTo(panel, [low, high])` is called with each range chosen, `reset(panel)` for all. */
export function listenDrag(panel, board, zoomTo, reset) {
  let drag = null;
  const place = (event) => {
    const bounds = panel.plot.getBoundingClientRect();
    return panel.frame.steps.along === "x" ? event.clientX - bounds.left : event.clientY - bounds.top;
  };
  const finish = () => {
    drag = board.dragging = null;
    freshContext(panel.cursor, panel.width, panel.height, window.devicePixelRatio);
  };
  panel.plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !panel.frame?.steps || event.pointerType === "touch") return;
    panel.plot.setPointerCapture(event.pointerId);
    drag = { from: place(event), steps: panel.frame.steps };
  });
  panel.plot.addEventListener("pointermove", (event) => {
    if (!drag || !panel.frame?.steps) return;
    const to = place(event);
    if (Math.abs(to - drag.from) < SHORT && board.dragging !== panel) return;
    board.dragging = panel;
    paintChoice(panel, board, drag.from, to);
  });
  panel.plot.addEventListener("pointerup", (event) => {
    if (!drag || !panel.frame?.steps) return;
    const { from, steps: { scale } } = drag;
    const to = place(event);
    finish();
    if (Math.abs(to - from) < SHORT) return;
    const ends = [Math.min(scale.start, scale.end), Math.max(scale.start, scale.end)];
    const chosen = [from, to].map((pixel) => valueAt(scale, Math.min(Math.max(pixel, ends[0]), ends[1])));
    zoomTo(panel, chosen.sort((one, other) => one - other));
  });
  panel.plot.addEventListener("pointercancel", () => drag && finish());
  panel.plot.addEventListener("dblclick", () => reset(panel));
  panel.plot.addEventListener("wheel", (event) => {
    if (!event.altKey || !panel.frame?.steps) return;
    event.preventDefault();
    const { scale } = panel.frame.steps;
    const edges = newScale(scale.low, scale.high, scale.start, scale.end);
    zoomTo(panel, zoomedRange(edges, place(event), 1.0015 ** event.deltaY));
  }, { passive: false });
}

function paintChoice(panel, board, from, to) {
  const { box, steps, ratio } = panel.frame;
  const context = freshContext(panel.cursor, panel.width, panel.height, ratio);
  const ends = [Math.min(steps.scale.start, steps.scale.end), Math.max(steps.scale.start, steps.scale.end)];
  const [low, high] = [from, to].map((pixel) => Math.min(Math.max(pixel, ends[0]), ends[1])).sort((one, other) => one - other);
  const [x, y, width, height] = steps.along === "x" ? [low, box.top, high - low, box.bottom - box.top] : [box.left, low, box.right - box.left, high - low];
  context.fillStyle = context.strokeStyle = board.palette.accent;
  context.globalAlpha = 0.14;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 0.7;
  context.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), Math.max(0, height - 1));
}

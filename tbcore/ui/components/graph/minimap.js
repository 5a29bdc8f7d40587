/** A small map of the whole picture, with the part that is seen as a frame that can be moved. */

import { element, freshContext } from "../lines/dom.js";
import { allInSight, mapOf, seenOnMap } from "./space.js";

/** Return a new map. move: called with the point of the picture that shall be in the middle. */
export function newMinimap(move) {
  const root = element("div", "minimap");
  const canvas = element("canvas");
  const frame = element("div", "frame");
  root.setAttribute("aria-hidden", "true");
  root.append(canvas, frame);
  const minimap = { root, canvas, frame, map: null };
  const moved = (event) => {
    const { left, top } = root.getBoundingClientRect();
    move((event.clientX - left - minimap.map.left) / minimap.map.scale, (event.clientY - top - minimap.map.top) / minimap.map.scale);
  };
  root.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    root.setPointerCapture(event.pointerId);
    moved(event);
  });
  root.addEventListener("pointermove", (event) => {
    if (root.hasPointerCapture(event.pointerId)) moved(event);
  });
  return minimap;
}

/** Draw the picture anew. */
export function drawMinimap(minimap, picture, palette) {
  const map = mapOf(picture);
  minimap.map = map;
  Object.assign(minimap.root.style, { width: `${map.width}px`, height: `${map.height}px` });
  Object.assign(minimap.canvas.style, { width: `${map.width}px`, height: `${map.height}px` });
  const context = freshContext(minimap.canvas, map.width, map.height, Math.min(2, window.devicePixelRatio || 1));
  for (const box of picture.boxes) {
    context.globalAlpha = box.open ? 0.07 : box.color ? 0.75 : 0.4;
    context.fillStyle = box.open ? palette.text : box.color ?? palette.text;
    context.fillRect(map.left + box.x * map.scale, map.top + box.y * map.scale, Math.max(1.5, box.w * map.scale), Math.max(1.2, box.h * map.scale));
  }
}

/** Put the frame where the view is; the map is hidden when there is nothing more to see. */
export function frameMinimap(minimap, view, picture, sight) {
  minimap.root.hidden = !minimap.map || allInSight(view, picture, sight) || sight.width < 3 * minimap.map.width;
  if (minimap.root.hidden) return;
  const { x, y, w, h } = seenOnMap(view, sight, minimap.map);
  Object.assign(minimap.frame.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
}

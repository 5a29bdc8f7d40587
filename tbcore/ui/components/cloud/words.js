/** Names beside points, none of them over another, and the tooltip. */

import { element, writeName } from "../lines/dom.js";

const LINE_HEIGHT = 14;
const GAP = 3;
const BESIDE = 14;
const EDGE = 8;
const SHORT = 28; // letters of a name beside a point

/** Return a name as short as it is written beside a point. */
export function shortName(name) {
  const letters = [...name.replace(/\s+/g, " ").trim()];
  return letters.length > SHORT ? `${letters.slice(0, SHORT - 1).join("")}…` : letters.join("");
}

/**
 * Return where names stand [{text, x, y}], their left and middle, the first candidates first, `most` at most.
 * candidates: [{text, x, y, radius}]; widthOf: of a text in pixels. A name for which no side of its point is free is left out.
 */
export function placedNames(candidates, widthOf, { width, height }, most) {
  const taken = [];
  const placed = [];
  for (const { text, x, y, radius } of candidates) {
    if (placed.length >= most) break;
    const wide = widthOf(text);
    const off = radius + GAP;
    for (const [left, middle] of [[x + off, y], [x - off - wide, y], [x - wide / 2, y - off - LINE_HEIGHT / 2], [x - wide / 2, y + off + LINE_HEIGHT / 2]]) {
      const box = [left - 1, middle - LINE_HEIGHT / 2, left + wide + 1, middle + LINE_HEIGHT / 2];
      if (box[0] < 2 || box[1] < 2 || box[2] > width - 2 || box[3] > height - 2) continue;
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      placed.push({ text, x: left, y: middle });
      break;
    }
  }
  return placed;
}

/** Return a new tooltip, hidden. */
export function newPointTip() {
  const root = element("div", "tip");
  root.setAttribute("role", "status");
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return root;
}

/** Write a point's name, what is known of it [[what, value]] and its picture in the tooltip, beside the pointer. */
export function showPointTip(root, { name, color, lines, picture }, x, y) {
  const head = element("div", "tip-name");
  const swatch = element("i", "swatch");
  swatch.style.background = color;
  const title = element("span", "name");
  writeName(title, name);
  head.append(swatch, title);
  const table = element("table");
  for (const [what, value] of lines) {
    const row = element("tr");
    row.append(element("td", "what", what), element("td", "value", value));
    table.append(row);
  }
  const told = element("div", "told");
  told.append(head, table);
  root.replaceChildren(...(picture ? [picture] : []), told);
  if (root.hidden) {
    root.hidden = false;
    if (root.popover) root.showPopover();
  }
  const [width, height] = [root.offsetWidth, root.offsetHeight];
  const left = x + BESIDE + width <= innerWidth - EDGE ? x + BESIDE : x - BESIDE - width;
  root.style.left = `${Math.max(EDGE, left)}px`;
  root.style.top = `${Math.max(EDGE, Math.min(y + BESIDE, innerHeight - height - EDGE))}px`;
}

/** Hide the tooltip. */
export function hidePointTip(root) {
  if (root.hidden) return;
  if (root.popover) root.hidePopover();
  root.hidden = true;
}

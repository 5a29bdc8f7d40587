/** The tooltip: whole names, and what is set aside. */

import { element } from "../lines/dom.js";

const BESIDE = 14;
const FROM_EDGE = 8;
const LISTED = 12;

/** Return a new tooltip, hidden. */
export function newTip() {
  const root = element("div", "tip");
  root.setAttribute("role", "status");
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return root;
}

/** Show a title and lines beside the pointer. */
export function showTip(root, title, lines, x, y) {
  root.replaceChildren(element("div", "tip-title", title), ...lines.slice(0, LISTED).map((line) => element("div", "tip-line", line)));
  if (lines.length > LISTED) root.append(element("div", "tip-line", `and ${lines.length - LISTED} more`));
  if (root.hidden) {
    root.hidden = false;
    if (root.popover) root.showPopover();
  }
  const [width, height] = [root.offsetWidth, root.offsetHeight];
  const left = x + BESIDE + width <= innerWidth - FROM_EDGE ? x + BESIDE : x - BESIDE - width;
  root.style.left = `${Math.max(FROM_EDGE, left)}px`;
  root.style.top = `${Math.max(FROM_EDGE, Math.min(y + BESIDE, innerHeight - height - FROM_EDGE))}px`;
}

/** Hide the tooltip. */
export function hideTip(root) {
  if (root.hidden) return;
  if (root.popover) root.hidePopover();
  root.hidden = true;
}

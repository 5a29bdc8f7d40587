/** What the colours mean, and the tooltip of a row. */

import { element, writeName } from "../lines/dom.js";

const ASIDE = 14;
const BORDER = 8;

/** Return the element that tells what the colours mean: {title, stops, low, high} or {title, entries: [{label, color}], more}. */
export function newLegend() {
  const root = element("div", "legend");
  return { root, said: "" };
}

/** Write a legend. */
export function dressLegend(legend, view) {
  const said = JSON.stringify([view.legend, view.palette.length]);
  if (legend.said === said) return;
  legend.said = said;
  const { title, stops, entries = [], low, high, more = 0, missing = false } = view.legend;
  const parts = [element("span", "legend-title", title)];
  if (stops) {
    const bar = element("i", "ramp");
    bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    parts.push(element("span", "end", low), bar, element("span", "end", high));
  }
  for (const { label, color } of entries) parts.push(legendEntry(label, color));
  if (more) parts.push(element("span", "end", `and ${more} more`));
  if (missing) parts.push(legendEntry("no value", view.palette[0]));
  legend.root.replaceChildren(...parts);
  legend.root.hidden = title === "";
}

function legendEntry(label, color) {
  const entry = element("span", "entry");
  const swatch = element("i", "swatch");
  swatch.style.background = color;
  const name = element("span", "name");
  writeName(name, label);
  name.title = label;
  entry.append(swatch, name);
  return entry;
}

/** Return a new tooltip, hidden. */
export function newRowTip() {
  const root = element("div", "tip");
  root.setAttribute("role", "status");
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return { root };
}

/** Write a name and its lines [[words, value]] in the tooltip, and put it beside the pointer. */
export function showRowTip(tip, name, color, lines, x, y) {
  const head = element("div", "tip-name");
  const swatch = element("i", "swatch");
  swatch.style.background = color;
  const words = element("span", "name");
  writeName(words, name);
  head.append(swatch, words);
  const table = element("table");
  for (const [what, value] of lines) {
    const row = element("tr");
    row.append(element("td", "what", what), element("td", "value", value));
    table.append(row);
  }
  tip.root.replaceChildren(head, table);
  if (tip.root.hidden) {
    tip.root.hidden = false;
    if (tip.root.popover) tip.root.showPopover();
  }
  const [width, height] = [tip.root.offsetWidth, tip.root.offsetHeight];
  const left = x + ASIDE + width <= innerWidth - BORDER ? x + ASIDE : x - ASIDE - width;
  tip.root.style.left = `${Math.max(BORDER, left)}px`;
  tip.root.style.top = `${Math.max(BORDER, Math.min(y + ASIDE, innerHeight - height - BORDER))}px`;
}

/** Hide the tooltip. */
export function hideRowTip(tip) {
  if (tip.root.hidden) return;
  if (tip.root.popover) tip.root.hidePopover();
  tip.root.hidden = true;
}

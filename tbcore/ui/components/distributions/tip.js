/** The tooltip: one line that says what is pointed at, and rows of words and numbers. */

import { element, writeName } from "../lines/dom.js";

const BESIDE = 16;
const EDGE = 8;
const TIP_ROWS = 14;

/** Return a new tooltip, hidden. */
export function newTip() {
  const root = element("div", "tooltip tip");
  root.setAttribute("role", "status");
  const head = element("div", "tiphead");
  const [swatch, name] = [element("i"), element("span", "name")];
  head.append(swatch, name);
  const table = element("table");
  const more = element("div", "more");
  root.append(head, table, more);
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return { root, head, swatch, name, table, more, rows: [] };
}

/** Write {name, color, rows: [{color, words, number, strong}]} into the tooltip and put it beside the pointer. */
export function showTip(tip, { name, color, rows }, x, y) {
  tip.head.hidden = !name;
  writeName(tip.name, name);
  tip.swatch.style.background = color ?? "transparent";
  tip.swatch.hidden = !color;
  while (tip.rows.length < Math.min(rows.length, TIP_ROWS)) tip.rows.push(newTipRow());
  rows.slice(0, TIP_ROWS).forEach((row, at) => {
    const made = tip.rows[at];
    made.swatch.hidden = !row.color;
    made.swatch.style.background = row.color ?? "transparent";
    writeName(made.words, row.words);
    made.number.textContent = row.number;
    made.root.classList.toggle("strong", Boolean(row.strong));
  });
  tip.table.replaceChildren(...tip.rows.slice(0, Math.min(rows.length, TIP_ROWS)).map((row) => row.root));
  tip.more.textContent = rows.length > TIP_ROWS ? `and ${rows.length - TIP_ROWS} more` : "";
  if (tip.root.hidden) {
    tip.root.hidden = false;
    if (tip.root.popover) tip.root.showPopover();
  }
  const [width, height] = [tip.root.offsetWidth, tip.root.offsetHeight];
  const left = x + BESIDE + width <= innerWidth - EDGE ? x + BESIDE : x - BESIDE - width;
  const top = y + BESIDE + height <= innerHeight - EDGE ? y + BESIDE : y - BESIDE - height;
  tip.root.style.left = `${Math.max(EDGE, left)}px`;
  tip.root.style.top = `${Math.max(EDGE, top)}px`;
}

/** Hide the tooltip. */
export function hideTip(tip) {
  if (tip.root.hidden) return;
  if (tip.root.popover) tip.root.hidePopover();
  tip.root.hidden = true;
}

function newTipRow() {
  const root = element("tr");
  const label = element("td", "words");
  const [swatch, words] = [element("i"), element("span", "name")];
  const line = element("div", "line");
  line.append(swatch, words);
  label.append(line);
  const amount = element("td", "amount");
  root.append(label, amount);
  return { root, swatch, words, number: amount };
}

/** The tooltip: the point that is pointed at, and what the other curves have at its threshold. */

import { arrange, element, writeName } from "../lines/dom.js";
import { number } from "../lines/format.js";
import { countText } from "./curve.js";

const BESIDE = 16;
const EDGE = 8;
const TIP_ROWS = 10;
const HEADS = [
  // column        words                  of one view only
  ["step",        "Step"],
  ["threshold",   "Threshold"],
  ["precision",   "Precision",           "pr"],
  ["recall",      "Recall"],
  ["f1",          "F1",                  "pr"],
  ["falseRate",   "False positive rate", "roc"],
  ["tp",          "TP"],
  ["fp",          "FP"],
  ["tn",          "TN"],
  ["fn",          "FN"],
];

/** Return a new tooltip, hidden. */
export function newTip() {
  const root = element("div", "tooltip tip");
  root.setAttribute("role", "status");
  const [table, header, body, more] = [element("table"), element("thead"), element("tbody"), element("div", "more")];
  const head = element("tr");
  head.append(element("th"), element("th", "run", "Run"), ...HEADS.map(([name, words, view]) => element("th", `${name} ${view ?? ""}`, words)));
  header.append(head);
  table.append(header, body);
  root.append(table, more);
  root.hidden = true;
  // In the top layer no other part of the page can cover it.
  if (root.showPopover) root.popover = "manual";
  return { root, body, more, rows: [] };
}

/** Write the readings [{curve, at}], the one pointed at first, and put the tooltip beside the pointer. */
export function showTip(tip, readings, words, view, x, y) {
  tip.root.classList.toggle("is-roc", view === "roc");
  const shown = readings.slice(0, TIP_ROWS);
  while (tip.rows.length < shown.length) tip.rows.push(newTipRow());
  shown.forEach(({ curve, at }, index) => {
    const row = tip.rows[index];
    row.swatch.style.background = curve.color;
    writeName(row.name, words(curve));
    row.root.classList.toggle("nearest", index === 0);
    for (const [name] of HEADS) row.cells[name].textContent = spelled(curve, name, at);
  });
  arrange(tip.body, tip.rows.slice(0, shown.length).map((row) => row.root));
  tip.more.textContent = readings.length > TIP_ROWS ? `and ${readings.length - TIP_ROWS} more` : "";
  if (tip.root.hidden) {
    tip.root.hidden = false;
    if (tip.root.popover) tip.root.showPopover();
  }
  const [width, height] = [tip.root.offsetWidth, tip.root.offsetHeight];
  const left = x + BESIDE + width <= innerWidth - EDGE ? x + BESIDE : x - BESIDE - width;
  const top = y + BESIDE + height <= innerHeight - EDGE ? y + BESIDE : y - BESIDE - height;
  tip.root.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  tip.root.style.top = `${Math.max(EDGE, top)}px`;
}

/** Hide the tooltip. */
export function hideTip(tip) {
  if (tip.root.hidden) return;
  if (tip.root.popover) tip.root.hidePopover();
  tip.root.hidden = true;
}

function spelled(curve, name, at) {
  if (name === "step") return curve.step;
  // Where nothing is positive there is no precision, whatever the writer put there.
  if ((name === "precision" || name === "f1") && curve.tp[at] + curve.fp[at] === 0) return "–";
  const value = curve[name][at];
  if (["tp", "fp", "tn", "fn"].includes(name)) return countText(value);
  return Number.isNaN(value) ? "–" : number(value);
}

function newTipRow() {
  const root = element("tr");
  const mark = element("td", "mark");
  const swatch = element("i");
  mark.append(swatch);
  const run = element("td", "run");
  const name = element("div", "name");
  run.append(name);
  const cells = Object.fromEntries(HEADS.map(([column, , view]) => [column, element("td", `${column} ${view ?? ""}`)]));
  root.append(mark, run, ...Object.values(cells));
  return { root, swatch, name, cells };
}

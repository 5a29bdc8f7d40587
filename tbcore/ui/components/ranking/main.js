/** Hyperparameters by how much they matter; the one pressed is told to the server. */

import { element, nameEnd } from "../lines/dom.js";
import { importanceScale, signedWords, stretchOf, threeDecimals } from "./places.js";

const FIRST = 20;
const NAME_USUAL = 14;
const NAME_MOST = 18;
const rankings = new WeakMap();

export default function ranking({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  const ranked = rankings.get(parentElement) ?? { all: false, root: element("div", "ranking") };
  rankings.set(parentElement, ranked);
  if (!ranked.root.isConnected) parentElement.querySelector(".stage").append(ranked.root);
  Object.assign(ranked, { view: data.view, send: (key) => setStateValue("picked", key) });
  dress(ranked);
  return () => rankings.delete(parentElement);
}

function dress(ranked) {
  const { rows, floor, picked } = ranked.view;
  const scale = importanceScale(rows, floor);
  const shown = ranked.all ? rows : rows.slice(0, FIRST);
  const head = element("div", "line heading");
  head.append(element("span", "", "Hyperparameter"), element("span", "", "Importance"), element("span", "", "Correlation"), element("span", "right", "n"));
  const lines = shown.map((row) => newLine(ranked, row, scale, floor, row.key === picked));
  const more = element("button", "plain", ranked.all ? "Show fewer" : `Show all ${rows.length.toLocaleString("en")}`);
  more.type = "button";
  more.hidden = rows.length <= FIRST;
  more.addEventListener("click", () => {
    ranked.all = !ranked.all;
    dress(ranked);
  });
  const kept = ranked.root.getRootNode().activeElement?.dataset?.key;
  ranked.root.classList.toggle("wide", shown.some((row) => row.title.length > NAME_USUAL));
  ranked.root.replaceChildren(head, ...lines, more);
  lines.find((line) => line.dataset.key === kept)?.focus();
  ranked.root.dataset.painted = performance.now();
}

function newLine(ranked, row, scale, floor, picked) {
  const line = element("button", "line");
  line.type = "button";
  line.dataset.key = row.key;
  line.setAttribute("aria-pressed", String(picked));
  line.classList.toggle("faint", !row.matters);
  line.title = `${row.title}: show how the metric goes along it`;
  line.addEventListener("click", () => ranked.send(row.key));
  line.append(element("span", "name", nameEnd(row.title, NAME_MOST)), importanceBox(row, scale, floor), correlationBox(row), element("span", "right", row.n.toLocaleString("en")));
  return line;
}

function importanceBox(row, [low, high], floor) {
  const cell = element("span", "cell");
  const track = element("span", "track");
  if (floor !== null) track.append(laid("floor", stretchOf(low, floor, low, high)));
  track.append(laid("bar", stretchOf(0, row.importance, low, high)), laid("whisker", stretchOf(row.low, row.high, low, high)));
  cell.append(track, element("span", "number", threeDecimals(row.importance)));
  cell.title = row.importance === null ? "" : `R² lost when it is shuffled: ${threeDecimals(row.importance)}, 95 % between ${threeDecimals(row.low)} and ${threeDecimals(row.high)}`;
  return cell;
}

function correlationBox(row) {
  const cell = element("span", "cell");
  const track = element("span", "track both");
  const sign = row.correlation < 0 ? "down" : "up";
  track.append(laid(`bar ${row.how === "ratio" ? "either" : sign}`, stretchOf(0, row.correlation, -1, 1)), laid("whisker", stretchOf(row.correlation_low, row.correlation_high, -1, 1)));
  cell.append(track, element("span", "number", row.how === "ratio" && row.correlation !== null ? row.correlation.toFixed(2) : signedWords(row.correlation)));
  cell.title = row.how === "ratio" ? "Correlation ratio of categories: it has no sign" : "Rank correlation (Spearman), with its 95 % interval";
  return cell;
}

function laid(name, place) {
  const made = element("i", name);
  made.hidden = place === null;
  if (place) Object.assign(made.style, { left: `${place.left}%`, width: `${place.width}%` });
  return made;
}

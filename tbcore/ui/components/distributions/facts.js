/** The table below a panel of one step: a row of numbers for each run. */

import { element, writeName } from "../lines/dom.js";
import { number, wholeNumber } from "../lines/format.js";

const FACTS = [
  //  column      words              about
  ["step",     "Step",           "The step whose values are shown: the latest one at or before the slider"],
  ["count",    "Count",          "How many values the histogram holds"],
  ["mean",     "Mean",           "Mean, each bucket's values taken to lie evenly in it where the writer did not log it"],
  ["std",      "Std",            "Standard deviation"],
  ["median",   "Median",         "Half of the values lie below"],
  ["min",      "Min",            "Left edge of the first bucket that holds values"],
  ["max",      "Max",            "Right edge of the last bucket that holds values"],
  ["zeros",    "Zeros",          "Share of the values in the bucket around zero, see Statistics"],
  ["distance", "Distance",       "Wasserstein distance to the first run of the table: how far its values would have to be moved, on average"],
];

/** Return a new table, hidden. */
export function newFacts() {
  const root = element("div", "facts");
  const table = element("table");
  const head = element("thead");
  const row = element("tr");
  row.append(element("th", "run", "Run"), ...FACTS.map(([column, words, about]) => {
    const cell = element("th", `fact-${column}`, words);
    cell.title = about;
    return cell;
  }));
  head.append(row);
  const body = element("tbody");
  table.append(head, body);
  root.append(table);
  return { root, body };
}

/** Write the numbers of the runs, one row each. */
export function dressFacts(facts, spec, at, board) {
  const count = at?.facts?.run?.length ?? 0;
  facts.root.hidden = count === 0;
  facts.root.classList.toggle("alone", count === 1);
  if (!count) return;
  facts.body.replaceChildren(...Array.from({ length: count }, (_, index) => {
    const run = board.view.runs[at.facts.run[index]];
    const row = element("tr");
    const [cell, swatch, name] = [element("td", "run"), element("i"), element("span", "name")];
    swatch.style.background = run.color;
    writeName(name, run.name + (at.facts.earlier[index] ? " (earlier)" : ""));
    name.title = run.name;
    const line = element("div", "line");
    line.append(swatch, name);
    cell.append(line);
    row.append(cell, ...FACTS.map(([column]) => element("td", `fact-${column}`, spelled(column, at.facts[column][index]))));
    row.addEventListener("pointerenter", () => board.emphasise(run.name));
    row.addEventListener("pointerleave", () => board.emphasise(null));
    return row;
  }));
}

function spelled(column, value) {
  if (Number.isNaN(value)) return "–";
  if (column === "step") return wholeNumber(value);
  return column === "zeros" ? `${number(100 * value)}%` : number(value);
}

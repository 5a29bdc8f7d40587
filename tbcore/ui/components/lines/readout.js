/** The table under a card: what the server read at the selected step or between two, sorted and copied here. */

import { element, iconButton, writeName } from "./dom.js";
import { duration, number, wholeNumber } from "./format.js";

const SPELLED = {
  number: (value) => number(value),
  step: (value) => wholeNumber(value),
  duration: (value) => duration(value),
  share: (value) => `${number(value)} %`,
};

/** Return the text of a cell; what is missing is empty, and what is not a number is as it was sent. */
export function cellText(value, kind) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" && SPELLED[kind] ? SPELLED[kind](value) : String(value);
}

/** Return rows sorted by a column: numbers before words, what is missing last either way. */
export function sortedRows(rows, at, down) {
  const rank = (value) => (value === null || value === undefined || value === "NaN" ? 2 : typeof value === "number" ? 0 : 1);
  const order = (one, other) => (typeof one === "number" ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true }));
  return [...rows].sort((one, other) => {
    const [a, b] = [one[at], other[at]];
    return rank(a) - rank(b) || (rank(a) === 2 ? 0 : (down ? -1 : 1) * order(a, b));
  });
}

/** Return a table as text, for the clipboard: full numbers, a tab between cells. */
export function asText({ columns }, rows) {
  const plain = (value) => String(value ?? "").replace(/[\t\n\r]/g, " ");
  return [columns.map(({ label }) => label), ...rows].map((row) => row.map(plain).join("\t")).join("\n");
}

/** Return an empty readout; `point(run)` is called with the run pointed at, or null. */
export function newReadout(point) {
  const root = element("div", "readout");
  const readout = { root, sort: null, said: "", point };
  root.hidden = true;
  return readout;
}

/** Write the table, or hide it when there is none. `colorOf(run)` is the colour of a run. */
export function dressReadout(readout, table, colorOf) {
  const said = JSON.stringify([table ?? null, readout.sort, table?.rows.map((row) => colorOf(row[0]))]);
  if (said === readout.said) return;
  readout.said = said;
  readout.root.hidden = !table;
  if (!table) return readout.root.replaceChildren();
  const { columns } = table;
  const known = columns.findIndex(({ key }) => key === readout.sort?.key);
  const rows = known < 0 ? table.rows : sortedRows(table.rows, known, readout.sort.down);
  const head = element("tr");
  for (const { key, label, kind } of columns) {
    const cell = element("th", kind === "run" ? "run" : "");
    const sorted = readout.sort?.key === key;
    const button = element("button", "", sorted ? `${label} ${readout.sort.down ? "↓" : "↑"}` : label);
    button.type = "button";
    button.addEventListener("click", () => {
      readout.sort = sorted && !readout.sort.down ? null : { key, down: !sorted };
      dressReadout(readout, table, colorOf);
    });
    cell.setAttribute("aria-sort", sorted ? (readout.sort.down ? "descending" : "ascending") : "none");
    cell.append(button);
    head.append(cell);
  }
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    columns.forEach(({ kind }, at) => {
      const cell = element("td", kind === "run" ? "run" : "");
      if (kind === "run") {
        const color = colorOf(row[at]);
        const swatch = element("i");
        swatch.style.background = color ?? "";
        const named = element("div", "named");
        const name = element("div", "name");
        writeName(name, String(row[at]));
        cell.title = String(row[at]);
        named.append(...(color ? [swatch] : []), name);
        cell.append(named);
      } else cell.textContent = cellText(row[at], kind);
      line.append(cell);
    });
    line.addEventListener("pointerenter", () => readout.point(row[0]));
    line.addEventListener("pointerleave", () => readout.point(null));
    body.append(line);
  }
  const header = element("thead");
  header.append(head);
  const grid = element("table");
  grid.append(header, body);
  const scroll = element("div", "scroll");
  scroll.append(grid);
  const copy = iconButton("copy", "Copy the table", () => navigator.clipboard?.writeText(asText(table, rows)));
  const foot = element("div", "foot");
  foot.append(element("span", "", table.note ?? ""), copy);
  const { scrollTop = 0, scrollLeft = 0 } = readout.root.querySelector(".scroll") ?? {};
  readout.root.replaceChildren(scroll, foot);
  Object.assign(scroll, { scrollTop, scrollLeft });
}

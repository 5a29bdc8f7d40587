/** Which columns are shown: a list to search and tick, those that tell the rows apart first. */

import { element, writeName } from "../lines/dom.js";
import { wholeNumber } from "../lines/format.js";
import { shownKeys, toggledKeys } from "./choices.js";
import { floated, textButton, textField, tickBox } from "./parts.js";

const SECTIONS = [["about", "About"], ["hparam", "Hyperparameters"], ["metric", "Metrics"]];
const MOST_ENTRIES = 300;

/** Return the columns of a role whose title holds the letters, those that differ first. */
export function pickable(columns, role, letters) {
  const found = columns.filter((column) => column.role === role && `${column.title}\n${column.key}`.toLowerCase().includes(letters));
  return [...found.filter((column) => column.differs), ...found.filter((column) => !column.differs)];
}

/** Return the keys shown when everything that differs is. */
export function differingKeys(keys, columns) {
  const differing = columns.filter((column) => column.role === "hparam" && column.differs).map((column) => column.key);
  const alike = columns.filter((column) => column.role === "hparam" && !column.differs).map((column) => column.key);
  return toggledKeys(toggledKeys(keys, alike, false, columns), differing, true, columns);
}

/** Open the list; state(): as it is now; change(state): adopts another. Return what floats, and how to draw it anew. */
export function openPicker(board, anchor, state, change, closed) {
  const { view } = board;
  const { columns } = view;
  const content = element("div", "picker");
  const list = element("div", "list");
  let [letters, boxes] = ["", []];
  const search = textField("search", "Search columns", (text) => {
    letters = text.toLowerCase();
    draw();
  });
  const keys = () => shownKeys(state(), view);
  const choose = (some) => {
    change({ ...state(), columns: some });
    redraw();
  };
  const turn = (some, on) => choose(toggledKeys(keys(), some, on, columns));
  const tools = element("div", "tools");
  tools.append(
    textButton("All that differ", () => choose(differingKeys(keys(), columns)), "link", "Show the hyperparameters in which the rows differ, and no others"),
    textButton("None", () => choose([]), "link"),
    textButton("Reset", () => choose(null), "link", "Show what is shown at first"),
  );
  content.append(search, tools, list);

  function draw() {
    boxes = [];
    const parts = SECTIONS.flatMap(([role, words]) => section(words, pickable(columns, role, letters), turn, boxes));
    if (parts.length === 0) parts.push(element("p", "quiet", "No column matches"));
    list.replaceChildren(...parts);
    redraw();
  }

  function redraw() {
    const shown = new Set(keys());
    for (const [some, box] of boxes) {
      const count = some.filter((key) => shown.has(key)).length;
      box.checked = count === some.length;
      box.indeterminate = count > 0 && count < some.length;
    }
  }

  draw();
  const float = floated(board.root, anchor, "Columns", content, closed);
  search.focus({ preventScroll: true });
  return { ...float, redraw };
}

/** Return the lines of the columns of a role; their boxes, with the keys that each is for, are added to `boxes`. */
function section(words, found, turn, boxes) {
  if (found.length === 0) return [];
  const keys = found.map((column) => column.key);
  const all = tickBox(`All of ${words}`, (on) => turn(keys, on));
  const line = element("label", "section-line");
  line.append(all, element("span", "", words), element("span", "count", wholeNumber(found.length)));
  const head = element("div", "section");
  head.append(line);
  boxes.push([keys, all]);
  const lines = found.slice(0, MOST_ENTRIES).map((column) => entry(column, turn, boxes));
  if (found.length > MOST_ENTRIES) lines.push(element("p", "quiet", `${wholeNumber(found.length - MOST_ENTRIES)} more: search for them`));
  return [head, ...lines];
}

function entry(column, turn, boxes) {
  const line = element("label", column.differs ? "entry" : "entry same");
  const box = tickBox(column.title, (on) => turn([column.key], on));
  const name = element("span", "name");
  writeName(name, column.title);
  line.title = [column.title, column.about, column.differs ? "" : "the same in every row"].filter(Boolean).join("\n");
  line.append(box, name);
  boxes.push([[column.key], box]);
  return line;
}

/** The menu of a column's head. */

import { element } from "../lines/dom.js";
import { exchanged, movedKey, shownKeys, withOne } from "./choices.js";
import { floated, focusFirst, glyph, textButton } from "./parts.js";

const ENDS = [["low", "Lower is better"], ["high", "Higher is better"], ["", "Neither is better"]];

/**
 * Open the menu of a column; return what floats.
 *
 * column: as it is drawn; board: {root, view, state}; change(state): adopts a state; sift(): opens the filter; fit():
 * makes the column as wide as its cells.
 */
export function openMenu(board, column, anchor, { change, sift, fit }) {
  const list = element("div", "menu");
  list.setAttribute("role", "menu");
  const parts = [
    sortEntries(board, column, change),
    columnEntries(board, column, change, sift, fit),
    curveEntries(board, column, change),
    valueEntries(board, column, change),
    betterEntries(board, column, change),
  ].filter((entries) => entries.length > 0);
  let float = null;
  parts.forEach((entries, at) => {
    if (at > 0) list.append(element("hr"));
    for (const [words, press, on] of entries) {
      list.append(newItem(words, on, () => {
        float.close();
        press();
      }));
    }
  });
  list.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("button")];
    const here = items.indexOf(list.getRootNode().activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    items[(to + items.length) % items.length].focus();
    event.preventDefault();
  });
  float = floated(board.root, anchor, `Column ${column.title}`, list);
  focusFirst(list);
  return float;
}

function newItem(words, on, press) {
  const item = textButton(words, press, "item");
  // Of two that exclude each other, the one that holds is ticked.
  item.setAttribute("role", on === undefined ? "menuitem" : "menuitemradio");
  if (on !== undefined) item.setAttribute("aria-checked", String(on));
  if (on) item.append(glyph("tick"));
  return item;
}

function sortEntries({ state }, { key }, change) {
  const { sort } = state;
  const at = sort.findIndex(([one]) => one === key);
  const alone = at === 0 && sort.length === 1;
  const by = (some) => () => change({ ...state, sort: some });
  const found = [
    ["Sort up", by([[key, false]]), alone && !sort[0][1]],
    ["Sort down", by([[key, true]]), alone && sort[0][1]],
  ];
  if (sort.length > 0 && at !== 0) {
    const others = sort.filter(([one]) => one !== key);
    found.push(["Then up", by([...others, [key, false]]), at > 0 && !sort[at][1]], ["Then down", by([...others, [key, true]]), at > 0 && sort[at][1]]);
  }
  if (at >= 0) found.push(["As it came", by(sort.toSpliced(at, 1))]);
  return found;
}

function columnEntries({ state, view }, { key }, change, sift, fit) {
  const keys = shownKeys(state, view);
  const at = keys.indexOf(key);
  const isName = key === view.name;
  const pinned = state.pinned.includes(key);
  const move = (to) => change({ ...state, columns: movedKey(keys, key, to) });
  return [
    isName && !view.name_filter ? null : ["Filter…", sift],
    isName ? null : ["Hide", () => change({ ...state, columns: keys.filter((one) => one !== key) })],
    isName ? null : [pinned ? "Unpin" : "Pin to the left", () => change({ ...state, pinned: withOne(state.pinned, key, !pinned) })],
    isName || at <= 0 ? null : ["Move left", () => move(at - 1)],
    isName || at < 0 || at === keys.length - 1 ? null : ["Move right", () => move(at + 2)],
    ["Fit the width", fit],
  ].filter(Boolean);
}

function curveEntries({ state, view }, { key }, change) {
  if (!view.curves.includes(key)) return [];
  const curves = state.curves ?? view.curves_usual;
  const on = curves.includes(key);
  return [[on ? "Hide the curve" : "Show the curve", () => change({ ...state, curves: withOne(curves, key, !on) })]];
}

function valueEntries({ state, view }, { key }, change) {
  return (view.choices[key] ?? []).map(([words, other]) => [words, () => change(exchanged(state, key, other, view)), other === key]);
}

function betterEntries({ state }, { key, role, better }, change) {
  if (role !== "metric") return [];
  const now = state.better[key] ?? better;
  return ENDS.map(([end, words]) => [words, () => change({ ...state, better: { ...state.better, [key]: end } }), end === now]);
}

/** The menu of a column's head. */

import { element } from "../lines/dom.js";
import { exchanged, movedKey, shownKeys, withOne } from "./choices.js";
import { floated, focusFirst, glyph, textButton } from "./parts.js";

const ENDS = [["low", "Lower is better"], ["high", "Higher is better"], ["", "Neither is better"]];

/**
 * Open the menu of a column; return what floats.
 *
 * column: as it is drawn; board: {root, view, state}; change(state): adopts a state; sift(): opens the filter.
 */
export function openMenu(board, column, anchor, change, sift) {
  const { state, view } = board;
  const { key } = column;
  const keys = shownKeys(state, view);
  const at = keys.indexOf(key);
  const isName = key === view.name;
  const sorted = state.sort?.[0] === key ? state.sort[1] : null;
  const curves = state.curves ?? view.curves_usual;
  const pinned = state.pinned.includes(key);
  const better = state.better[key] ?? column.better;
  const move = (to) => change({ ...state, columns: movedKey(keys, key, to) });
  const entries = [
    ["Sort up", () => change({ ...state, sort: [key, false] }), sorted === false],
    ["Sort down", () => change({ ...state, sort: [key, true] }), sorted === true],
    sorted === null ? null : ["As it came", () => change({ ...state, sort: null })],
    "",
    isName && !view.name_filter ? null : ["Filter…", sift],
    isName ? null : ["Hide", () => change({ ...state, columns: keys.filter((one) => one !== key) })],
    isName ? null : [pinned ? "Unpin" : "Pin to the left", () => change({ ...state, pinned: withOne(state.pinned, key, !pinned) })],
    isName || at <= 0 ? null : ["Move left", () => move(at - 1)],
    isName || at < 0 || at === keys.length - 1 ? null : ["Move right", () => move(at + 2)],
    "",
    ...(view.curves.includes(key)
      ? [["Show the curve", () => change({ ...state, curves: withOne(curves, key, !curves.includes(key)) }), curves.includes(key)], ""]
      : []),
    ...(view.choices[key] ?? []).map(([words, other]) => [words, () => change(exchanged(state, key, other, view)), other === key]),
    "",
    ...(column.role === "metric"
      ? ENDS.map(([end, words]) => [words, () => change({ ...state, better: { ...state.better, [key]: end } }), end === better])
      : []),
  ];
  const list = element("div", "menu");
  list.setAttribute("role", "menu");
  let parted = true;
  let float = null;
  for (const entry of entries) {
    if (entry === null) continue;
    if (entry === "") {
      if (!parted) list.append(element("hr"));
      parted = true;
      continue;
    }
    parted = false;
    const [words, press, on = false] = entry;
    const item = textButton(words, () => {
      float.close();
      press();
    }, "item");
    item.setAttribute("role", "menuitem");
    if (on) {
      item.setAttribute("aria-current", "true");
      item.append(glyph("tick"));
    }
    list.append(item);
  }
  if (list.lastElementChild?.tagName === "HR") list.lastElementChild.remove();
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

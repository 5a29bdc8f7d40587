/** Groups of cards that fold, with pages of cards, and cards with pages of runs. */

import { element } from "../lines/dom.js";
import { dressGroup, newGroup, pageOf } from "../lines/grid.js";
import { wholeNumber } from "../lines/format.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";

const LATER = 120; // milliseconds

/** Return what keeps track of the groups; `changed()` is called when the visitor opens, closes or turns something. */
export function newFolds(changed) {
  return { groups: new Map(), layout: { open: {}, page: {}, part: {} }, outbox: newOutbox(() => {}, LATER), changed };
}

/** Note what the server says of the groups. */
export function hearFolds(folds, view) {
  if (heard(folds.outbox, "layout", view.layout)) folds.layout = structuredClone(view.layout);
}

export function closeFolds(folds) {
  closeOutbox(folds.outbox);
}

/** Turn the page of a group, or of the runs of a card (what: "page", "part"), or open or close a group ("open"). */
export function chooseFold(folds, what, name, value) {
  // Written this way, a tag such as "__proto__" is a name like any other.
  folds.layout[what] = { ...folds.layout[what], ...Object.fromEntries([[name, value]]) };
  post(folds.outbox, "layout", structuredClone(folds.layout));
  folds.changed();
}

/** Return the groups as elements, the cards that `cardOf(tag)` gives in those that are open. */
export function foldedCards(folds, { groups, page_size }, cardOf) {
  const { layout } = folds;
  const roots = groups.map(({ name, cards: tags, open, page }) => {
    if (!folds.groups.has(name)) {
      folds.groups.set(name, newGroup(name, (choice) => {
        if (choice.open !== undefined) chooseFold(folds, "open", name, choice.open);
        if (choice.page !== undefined) chooseFold(folds, "page", name, choice.page);
      }));
    }
    const group = folds.groups.get(name);
    const isOpen = chosenOf(layout.open, name) ?? open;
    const shown = pageOf(tags, isOpen, chosenOf(layout.page, name) ?? page, page_size);
    dressGroup(group, tags.length, isOpen, shown, shown.tags.map(cardOf));
    // Nothing to choose from: no header that says so.
    group.header.hidden = groups.length === 1 && !name && !group.last && isOpen;
    return group.root;
  });
  for (const name of folds.groups.keys()) if (!groups.some((group) => group.name === name)) folds.groups.delete(name);
  return roots;
}

/** Return new buttons that turn something; `turn(by)` is called with -1 or 1. */
export function newPick(what, turn) {
  const pick = { root: element("div", "pick"), words: element("span") };
  pick.before = pickButton("‹", `The ${what} before`, () => turn(-1));
  pick.after = pickButton("›", `The next ${what}`, () => turn(1));
  pick.root.append(pick.before, pick.words, pick.after);
  pick.root.hidden = true;
  return pick;
}

/** Say where a turner is, place `at` of `count`; it is hidden where there is nothing to turn. */
export function setPick(pick, words, at, count) {
  pick.root.hidden = count < 2;
  pick.words.textContent = words;
  pick.before.disabled = at <= 0;
  pick.after.disabled = at >= count - 1;
}

/** Say which of the runs of a card are seen. */
export function setRuns(pick, { runs, part, parts, each }) {
  const first = part * each;
  const words = `runs ${wholeNumber(first + 1)} to ${wholeNumber(Math.min(first + each, runs))} of ${wholeNumber(runs)}`;
  setPick(pick, words, part, parts);
}

export function pickButton(text, label, press) {
  const button = element("button", "segment", text);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", press);
  return button;
}

function chosenOf(choices, name) {
  return Object.hasOwn(choices, name) ? choices[name] : undefined;
}

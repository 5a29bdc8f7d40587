/** The component's entry: cards of texts, the hits of a search, or a comparison. */

import { arrange, coveredTop, element } from "../lines/dom.js";
import { newDesk, takeIn } from "../audio/wanted.js";
import { chooseFold, closeFolds, foldedCards, hearFolds, newFolds, newPick, setPick, setRuns } from "../audio/folds.js";
import { markFound, newEntry, showEntry } from "./entry.js";
import { hitRows } from "./hits.js";
import { changeTable } from "./compare.js";

const stages = new WeakMap();

export default function text({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let stage = stages.get(parentElement);
  if (!stage) {
    stage = newTexts();
    (parentElement.querySelector(".stage") ?? parentElement).replaceChildren(stage.root);
    stages.set(parentElement, stage);
  }
  stage.desk.ask = (id) => setTriggerValue("wanted", id);
  stage.folds.outbox.send = setStateValue;
  stage.jump = (number) => setTriggerValue("jump", number);
  stage.pick = (tag, which) => {
    stage.slices = { ...stage.slices, ...Object.fromEntries([[tag, which]]) };
    setStateValue("slices", stage.slices);
  };
  showAll(stage, data);
  return () => {
    closeFolds(stage.folds);
    stages.delete(parentElement);
  };
}

function newTexts() {
  const stage = {
    root: element("div", "texts"), cards: new Map(), entries: new Map(), specs: new Map(), desk: newDesk(), slices: {}, focused: "", view: {},
  };
  stage.folds = newFolds(() => dressTexts(stage, false));
  return stage;
}

function showAll(stage, { view, given }) {
  takeIn(stage.desk, given);
  stage.root.style.setProperty("--ceiling", `${coveredTop() + 60}px`);
  stage.view = view;
  stage.specs = new Map((view.cards ?? []).map((spec) => [spec.tag, spec]));
  if (view.groups) hearFolds(stage.folds, view);
  dressTexts(stage, true);
  if (view.focus && view.focus !== stage.focused) lookAt(stage, JSON.parse(view.focus));
  stage.focused = view.focus ?? "";
}

/** Bring everything up to date; fresh: with what the server just said. */
function dressTexts(stage, fresh) {
  const { view } = stage;
  const [cards, entries] = [new Map(), new Map()];
  const cardOf = (tag) => {
    const card = stage.cards.get(tag) ?? newTextCard(stage, tag);
    cards.set(tag, card);
    const spec = stage.specs.get(tag);
    if (spec && (fresh || !card.spec)) showTexts(stage, card, spec);
    for (const [slot, entry] of card.entries) entries.set(slot, entry);
    return card.root;
  };
  const nodes = view.groups ? foldedCards(stage.folds, view, cardOf) : (view.cards ?? []).map((spec) => cardOf(spec.tag));
  if (view.hits) nodes.push(fresh ? box("hits", hitRows(view.hits, (number) => stage.jump(number))) : stage.root.querySelector(".hits"));
  if (view.difference) nodes.push(fresh ? box("difference", [changeTable(view.difference)]) : stage.root.querySelector(".difference"));
  [stage.cards, stage.entries] = [cards, entries];
  arrange(stage.root, nodes);
}

/** Show what a hit of the search leads to. */
function lookAt(stage, [tag, run, , words]) {
  const card = stage.cards.get(tag);
  const entry = stage.entries.get(JSON.stringify([tag, run]));
  if (!card || !entry) return;
  entry.root.scrollIntoView({ block: "start" });
  entry.root.classList.add("found");
  markFound(entry, words);
}

function box(kind, children) {
  const node = element("section", kind);
  node.append(...children);
  node.dataset.painted = performance.now();
  return node;
}

function newTextCard(stage, tag) {
  const card = { root: element("section", "card"), spec: null, entries: [] };
  const head = element("header");
  card.title = element("h4", "title", tag);
  card.part = newPick("runs", (by) => chooseFold(stage.folds, "part", tag, card.spec.part + by));
  card.pick = newPick("slice", (by) => stage.pick(tag, card.spec.which + by));
  head.append(card.title, card.part.root, card.pick.root);
  card.about = element("p", "about");
  card.grid = element("div", "grid");
  card.more = element("p", "about");
  card.root.append(head, card.about, card.grid, card.more);
  return card;
}

function showTexts(stage, card, spec) {
  card.spec = spec;
  card.title.textContent = spec.title;
  card.title.title = spec.tag;
  card.about.textContent = spec.description;
  card.about.hidden = !spec.description;
  card.more.textContent = spec.more;
  card.more.hidden = !spec.more;
  setPick(card.pick, `slice ${spec.which + 1} of ${spec.slices}${spec.at.length ? ` [${spec.at.join(", ")}]` : ""}`, spec.which, spec.slices);
  setRuns(card.part, spec);
  card.root.classList.toggle("wide", spec.list || spec.entries.length > 1);
  card.grid.classList.toggle("list", spec.list);
  card.entries = spec.entries.map((one) => {
    const slot = JSON.stringify([spec.tag, spec.list ? one.id : one.run]);
    const entry = stage.entries.get(slot) ?? newEntry(stage);
    showEntry(entry, one);
    return [slot, entry];
  });
  arrange(card.grid, card.entries.map(([, entry]) => entry.root));
  card.root.dataset.painted = performance.now();
}

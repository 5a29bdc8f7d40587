/** The component's entry: cards of texts, the hits of a search, or a comparison. */

import { arrange, coveredTop, element } from "../lines/dom.js";
import { newDesk, takeIn } from "../audio/wanted.js";
import { newEntry, showEntry } from "./entry.js";
import { hitRows } from "./hits.js";
import { changeTable } from "./compare.js";

const stages = new WeakMap();

export default function text({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let stage = stages.get(parentElement);
  if (!stage) {
    stage = { root: element("div", "texts"), cards: new Map(), entries: new Map(), desk: newDesk(), slices: {}, focused: "" };
    (parentElement.querySelector(".stage") ?? parentElement).replaceChildren(stage.root);
    stages.set(parentElement, stage);
  }
  stage.desk.ask = (id) => setTriggerValue("wanted", id);
  stage.jump = (number) => setTriggerValue("jump", number);
  stage.pick = (tag, which) => {
    stage.slices = { ...stage.slices, ...Object.fromEntries([[tag, which]]) };
    setStateValue("slices", stage.slices);
  };
  showAll(stage, data);
  return () => stages.delete(parentElement);
}

function showAll(stage, { view, given }) {
  takeIn(stage.desk, given);
  stage.root.style.setProperty("--ceiling", `${coveredTop() + 60}px`);
  const kept = new Map();
  const entries = new Map();
  const nodes = [];
  let group = null;
  for (const spec of view.cards ?? []) {
    if (spec.group !== group) {
      group = spec.group;
      if (view.grouped) nodes.push(element("h3", group ? "" : "nameless", group || "Without a group"));
    }
    const card = stage.cards.get(spec.tag) ?? newCard(stage);
    kept.set(spec.tag, card);
    showCard(stage, card, spec, entries);
    nodes.push(card.root);
  }
  if (view.hits) nodes.push(box("hits", hitRows(view.hits, stage.jump)));
  if (view.difference) nodes.push(box("difference", [changeTable(view.difference)]));
  [stage.cards, stage.entries] = [kept, entries];
  arrange(stage.root, nodes);
  if (view.focus && view.focus !== stage.focused) {
    const [tag] = JSON.parse(view.focus);
    kept.get(tag)?.root.scrollIntoView({ block: "start" });
    kept.get(tag)?.root.classList.add("found");
  }
  stage.focused = view.focus ?? "";
}

function box(kind, children) {
  const node = element("section", kind);
  node.append(...children);
  node.dataset.painted = performance.now();
  return node;
}

function newCard(stage) {
  const card = { root: element("section", "card"), spec: null };
  const head = element("header");
  card.title = element("h4", "title");
  card.pick = element("div", "pick");
  card.before = small("‹", "The slice before", () => stage.pick(card.spec.tag, card.spec.which - 1));
  card.which = element("span");
  card.after = small("›", "The next slice", () => stage.pick(card.spec.tag, card.spec.which + 1));
  card.pick.append(card.before, card.which, card.after);
  head.append(card.title, card.pick);
  card.about = element("p", "about");
  card.grid = element("div", "grid");
  card.more = element("p", "about");
  card.root.append(head, card.about, card.grid, card.more);
  return card;
}

function showCard(stage, card, spec, entries) {
  card.spec = spec;
  card.title.textContent = spec.title;
  card.title.title = spec.tag;
  card.about.textContent = spec.description;
  card.about.hidden = !spec.description;
  card.more.textContent = spec.more;
  card.more.hidden = !spec.more;
  card.pick.hidden = spec.slices < 2;
  card.which.textContent = `slice ${spec.which + 1} of ${spec.slices}${spec.at.length ? ` [${spec.at.join(", ")}]` : ""}`;
  card.before.disabled = spec.which <= 0;
  card.after.disabled = spec.which >= spec.slices - 1;
  card.grid.classList.toggle("list", spec.list);
  const nodes = spec.entries.map((one) => {
    const slot = JSON.stringify([spec.tag, spec.list ? one.id : one.run]);
    const entry = stage.entries.get(slot) ?? newEntry(stage);
    entries.set(slot, entry);
    showEntry(entry, one);
    return entry.root;
  });
  arrange(card.grid, nodes);
  card.root.dataset.painted = performance.now();
}

function small(text, label, press) {
  const button = element("button", "segment", text);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", press);
  return button;
}

/** Below the picture: all that is known of what is selected, an event, a run of short ones, or a stretch of time. */

import { element } from "../lines/dom.js";
import { exactly, lengthOf } from "./span.js";

const LONG = 400; // letters of an argument that are shown before it is opened

/** Return a new panel. acts: {close(), pick(row), zoom(), show(text)} */
export function newPanel(acts) {
  const root = element("div", "panel");
  root.hidden = true;
  return { root, acts, said: "" };
}

/** Show what the server says of what is selected: null for nothing. */
export function fillPanel(panel, told, waiting) {
  const said = JSON.stringify([told, waiting]);
  if (panel.said === said) return;
  panel.said = said;
  panel.root.hidden = !told && !waiting;
  if (panel.root.hidden) return;
  const { scrollTop } = panel.root;
  const head = element("div", "panel-head");
  const title = element("div", "panel-title", told?.title ?? waiting);
  title.title = told?.title ?? "";
  head.append(title);
  if (told?.sub) head.append(element("div", "panel-sub", told.sub));
  const tools = element("div", "panel-tools");
  if (told) tools.append(action("Zoom to it (f)", () => panel.acts.zoom()));
  tools.append(action("Close (Esc)", () => panel.acts.close()));
  head.append(tools);
  const parts = told ? { event: eventParts, run: tableParts, range: tableParts }[told.kind](panel, told) : [];
  panel.root.replaceChildren(head, ...parts);
  panel.root.scrollTop = told?.same ? scrollTop : 0;
}

function action(words, act) {
  const button = element("button", "link", words);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

function section(title, ...nodes) {
  const root = element("div", "section");
  root.append(element("div", "section-title", title), ...nodes);
  return root;
}

function facts(pairs) {
  const list = element("dl", "facts");
  for (const [name, value, act] of pairs) {
    const cell = element("dd");
    if (act) cell.append(action(value, act));
    else cell.textContent = value;
    list.append(element("dt", "", name), cell);
  }
  return list;
}

function eventParts(panel, told) {
  const { pick, show } = panel.acts;
  const first = [
    ["Kind", told.category && told.category !== told.kindName ? `${told.kindName} (${told.category})` : told.kindName],
    ["Lane", told.lane],
    ["Starts at", exactly(told.start)],
    ["Lasts", exactly(told.end - told.start)],
  ];
  if (told.children) first.push(["Of its own", `${exactly(told.own)} (${told.children.toLocaleString("en-US")} inside)`]);
  const like = [["Events", told.like.count.toLocaleString("en-US"), () => show(told.exact)], ["Together", lengthOf(told.like.total)], ["Average", lengthOf(told.like.total / told.like.count)]];
  if (told.like.count > 1) {
    like.push(["This one", told.like.rank ? `${ordinal(told.like.rank + 1)} longest` : "the longest"]);
    like.push(["Longest", lengthOf(told.like.most), () => pick(told.like.longest)], ["Shortest", lengthOf(told.like.least), () => pick(told.like.shortest)]);
  }
  const body = element("div", "panel-body");
  body.append(section("Event", facts(first)), section("Of this name", facts(like)));
  if (told.arrows.length) {
    const list = element("div", "chips");
    for (const arrow of told.arrows.slice(0, 40)) list.append(chip(`${arrow.words} ${arrow.name}`, () => pick(arrow.row), arrow.after));
    const more = told.arrows.length - 40 + told.moreArrows;
    if (more > 0) list.append(element("div", "quiet", `and ${more.toLocaleString("en-US")} more`));
    body.append(section("Follows and leads to", list));
  }
  if (told.above.length) {
    const list = element("div", "chips");
    for (const { row, name, length } of told.above) list.append(chip(name, () => pick(row), lengthOf(length)));
    body.append(section("Inside", list));
  }
  if (told.arguments.length) {
    const all = section("Arguments", argumentsOf(told.arguments));
    all.classList.add("broad");
    body.append(all);
  }
  return [body];
}

function argumentsOf(pairs) {
  const list = element("dl", "facts wide");
  for (const [name, value] of pairs) {
    const cell = element("dd", "", value.length > LONG ? `${value.slice(0, LONG)}…` : value);
    if (value.length > LONG) {
      const more = action("all of it", () => {
        cell.textContent = value;
      });
      cell.append(" ", more);
    }
    list.append(element("dt", "", name), cell);
  }
  return list;
}

function chip(name, act, after) {
  const button = element("button", "chip");
  button.type = "button";
  button.title = name;
  button.append(element("span", "chip-name", name));
  if (after) button.append(element("span", "quiet", after));
  button.addEventListener("click", act);
  return button;
}

function tableParts(panel, told) {
  const table = element("table", "stats");
  const head = element("tr");
  for (const [name, title] of [["Name", ""], ["Events", ""], ["Own time", "Without what lies inside"], ["Time", "Within the stretch"], ["Average", "Of whole events"], ["Longest", ""]]) {
    const cell = element("th", "", name);
    cell.title = title;
    head.append(cell);
  }
  table.append(head);
  for (const row of told.rows) {
    const line = element("tr");
    const name = element("td");
    const go = action(row.name, () => panel.acts.pick(row.first));
    go.title = row.name;
    name.append(go);
    const share = element("div", "share");
    share.style.width = `${Math.round(1000 * row.share) / 10}%`;
    name.append(share);
    line.append(name, ...[row.count.toLocaleString("en-US"), lengthOf(row.own), lengthOf(row.total), lengthOf(row.mean), lengthOf(row.most)].map((text) => element("td", "number", text)));
    table.append(line);
  }
  const nodes = [table];
  if (told.more > 0) nodes.push(element("div", "quiet", `and ${told.more.toLocaleString("en-US")} more names`));
  return nodes;
}

function ordinal(count) {
  const rest = count % 100;
  const end = rest > 10 && rest < 14 ? "th" : ["th", "st", "nd", "rd"][count % 10] ?? "th";
  return `${count.toLocaleString("en-US")}${end}`;
}

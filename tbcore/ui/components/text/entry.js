/** One value of one run: a text, or a table of them, as Markdown or raw. */

import { moment, wholeNumber } from "../lines/format.js";
import { element, newIcon, writeName } from "../lines/dom.js";
import { fetchBytes, saveFile } from "../audio/wanted.js";

const DOWN = "M8 2.5v7.5M4.5 7L8 10.5 11.5 7M3 13.5h10";

export function newEntry(stage) {
  const entry = { stage, root: element("article", "entry"), spec: null, said: "" };
  const head = element("header");
  entry.dot = element("i");
  entry.run = element("span", "run");
  entry.step = element("span", "step");
  entry.save = element("button", "icon");
  entry.save.type = "button";
  entry.save.title = "Download this text as it was logged";
  entry.save.setAttribute("aria-label", entry.save.title);
  const drawing = newIcon("caret");
  drawing.firstChild.setAttribute("d", DOWN);
  entry.save.append(drawing);
  entry.save.addEventListener("click", () => save(entry));
  head.append(entry.dot, entry.run, entry.step, entry.save);
  entry.error = element("div", "error");
  entry.body = element("div", "body");
  entry.body.tabIndex = 0;
  entry.notes = element("div", "notes");
  entry.root.append(head, entry.error, entry.body, entry.notes);
  return entry;
}

export function showEntry(entry, spec) {
  const said = JSON.stringify(spec);
  if (entry.said === said) return;
  const same = entry.spec?.id === spec.id;
  [entry.said, entry.spec] = [said, spec];
  entry.root.dataset.id = spec.id;
  if (!same) entry.root.classList.remove("found");
  entry.dot.style.background = spec.color;
  writeName(entry.run, spec.run);
  entry.run.title = spec.run;
  entry.step.textContent = `step ${wholeNumber(spec.step)}`;
  entry.step.title = `${moment(spec.wall)}${spec.earlier ? "; an attempt that a later one wrote again" : ""}`;
  entry.save.hidden = !spec.file;
  entry.error.textContent = spec.error;
  entry.error.hidden = !spec.error;
  entry.body.hidden = !spec.cells.length;
  const top = entry.body.scrollTop;
  entry.body.replaceChildren(spec.single ? textNode(spec.cells[0][0]) : tableNode(spec.cells));
  entry.body.scrollTop = same ? top : 0;
  entry.notes.replaceChildren(...spec.notes.map((note) => element("div", "", note)));
  entry.notes.hidden = !spec.notes.length;
}

/** Mark where some words stand in a text that is shown, the first place in sight. What Markdown cut in pieces is not found. */
export function markFound(entry, words) {
  const wanted = words.trim();
  const places = wanted ? placesOf(entry.body, wanted) : [];
  for (const [node, at] of places.reverse()) {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + wanted.length);
    const mark = element("mark");
    range.surroundContents(mark);
  }
  const first = entry.body.querySelector("mark");
  if (!first) return;
  const [outer, inner] = [entry.body.getBoundingClientRect(), first.getBoundingClientRect()];
  if (inner.bottom > outer.bottom) entry.body.scrollTop += inner.top - outer.top - outer.height / 3;
}

/** Return the first 200 places of words in the texts below a node: [text node, offset]. */
function placesOf(root, words) {
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && found.length < 200) {
    const { data } = walker.currentNode;
    for (let at = data.indexOf(words); at >= 0 && found.length < 200; at = data.indexOf(words, at + words.length)) found.push([walker.currentNode, at]);
  }
  return found;
}

function textNode(cell) {
  if (cell.html !== undefined) {
    const node = element("div", "markdown");
    node.dir = "auto";
    // Made and cleaned by the server: no scripts, images, styles or attributes but those of links are left in it.
    node.innerHTML = cell.html;
    return node;
  }
  const node = element("pre", "raw", cell.text);
  node.dir = "auto";
  return node;
}

function tableNode(cells) {
  const table = element("table", "cells");
  const body = element("tbody");
  for (const line of cells) {
    const row = element("tr");
    for (const cell of line) {
      const place = element("td");
      place.append(textNode(cell));
      row.append(place);
    }
    body.append(row);
  }
  table.append(body);
  return table;
}

async function save(entry) {
  const { spec, stage } = entry;
  try {
    saveFile(await fetchBytes(stage.desk, `save:${spec.id}`), spec.file);
  } catch (error) {
    entry.error.textContent = String(error.message);
    entry.error.hidden = false;
  }
}

/** What a search found: one row per text, a press leads to it. */

import { moment, wholeNumber } from "../lines/format.js";
import { element, writeName } from "../lines/dom.js";

/** Return the rows of hits; `jump(number)` is called with the one that is pressed. */
export function hitRows(hits, jump) {
  return hits.map((hit, number) => {
    const row = element("button", "hit");
    row.type = "button";
    row.title = "Look at this text";
    const head = element("span", "place");
    const dot = element("i");
    dot.style.background = hit.color;
    const run = element("span", "run");
    writeName(run, hit.run);
    const tag = element("span", "tag", hit.title);
    tag.title = hit.tag;
    const many = hit.count > 1 ? ` · ${hit.count >= 999 ? "999 or more" : wholeNumber(hit.count)} times` : "";
    const step = element("span", "step", `step ${wholeNumber(hit.step)}${hit.cell ? ` · cell ${hit.cell + 1}` : ""}${many}`);
    step.title = `${moment(hit.wall)}${hit.earlier ? "; an attempt that a later one wrote again" : ""}`;
    head.append(dot, run, tag, step);
    const text = element("span", "snippet");
    text.dir = "auto";
    text.append(...marked(hit.text, hit.marks));
    row.append(head, text);
    row.addEventListener("click", () => jump(number));
    return row;
  });
}

/** Return the pieces of a text, those between the places of `marks` [[first, last], ...] marked; counted in characters. */
function marked(text, marks) {
  const letters = [...text];
  const nodes = [];
  let at = 0;
  for (const [first, last] of marks) {
    if (first > at) nodes.push(element("span", "", letters.slice(at, first).join("")));
    nodes.push(element("mark", "", letters.slice(Math.max(first, at), last).join("")));
    at = Math.max(at, last);
  }
  nodes.push(element("span", "", letters.slice(at).join("")));
  return nodes;
}

/** The filter of a column: a range over a small histogram, a list of values, a regex, and what has no value. */

import { element } from "../lines/dom.js";
import { wholeNumber } from "../lines/format.js";
import { oneLine } from "./cells.js";
import { compiled, portable } from "../runs/selection.js";
import { focusFirst, floated, glyphButton, textButton, textField, tickBox } from "./parts.js";
import { rangePart } from "./range.js";
import { pickedSieve, speller, tidySieve, valuedSieve } from "./sieve.js";

const MOST_LISTED = 200;
const TYPED = 350;
const ABSENT = [["without", "Hide"], ["with", "Keep"], ["only", "Only these"]];

/**
 * Open the filter of a column; return what floats, and `tell(facts)` for when the server said what the column holds.
 *
 * facts: {key, low, high, log, whole, bins, levels: [[value, count]] or null, more, missing, nan} of all rows.
 * sieve(): the column's filter now, or null; change(sieve or null): adopts another.
 */
export function openSifter(board, column, anchor, sieve, change, closed) {
  const content = element("div", "sifter");
  const head = element("div", "sifter-head");
  const title = element("strong", "", column.title);
  title.title = column.title;
  const clear = textButton("Clear", () => {
    change(null);
    redraw();
  }, "link");
  const body = element("div", "sifter-body");
  body.append(element("p", "quiet", "Looking at its values …"));
  head.append(title, clear);
  content.append(head, body);
  const float = floated(board.root, anchor, `Filter ${column.title}`, content, closed);
  const shut = glyphButton("close", "Close", () => float.close());
  head.append(shut);
  let [parts, known] = [[], null];
  const now = () => sieve() ?? { key: column.key };
  const adopt = (made) => {
    change(made);
    redraw();
  };
  function redraw() {
    clear.disabled = sieve() === null;
    for (const part of parts) part.redraw(now());
  }
  function tell(facts) {
    if (facts?.key !== column.key) return;
    const said = JSON.stringify(facts);
    const first = known === null;
    // Who is typing or dragging is not interrupted by what the logs say anew.
    if (said === known || (!first && body.contains(body.getRootNode().activeElement))) return;
    known = said;
    const made = [];
    if (facts.low !== null && facts.high > facts.low) made.push(rangePart(column, facts, now, adopt));
    if (facts.levels !== null && facts.levels.length > 0) made.push(listPart(facts, now, adopt));
    if (column.type === "text") made.push(patternPart(now, adopt));
    if (facts.nan > 0 || sieve()?.nan) made.push(absentPart("nan", nanWords(facts.nan), now, adopt));
    if (facts.missing > 0 || sieve()?.missing) made.push(absentPart("missing", missingWords(facts.missing), now, adopt));
    parts = made;
    body.replaceChildren(...made.map((part) => part.node));
    if (made.length === 0) body.append(element("p", "quiet", onlyValue(column, facts)));
    redraw();
    float.place();
    if (first) focusFirst(body.children.length && made.length ? body : head);
  }
  redraw();
  focusFirst(head);
  return { ...float, key: column.key, tell, redraw };
}

function onlyValue(column, facts) {
  if (facts.low === null) return "No row has a value.";
  return `Every row has the same value: ${speller(column.type)(facts.low)}`;
}

function listPart(facts, now, adopt) {
  const node = element("div", "levels");
  const all = facts.levels.map(([value]) => value);
  let letters = "";
  const search = textField("search", "Search values", (text) => {
    letters = text.toLowerCase();
    draw();
  });
  const tools = element("div", "tools");
  // Of values that are not all listed some can be picked, but not all the others left.
  const picks = facts.more > 0;
  const matching = () => (letters ? all.filter((value) => value.toLowerCase().includes(letters)) : all);
  tools.append(
    ...(picks
      ? [element("span", "quiet", `${wholeNumber(facts.more)} more values are not listed: use a regex`)]
      : [
        textButton("All", () => adopt(valuedSieve(now(), all, matching(), true)), "link"),
        textButton("None", () => adopt(valuedSieve(now(), all, matching(), false)), "link"),
      ]),
  );
  const turn = (value, on) => adopt(picks ? pickedSieve(now(), value, on) : valuedSieve(now(), all, [value], on));
  const list = element("div", "list");
  list.tabIndex = -1;
  if (all.length > 8) node.append(search);
  node.append(tools, list);
  let boxes = [];
  const most = Math.max(...facts.levels.map(([, count]) => count), 1);
  function draw() {
    const some = new Set(matching());
    boxes = [];
    const rows = facts.levels.filter(([value]) => some.has(value));
    list.replaceChildren(...rows.slice(0, MOST_LISTED).map(([value, count]) => {
      const row = element("label", "level");
      const box = tickBox(value || "(empty)", (on) => turn(value, on));
      boxes.push([value, box]);
      const words = element("span", "words", oneLine(value) || "(empty)");
      words.title = value;
      const bar = element("i");
      bar.style.width = most > 1 ? `${(100 * count) / most}%` : "0";
      const lone = textButton("only", (event) => {
        event.preventDefault();
        adopt(tidySieve({ ...now(), values: [value] }));
      }, "lone");
      row.append(bar, box, words, lone, element("span", "count", wholeNumber(count)));
      return row;
    }));
    if (rows.length > MOST_LISTED) list.append(element("p", "quiet", `${wholeNumber(rows.length - MOST_LISTED)} more: search for them`));
    if (rows.length === 0) list.append(element("p", "quiet", "No value matches"));
    redraw(now());
  }
  const redraw = (sieve) => {
    const wanted = sieve.values ? new Set(sieve.values) : null;
    for (const [value, box] of boxes) box.checked = wanted === null ? !picks : wanted.has(value);
  };
  draw();
  return { node, redraw };
}

function patternPart(now, adopt) {
  const node = element("div", "pattern");
  const wrong = element("p", "wrong");
  wrong.setAttribute("role", "alert");
  let waiting = 0;
  const settle = () => {
    clearTimeout(waiting);
    const text = field.value;
    const { reason } = compiled(text);
    wrong.textContent = reason ? `Not a regex: ${reason.toLowerCase()}` : portable(text) ? "" : "Not a regex that the server reads alike";
    if (!wrong.textContent && text !== (now().pattern ?? "")) adopt(tidySieve({ ...now(), pattern: text }));
  };
  const field = textField("search", "Matches the regex", () => {
    clearTimeout(waiting);
    waiting = setTimeout(settle, TYPED);
  });
  field.addEventListener("change", settle);
  node.append(field, wrong);
  return {
    node,
    redraw: (sieve) => {
      if (node.getRootNode().activeElement !== field) field.value = sieve.pattern ?? "";
    },
  };
}

function missingWords(count) {
  return `${wholeNumber(count)} ${count === 1 ? "row has" : "rows have"} no value`;
}

function nanWords(count) {
  return `${wholeNumber(count)} ${count === 1 ? "row is" : "rows are"} NaN`;
}

/** field: of the filter, "missing" or "nan"; words: how many rows it is about. */
function absentPart(field, words, now, adopt) {
  const node = element("div", "absent");
  const segments = element("div", "segments");
  segments.setAttribute("role", "group");
  segments.setAttribute("aria-label", words);
  node.append(element("span", "quiet", words), segments);
  const buttons = ABSENT.map(([said, label]) => {
    const button = textButton(label, () => {
      adopt(said === "only" ? { key: now().key, [field]: said } : tidySieve({ ...now(), [field]: said }));
    }, "segment");
    segments.append(button);
    return [said, button];
  });
  const redraw = (sieve) => {
    const isRange = sieve.low != null || sieve.high != null;
    const asks = isRange || sieve.values != null || Boolean(sieve.pattern) || Boolean(sieve[field === "nan" ? "missing" : "nan"]);
    // NaN lies in no range; and whoever asks for some values asks for none that is missing.
    const idle = (field === "nan" ? isRange : asks) ? "without" : "with";
    const said = field === "nan" && isRange ? idle : sieve[field] ?? idle;
    for (const [one, button] of buttons) {
      button.setAttribute("aria-pressed", String(one === said));
      button.disabled = field === "nan" && isRange && one === "with";
    }
  };
  return { node, redraw };
}

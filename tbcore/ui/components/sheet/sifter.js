/** The filter of a column: a range over a small histogram, a list of values, a regex, and what has no value. */

import { element } from "../lines/dom.js";
import { wholeNumber } from "../lines/format.js";
import { compiled, portable } from "../runs/selection.js";
import { focusFirst, floated, glyphButton, textButton, textField, tickBox } from "./parts.js";
import { PLACES, pickedSieve, placeAt, rangedSieve, speller, tidySieve, valueAt, valuedSieve } from "./sieve.js";

const MOST_LISTED = 200;
const TYPED = 350;
const MISSING = [["without", "Hide"], ["with", "Keep"], ["only", "Only these"]];

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
    const same = JSON.stringify(facts) === known;
    if (same) return;
    const first = known === null;
    known = JSON.stringify(facts);
    const held = content.contains(content.getRootNode().activeElement) && !first;
    // Who is typing or dragging is not interrupted by what the logs say anew.
    if (held) return;
    const made = [];
    if (facts.low !== null && facts.high > facts.low) made.push(rangePart(column, facts, now, adopt));
    if (facts.levels !== null && facts.levels.length > 0) made.push(listPart(facts, now, adopt));
    if (column.type === "text") made.push(patternPart(now, adopt));
    if (facts.missing > 0 || sieve()?.missing) made.push(missingPart(facts, now, adopt));
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

function rangePart(column, facts, now, adopt) {
  const node = element("div", "range");
  const bars = element("div", "bars");
  const most = Math.max(...facts.bins, 1);
  const columns = facts.bins.map((count) => {
    const bar = element("i");
    bar.style.height = count ? `${Math.max(6, (100 * count) / most)}%` : "0";
    bar.title = wholeNumber(count);
    return bar;
  });
  bars.append(...columns);
  const track = element("div", "track");
  const [low, high] = ["Least", "Most"].map((words) => {
    const slider = element("input", "handle");
    slider.type = "range";
    [slider.min, slider.max, slider.step] = [0, PLACES, 1];
    slider.setAttribute("aria-label", `${words} ${column.title}`);
    return slider;
  });
  const groove = element("span", "groove");
  track.append(groove, low, high);
  const ends = element("div", column.type === "time" ? "ends long" : "ends");
  const boxes = ["Least", "Most"].map((words) => newBox(column, words));
  ends.append(boxes[0], element("span", "quiet", facts.log ? "log scale" : "to"), boxes[1]);
  node.append(bars, track, ends);

  const paint = (from, to) => {
    groove.style.left = `${(100 * from) / PLACES}%`;
    groove.style.right = `${100 - (100 * to) / PLACES}%`;
    columns.forEach((bar, at) => {
      const middle = ((at + 0.5) / columns.length) * PLACES;
      bar.className = middle >= from && middle <= to ? "in" : "";
    });
  };
  const dragged = (moved) => {
    let [from, to] = [Number(low.value), Number(high.value)];
    if (from > to) {
      if (moved === low) low.value = from = to;
      else high.value = to = from;
    }
    // Both handles at one end: the one that can still move lies on top.
    low.style.zIndex = from > PLACES / 2 ? 2 : 1;
    paint(from, to);
    writeBox(boxes[0], column, valueAt(facts, from));
    writeBox(boxes[1], column, valueAt(facts, to));
  };
  const settled = () => {
    adopt(rangedSieve(now(), facts, valueAt(facts, Number(low.value)), valueAt(facts, Number(high.value))));
  };
  for (const slider of [low, high]) {
    slider.addEventListener("input", () => dragged(slider));
    slider.addEventListener("change", settled);
  }
  for (const [at, box] of boxes.entries()) {
    box.addEventListener("change", () => {
      const typed = readBox(box, column);
      const range = [now().low ?? null, now().high ?? null];
      range[at] = typed;
      adopt(rangedSieve(now(), facts, range[0], range[1]));
    });
  }
  const redraw = (sieve) => {
    const [from, to] = [sieve.low ?? facts.low, sieve.high ?? facts.high];
    low.value = placeAt(facts, from);
    high.value = placeAt(facts, to);
    low.style.zIndex = Number(low.value) > PLACES / 2 ? 2 : 1;
    paint(Number(low.value), Number(high.value));
    writeBox(boxes[0], column, from);
    writeBox(boxes[1], column, to);
  };
  return { node, redraw };
}

function newBox(column, words) {
  const box = textField(column.type === "time" ? "datetime-local" : "number", words);
  box.step = column.type === "time" ? "1" : "any";
  box.classList.add("end");
  return box;
}

function writeBox(box, column, value) {
  if (column.type !== "time") box.value = briefNumber(value);
  else {
    const at = new Date(value * 1000);
    const local = new Date(value * 1000 - at.getTimezoneOffset() * 60_000);
    box.value = Number.isNaN(local.getTime()) ? "" : local.toISOString().slice(0, 19);
  }
}

/** Return a number as a field takes it, short enough for it where nothing is lost but what is far behind the point. */
export function briefNumber(value) {
  const size = Math.abs(value);
  const short = Number(value.toPrecision(6));
  return short !== 0 && (size < 1e-3 || size >= 1e15) ? short.toExponential().replace("e+", "e") : String(Math.abs(value) < 1e6 ? short : value);
}

function readBox(box, column) {
  if (box.value === "") return null;
  const value = column.type === "time" ? new Date(box.value).getTime() / 1000 : Number(box.value);
  return Number.isFinite(value) ? value : null;
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
      const words = element("span", "words", value || "(empty)");
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

function missingPart(facts, now, adopt) {
  const node = element("div", "absent");
  const count = facts.missing;
  node.append(element("span", "quiet", `${wholeNumber(count)} ${count === 1 ? "row has" : "rows have"} no value`));
  const segments = element("div", "segments");
  const buttons = MISSING.map(([missing, words]) => {
    const button = textButton(words, () => {
      const made = { ...now(), missing };
      adopt(missing === "only" ? { key: made.key, missing } : tidySieve(made));
    }, "segment");
    segments.append(button);
    return [missing, button];
  });
  node.append(segments);
  return {
    node,
    redraw: (sieve) => {
      const asks = ["low", "high", "values", "pattern"].some((part) => sieve[part] != null && sieve[part] !== "");
      const said = sieve.missing ?? (asks ? "without" : "with");
      for (const [missing, button] of buttons) button.setAttribute("aria-pressed", String(missing === said));
    },
  };
}

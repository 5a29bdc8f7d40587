/** The part of a filter that asks for a range: a small histogram, a slider with two handles and two fields. */

import { element } from "../lines/dom.js";
import { wholeNumber } from "../lines/format.js";
import { textField } from "./parts.js";
import { PLACES, placeAt, rangedSieve, valueAt } from "./sieve.js";

const ENDS_OF_RANGE = ["Least", "Most"];

/** Return {node, redraw} of a column's range. now(): its filter; adopt(filter or null): takes another. */
export function rangePart(column, facts, now, adopt) {
  const node = element("div", "range");
  const bars = newBars(facts.bins);
  const track = element("div", "track");
  const groove = element("span", "groove");
  const handles = ENDS_OF_RANGE.map((words) => newHandle(`${words} ${column.title}`));
  track.append(groove, ...handles);
  const ends = element("div", column.type === "time" ? "ends long" : "ends");
  const boxes = ENDS_OF_RANGE.map((words) => newBox(column, words));
  ends.append(boxes[0], element("span", "quiet", facts.log ? "log scale" : "to"), boxes[1]);
  node.append(bars, track, ends);

  const places = () => handles.map((handle) => Number(handle.value));
  const paint = () => {
    const [from, to] = places();
    groove.style.left = `${(100 * from) / PLACES}%`;
    groove.style.right = `${100 - (100 * to) / PLACES}%`;
    // Both handles at one end: the one that can still move lies on top.
    handles[0].style.zIndex = from > PLACES / 2 ? 2 : 1;
    [...bars.children].forEach((bar, at, all) => {
      const middle = ((at + 0.5) / all.length) * PLACES;
      bar.className = middle >= from && middle <= to ? "in" : "";
    });
  };
  const dragged = (at) => {
    const [from, to] = places();
    if (from > to) handles[at].value = at === 0 ? to : from;
    paint();
    places().forEach((place, end) => writeBox(boxes[end], column, valueAt(facts, place)));
  };
  handles.forEach((handle, at) => {
    handle.addEventListener("input", () => dragged(at));
    handle.addEventListener("change", () => {
      const [from, to] = places().map((place) => valueAt(facts, place));
      adopt(rangedSieve(now(), facts, from, to));
    });
  });
  boxes.forEach((box, at) => {
    box.addEventListener("change", () => {
      const range = [now().low ?? null, now().high ?? null].with(at, readBox(box, column));
      adopt(rangedSieve(now(), facts, ...range));
    });
  });
  const redraw = (sieve) => {
    [sieve.low ?? facts.low, sieve.high ?? facts.high].forEach((value, at) => {
      handles[at].value = placeAt(facts, value);
      writeBox(boxes[at], column, value);
    });
    paint();
  };
  return { node, redraw };
}

function newBars(bins) {
  const bars = element("div", "bars");
  bars.setAttribute("aria-hidden", "true");
  const most = Math.max(...bins, 1);
  for (const count of bins) {
    const bar = element("i");
    bar.style.height = count ? `${Math.max(6, (100 * count) / most)}%` : "0";
    bar.title = wholeNumber(count);
    bars.append(bar);
  }
  return bars;
}

function newHandle(words) {
  const handle = element("input", "handle");
  handle.type = "range";
  [handle.min, handle.max, handle.step] = [0, PLACES, 1];
  handle.setAttribute("aria-label", words);
  return handle;
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

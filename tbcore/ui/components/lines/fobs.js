/** What is selected on the x axis: one step or the part between two, set by pressing, dragging or typing. */

import { element, iconButton } from "./dom.js";
import { wholeNumber } from "./format.js";
import { pixelAt, valueAt } from "./scale.js";

const MOVED = 4;

/** Return what is selected after a press on `step`: a first one, then a range, then its nearer end moves. */
export function pressedAt(selection, step) {
  if (!selection) return { from: step };
  const { from, to } = selection;
  if (to === undefined) return spanned(from, step);
  return Math.abs(step - from) <= Math.abs(step - to) ? spanned(step, to) : spanned(from, step);
}

/** Return the selection between two steps in order; one step when they are the same. */
export function spanned(one, other) {
  return one === other ? { from: one } : { from: Math.min(one, other), to: Math.max(one, other) };
}

/** Return the step that a visitor's text stands for, null when it is none. */
export function stepOf(text) {
  const bare = text.replace(/[,_\s]/g, "");
  const step = bare === "" ? NaN : Math.round(Number(bare));
  return Number.isSafeInteger(step) ? step : null;
}

/** Add the strip below the card's plot on which steps are selected; `select(card, selection)` is called. */
export function newFobs(card, board, select) {
  const strip = element("div", "strip");
  strip.title = "Press or drag to select steps";
  const shades = [element("div", "shade"), element("div", "shade")];
  const ends = ["from", "to"].map((end) => newFob(card, board, end, select));
  card.fobs = { strip, shades, ends };
  card.plot.append(...shades, strip, ...ends.map(({ root }) => root));
  let start = null;
  const stepAt = (event) => stepUnder(card, event);
  strip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !card.frame) return;
    event.stopPropagation();
    event.preventDefault();
    strip.setPointerCapture(event.pointerId);
    start = { x: event.clientX, step: stepAt(event), moved: false };
  });
  strip.addEventListener("pointermove", (event) => {
    if (!start) return;
    // While steps are selected no tooltip covers them.
    event.stopPropagation();
    leave(card, board);
    start.moved ||= Math.abs(event.clientX - start.x) >= MOVED;
    if (start.moved) select(card, spanned(start.step, stepAt(event)));
  });
  strip.addEventListener("pointerup", () => {
    if (start && !start.moved) select(card, pressedAt(board.selectionOf(card), start.step));
    start = null;
  });
  strip.addEventListener("pointercancel", () => (start = null));
  for (const name of ["click", "dblclick"]) strip.addEventListener(name, (event) => event.stopPropagation());
}

/** Put the fobs and the shade where the card's scale has what is selected. */
export function placeFobs(card, board) {
  const { strip, shades, ends } = card.fobs;
  const { frame } = card;
  const usable = board.can("select") && board.settings.axis === "step" && frame !== null && frame.lines.length > 0;
  strip.hidden = !usable;
  const selection = usable ? board.selectionOf(card) : null;
  const { left, right, top, bottom } = frame?.box ?? {};
  const inside = (x) => Math.max(left, Math.min(right, x));
  if (usable) Object.assign(strip.style, { left: `${left}px`, width: `${right - left}px`, top: `${bottom}px` });
  ends.forEach(({ root, input }, at) => {
    const step = selection?.[at ? "to" : "from"];
    const x = step === undefined ? NaN : pixelAt(frame.xs, step);
    root.hidden = !(x >= left - 1 && x <= right + 1);
    if (root.hidden) return;
    root.style.setProperty("--x", `${x}px`);
    root.style.setProperty("--top", `${top}px`);
    root.style.setProperty("--bottom", `${bottom}px`);
    const text = wholeNumber(step);
    if (input.getRootNode().activeElement !== input) input.value = text;
    input.style.width = `${Math.max(2, text.length) + 0.5}ch`;
  });
  const ranged = selection?.to !== undefined;
  const edges = ranged ? [[left, inside(pixelAt(frame.xs, selection.from))], [inside(pixelAt(frame.xs, selection.to)), right]] : [];
  shades.forEach((shade, at) => {
    shade.hidden = !ranged || !(edges[at][1] > edges[at][0]);
    if (shade.hidden) return;
    const [from, to] = edges[at];
    Object.assign(shade.style, { left: `${from}px`, width: `${to - from}px`, top: `${top}px`, height: `${bottom - top}px` });
  });
}

function leave({ plot }, { pointer }) {
  if (pointer) plot.dispatchEvent(new PointerEvent("pointerleave"));
}

function stepUnder({ plot, frame }, event) {
  const { box, xs } = frame;
  const x = event.clientX - plot.getBoundingClientRect().left;
  return Math.round(valueAt(xs, Math.max(box.left, Math.min(box.right, x))));
}

function newFob(card, board, end, select) {
  const root = element("div", "fob");
  const input = element("input");
  Object.assign(input, { type: "text", inputMode: "numeric" });
  input.setAttribute("aria-label", end === "from" ? "Selected step" : "Last selected step");
  const moveTo = (step) => {
    const selection = board.selectionOf(card);
    const other = selection?.[end === "from" ? "to" : "from"];
    select(card, other === undefined ? { from: step } : spanned(step, other));
  };
  const remove = iconButton("close", "Remove", () => {
    const { from, to } = board.selectionOf(card);
    const kept = end === "from" ? to : from;
    select(card, kept === undefined ? null : { from: kept });
  });
  root.append(element("div", "stem"), input, remove);
  root.hidden = true;
  let start = null;
  root.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    if (event.button !== 0 || event.composedPath().includes(remove) || root.getRootNode().activeElement === input) return;
    event.preventDefault();
    root.setPointerCapture(event.pointerId);
    start = { x: event.clientX, moved: false, end };
  });
  root.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    leave(card, board);
    if (!start) return;
    start.moved ||= Math.abs(event.clientX - start.x) >= MOVED;
    if (!start.moved) return;
    const other = board.selectionOf(card)?.[start.end === "from" ? "to" : "from"];
    const step = stepUnder(card, event);
    select(card, other === undefined ? { from: step } : spanned(step, other));
    // Past the other fob, this one is the other one.
    if (other !== undefined) start.end = step > other ? "to" : step < other ? "from" : start.end;
  });
  root.addEventListener("pointerup", () => {
    if (start && !start.moved) {
      input.focus();
      input.select();
    }
    start = null;
  });
  root.addEventListener("pointercancel", () => (start = null));
  for (const name of ["click", "dblclick"]) root.addEventListener(name, (event) => event.stopPropagation());
  input.addEventListener("change", () => {
    const step = stepOf(input.value);
    if (step === null) input.value = wholeNumber(board.selectionOf(card)?.[end] ?? 0);
    else moveTo(step);
  });
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") input.blur();
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    moveTo((stepOf(input.value) ?? 0) + by);
    input.value = wholeNumber((stepOf(input.value) ?? 0) + by);
  });
  return { root, input };
}

/** Boxes and lines as elements of SVG. Names are text and nothing else. */

import { cutText, headOf, pathOf } from "./space.js";

const SPACE = "http://www.w3.org/2000/svg";
const measurer = document.createElement("canvas").getContext("2d");
const widthsKnown = new Map();
const STACKED = { series: true, more: true };
const KINDS = { op: "operation", scope: "scope", series: "series", function: "function", more: "group" };
const SIGNS = { added: "+", removed: "−", changed: "≠", inside: "•" };
const BUTTON = 14;

/** Return a new element of SVG with attributes. */
export function drawing(name, attributes = {}, text = "") {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

function textWidth(text, font) {
  const key = `${font}\n${text}`;
  if (!widthsKnown.has(key)) {
    if (widthsKnown.size > 5000) widthsKnown.clear();
    measurer.font = font;
    widthsKnown.set(key, measurer.measureText(text).width);
  }
  return widthsKnown.get(key);
}

/** Return what is told of a box to those who cannot see it. */
export function spokenBox(box) {
  const parts = [box.label, KINDS[box.kind] ?? box.kind, box.whole ?? box.sub, box.note, box.change];
  if (box.kind !== "op") parts.push(box.open ? "open" : "closed");
  return parts.filter(Boolean).join(", ");
}

/** Return a new box: {root, over, words, grown}; over is what of an open one lies above the lines, `words` how wide it is. */
export function newBox(box, fonts) {
  const root = drawing("g", { class: `box ${box.kind}${box.open ? " open" : ""}${box.change ? ` ${box.change}` : ""}`, role: "button", "aria-label": spokenBox(box) });
  Object.assign(root.dataset, { id: box.id, kind: box.kind, open: String(box.open), ...(box.change ? { change: box.change } : {}) });
  root.classList.toggle("even", box.depth % 2 === 0);
  if (box.color) {
    root.style.setProperty("--tint", box.color);
    root.classList.add("tinted");
  }
  const { over, words } = box.open ? titleOf(box, fonts) : { over: null, words: 0 };
  if (box.open) root.append(drawing("rect", { class: "body", width: box.w, height: box.h, rx: 9 }));
  else dressClosed(root, box, fonts);
  return { root, over, words, grown: 1 };
}

function titleOf(box, fonts) {
  const root = drawing("g", { class: `title${box.change ? ` ${box.change}` : ""}`, "data-of": box.id });
  const room = box.w - 38;
  const words = cutText(box.text, room, (text) => textWidth(text, fonts.bold));
  const width = textWidth(words, fonts.bold);
  root.append(drawing("rect", { class: "chip", x: 5, y: 4, width: width + BUTTON + 16, height: 19, rx: 5 }));
  root.append(buttonOf(box, 10, 6.5), drawing("text", { class: "label", x: 30, y: 17.5 }, words));
  if (box.change) root.append(signOf(box, width + 42, 14));
  if (box.color) {
    root.style.setProperty("--tint", box.color);
    root.classList.add("tinted");
  }
  return { over: root, words: width + 36 };
}

function dressClosed(root, box, fonts) {
  const round = box.kind === "op" ? 6 : 8;
  if (STACKED[box.kind]) for (const off of [6, 3]) root.append(drawing("rect", { class: "behind", x: off, y: off, width: box.w - 0.01, height: box.h, rx: round }));
  root.append(drawing("rect", { class: "body", width: box.w, height: box.h, rx: round }));
  const button = box.kind === "op" ? 0 : BUTTON + 6;
  const room = box.w - 14;
  const two = Boolean(box.sub || box.note);
  const words = cutText(box.text, room - button, (text) => textWidth(text, fonts.plain));
  root.append(drawing("text", { class: "label", x: (box.w - button) / 2, y: two ? 17 : box.h / 2 + 4.2 }, words));
  if (two) dressSecond(root, box, room, button, fonts);
  if (button) root.append(buttonOf(box, box.w - BUTTON - 6, 6));
  if (box.shares) dressShares(root, box);
  if (box.marks) dressMarks(root, box);
  if (box.change) root.append(signOf(box, 0, 0));
}

function dressSecond(root, box, room, button, fonts) {
  const noted = box.note ? textWidth(box.note, fonts.small) + 8 : 0;
  const sub = cutText(box.sub, room - noted, (text) => textWidth(text, fonts.small));
  const whole = textWidth(sub, fonts.small) + noted;
  const left = Math.max(7, (box.w - (whole + button > room ? 0 : button) - whole) / 2);
  if (sub) root.append(drawing("text", { class: "sub", x: left, y: 31 }, sub));
  if (box.note) root.append(drawing("text", { class: "sub noted", x: left + whole - noted + (sub ? 8 : 4), y: 31 }, box.note));
}

function buttonOf(box, x, y) {
  const root = drawing("g", { class: "fold", transform: `translate(${x} ${y})`, "data-fold": box.id });
  root.append(drawing("rect", { width: BUTTON, height: BUTTON, rx: 3.5 }));
  root.append(drawing("path", { d: box.open ? "M3.5 7h7" : "M3.5 7h7M7 3.5v7" }));
  return root;
}

function dressShares(root, box) {
  const whole = box.w - 12;
  let x = 6;
  for (const [color, share] of box.shares) {
    const width = whole * Math.max(0, Math.min(1, share));
    const part = drawing("rect", { class: "share", x, y: box.h - 5, width: Math.max(0, width - 0.6), height: 3, rx: 1 });
    part.style.fill = color;
    root.append(part);
    x += width;
  }
}

/** Return what is set aside on one side of a box: summaries on the right, all else on the left. */
export function onSide(marks, side) {
  return marks.filter(([, , kind]) => (kind === "summary") === (side === "summary"));
}

function dressMarks(root, box) {
  const [left, right] = [onSide(box.marks, "const"), onSide(box.marks, "summary")];
  const count = box.marked > box.marks.length ? box.marked - right.length : left.length;
  if (left.length) root.append(markOf(box, left, count, -13, "const"));
  if (right.length) root.append(markOf(box, right, right.length, box.w + 13, "summary"));
}

function markOf(box, marks, count, x, kind) {
  const root = drawing("g", { class: `mark ${kind}`, "data-marks": kind, role: "button", "aria-label": `${count} set aside: ${marks.slice(0, 8).map(([, label]) => label).join(", ")}` });
  root.dataset.at = box.id;
  const y = box.h / 2;
  root.append(drawing("path", { d: x < 0 ? `M${x + 6} ${y}H0` : `M${box.w} ${y}H${x - 6}` }));
  root.append(kind === "summary" ? drawing("rect", { x: x - 5.5, y: y - 5.5, width: 11, height: 11, rx: 2.5 }) : drawing("circle", { cx: x, cy: y, r: 6 }));
  if (count > 1) root.append(drawing("text", { x, y: y + 3 }, count > 99 ? "…" : String(count)));
  return root;
}

function signOf(box, x, y) {
  const root = drawing("g", { class: "sign", transform: `translate(${x} ${y})` });
  root.append(drawing("circle", { r: 7 }), drawing("text", { y: 3.6 }, SIGNS[box.change] ?? "?"));
  return root;
}

/** Return a new line: {root, path, head}. */
export function newLine(line) {
  const root = drawing("g", { class: `line${line.control ? " control" : ""}` });
  Object.assign(root.dataset, { source: line.source, target: line.target });
  const reach = drawing("path", { class: "reach" });
  const path = drawing("path", { class: "stroke" });
  path.style.strokeWidth = line.width;
  const head = drawing("path", { class: "head" });
  root.append(reach, path, head);
  return { root, reach, path, head };
}

/** Put a line along points. */
export function placeLine(shape, line, points) {
  // A thick line ends inside its head.
  const size = line.control ? 5.5 : 5.5 + line.width;
  const way = pathOf(points);
  shape.path.setAttribute("d", way);
  shape.reach.setAttribute("d", way);
  shape.head.setAttribute("d", headOf(points, size));
}

/** Return a new label of a line. */
export function newLabel(line) {
  return drawing("text", { class: "shape", x: line.lx, y: line.ly + 3.5 }, line.label);
}

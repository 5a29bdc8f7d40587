/** The parts that the pop-ups and the head are made of: glyphs, boxes, and what floats above the page. */

import { element, lineDrawing } from "../lines/dom.js";

const GLYPHS = {
  caret: "M4.5 6.5L8 10l3.5-3.5",
  fold: "M6 4.5L9.5 8 6 11.5",
  close: "M5 5l6 6M11 5l-6 6",
  columns: "M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9",
  filter: "M2.5 3.5h11L9.3 8.6v4.2l-2.6-1.3V8.6z",
  up: "M8 12.5v-9M4.5 7L8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9L8 12.5 11.5 9",
  tick: "M3.5 8.5l3 3 6-7",
  only: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.2a1.8 1.8 0 1 0 .01 0",
};
const EDGE = 8;

/** Return a new drawing. */
export function glyph(name) {
  return lineDrawing(GLYPHS[name]);
}

/** Return a new button with a text. */
export function textButton(text, press, className = "", title = "") {
  const button = element("button", className, text);
  button.type = "button";
  if (title) button.title = title;
  button.addEventListener("click", press);
  return button;
}

/** Return a new button that shows a glyph and tells `label`. */
export function glyphButton(name, label, press, className = "glyph") {
  const button = textButton("", press, className, label);
  button.setAttribute("aria-label", label);
  button.append(glyph(name));
  return button;
}

/** Return a new check-box. */
export function tickBox(label, change) {
  const box = element("input", "tick");
  box.type = "checkbox";
  box.setAttribute("aria-label", label);
  if (change) box.addEventListener("change", () => change(box.checked));
  return box;
}

/** Return a new field. kind: of the input; change: called with its text at every letter. */
export function textField(kind, words, change) {
  const field = element("input", "field");
  field.type = kind;
  field.placeholder = words;
  field.setAttribute("aria-label", words);
  field.autocomplete = "off";
  field.spellcheck = false;
  if (change) field.addEventListener("input", () => change(field.value));
  return field;
}

/**
 * Show `content` above the page, below `anchor`, within the window; return {root, close, place}.
 *
 * It lies in the browser's top layer, where no container cuts it off. closed: called once when it goes.
 */
export function floated(host, anchor, label, content, closed = () => {}) {
  const root = element("div", "float");
  root.popover = "manual";
  root.setAttribute("role", "dialog");
  root.setAttribute("aria-label", label);
  root.append(content);
  host.append(root);
  root.showPopover();
  const place = () => {
    const box = (anchor.isConnected ? anchor : host).getBoundingClientRect();
    const [width, height] = [root.offsetWidth, root.offsetHeight];
    const below = box.bottom + 3;
    const top = below + height + EDGE <= window.innerHeight ? below : box.top - 3 - height;
    root.style.left = `${Math.max(EDGE, Math.min(box.left, window.innerWidth - width - EDGE))}px`;
    root.style.top = `${Math.max(EDGE, Math.min(top, window.innerHeight - height - EDGE))}px`;
  };
  let open = true;
  const close = (refocus = true) => {
    if (!open) return;
    open = false;
    const inside = root.contains(root.getRootNode().activeElement);
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("resize", place);
    root.remove();
    if (refocus && inside) homeOf(anchor, host)?.focus({ preventScroll: true });
    closed();
  };
  const outside = (event) => {
    const path = event.composedPath();
    if (!path.includes(root) && !path.includes(anchor)) close(false);
  };
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", outside, true);
  window.addEventListener("resize", place);
  place();
  return { root, close, place };
}

/** Return where the keyboard goes when what floats by `anchor` is closed. */
function homeOf(anchor, host) {
  if (!anchor.isConnected) return host.querySelector("button");
  return anchor.closest(".th") ?? (anchor.matches("button") ? anchor : anchor.querySelector("button"));
}

/** Put the keyboard into the first thing of `root` that takes it. */
export function focusFirst(root) {
  root.querySelector("input, button")?.focus({ preventScroll: true });
}

/** One panel for all menus and forms: in the top layer, inside the window, gone at a press elsewhere or Escape. */

import { element } from "./dom.js";

const AWAY = 8;
const AGAIN = 250;

/** Return the panel, closed. */
export function newPanel() {
  const root = element("div", "popup");
  root.popover = "auto";
  const panel = { root, owner: null, closed: 0, left: null, open: false };
  root.addEventListener("toggle", ({ newState }) => {
    panel.open = newState === "open";
    if (panel.open) return;
    panel.closed = performance.now();
    panel.left?.();
  });
  root.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in moves) || !root.matches(".menu")) return;
    event.preventDefault();
    const items = [...root.querySelectorAll("button")];
    const at = items.indexOf(root.getRootNode().activeElement);
    items.at((at + moves[event.key]) % items.length).focus();
  });
  return panel;
}

/** Open the panel at a place of the window; pressing what owns an open panel closes it. `left()` is called at the end. */
export function openPanel(panel, owner, { x, y }, nodes, { title = "", kind = "form", left = null } = {}) {
  if (panel.owner === owner && performance.now() - panel.closed < AGAIN) return;
  closePanel(panel);
  const { root } = panel;
  Object.assign(panel, { owner, left });
  root.className = `popup ${kind}`;
  root.setAttribute("role", kind === "menu" ? "menu" : "dialog");
  root.setAttribute("aria-label", title);
  root.replaceChildren(...(title ? [element("div", "heading", title)] : []), ...nodes);
  root.showPopover();
  panel.open = true;
  const inside = (at, size, most) => Math.max(AWAY, Math.min(at, most - size - AWAY));
  root.style.left = `${inside(x, root.offsetWidth, innerWidth)}px`;
  root.style.top = `${inside(y, root.offsetHeight, innerHeight)}px`;
  root.querySelector("button, input, select")?.focus({ preventScroll: true });
}

/** Close the panel. */
export function closePanel(panel) {
  panel.owner = null;
  if (!panel.open) return;
  panel.open = false;
  panel.root.hidePopover();
}

/** Return a place below `node`, for a panel. */
export function below(node) {
  const { left, bottom } = node.getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}

/** Return the items of a menu, [text, press] each; a press closes the panel first. */
export function menuItems(panel, items) {
  return items.map(([text, press]) => {
    const item = element("button", "item", text);
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.addEventListener("click", () => {
      closePanel(panel);
      press();
    });
    return item;
  });
}

/** Return a row of a form: a label and what is set. */
export function formRow(text, ...inputs) {
  const row = element("label", "row");
  row.append(element("span", "", text), ...inputs);
  if (!inputs[0].ariaLabel) inputs[0].ariaLabel = text;
  return row;
}

/** Return a check box; `change(checked)` is called. */
export function checkBox(checked, change) {
  const box = element("input");
  Object.assign(box, { type: "checkbox", checked });
  box.addEventListener("change", () => change(box.checked));
  return box;
}

/** Return a choice of [value, text] pairs; `change(value)` is called. */
export function choice(pairs, value, change) {
  const box = element("select");
  for (const [name, text] of pairs) {
    const option = element("option", "", text);
    option.value = name;
    box.append(option);
  }
  box.value = value;
  box.addEventListener("change", () => change(box.value));
  return box;
}

/** Return a field for a text; `change(text)` is called when it was written. */
export function textField(value, change, about = {}) {
  const box = element("input");
  Object.assign(box, { type: "text", value, ...about });
  box.addEventListener("change", () => change(box.value));
  return box;
}

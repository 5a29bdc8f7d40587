/** The bar above the picture: search, what colours tell, zoom, help. */

import { element, lineDrawing } from "../lines/dom.js";

const TOOLS = [
  ["in", "Zoom in (w)", "M8 3.5v9M3.5 8h9"],
  ["out", "Zoom out (s)", "M3.5 8h9"],
  ["fit", "Whole trace (0)", "M2.5 4v8M13.5 4v8M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2"],
  ["fold", "Fold or unfold all processes", "M4 6l4-3 4 3M4 10l4 3 4-3"],
  ["full", "Full screen", "M9.5 3H13v3.5M6.5 13H3V9.5M13 3L9.3 6.7M3 13l3.7-3.7"],
  ["help", "Keys (?)", "M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.5M8 12v.2"],
];
const KEYS = [
  ["w s", "zoom in and out where the pointer is"],
  ["a d", "move left and right"],
  ["Ctrl + wheel", "zoom"],
  ["Shift + wheel", "move left and right"],
  ["drag", "move; with two fingers: zoom"],
  ["Shift + drag", "select a stretch: what takes the time in it"],
  ["drag on the times", "select a stretch as well"],
  ["click", "select an event; double click: zoom to it"],
  ["f", "zoom to what is selected"],
  ["0", "whole trace"],
  ["← →", "previous, next event of the row"],
  ["↑ ↓", "event around, first event inside"],
  ["/", "search; Enter or n: next, Shift + Enter or N: previous"],
  ["Esc", "clear the selection"],
];

/** Return a new bar. acts: {search(text), step(way), byKind(on), use(name)} */
export function newBar(acts) {
  const root = element("div", "bar");
  const search = element("div", "search");
  const field = element("input", "find");
  Object.assign(field, { type: "search", placeholder: "Find events (regex)", spellcheck: false, autocomplete: "off" });
  field.setAttribute("aria-label", "Find events");
  const count = element("span", "found");
  count.setAttribute("role", "status");
  const steps = [["previous", "Previous (N)", "M10 4L6 8l4 4"], ["next", "Next (n)", "M6 4l4 4-4 4"]].map(([way, label, line]) => tool(way, label, line, () => acts.step(way)));
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => acts.search(field.value), 250);
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      if (!field.value) field.blur();
      field.value = "";
      clearTimeout(timer);
      acts.search("");
    }
    if (event.key !== "Enter") return;
    clearTimeout(timer);
    acts.search(field.value);
    acts.step(event.shiftKey ? "previous" : "next");
  });
  search.append(field, count, ...steps);
  const colors = element("div", "segments");
  const buttons = [["Names", false], ["Kinds", true]].map(([words, on]) => {
    const button = element("button", "segment", words);
    button.type = "button";
    button.title = on ? "Colours tell operators from kernels, copies and others" : "Each name has a colour of its own";
    button.addEventListener("click", () => acts.byKind(on));
    colors.append(button);
    return button;
  });
  const legend = element("div", "legend");
  const tools = element("div", "tools");
  for (const [name, label, line] of TOOLS) tools.append(tool(name, label, line, () => acts.use(name)));
  root.append(search, colors, legend, tools);
  return { root, field, count, steps, buttons, legend };
}

function tool(name, label, line, act) {
  const button = element("button", `tool ${name}`);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label.replace(/ \(.*/, ""));
  button.append(lineDrawing(line));
  button.addEventListener("click", act);
  return button;
}

/** Say what was found. found: {count, place, total, error} or null. */
export function sayFound(bar, found, text) {
  const many = found?.count > 0;
  bar.count.textContent = !text || !found ? "" : found.error ? found.error : !found.count ? "none" : `${found.place >= 0 ? `${(found.place + 1).toLocaleString("en-US")} of ` : ""}${found.count.toLocaleString("en-US")} · ${found.words}`;
  bar.count.classList.toggle("wrong", Boolean(text && found?.error));
  for (const step of bar.steps) step.hidden = !many || !text;
}

/** Press the button of what colours tell, and show what they mean. kinds: [words, colour] of those that occur. */
export function sayColors(bar, byKind, kinds) {
  bar.buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(byKind === Boolean(at))));
  bar.legend.replaceChildren(
    ...(byKind ? kinds : []).map(([words, color]) => {
      const entry = element("span", "entry");
      const swatch = element("i");
      swatch.style.background = color;
      entry.append(swatch, words);
      return entry;
    }),
  );
}

/** Return the list of keys, hidden. */
export function newHelp() {
  const root = element("div", "help-card");
  root.hidden = true;
  const list = element("dl");
  for (const [keys, words] of KEYS) list.append(element("dt", "", keys), element("dd", "", words));
  root.append(list);
  return root;
}

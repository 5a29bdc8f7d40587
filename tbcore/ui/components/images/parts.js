/** Small controls: drawn buttons, sliders with a number, choices. */

import { element, newIcon } from "../lines/dom.js";

const PATHS = {
  back: "M10 3.5L5.5 8l4.5 4.5",
  on: "M6 3.5L10.5 8 6 12.5",
  close: "M4 4l8 8M12 4l-8 8",
  save: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  more: "M8 3.5v9M3.5 8h9",
  less: "M3.5 8h9",
  play: "M5 3.2v9.6l7.5-4.8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  undo: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3",
};

/** Return a new button that shows a drawing and tells `label` to those who hover or cannot see it. */
export function drawnButton(path, label, press) {
  const made = element("button", "icon");
  made.type = "button";
  redraw(made, path, label);
  made.addEventListener("click", press);
  return made;
}

export function redraw(button, path, label) {
  const icon = newIcon("caret");
  icon.firstChild.setAttribute("d", PATHS[path]);
  button.replaceChildren(icon);
  button.title = label;
  button.setAttribute("aria-label", label);
}

/** Return a new button with words on it. */
export function wordButton(text, label, press) {
  const made = element("button", "segment", text);
  made.type = "button";
  made.title = label;
  made.addEventListener("click", press);
  return made;
}

/** Return a new labelled slider with the number beside it; double click resets it to `usual`. */
export function newDial(label, { min, max, step, usual, spelled, change }) {
  const root = element("label", "control dial");
  const input = element("input");
  const number = element("output");
  Object.assign(input, { type: "range", min, max, step });
  const dial = { root, input, number, spelled };
  const told = (value) => {
    setDial(dial, value);
    change(value);
  };
  input.addEventListener("input", () => told(Number(input.value)));
  input.addEventListener("dblclick", () => told(usual));
  root.title = `${label}: double click for ${spelled(usual)}`;
  root.append(element("span", "", label), input, number);
  setDial(dial, usual);
  return dial;
}

export function setDial({ input, number, spelled }, value) {
  input.value = value;
  input.style.setProperty("--filled", (value - input.min) / (input.max - input.min));
  number.textContent = spelled(value);
}

/** Return a new row of words of which one is chosen; `choose(value)` is called with what was pressed. */
export function newChoice(label, values, choose) {
  const root = element("div", "segments");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", label);
  const buttons = new Map(values.map(([value, text, about]) => [value, wordButton(text, about, () => choose(value))]));
  root.append(...buttons.values());
  return { root, buttons };
}

export function setChoice({ buttons }, chosen) {
  for (const [value, button] of buttons) button.setAttribute("aria-pressed", String(value === chosen));
}

/** Return a new switch with a word on it. */
export function newSwitch(text, label, change) {
  const made = wordButton(text, label, () => change(made.getAttribute("aria-pressed") !== "true"));
  made.classList.add("switch");
  return made;
}

/** Return a new pair of buttons around a text, such as "sample 2 of 8"; `turn(by)` is called with -1 or 1. */
export function newTurner(what, turn) {
  const root = element("div", "turner");
  const text = element("span");
  const back = drawnButton("back", `Previous ${what}`, () => turn(-1));
  const on = drawnButton("on", `Next ${what}`, () => turn(1));
  root.append(back, text, on);
  return { root, text, back, on };
}

export function setTurner({ root, text, back, on }, words, place, count) {
  root.hidden = count < 2;
  text.textContent = words;
  back.disabled = place <= 0;
  on.disabled = place >= count - 1;
}

/** The row of controls above the cards. What it needs no server for, the cards show at once. */

import { element } from "../lines/dom.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";

const DELAY = 250;
const AT_ONCE = 20;
const bars = new WeakMap();

export default function prCurvesBar({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let bar = bars.get(parentElement);
  if (!bar) {
    bar = newBar(parentElement);
    bars.set(parentElement, bar);
  }
  bar.send = setStateValue;
  const { settings, controls } = data.view;
  const first = bar.settings === null;
  if (heard(bar.outbox, "settings", settings) || first) bar.settings = settings;
  bar.wanted = controls;
  dressBar(bar);
  return () => {
    closeOutbox(bar.outbox);
    bars.delete(parentElement);
  };
}

function newBar(parent) {
  const bar = { root: element("div", "toolbar bar"), controls: new Map(), settings: null, send: null, wanted: [] };
  bar.outbox = newOutbox((name, value) => bar.send(name, value), DELAY);
  parent.querySelector(".stage").append(bar.root);
  return bar;
}

function dressBar(bar) {
  const nodes = bar.wanted.filter(({ of }) => !of.length || of.includes(bar.settings.view)).map((control) => {
    if (!bar.controls.has(control.name)) bar.controls.set(control.name, FORMS[control.form](control, (value) => set(bar, control, value)));
    const made = bar.controls.get(control.name);
    made.dress(bar.settings[control.name]);
    return made.root;
  });
  nodes.forEach((node, at) => {
    if (bar.root.children[at] !== node) bar.root.insertBefore(node, bar.root.children[at] ?? null);
  });
  while (bar.root.children.length > nodes.length) bar.root.lastElementChild.remove();
}

function set(bar, control, value) {
  bar.settings = { ...bar.settings, [control.name]: value };
  window.dispatchEvent(new CustomEvent("runlens:pr_curves", { detail: bar.settings }));
  // A slider is on its way; what else is pressed is meant.
  bar.outbox.delay = control.form === "slider" ? DELAY : AT_ONCE;
  post(bar.outbox, "settings", bar.settings);
  dressBar(bar);
}

const FORMS = { segments: newSegments, switch: newSwitch, slider: newSlider };

function newSegments({ words, values }, choose) {
  const root = element("div", "segments");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", words);
  const buttons = values.map(([value, text, about]) => {
    const button = element("button", "segment", text);
    button.type = "button";
    button.title = about;
    button.addEventListener("click", () => choose(value));
    root.append(button);
    return [value, button];
  });
  const dress = (chosen) => {
    for (const [value, button] of buttons) button.setAttribute("aria-pressed", String(value === chosen));
  };
  return { root, dress };
}

function newSwitch({ words, about }, choose) {
  const root = element("div", "segments");
  const button = element("button", "segment", words);
  button.type = "button";
  button.title = about;
  button.addEventListener("click", () => choose(button.getAttribute("aria-pressed") !== "true"));
  root.append(button);
  return { root, dress: (chosen) => button.setAttribute("aria-pressed", String(chosen)) };
}

function newSlider({ words, about, step }, choose) {
  const root = element("label", "control");
  root.title = about;
  const [slider, number] = [element("input"), element("input", "threshold")];
  Object.assign(slider, { type: "range", min: 0, max: 1, step });
  Object.assign(number, { type: "number", min: 0, max: 1, step });
  number.setAttribute("aria-label", `${words}, as a number`);
  root.append(element("span", "", words), slider, number);
  slider.addEventListener("input", () => choose(Number(slider.value)));
  number.addEventListener("change", () => {
    const value = Number(number.value);
    choose(number.value !== "" && value >= 0 && value <= 1 ? value : Number(slider.value));
  });
  const dress = (value) => {
    slider.value = value;
    slider.style.setProperty("--filled", value);
    if (number.getRootNode().activeElement !== number || Number(number.value) !== value) number.value = String(Number(value.toFixed(4)));
  };
  return { root, dress };
}

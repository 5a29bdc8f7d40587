/** The slim row of controls above the panels: what is drawn, and on which axes. */

import { arrange, coveredTop, element, iconButton } from "../lines/dom.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";

const DELAY = 30;
const bars = new WeakMap();

export default function distributionsBar({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let bar = bars.get(parentElement);
  if (!bar) {
    bar = newBar(parentElement);
    bars.set(parentElement, bar);
  }
  bar.send = setStateValue;
  updateBar(bar, data.view);
  return () => {
    closeOutbox(bar.outbox);
    bars.delete(parentElement);
  };
}

function newBar(parent) {
  const bar = { host: parent.host ?? parent, root: element("div", "toolbar bar"), controls: new Map(), settings: null, send: null };
  bar.outbox = newOutbox((name, value) => bar.send(name, value), DELAY);
  bar.further = element("div", "further");
  bar.further.popover = "auto";
  bar.more = iconButton("more", "More choices");
  bar.more.popoverTargetElement = bar.further;
  bar.further.addEventListener("beforetoggle", () => {
    const { right, bottom } = bar.more.getBoundingClientRect();
    Object.assign(bar.further.style, { right: `${document.documentElement.clientWidth - right}px`, top: `${bottom + 4}px` });
  });
  parent.querySelector(".stage").append(bar.root);
  return bar;
}

function updateBar(bar, view) {
  const first = bar.settings === null;
  if (heard(bar.outbox, "settings", view.settings) || first) bar.settings = view.settings;
  bar.view = view;
  for (const control of view.controls) {
    if (!bar.controls.has(control.name)) bar.controls.set(control.name, newControl(bar, control));
  }
  dressBar(bar);
  if (view.sticky) stickTop(bar);
  else if (bar.stuck) bar.stuck.style.position = "";
}

function dressBar(bar) {
  const { settings, view } = bar;
  const shown = view.controls.filter(({ of }) => Object.entries(of).every(([name, values]) => values.includes(settings[name])));
  const further = shown.filter(({ more }) => more);
  const rootOf = (control) => {
    const made = bar.controls.get(control.name);
    made.dress(control, settings[control.name]);
    return made.root;
  };
  const nodes = shown.filter(({ more }) => !more).map(rootOf);
  arrange(bar.further, further.map(rootOf));
  bar.more.classList.toggle("used", further.some(({ name, choices }) => settings[name] !== choices[0][0]));
  arrange(bar.root, further.length ? [...nodes, bar.more, bar.further] : nodes);
}

function newControl(bar, control) {
  const choose = (value) => {
    bar.settings = { ...bar.settings, [control.name]: value };
    window.dispatchEvent(new CustomEvent("runlens:distributions", { detail: bar.settings }));
    post(bar.outbox, "settings", bar.settings);
    dressBar(bar);
  };
  if (control.form === "segments") return newSegments(control, choose);
  if (control.form === "switch") return newSwitch(control, choose);
  return newMenu(control, choose);
}

function newSegments({ words, choices }, choose) {
  const root = element("div", "segments");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", words);
  const buttons = choices.map(([value, text, about]) => {
    const button = element("button", "segment", text);
    button.type = "button";
    button.title = about ?? "";
    button.addEventListener("click", () => choose(value));
    root.append(button);
    return [value, button];
  });
  const dress = (_control, chosen) => {
    for (const [value, button] of buttons) button.setAttribute("aria-pressed", String(value === chosen));
  };
  return { root, dress };
}

function newSwitch({ words, about, choices: [[off], [on]] }, choose) {
  const root = element("label", "switch");
  const box = element("input");
  box.type = "checkbox";
  root.title = about;
  root.append(box, element("span", "", words));
  box.addEventListener("change", () => choose(box.checked ? on : off));
  return { root, dress: (_control, chosen) => { box.checked = chosen === on; } };
}

function newMenu({ words, about, more }, choose) {
  const root = element("label", "menu");
  const select = element("select");
  select.setAttribute("aria-label", words);
  root.title = about || words;
  if (more) root.append(element("span", "", words));
  root.append(select);
  let [text, values] = ["", []];
  select.addEventListener("change", () => choose(values[select.selectedIndex]));
  const dress = ({ choices }, chosen) => {
    if (JSON.stringify(choices) !== text) {
      text = JSON.stringify(choices);
      values = choices.map(([value]) => value);
      select.replaceChildren(...choices.map(([, name]) => element("option", "", name)));
    }
    select.selectedIndex = Math.max(0, values.indexOf(chosen));
  };
  return { root, dress };
}

/** Keep the controls in sight: the outermost box around them that has room to slide in stays at the top. */
function stickTop(bar) {
  let box = bar.host;
  while (box.parentElement && box.parentElement.clientHeight < box.clientHeight + 40) box = box.parentElement;
  if (!box.parentElement) return;
  bar.stuck = box;
  Object.assign(box.style, { position: "sticky", top: `${coveredTop()}px`, zIndex: 5 });
}

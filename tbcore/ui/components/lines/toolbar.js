/** The slim row of controls above the cards. */

import { element, iconButton } from "./dom.js";
import { counted, wholeNumber } from "./format.js";
import { amountOf, smoothingMethod } from "./settings.js";

const AXES = [["step", "Step"], ["relative", "Relative"], ["wall", "Wall"]];

/** Return the controls; `change({name: value})` is called with what the visitor sets, `more(button)` opens the rest. */
export function newToolbar(change, more) {
  const root = element("div", "toolbar");
  const slider = numberInput("range", "Smoothing");
  const box = numberInput("number", "Smoothing weight");
  slider.addEventListener("input", () => change({ smoothing: amountAt(slider.value, toolbar.method) }));
  box.addEventListener("input", () => box.value !== "" && change({ smoothing: amountOf(box.value, toolbar.method) }));
  const told = () => (box.value = String(toolbar.weight));
  box.addEventListener("change", told);
  box.addEventListener("blur", told);
  const label = element("label", "control");
  label.append(element("span", "", "Smoothing"), slider);
  const smoothing = element("div", "control");
  smoothing.append(label, box);

  const axis = element("div", "segments");
  axis.setAttribute("role", "group");
  axis.setAttribute("aria-label", "Horizontal axis");
  const axes = AXES.map(([name, text]) => {
    const button = toggle(text, () => change({ axis: name }));
    axis.append(button);
    return [name, button];
  });
  const log = toggle("Log y", () => change({ log_y: log.getAttribute("aria-pressed") !== "true" }));
  const logs = element("div", "segments");
  logs.append(log);
  const earlier = toggle("Earlier attempts", () => change({ earlier: earlier.getAttribute("aria-pressed") !== "true" }));
  earlier.title = "What a restarted run wrote before it went back: drawn faint";
  const attempts = element("div", "segments");
  attempts.append(earlier);
  const count = element("div", "count");
  count.setAttribute("role", "status");
  const gear = iconButton("gear", "Settings", () => more(gear));
  root.append(smoothing, axis, logs, attempts, gear, count);
  const toolbar = { root, slider, box, axes, log, earlier, attempts, gear, count, weight: 0, method: "ema" };
  return toolbar;
}

/** Write the settings and the counts into the controls, without disturbing one that is being used. */
export function dressToolbar(toolbar, settings, tags, shown, runs, restarted, can, [one, many] = ["tag", "tags"]) {
  const { smoothing, method } = settings;
  const about = smoothingMethod(method);
  if (toolbar.method !== method ) {
    const { most, least, step } = about;
    const bends = most > 1;
    Object.assign(toolbar.slider, bends ? { min: 0, max: 1, step: 0.005 } : { min: least, max: most, step: 0.01 });
    Object.assign(toolbar.box, { min: least, max: most, step: bends ? step : 0.01 });
    toolbar.method = method;
  }
  toolbar.box.title = toolbar.slider.title = `${about.title}: ${about.amount}`;
  toolbar.weight = smoothing;
  const place = placeOf(smoothing, method);
  toolbar.slider.style.setProperty("--filled", String(about.most > 1 ? place : smoothing / about.most));
  if (amountAt(toolbar.slider.value, method) !== smoothing) toolbar.slider.value = String(place);
  if (amountOf(toolbar.box.value, method) !== smoothing || toolbar.box.value === "") toolbar.box.value = String(smoothing);
  for (const [name, button] of toolbar.axes) button.setAttribute("aria-pressed", String(name === settings.axis));
  toolbar.log.setAttribute("aria-pressed", String(settings.log_y));
  toolbar.earlier.setAttribute("aria-pressed", String(settings.earlier));
  toolbar.attempts.hidden = !restarted;
  toolbar.gear.hidden = !can("settings");
  toolbar.count.textContent = `${wholeNumber(tags)} ${tags === 1 ? one : many}, ${wholeNumber(shown)} of ${countedRuns(runs)}`;
}

/** Return how many runs there are, in words; groups of runs that are one line each are called so. */
export function countedRuns(runs) {
  const groups = runs.filter(({ group }) => group).length;
  if (groups && groups < runs.length) return `${wholeNumber(runs.length)} groups and runs`;
  return counted(runs.length, groups ? "group" : "run");
}

/** Return the smoothing weight a visitor's text stands for, inside what smoothing allows. */
export function weightOf(text) {
  return amountOf(text, "ema");
}

/** Return the amount at a place of the slider: as it says for weights, finer at small numbers of points. */
export function amountAt(text, method) {
  const { least, most, step } = smoothingMethod(method);
  if (most <= 1) return amountOf(text, method);
  return Math.min(most, least + Math.round((Number(text) ** 3 * (most - least)) / step) * step);
}

/** Return the place of the slider that stands for an amount. */
export function placeOf(amount, method) {
  const { least, most } = smoothingMethod(method);
  return most <= 1 ? amount : Math.cbrt((amount - least) / (most - least));
}

function numberInput(type, label) {
  const input = element("input");
  Object.assign(input, { type, min: "0", max: "0.999", step: "0.01" });
  input.setAttribute("aria-label", label);
  return input;
}

function toggle(text, press) {
  const button = element("button", "segment", text);
  button.type = "button";
  button.addEventListener("click", press);
  return button;
}

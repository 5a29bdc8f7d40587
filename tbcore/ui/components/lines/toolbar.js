/** The slim row of controls above the cards. */

import { element } from "./dom.js";
import { counted, wholeNumber } from "./format.js";

const AXES = [["step", "Step"], ["relative", "Relative"], ["wall", "Wall"]];
const STRONGEST = 0.999;

/** Return the controls; `change({smoothing | axis | log_y | earlier})` is called with what the visitor sets. */
export function newToolbar(change) {
  const root = element("div", "toolbar");
  const slider = numberInput("range", "Smoothing");
  const box = numberInput("number", "Smoothing weight");
  slider.addEventListener("input", () => change({ smoothing: weightOf(slider.value) }));
  box.addEventListener("input", () => box.value !== "" && change({ smoothing: weightOf(box.value) }));
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
  root.append(smoothing, axis, logs, attempts, count);
  const toolbar = { root, slider, box, axes, log, earlier, attempts, count, weight: 0 };
  return toolbar;
}

/** Write the settings and the counts into the controls, without disturbing one that is being used. */
export function dressToolbar(toolbar, settings, tags, shown, runs, restarted) {
  const text = String(settings.smoothing);
  toolbar.weight = settings.smoothing;
  toolbar.slider.style.setProperty("--filled", String(settings.smoothing / STRONGEST));
  if (weightOf(toolbar.slider.value) !== settings.smoothing) toolbar.slider.value = text;
  if (weightOf(toolbar.box.value) !== settings.smoothing || toolbar.box.value === "") toolbar.box.value = text;
  for (const [name, button] of toolbar.axes) button.setAttribute("aria-pressed", String(name === settings.axis));
  toolbar.log.setAttribute("aria-pressed", String(settings.log_y));
  toolbar.earlier.setAttribute("aria-pressed", String(settings.earlier));
  toolbar.attempts.hidden = !restarted;
  toolbar.count.textContent = `${counted(tags, "tag")}, ${wholeNumber(shown)} of ${counted(runs, "run")}`;
}

/** Return the smoothing weight a visitor's text stands for, inside what smoothing allows. */
export function weightOf(text) {
  const weight = Number(text);
  return Number.isFinite(weight) ? Math.min(STRONGEST, Math.max(0, Number(weight.toFixed(3)))) : 0;
}

function numberInput(type, label) {
  const input = element("input");
  Object.assign(input, { type, min: "0", max: String(STRONGEST), step: "0.01" });
  input.setAttribute("aria-label", label);
  return input;
}

function toggle(text, press) {
  const button = element("button", "segment", text);
  button.type = "button";
  button.addEventListener("click", press);
  return button;
}

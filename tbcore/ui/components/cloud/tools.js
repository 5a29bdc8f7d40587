/** The buttons over a cloud, and the panel with how its points are drawn. */

import { element, lineDrawing } from "../lines/dom.js";

const MOVE = "M8 2v12M2 8h12M6.5 3.5L8 2l1.5 1.5M6.5 12.5L8 14l1.5-1.5M3.5 6.5L2 8l1.5 1.5M12.5 6.5L14 8l-1.5 1.5";
const TURNING = "M13.6 8c0 1.4-2.5 2.5-5.6 2.5S2.4 9.4 2.4 8 4.9 5.5 8 5.5c1 0 2 .1 2.8.3M9.3 4l1.7 1.8-2 1.4M8 2.4c-1.4 0-2.5 2.5-2.5 5.6s1.1 5.6 2.5 5.6c.8 0 1.5-.8 2-2";
const BUTTONS = [
  ["move", "Move (m)", MOVE],
  ["box", "Select a box (b)", "M3 5V3h2M7.2 3h1.6M11 3h2v2M13 7.2v1.6M13 11v2h-2M8.8 13H7.2M5 13H3v-2M3 8.8V7.2"],
  ["lasso", "Select a loop (l, or Shift and drag)", "M5.2 10c-1.7-.6-2.7-1.7-2.7-3C2.5 4.8 5 3 8 3s5.5 1.8 5.5 4S11 11 8 11c-.9 0-1.9-.3-2.8-1zm0 0c-.9.6-1 1.6-.2 2.2.9.6.8 1.3.2 1.8"],
  null,
  ["in", "Zoom in (+)", "M8 3.5v9M3.5 8h9"],
  ["out", "Zoom out (−)", "M3.5 8h9"],
  ["fit", "Fit what is shown (f)", "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"],
  null,
  ["look", "How points are drawn", "M2.5 5H6M9.5 5h4M2.5 11h4M10 11h3.5M7.7 3.3a1.7 1.7 0 1 0 .01 0M8.3 9.3a1.7 1.7 0 1 0 .01 0"],
  ["full", "Full screen", "M9.5 3H13v3.5M6.5 13H3V9.5M13 3L9.3 6.7M3 13l3.7-3.7"],
  ["png", "Save as PNG", "M8 2.5v7M5 6.8l3 3 3-3M3 13h10"],
];
const SLIDERS = [["size", "Size", 0.3, 4], ["opacity", "Opacity", 0.05, 1]];
const NAMINGS = [["auto", "few"], ["many", "many"], ["none", "none"]];
const SWITCHES = [["sprites", "Pictures"], ["tint", "Coloured"]];

/** Return the buttons: {root, buttons by name}; use(name) is called for each press. */
export function newTools(use) {
  const root = element("div", "tools");
  const buttons = {};
  for (const tool of BUTTONS) {
    if (!tool) {
      root.append(element("i", "split"));
      continue;
    }
    const [name, label, drawn] = tool;
    const button = element("button", `tool ${name}`);
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label.replace(/ \(.*/, ""));
    button.append(lineDrawing(drawn));
    button.addEventListener("click", () => use(name));
    buttons[name] = button;
    root.append(button);
  }
  return { root, buttons };
}

/** Show which tool is held, and what dragging does: clouds turn in three dimensions. */
export function dressTools({ buttons }, tool, dims, panel) {
  for (const name of ["move", "box", "lasso"]) buttons[name].setAttribute("aria-pressed", String(name === tool));
  buttons.look.setAttribute("aria-pressed", String(panel));
  const label = dims === 3 ? "Turn (m); Ctrl and drag moves" : "Move (m)";
  if (buttons.move.title === label) return;
  buttons.move.title = label;
  buttons.move.setAttribute("aria-label", dims === 3 ? "Turn" : "Move");
  buttons.move.querySelector("path").setAttribute("d", dims === 3 ? TURNING : MOVE);
}

/** Return the panel of how points are drawn: {root, ...}; change(look) is called at every movement. */
export function newPanel(change) {
  const root = element("div", "panel");
  root.hidden = true;
  const panel = { root, look: null, sliders: {}, namings: {}, switches: {} };
  const set = (part) => change({ ...panel.look, ...part });
  for (const [name, label, low, high] of SLIDERS) {
    const row = element("label", "control");
    const slider = element("input");
    // By factors: the middle is as far from the least as from the most.
    Object.assign(slider, { type: "range", min: Math.log(low), max: Math.log(high), step: 0.01 });
    slider.addEventListener("input", () => set({ [name]: Math.round(Math.exp(Number(slider.value)) * 100) / 100 }));
    row.append(element("span", "", label), slider);
    root.append(row);
    panel.sliders[name] = slider;
  }
  const names = element("div", "control");
  const segments = element("div", "segments");
  for (const [name, label] of NAMINGS) {
    const button = element("button", "segment", label);
    button.type = "button";
    button.addEventListener("click", () => set({ labels: name }));
    segments.append(button);
    panel.namings[name] = button;
  }
  names.append(element("span", "", "Names"), segments);
  root.append(names);
  for (const [name, label] of SWITCHES) {
    const row = element("label", "control");
    const box = element("input");
    box.type = "checkbox";
    box.addEventListener("change", () => set({ [name]: box.checked }));
    row.append(element("span", "", label), box);
    root.append(row);
    panel.switches[name] = { row, box };
  }
  return panel;
}

/** Show how points are drawn. */
export function dressPanel(panel, look, pictures) {
  panel.look = look;
  for (const [name, slider] of Object.entries(panel.sliders)) {
    slider.value = Math.log(look[name]);
    slider.style.setProperty("--filled", (slider.value - slider.min) / (slider.max - slider.min));
  }
  for (const [name, button] of Object.entries(panel.namings)) button.setAttribute("aria-pressed", String(look.labels === name));
  for (const [name, { row, box }] of Object.entries(panel.switches)) {
    box.checked = look[name];
    row.hidden = !pictures || (name === "tint" && !look.sprites);
  }
}

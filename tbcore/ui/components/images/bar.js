/** The row of controls above the cards. */

import { element } from "../lines/dom.js";
import { newDial, newSwitch, setDial, wordButton } from "./parts.js";

const MANY_PIXELS = (value) => `${value} px`;
const PERCENT = (value) => `${Math.round(100 * value)} %`;

/** Return new controls of brightness and contrast within TensorBoard's ranges; `change({brightness | contrast})`. */
export function newLight(change) {
  const brightness = newDial("Brightness", {
    min: 0, max: 2, step: 0.01, usual: 1, spelled: PERCENT, change: (value) => change({ brightness: value }),
  });
  const contrast = newDial("Contrast", {
    min: 0, max: 5, step: 0.01, usual: 1, spelled: PERCENT, change: (value) => change({ contrast: value }),
  });
  const reset = wordButton("Reset", "Brightness and contrast as they are in the image", () => change({ brightness: 1, contrast: 1 }));
  return { brightness, contrast, reset, nodes: [brightness.root, contrast.root, reset] };
}

export function setLight(light, { brightness, contrast }) {
  setDial(light.brightness, brightness);
  setDial(light.contrast, contrast);
  light.reset.hidden = brightness === 1 && contrast === 1;
}

/** Return what a style sheet calls a brightness and a contrast. */
export function filterOf({ brightness, contrast }) {
  return brightness === 1 && contrast === 1 ? "none" : `brightness(${brightness}) contrast(${contrast})`;
}

/** Return the toolbar; `change(settings)` is called with what was changed. */
export function newBar(change) {
  const root = element("div", "toolbar");
  const size = newDial("Size", {
    min: 48, max: 512, step: 16, usual: 192, spelled: MANY_PIXELS, change: (value) => change({ size: value }),
  });
  const actual = newSwitch("Actual size", "Each image in its own size", (pressed) => change({ actual: pressed }));
  const every = newSwitch("All samples", "All samples of a step side by side", (pressed) => change({ every: pressed }));
  const light = newLight(change);
  root.append(size.root, actual, every, ...light.nodes);
  return { root, size, actual, every, light };
}

export function dressBar(bar, settings) {
  setDial(bar.size, settings.size);
  bar.size.input.disabled = settings.actual;
  bar.actual.setAttribute("aria-pressed", String(settings.actual));
  bar.every.setAttribute("aria-pressed", String(settings.every));
  setLight(bar.light, settings);
}

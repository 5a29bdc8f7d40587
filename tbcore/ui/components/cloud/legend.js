/** What the colours mean and how many points have each: a click lets one stand out, a double click leaves it alone. */

import { wholeNumber } from "../lines/format.js";
import { element, writeName } from "../lines/dom.js";

const HELP = "Click: stand out · Ctrl-click: also · double click: only this · Shift-click: select";

/** Return a new legend. acts: {light(paint, also), only(paint), choose(paint), preview(paint or -1), all()}. */
export function newKey(acts) {
  const root = element("div", "key");
  const all = element("button", "everything", "Show all");
  all.type = "button";
  all.addEventListener("click", acts.all);
  return { root, acts, all, said: "", entries: new Map() };
}

/** Write what the colours mean. */
export function dressKey(key, { legend, palette }) {
  const said = JSON.stringify([legend, palette]);
  if (key.said === said) return;
  key.said = said;
  key.entries = new Map();
  const parts = legend.title ? [element("span", "key-title", legend.title)] : [];
  if (legend.title) parts[0].title = legend.title;
  if (legend.stops) {
    const bar = element("i", "ramp");
    bar.style.background = `linear-gradient(90deg, ${legend.stops.join(", ")})`;
    parts.push(element("span", "end", legend.low), bar, element("span", "end", legend.high));
  }
  for (const { label, paint } of legend.entries ?? []) parts.push(newEntry(key, label, paint, palette[paint]));
  key.root.replaceChildren(...parts, key.all);
  key.root.hidden = parts.length === 0;
}

function newEntry(key, label, paint, color) {
  const button = element("button", "entry");
  button.type = "button";
  button.title = `${label}\n${HELP}`;
  const swatch = element("i", "swatch");
  swatch.style.background = color;
  const name = element("span", "name");
  writeName(name, label);
  const count = element("span", "many");
  button.append(swatch, name, count);
  button.addEventListener("click", (event) => {
    if (event.shiftKey) key.acts.choose(paint);
    else key.acts.light(paint, event.ctrlKey || event.metaKey);
  });
  button.addEventListener("dblclick", (event) => {
    if (!event.shiftKey) key.acts.only(paint);
  });
  button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && key.acts.preview(paint));
  button.addEventListener("pointerleave", () => key.acts.preview(-1));
  key.entries.set(paint, { button, count, label });
  return button;
}

/** Write how many points have each colour, and which stand out. counts: by paint, of those not hidden by the page. */
export function countKey(key, counts, { lit, only }) {
  for (const [paint, { button, count, label }] of key.entries) {
    const words = wholeNumber(counts[paint] ?? 0);
    if (count.textContent !== words) count.textContent = words;
    button.setAttribute("aria-label", `${label}, ${words} points`);
    button.setAttribute("aria-pressed", String(lit.includes(paint) || only.includes(paint)));
    button.classList.toggle("off", only.length > 0 && !only.includes(paint));
  }
  key.all.hidden = only.length === 0 && lit.length === 0;
}

/** Return {lit, only} after a click that lets a paint stand out, or no longer. */
export function lightened({ lit, only }, paint, also) {
  const rest = lit.filter((one) => one !== paint);
  const on = rest.length < lit.length;
  if (also) return { lit: (on ? rest : [...lit, paint]).sort((a, b) => a - b), only };
  return { lit: on && rest.length === 0 ? [] : [paint], only };
}

/** Return {lit, only} after a double click that leaves a paint alone, or shows all again. */
export function alone({ only }, paint) {
  return { lit: [], only: only.length === 1 && only[0] === paint ? [] : [paint] };
}

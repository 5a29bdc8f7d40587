/** Elements and colours. Text enters the page through textContent alone: tags and run names are untrusted. */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  caret: "M6 4l4 4-4 4",
  reset: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3",
  log: "M3 2.5v11h10.5M5.5 11c.5-5 3-7 7.5-7.5",
  more: "M2.5 5h3.5M9 5h4.5M2.5 11h5M10.5 11h3M7.5 3.2a1.8 1.8 0 1 0 .01 0M9 9.2a1.8 1.8 0 1 0 .01 0",
  pin: "M5.5 2.5h5M6.5 2.5l-.5 5-2 2.5h8l-2-2.5-.5-5M8 10v4",
  dots: "M3.5 7.3a.7.7 0 1 0 .01 0M8 7.3a.7.7 0 1 0 .01 0M12.5 7.3a.7.7 0 1 0 .01 0",
  pencil: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.5 4.2l2.3 2.3",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  gear: "M2.5 4.5h5M11 4.5h2.5M2.5 11.5h2M8 11.5h5.5M9.250 3a1.5 1.5 0 1 0 .01 0M6.250 10a1.5 1.5 0 1 0 .01 0",
  wide: "M6 3.5L2.5 8 6 12.5M10 3.5L13.5 8 10 12.5M2.5 8h11",
};

/** Return a new element with a class and a text. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Write a name of which both ends stay readable when it does not fit: the style sheet cuts the first of two parts. */
export function writeName(node, name) {
  if (node.textContent === name) return;
  const letters = [...name];
  const tail = letters.length > 24 ? 12 : 0;
  const parts = tail ? [letters.slice(0, -tail), letters.slice(-tail)] : [letters];
  node.replaceChildren(...parts.map((part, at) => element("span", at ? "tail" : "head", part.join(""))));
}

/** Return the end of a name of more than `most` letters: what tells nested names apart stands last. */
export function nameEnd(name, most) {
  const letters = [...name];
  return letters.length > most ? `…${letters.slice(1 - most).join("")}` : name;
}

/** Return a new button that shows an icon and tells `label` to those who hover or cannot see it. */
export function iconButton(icon, label, press) {
  const button = element("button", "icon");
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.append(newIcon(icon));
  button.addEventListener("click", press);
  return button;
}

/** Return a new icon. */
export function newIcon(name) {
  return lineDrawing(ICONS[name]);
}

/** Return a new 16 pixel line drawing in the colour of the text around it. */
export function lineDrawing(line) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", line);
  svg.append(path);
  return svg;
}

/** Make `nodes` the children of `parent`, touching only what is out of place so that focus and scrolling survive. */
export function arrange(parent, nodes) {
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  while (parent.children.length > nodes.length) parent.lastElementChild.remove();
}

/** Return the theme's colours and font for the canvases. */
export function readPalette(host) {
  const style = getComputedStyle(host);
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: read("--st-text-color", style.color),
    background: read("--st-background-color", "transparent"),
    grid: read("--st-border-color", style.color),
    accent: read("--st-primary-color", style.color),
    font: `11px ${read("--st-font", "sans-serif")}`,
  };
}

/** Return a colour made of `part` of one and, for the rest, of another; as a plain colour where both are #rrggbb. */
export function mixed(color, other, part) {
  const [one, two] = [color, other].map((text) => /^#[0-9a-f]{6}$/i.test(text) && Number.parseInt(text.slice(1), 16));
  if (one === false || two === false) return `color-mix(in srgb, ${color} ${100 * part}%, ${other})`;
  const channel = (shift) => Math.round(part * ((one >> shift) & 255) + (1 - part) * ((two >> shift) & 255)) << shift;
  return `#${(channel(16) | channel(8) | channel(0)).toString(16).padStart(6, "0")}`;
}

/** Return how many pixels of the page's top the app's header covers. */
export function coveredTop() {
  return document.querySelector('[data-testid="stHeader"]')?.getBoundingClientRect().height ?? 0;
}

/** Give a canvas the size of its box in device pixels, cleared, and return its context in CSS pixels. */
export function freshContext(canvas, width, height, ratio) {
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, down);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Give back the memory of canvases that are out of sight. */
export function release(canvases) {
  for (const canvas of canvases) if (canvas.width) canvas.width = canvas.height = 0;
}

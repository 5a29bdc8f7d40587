/** The picture as a file: the elements as they are on the screen, with the looks they have there written into them. */

import { drawing } from "./shapes.js";

const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "paint-order"];
const BORDER = 16;
const MOST = 16_000_000; // pixels that browsers make an image of without trouble

/** Return the whole picture as the text of an SVG file. */
export function savedSvg(world, picture, background) {
  const [width, height] = [picture.width + 2 * BORDER, picture.height + 2 * BORDER];
  const svg = drawing("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `${-BORDER} ${-BORDER} ${width} ${height}` });
  const copy = world.cloneNode(true);
  copy.removeAttribute("transform");
  const [from, to] = [world.querySelectorAll("*"), copy.querySelectorAll("*")];
  const dropped = [];
  from.forEach((one, at) => {
    const style = getComputedStyle(one);
    const gone = style.display === "none" || one.classList.contains("reach");
    if (gone) dropped.push(to[at]);
    const looks = LOOKS.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    for (const name of [...to[at].getAttributeNames()]) if (/^(class|role|aria-|data-|tabindex)/.test(name)) to[at].removeAttribute(name);
    if (!gone && one.localName !== "g") to[at].setAttribute("style", looks);
    else if (style.opacity !== "1") to[at].setAttribute("style", `opacity:${style.opacity}`);
  });
  for (const one of dropped) one.remove();
  svg.append(drawing("rect", { x: -BORDER, y: -BORDER, width, height, fill: background }), copy);
  return new XMLSerializer().serializeToString(svg);
}

/** Hand the visitor a file. */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Return a promise of the text of an SVG file as the bytes of a PNG, twice as large where a browser can do that. */
export async function pngOf(text, width, height) {
  const scale = Math.min(2, Math.sqrt(MOST / (width * height)));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Cards of images: one for each tag, and in it a tile for each run, or for each of its samples. */

import { arrange, element, writeName } from "../lines/dom.js";
import { counted, moment, wholeNumber } from "../lines/format.js";
import { newTurner, setTurner } from "./parts.js";

const NARROW = 150; // pixels of a tile in which name and step do not fit on one line
const CRISP = 1.5; // how much larger than it is a picture is shown at least for its pixels to stay squares

/** Return a new card; `act(name, value)` is called for "sample" and "part" with a change, for "open" with a tile. */
export function newCard(tag, act) {
  const card = { tag, root: element("section", "card"), tiles: [] };
  const header = element("header");
  card.title = element("h3", "title");
  card.about = element("span", "about");
  card.sample = newTurner("sample", (by) => act("sample", card, by));
  card.part = newTurner("runs", (by) => act("part", card, by));
  card.body = element("div", "tiles");
  header.append(card.title, card.about, card.part.root, card.sample.root);
  card.root.append(header, card.body);
  card.root.setAttribute("aria-label", tag);
  card.act = act;
  return card;
}

/** Write what a card is called, and its controls. */
export function dressImages(card, about, { every, size }) {
  card.data = about;
  writeName(card.title, about.title || about.tag);
  card.title.title = about.tag;
  card.about.textContent = about.description ? "ⓘ" : "";
  card.about.title = about.description ?? "";
  const samples = Math.max(0, ...about.tiles.map((tile) => tile.samples));
  const shown = Math.min(about.sample, Math.max(0, samples - 1));
  setTurner(card.sample, `sample ${wholeNumber(shown + 1)} of ${wholeNumber(samples)}`, shown, every ? 0 : samples);
  setTurner(card.part, `${counted(about.runs, "run")}, ${wholeNumber(about.part + 1)} of ${wholeNumber(about.parts)}`, about.part, about.parts);
  sizeCard(card, size);
}

/** Make the card's tiles show what `card.data` says; pictures: the decoded picture of each new id. */
export function hangTiles(card, pictures, settings) {
  const wanted = card.data.tiles;
  while (card.tiles.length < wanted.length) card.tiles.push(newTile(card));
  card.tiles.length = wanted.length;
  wanted.forEach((about, at) => dressTile(card.tiles[at], about, pictures, settings));
  arrange(card.body, card.tiles.map((tile) => tile.root));
  if (card.data.made) card.root.dataset.painted = String(performance.now());
}

/** Give the pictures that hang already another size. */
export function refitTiles(card, settings) {
  sizeCard(card, settings.size);
  for (const tile of card.tiles) if (!tile.about.error && tile.picture && tile.about.width) fitPicture(tile, tile.about, settings);
}

function sizeCard(card, size) {
  card.root.style.setProperty("--size", `${size}px`);
  card.root.classList.toggle("narrow", size < NARROW);
}

function newTile(card) {
  const tile = { root: element("figure", "tile"), id: null };
  const caption = element("figcaption");
  tile.dot = element("i");
  tile.name = element("span", "name");
  tile.step = element("span", "step");
  tile.frame = element("button", "frame");
  tile.frame.type = "button";
  tile.frame.addEventListener("click", () => tile.about.at && card.act("open", card, tile.about));
  tile.facts = element("div", "facts");
  caption.append(tile.dot, tile.name, tile.step);
  tile.root.append(caption, tile.frame, tile.facts);
  return tile;
}

function dressTile(tile, about, pictures, settings) {
  tile.about = about;
  tile.dot.style.background = about.color;
  // In a strip of samples the first one says whose they are.
  const follows = settings.every && about.sample > 0;
  writeName(tile.name, follows ? "" : about.run);
  tile.name.hidden = follows;
  tile.name.title = about.run;
  const sample = `sample ${about.sample + 1}`;
  tile.step.textContent = follows ? sample : about.step && `step ${about.step}${settings.every && about.samples > 1 ? ` · ${sample}` : ""}`;
  tile.step.title = about.wall ? moment(about.wall) : "";
  tile.root.classList.toggle("earlier", Boolean(about.earlier));
  tile.frame.setAttribute("aria-label", `${about.run}, step ${about.step}, sample ${about.sample + 1}: open`);
  tile.frame.disabled = !about.at;
  tile.root.classList.toggle("broken", Boolean(about.error));
  if (about.error) {
    if (tile.id !== `error ${about.error}`) tile.frame.replaceChildren(element("span", "reason", about.error));
    tile.id = `error ${about.error}`;
  } else if (about.id !== undefined && about.id !== tile.id) {
    const picture = pictures.get(about.id) ?? null;
    tile.frame.replaceChildren(picture ?? element("span", "reason", "the browser cannot show this image"));
    tile.id = about.id;
    tile.picture = picture;
  }
  if (!about.error && tile.picture && about.width) fitPicture(tile, about, settings);
  const notes = about.notes ?? [];
  tile.facts.textContent = about.width
    ? [`${wholeNumber(about.width)} × ${wholeNumber(about.height)}`, about.mode, about.frames > 1 ? `${about.frames} frames` : "", about.encoding, about.size].filter(Boolean).join(" · ")
    : about.size && about.size !== "0 B" ? about.size : "";
  tile.facts.title = tile.facts.textContent;
  if (notes.length) tile.facts.append(element("div", "warning", notes.join("; ")));
}

function fitPicture(tile, { width, height }, { size, actual }) {
  const scale = actual ? 1 : size / Math.max(width, height);
  const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  Object.assign(tile.picture.style, { width: `${across}px`, height: `${down}px` });
  // Pixels that are enlarged a little only would become uneven.
  tile.picture.classList.toggle("crisp", across >= CRISP * tile.picture.naturalWidth);
}

/** The component's entry: a toolbar, and a card per tag with its clips side by side. */

import { arrange, element, readPalette, coveredTop } from "../lines/dom.js";
import { newDesk, takeIn } from "./wanted.js";
import { colorRamp } from "./levels.js";
import { reachOf } from "./wave.js";
import { drop, isPlaying, newPlayer } from "./player.js";
import { chooseFold, closeFolds, foldedCards, hearFolds, newFolds, newPick, pickButton, setPick, setRuns } from "./folds.js";
import { holdClip, newTile, paintTile, showClip } from "./tile.js";

const RANGES = [40, 60, 80, 100, 120];
const stages = new WeakMap();

export default function audio({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let stage = stages.get(parentElement);
  if (!stage) {
    stage = newStage(parentElement);
    stages.set(parentElement, stage);
  }
  stage.desk.ask = (id) => setTriggerValue("wanted", id);
  stage.tell = setStateValue;
  stage.folds.outbox.send = setStateValue;
  showView(stage, data);
  return () => {
    stage.watcher.disconnect();
    closeFolds(stage.folds);
    drop(stage.player);
    stages.delete(parentElement);
  };
}

function newStage(parent) {
  const stage = {
    host: parent.host ?? parent, root: element("div", "sounds"), cards: new Map(), tiles: new Map(), desk: newDesk(),
    player: newPlayer(), settings: null, said: "", ratio: 1, off: document.createElement("canvas"), samples: {},
    specs: new Map(), view: null, at: "",
  };
  stage.folds = newFolds(() => dressAll(stage));
  stage.bar = newToolbar(stage);
  stage.body = element("div");
  stage.root.append(stage.bar.root, stage.body);
  (parent.querySelector(".stage") ?? parent).replaceChildren(stage.root);
  stage.measure = () => measure(stage);
  stage.watcher = new ResizeObserver(stage.measure);
  stage.watcher.observe(stage.root);
  return stage;
}

function newToolbar(stage) {
  const bar = { root: element("div", "toolbar") };
  bar.spectrogram = element("input");
  bar.spectrogram.type = "checkbox";
  bar.spectrogram.addEventListener("change", () => set(stage, { spectrogram: bar.spectrogram.checked }));
  const box = element("label", "control");
  box.append(bar.spectrogram, element("span", "", "Spectrogram"));
  bar.scales = element("div", "segments");
  bar.buttons = ["linear", "mel"].map((scale) => {
    const button = element("button", "segment", scale);
    button.type = "button";
    button.title = scale === "mel" ? "Frequencies as they sound: equal steps sound equal" : "Frequencies in Hz";
    button.addEventListener("click", () => set(stage, { scale }));
    bar.scales.append(button);
    return [scale, button];
  });
  bar.range = element("select");
  bar.range.setAttribute("aria-label", "Decibels shown");
  bar.range.title = "How far below the loudest of a card the colours reach";
  bar.range.append(...RANGES.map((range) => new Option(`${range} dB`, range)));
  bar.range.addEventListener("change", () => set(stage, { range: Number(bar.range.value) }));
  const volume = element("label", "control");
  bar.volume = element("input");
  Object.assign(bar.volume, { type: "range", min: 0, max: 1, step: 0.02, value: 1 });
  bar.volume.style.setProperty("--filled", 1);
  bar.volume.addEventListener("input", () => {
    stage.player.sound.volume = Number(bar.volume.value);
    bar.volume.style.setProperty("--filled", bar.volume.value);
  });
  volume.append(element("span", "", "Volume"), bar.volume);
  bar.root.append(box, bar.scales, bar.range, volume);
  return bar;
}

function showView(stage, { view, pixels, given }) {
  takeIn(stage.desk, given);
  const said = JSON.stringify(view.settings);
  // What was set here stands until the server says something new.
  if (stage.said !== said) [stage.said, stage.settings] = [said, view.settings];
  stage.palette = { ...readPalette(stage.host), muted: getComputedStyle(stage.host).getPropertyValue("--st-gray-text-color").trim() || "#888" };
  const sequential = getComputedStyle(stage.host).getPropertyValue("--st-chart-sequential-colors").match(/#[0-9a-f]{3,8}/gi);
  stage.ramp = colorRamp(sequential?.length > 1 ? sequential : ["#000000", "#ffffff"]);
  stage.root.style.setProperty("--ceiling", `${coveredTop() + 48}px`);
  // While the sliders stay where they are, what a clip is followed by is a newer one, not one that was asked for.
  const stays = stage.at === view.at;
  stage.at = view.at;
  stage.view = view;
  stage.specs = new Map(view.cards.map((spec) => [spec.tag, spec]));
  hearFolds(stage.folds, view);
  dressAll(stage, pixels, stays);
}

/** Bring groups and cards up to date; pixels: with what the server just gave. */
function dressAll(stage, pixels = null, stays = false) {
  const cards = new Map();
  const roots = foldedCards(stage.folds, stage.view, (tag) => {
    const card = stage.cards.get(tag) ?? newCard(stage, tag);
    cards.set(tag, card);
    const spec = stage.specs.get(tag);
    if (spec && (pixels || !card.spec)) showCard(stage, card, spec, pixels);
    return card.root;
  });
  const tiles = [...cards.values()].flatMap((card) => card.tiles);
  if (stage.player.tile && !tiles.includes(stage.player.tile)) drop(stage.player);
  [stage.cards, stage.tiles] = [cards, new Map(tiles.map((tile) => [tile.slot, tile]))];
  arrange(stage.body, roots);
  showSettings(stage);
  stage.ratio = devicePixelRatio || 1;
  const widths = tiles.map((tile) => tile.root.clientWidth - 2);
  tiles.forEach((tile, at) => {
    tile.width = widths[at];
    if (!tile.pending) return;
    const [clip, drawn] = tile.pending;
    tile.pending = null;
    if (stays && isPlaying(stage.player, tile)) holdClip(tile, clip, drawn);
    else showClip(tile, clip, drawn);
  });
}

function newCard(stage, tag) {
  const card = { root: element("section", "card"), spec: null, tiles: [] };
  const head = element("header");
  card.title = element("h4", "title", tag);
  card.part = newPick("runs", (by) => chooseFold(stage.folds, "part", tag, card.spec.part + by));
  card.pick = newPick("sample", (by) => pickSample(stage, card, card.spec.sample < 0 ? (by > 0 ? 0 : card.spec.samples - 1) : card.spec.sample + by));
  card.all = pickButton("All", "Every sample side by side", () => pickSample(stage, card, card.spec.sample < 0 ? 0 : -1));
  card.pick.root.append(card.all);
  head.append(card.title, card.part.root, card.pick.root);
  card.about = element("p", "about");
  card.grid = element("div", "grid");
  card.more = element("p", "about");
  card.root.append(head, card.about, card.grid, card.more);
  return card;
}

/** Write what a card says, and note of each of its tiles what it is to show. */
function showCard(stage, card, spec, pixels) {
  card.spec = spec;
  card.title.textContent = spec.title;
  card.title.title = spec.tag;
  card.about.textContent = spec.description;
  card.about.hidden = !spec.description;
  card.more.textContent = spec.more;
  card.more.hidden = !spec.more;
  const all = spec.sample < 0;
  setPick(card.pick, all ? `all ${spec.samples} samples` : `sample ${spec.sample + 1} of ${spec.samples}`, spec.sample, spec.samples);
  if (all) card.pick.before.disabled = card.pick.after.disabled = false;
  card.all.setAttribute("aria-pressed", String(all));
  setRuns(card.part, spec);
  card.root.classList.toggle("wide", spec.clips.length > 1);
  card.root.dataset.painted = performance.now();
  if (!pixels) return;
  const [envelopes, levels] = [pixels.getChild("envelope"), pixels.getChild("levels")];
  const drawn = spec.clips.map((clip) => clip.drawn === null ? null : {
    envelope: new Float32Array((envelopes.get(clip.drawn) ?? new Uint8Array()).slice().buffer),
    levels: (levels.get(clip.drawn) ?? new Uint8Array()).slice(),
  });
  const loudest = drawn.reduce((most, one) => (one ? one.levels.reduce((high, level) => Math.max(high, level), most) : most), 0);
  const reach = reachOf(drawn.filter(Boolean).map((one) => one.envelope));
  card.tiles = spec.clips.map((clip, at) => {
    const slot = JSON.stringify([spec.tag, clip.run, all ? clip.sample : -1]);
    const tile = stage.tiles.get(slot) ?? newTile(stage);
    [tile.slot, tile.loudest, tile.reach] = [slot, loudest, reach];
    tile.pending = [clip, drawn[at]];
    return tile;
  });
  arrange(card.grid, card.tiles.map((tile) => tile.root));
}

function pickSample(stage, card, sample) {
  stage.samples = { ...stage.samples, ...Object.fromEntries([[card.spec.tag, sample]]) };
  stage.tell("samples", stage.samples);
}

function set(stage, change) {
  stage.settings = { ...stage.settings, ...change };
  showSettings(stage);
  for (const tile of stage.tiles.values()) paintTile(tile);
  stage.tell("settings", stage.settings);
}

function showSettings({ bar, settings }) {
  bar.spectrogram.checked = settings.spectrogram;
  for (const [scale, button] of bar.buttons) button.setAttribute("aria-pressed", String(scale === settings.scale));
  bar.scales.hidden = bar.range.hidden = !settings.spectrogram;
  bar.range.value = settings.range;
}

/** Draw again what has another size than when it was drawn. */
function measure(stage) {
  const ratio = devicePixelRatio || 1;
  const tiles = [...stage.tiles.values()];
  const widths = tiles.map((tile) => tile.root.clientWidth - 2);
  tiles.forEach((tile, at) => {
    tile.width = widths[at];
    stage.ratio = ratio;
    paintTile(tile);
    tile.moved();
  });
}

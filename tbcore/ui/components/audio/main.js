/** The component's entry: a toolbar, and a card per tag with its clips side by side. */

import { arrange, element, readPalette, coveredTop } from "../lines/dom.js";
import { newDesk, takeIn } from "./wanted.js";
import { colorRamp } from "./levels.js";
import { reachOf } from "./wave.js";
import { drop, newPlayer } from "./player.js";
import { newTile, paintTile, showClip } from "./tile.js";

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
  showView(stage, data);
  return () => {
    stage.watcher.disconnect();
    drop(stage.player);
    stages.delete(parentElement);
  };
}

function newStage(parent) {
  const stage = {
    host: parent.host ?? parent, root: element("div", "sounds"), cards: new Map(), tiles: new Map(), desk: newDesk(),
    player: newPlayer(), settings: null, said: "", ratio: 1, off: document.createElement("canvas"), samples: {},
  };
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
  const [envelopes, levels] = [pixels.getChild("envelope"), pixels.getChild("levels")];
  const kept = new Map();
  const tiles = new Map();
  let group = null;
  const nodes = [];
  for (const spec of view.cards) {
    if (spec.group !== group) {
      group = spec.group;
      if (view.grouped) nodes.push(element("h3", group ? "" : "nameless", group || "Without a group"));
    }
    const card = stage.cards.get(spec.tag) ?? newCard(stage);
    kept.set(spec.tag, card);
    card.spec = spec;
    showCard(stage, card);
    const drawn = spec.clips.map((clip) => clip.drawn === null ? null : {
      envelope: new Float32Array((envelopes.get(clip.drawn) ?? new Uint8Array()).slice().buffer),
      levels: (levels.get(clip.drawn) ?? new Uint8Array()).slice(),
    });
    const loudest = drawn.reduce((most, one) => (one ? one.levels.reduce((high, level) => Math.max(high, level), most) : most), 0);
    const reach = reachOf(drawn.filter(Boolean).map((one) => one.envelope));
    const places = spec.clips.map((clip, at) => {
      const slot = JSON.stringify([spec.tag, clip.run, spec.sample < 0 ? clip.sample : -1]);
      const tile = stage.tiles.get(slot) ?? newTile(stage);
      tiles.set(slot, tile);
      [tile.loudest, tile.reach] = [loudest, reach];
      tile.pending = [clip, drawn[at]];
      return tile;
    });
    card.tiles = places;
    arrange(card.grid, places.map((tile) => tile.root));
    nodes.push(card.root);
  }
  if (stage.player.tile && ![...tiles.values()].includes(stage.player.tile)) drop(stage.player);
  stage.cards = kept;
  stage.tiles = tiles;
  arrange(stage.body, nodes);
  showSettings(stage);
  const ratio = devicePixelRatio || 1;
  stage.ratio = ratio;
  const widths = [...tiles.values()].map((tile) => tile.root.clientWidth - 2);
  [...tiles.values()].forEach((tile, at) => {
    tile.width = widths[at];
    showClip(tile, ...tile.pending);
  });
}

function newCard(stage) {
  const card = { root: element("section", "card"), spec: null };
  const head = element("header");
  card.title = element("h4", "title");
  card.pick = element("div", "pick");
  card.before = small("‹", "The sample before", () => pick(stage, card, (card.spec.sample < 0 ? card.spec.samples : card.spec.sample) - 1));
  card.which = element("span");
  card.after = small("›", "The next sample", () => pick(stage, card, card.spec.sample + 1));
  card.all = small("All", "Every sample side by side", () => pick(stage, card, card.spec.sample < 0 ? 0 : -1));
  card.pick.append(card.before, card.which, card.after, card.all);
  head.append(card.title, card.pick);
  card.about = element("p", "about");
  card.grid = element("div", "grid");
  card.more = element("p", "about");
  card.root.append(head, card.about, card.grid, card.more);
  return card;
}

function showCard(stage, card) {
  const { spec } = card;
  card.title.textContent = spec.title;
  card.title.title = spec.tag;
  card.about.textContent = spec.description;
  card.about.hidden = !spec.description;
  card.more.textContent = spec.more;
  card.more.hidden = !spec.more;
  card.pick.hidden = spec.samples < 2;
  card.which.textContent = spec.sample < 0 ? `all ${spec.samples} samples` : `sample ${spec.sample + 1} of ${spec.samples}`;
  card.before.disabled = spec.sample === 0;
  card.after.disabled = spec.sample >= spec.samples - 1;
  card.all.setAttribute("aria-pressed", String(spec.sample < 0));
}

function pick(stage, card, sample) {
  stage.samples = { ...stage.samples, ...Object.fromEntries([[card.spec.tag, sample]]) };
  stage.tell("samples", stage.samples);
}

function small(text, label, press) {
  const button = element("button", "segment", text);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", press);
  return button;
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

/** One clip: its player, waveform, spectrogram, and what is known of it. */

import { duration, number, wholeNumber, moment } from "../lines/format.js";
import { element, freshContext, newIcon, writeName } from "../lines/dom.js";
import { niceStep } from "../lines/scale.js";
import { fetchBytes, saveFile } from "./wanted.js";
import { frequencyAt, frequencyTicks, levelPixels, shareOf } from "./levels.js";
import { envelopeOf, paintWave, reachOf } from "./wave.js";
import { drop, isPlaying, placeOf, start } from "./player.js";

const PLAY = "M5 3.2v9.6l7.5-4.8z";
const PAUSE = "M5.5 3.5v9M10.5 3.5v9";
const DOWN = "M8 2.5v7.5M4.5 7L8 10.5 11.5 7M3 13.5h10";
const LEFT = 46; // pixels of the labels beside the plots
const LANE = 56; // height of a channel, at most
const SPECTRUM = 120;
const AXIS = 18;

export function newTile(stage) {
  const tile = { stage, root: element("article", "tile"), clip: null, ratio: 1, decoded: null, trouble: "", held: null, pending: null };
  const head = element("header");
  tile.dot = element("i");
  tile.run = element("span", "run");
  tile.step = element("span", "step");
  tile.save = element("button", "icon");
  tile.save.type = "button";
  icon(tile.save, DOWN, "Download this clip as it was logged");
  tile.save.addEventListener("click", () => save(tile));
  head.append(tile.dot, tile.run, tile.step, tile.save);
  tile.label = element("div", "label");
  tile.label.dir = "auto";
  tile.error = element("div", "error");
  tile.bar = element("div", "bar");
  tile.play = element("button", "play");
  tile.play.type = "button";
  tile.play.addEventListener("click", () => toggle(tile));
  tile.time = element("span", "time");
  tile.pointed = element("span", "pointed");
  tile.bar.append(tile.play, tile.time, tile.pointed);
  tile.plot = element("div", "plot");
  tile.plot.tabIndex = 0;
  tile.plot.setAttribute("role", "slider");
  tile.plot.setAttribute("aria-valuemin", "0");
  tile.canvas = element("canvas");
  tile.head = element("div", "playhead");
  tile.plot.append(tile.canvas, tile.head);
  tile.plot.addEventListener("click", (event) => seek(tile, secondsAt(tile, event)));
  tile.plot.addEventListener("pointermove", (event) => point(tile, event));
  tile.plot.addEventListener("pointerleave", () => (tile.pointed.textContent = ""));
  tile.plot.addEventListener("keydown", (event) => press(tile, event));
  tile.facts = element("div", "facts");
  tile.notes = element("div", "notes");
  tile.root.append(head, tile.label, tile.error, tile.bar, tile.plot, tile.facts, tile.notes);
  tile.moved = () => {
    const { player } = stage;
    if (tile.held && (player.tile !== tile || player.sound.ended)) showClip(tile, ...tile.held);
    else showPlace(tile);
  };
  tile.failed = () => {
    tile.trouble = `This browser cannot play ${tile.clip.encoding} sound of this kind: download it instead.`;
    showWords(tile);
  };
  return tile;
}

/** Show a newer clip once the one that plays is through. */
export function holdClip(tile, clip, pixels) {
  if (tile.clip.id === clip.id) return;
  tile.held = [clip, pixels];
  showStep(tile);
}

/** Show another clip, or the same one with other settings. */
export function showClip(tile, clip, pixels) {
  tile.held = null;
  if (tile.clip?.id !== clip.id) {
    if (tile.stage.player.tile === tile) drop(tile.stage.player);
    tile.decoded = null;
    tile.trouble = "";
  }
  tile.clip = clip;
  tile.drawn = pixels;
  tile.root.dataset.id = clip.id;
  tile.dot.style.background = clip.color;
  writeName(tile.run, clip.run);
  tile.run.title = clip.run;
  showStep(tile);
  tile.save.hidden = !clip.bytes;
  tile.label.textContent = clip.label;
  tile.label.hidden = !clip.label;
  showWords(tile);
  showPlace(tile);
  paintTile(tile);
}

function showStep(tile) {
  const { clip, held } = tile;
  const next = held ? `; step ${wholeNumber(held[0].step)} follows` : "";
  tile.step.textContent = `step ${wholeNumber(clip.step)}${clip.of > 1 ? ` · ${clip.sample + 1} of ${clip.of}` : ""}${next}`;
  tile.step.title = `${moment(clip.wall)}${clip.earlier ? "; an attempt that a later one wrote again" : ""}`;
}

function showWords(tile) {
  const { clip } = tile;
  const shape = shapeOf(tile);
  tile.error.textContent = clip.error || tile.trouble;
  tile.error.hidden = !tile.error.textContent;
  tile.bar.hidden = !clip.mime || Boolean(clip.error) || (clip.drawn !== null && !clip.columns);
  tile.plot.hidden = !shape;
  tile.plot.setAttribute("aria-label", `Waveform of ${clip.run}, step ${clip.step}`);
  tile.facts.textContent = clip.facts.join(" · ");
  tile.facts.hidden = !clip.facts.length;
  // Once it is drawn, nobody needs to know when it will be.
  const notes = clip.drawn === null && tile.decoded ? [] : clip.notes;
  tile.notes.replaceChildren(...notes.map((note) => element("div", "", note)));
  tile.notes.hidden = !notes.length;
}

/** Return the envelope to draw: the server's, else the browser's own; null while there is none. */
function shapeOf(tile) {
  const { clip } = tile;
  if (clip.drawn !== null && clip.columns) return { envelope: tile.drawn.envelope, lanes: clip.lanes, columns: clip.columns };
  return tile.decoded;
}

function lengthOf(tile) {
  const { sound } = tile.stage.player;
  if (tile.clip.seconds) return tile.clip.seconds;
  return tile.stage.player.tile === tile && Number.isFinite(sound.duration) ? sound.duration : tile.decoded?.seconds ?? 0;
}

export function paintTile(tile) {
  const shape = shapeOf(tile);
  const { clip, stage } = tile;
  if (shape && tile.width) {
    const { palette, ratio, settings } = stage;
    const spectrum = settings.spectrogram && clip.across > 0;
    const lanes = Math.max(44, Math.min(LANE, 160 / shape.lanes) * shape.lanes);
    const height = lanes + (spectrum ? SPECTRUM + 4 : 0) + AXIS;
    tile.plot.style.height = `${height}px`;
    const context = freshContext(tile.canvas, tile.width, height, ratio);
    const width = tile.width - LEFT - 2;
    context.font = palette.font;
    const reach = tile.decoded ? reachOf([shape.envelope]) : tile.reach;
    paintWave(context, shape, LEFT, width, lanes, reach, clip.color, palette.grid);
    context.fillStyle = palette.muted;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(number(Number(reach.toPrecision(3))), LEFT - 6, 7);
    context.fillText(shape.lanes > 1 ? `${shape.lanes} ch` : "0", LEFT - 6, lanes / 2);
    if (spectrum) paintSpectrum(tile, context, LEFT, lanes + 4, width);
    paintSeconds(context, lengthOf(tile), LEFT, height - AXIS, width, palette);
  }
  tile.root.dataset.painted = performance.now();
}

function paintSpectrum(tile, context, left, top, width) {
  const { clip, stage, drawn } = tile;
  const { palette, settings, ramp } = stage;
  const rows = Math.min(240, Math.round(SPECTRUM * stage.ratio));
  const image = new ImageData(
    levelPixels(drawn.levels, clip.bands, clip.across, rows, clip.top, settings.scale, tile.loudest, settings.range, ramp),
    clip.across, rows,
  );
  const off = stage.off;
  [off.width, off.height] = [clip.across, rows];
  off.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = clip.across > 40;
  context.drawImage(off, left, top, width, SPECTRUM);
  context.fillStyle = palette.muted;
  for (const hertz of frequencyTicks(clip.top, settings.scale, SPECTRUM)) {
    const y = top + SPECTRUM * (1 - shareOf(hertz, clip.top, settings.scale));
    context.fillText(hertz >= 1000 ? `${hertz / 1000}k` : String(hertz), left - 6, y);
  }
  context.fillText("Hz", left - 6, top + 6);
}

function paintSeconds(context, seconds, left, top, width, palette) {
  if (!seconds) return;
  const step = niceStep(seconds, Math.max(2, Math.floor(width / 70)));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  context.strokeStyle = palette.grid;
  context.fillStyle = palette.muted;
  context.textBaseline = "top";
  for (let at = 0; at <= seconds * 1.0001; at += step) {
    const x = left + (at / seconds) * width;
    context.fillRect(Math.min(x, left + width - 1), top, 1, 3);
    const text = at >= 60 ? duration(at) : `${at.toFixed(decimals)}s`;
    const half = context.measureText(text).width / 2;
    if (x + half > left + width + 2) continue;
    context.textAlign = at ? "center" : "left";
    context.fillText(at ? text : "0s", x, top + 5);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
}

function showPlace(tile) {
  const { player } = tile.stage;
  const playing = isPlaying(player, tile);
  const here = placeOf(player, tile);
  const length = lengthOf(tile);
  const label = tile.loading ? "Loading" : playing ? "Pause" : "Play";
  if (tile.play.title !== label) icon(tile.play, playing ? PAUSE : PLAY, label);
  tile.play.classList.toggle("loading", Boolean(tile.loading));
  tile.time.textContent = length ? `${clock(here, length)} / ${clock(length, length)}` : clock(here, here);
  const share = length ? Math.min(here / length, 1) : 0;
  const width = tile.width - LEFT - 2;
  tile.head.hidden = player.tile !== tile;
  tile.head.style.transform = `translateX(${LEFT + share * width}px)`;
  tile.plot.setAttribute("aria-valuemax", String(length));
  tile.plot.setAttribute("aria-valuenow", String(here));
  tile.root.classList.toggle("playing", playing);
}

function clock(seconds, length) {
  const decimals = length < 10 ? 2 : length < 600 ? 1 : 0;
  if (length < 60) return `${seconds.toFixed(decimals)}s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)}:${rest.toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0")}`;
}

async function toggle(tile) {
  const { player } = tile.stage;
  if (isPlaying(player, tile)) {
    player.sound.pause();
    return;
  }
  const ended = player.tile === tile && player.sound.ended;
  await seek(tile, player.tile === tile && !ended ? player.sound.currentTime : 0);
}

/** Play from a place; what has not come yet is asked for first. */
async function seek(tile, seconds) {
  const { clip, stage } = tile;
  if (!clip.mime || clip.error || tile.loading) return;
  try {
    tile.loading = true;
    showPlace(tile);
    const bytes = await fetchBytes(stage.desk, `play:${clip.id}`);
    tile.loading = false;
    if (tile.clip.id !== clip.id || !tile.root.isConnected) return;
    if (clip.drawn === null && !tile.decoded) decode(tile, bytes);
    await start(stage.player, tile, bytes, clip.mime, seconds);
  } catch (error) {
    // Another clip was started meanwhile.
    if (error.name !== "AbortError") {
      tile.trouble ||= error.name === "NotAllowedError" ? "The browser wants another press to play." : String(error.message);
      showWords(tile);
    }
  } finally {
    tile.loading = false;
    showPlace(tile);
  }
}

/** Draw the waveform of what only the browser can decode. */
async function decode(tile, bytes) {
  const { clip } = tile;
  try {
    const buffer = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(bytes.slice().buffer);
    if (tile.clip.id !== clip.id) return;
    tile.decoded = { ...envelopeOf(buffer, 800), seconds: buffer.duration };
    showWords(tile);
    showPlace(tile);
    tile.stage.measure();
  } catch {
    // It may play all the same: then it has no waveform.
  }
}

async function save(tile) {
  const { clip } = tile;
  try {
    saveFile(await fetchBytes(tile.stage.desk, `save:${clip.id}`), clip.file);
  } catch (error) {
    tile.trouble = String(error.message);
    showWords(tile);
  }
}

function secondsAt(tile, event) {
  const x = event.clientX - tile.plot.getBoundingClientRect().left - LEFT;
  return Math.min(Math.max(x / (tile.width - LEFT - 2), 0), 1) * lengthOf(tile);
}

function point(tile, event) {
  const { clip, stage } = tile;
  const seconds = secondsAt(tile, event);
  const y = event.clientY - tile.plot.getBoundingClientRect().top;
  const bottom = tile.plot.clientHeight - AXIS;
  const up = (bottom - y) / SPECTRUM;
  let more = "";
  if (stage.settings.spectrogram && clip.across > 0 && up >= 0 && up <= 1) {
    const hertz = frequencyAt(up, clip.top, stage.settings.scale);
    const column = Math.min(clip.across - 1, Math.floor((seconds / lengthOf(tile)) * clip.across));
    const level = tile.drawn.levels[Math.min(clip.bands - 1, Math.floor((hertz / clip.top) * clip.bands)) * clip.across + column];
    more = ` · ${wholeNumber(Math.round(hertz))} Hz · ${level ? `${(-120 + (level / 255) * 120).toFixed(0)} dB` : "−120 dB or less"}`;
  }
  tile.pointed.textContent = `${clock(seconds, lengthOf(tile))}${more}`;
}

function press(tile, event) {
  const jump = { ArrowLeft: -0.05, ArrowRight: 0.05 }[event.key];
  if (jump) seek(tile, Math.min(Math.max(placeOf(tile.stage.player, tile) + jump * lengthOf(tile), 0), lengthOf(tile)));
  else if (event.key === " " || event.key === "Enter") toggle(tile);
  else return;
  event.preventDefault();
}

function icon(node, path, label) {
  const drawing = newIcon("caret");
  drawing.firstChild.setAttribute("d", path);
  node.replaceChildren(drawing);
  node.title = label;
  node.setAttribute("aria-label", label);
}

/** The large view: one image, or two compared, with zoom, pan, and the value of each pixel. */

import { counted, moment, wholeNumber } from "../lines/format.js";
import { element, freshContext } from "../lines/dom.js";
import { GAINS, centred, commonScale, counterpart, differenceAt, differencePixels, fitted, pixelUnder, valueText, valuesAt, zoomedView } from "./values.js";
import { drawnButton, newChoice, newDial, newSwitch, newTurner, redraw, setChoice, setDial, setTurner, wordButton } from "./parts.js";
import { canvasOf, canvasOfFrame, unpackImage } from "./pixels.js";
import { filterOf, newLight, setLight } from "./bar.js";

const WAIT = 3000; // milliseconds without an answer after which the next choice is sent all the same
const BLINK = 600;
const WHEEL = 0.0015;
const CLICK = 1.25;
const LONGEST = 36; // signs of a name in a list
const MODES = [
  ["swipe", "Swipe", "Both, divided by a line that can be dragged"],
  ["difference", "Difference", "The values of B less those of A"],
  ["blink", "Blink", "One, then the other"],
  ["overlay", "Overlay", "B over A"],
];

/** Return the large view; `send(opened)` tells the server what it shows, `light(change)` changes brightness and contrast. */
export function newViewer(parent, { send, save, light }) {
  const viewer = {
    root: element("dialog", "viewer"), shown: null, images: [null, null], packed: [null, null], view: null, split: 0.5,
    frame: 0, turn: 0, due: null, late: false, stretched: false, second: false, pointer: null, light: { brightness: 1, contrast: 1 },
    send, save, lighten: light, rows: [],
  };
  viewer.rows = [newPickRow(viewer, "first", "A"), newPickRow(viewer, "second", "B")];
  const picks = element("div", "picks");
  picks.append(...viewer.rows.map((row) => row.root));
  viewer.compare = newSwitch("Compare", "Compare with another image", (pressed) => compare(viewer, pressed));
  const corner = element("div", "corner");
  viewer.saver = drawnButton("save", "Download the original", () => viewer.save(placeOf(viewer.shown.first)));
  corner.append(viewer.compare, viewer.saver, drawnButton("close", "Close (Esc)", () => closeViewer(viewer)));
  const top = element("div", "rows");
  top.append(picks, corner);
  viewer.easel = element("div", "easel");
  viewer.canvas = element("canvas");
  viewer.canvas.setAttribute("role", "img");
  viewer.reason = element("div", "reason");
  viewer.divider = element("div", "divider");
  viewer.badges = [element("span", "badge left", "A"), element("span", "badge right", "B")];
  viewer.easel.append(viewer.canvas, viewer.divider, ...viewer.badges, viewer.reason);
  viewer.root.append(top, viewer.easel, newComparing(viewer), newFoot(viewer));
  viewer.root.addEventListener("cancel", (event) => {
    event.preventDefault();
    closeViewer(viewer);
  });
  viewer.root.addEventListener("keydown", (event) => pressed(viewer, event));
  listenEasel(viewer);
  viewer.grown = new ResizeObserver(() => {
    if (viewer.fits) viewer.view = null;
    paintSoon(viewer);
  });
  viewer.grown.observe(viewer.easel);
  parent.append(viewer.root);
  return viewer;
}

function newPickRow(viewer, which, letter) {
  const row = { root: element("div", "pick"), letter: element("span", "letter", letter), dot: element("i"), where: element("span", "where") };
  const turn = (change) => choose(viewer, which, change);
  row.tag = element("select");
  row.tag.setAttribute("aria-label", `Tag of ${letter}`);
  row.tag.addEventListener("change", () => turn({ tag: row.tag.value, sample: 0 }));
  row.run = element("select");
  row.run.setAttribute("aria-label", `Run of ${letter}`);
  row.run.addEventListener("change", () => turn({ run: row.run.value }));
  row.slider = element("input");
  Object.assign(row.slider, { type: "range", min: 0, step: 1 });
  row.slider.setAttribute("aria-label", `Step of ${letter}`);
  row.slider.addEventListener("input", () => turn({ place: Number(row.slider.value) }));
  row.back = drawnButton("back", `One step back of ${letter}`, () => stepBy(viewer, which, -1));
  row.on = drawnButton("on", `One step on of ${letter}`, () => stepBy(viewer, which, 1));
  row.sample = newTurner("sample", (by) => turn({ sample: viewer.shown[which].sample + by }));
  row.root.append(row.letter, row.dot, row.tag, row.run, row.back, row.on, row.slider, row.where, row.sample.root);
  return row;
}

function newComparing(viewer) {
  const root = element("div", "foot comparing");
  viewer.modes = newChoice("How to compare", MODES, (mode) => set2(viewer, { mode }));
  viewer.gain = element("select");
  viewer.gain.append(...GAINS.map((gain) => new Option(`× ${gain}`, gain)));
  viewer.gain.setAttribute("aria-label", "What differences are multiplied by");
  viewer.gain.title = "What differences are multiplied by";
  viewer.gain.addEventListener("change", () => set2(viewer, { gain: Number(viewer.gain.value) }));
  viewer.signed = newSwitch("Signed", "Grey where nothing differs, lighter where B is greater", (on) => set2(viewer, { signed: on }));
  viewer.opacity = newDial("Opacity of B", {
    min: 0, max: 1, step: 0.01, usual: 0.5, spelled: (value) => `${Math.round(100 * value)} %`, change: (opacity) => set2(viewer, { opacity }),
  });
  viewer.scaled = newSwitch("Scale B to A", "Else both begin at the top left", (on) => set2(viewer, { scaled: on }));
  viewer.verdict = element("span", "said verdict");
  viewer.ramp = { root: element("span", "ramp"), low: element("span"), high: element("span") };
  viewer.ramp.root.title = "Which difference is drawn black and which white; of colours each channel by itself";
  viewer.ramp.root.append(viewer.ramp.low, element("i"), viewer.ramp.high);
  root.append(viewer.modes.root, viewer.gain, viewer.signed, viewer.ramp.root, viewer.opacity.root, viewer.scaled, viewer.verdict);
  viewer.comparing = root;
  return root;
}

function newFoot(viewer) {
  const root = element("div", "foot");
  viewer.readout = element("span", "readout");
  viewer.said = element("span", "said whole");
  const zoom = element("div", "zoom");
  viewer.scale = element("span");
  zoom.append(
    drawnButton("less", "Smaller (−)", () => zoomBy(viewer, 1 / CLICK)), viewer.scale, drawnButton("more", "Larger (+)", () => zoomBy(viewer, CLICK)),
    wordButton("Fit", "All of it (0)", () => fit(viewer)), wordButton("1:1", "Actual size (1)", () => actual(viewer)),
  );
  const film = element("div", "film");
  viewer.player = drawnButton("pause", "Stop", () => play(viewer, !viewer.playing));
  viewer.frames = element("input");
  Object.assign(viewer.frames, { type: "range", min: 0, step: 1 });
  viewer.frames.setAttribute("aria-label", "Frame");
  viewer.frames.addEventListener("input", () => {
    play(viewer, false);
    showFrame(viewer, Number(viewer.frames.value));
  });
  viewer.counter = element("span");
  film.append(viewer.player, viewer.frames, viewer.counter);
  viewer.film = film;
  viewer.stretch = newSwitch("Stretch", "Black and white at the least and the greatest value of the image", (on) => {
    viewer.stretched = on;
    viewer.stretch.setAttribute("aria-pressed", String(on));
    paintSoon(viewer);
  });
  viewer.dials = newLight((change) => viewer.lighten(change));
  root.append(viewer.readout, viewer.said, film, viewer.stretch, ...viewer.dials.nodes, zoom);
  return root;
}

/** Show what a tile shows, at once, while the server packs its pixels. */
export function openViewer(viewer, about, preview) {
  const first = { ...about, place: 0, places: 0, row: -1 };
  viewer.shown = { first, second: null, mode: "swipe", gain: 1, signed: false, opacity: 0.5, scaled: false, tags: [about.tag], runs: [], holders: [] };
  viewer.images = [null, null];
  viewer.packed = [null, null];
  viewer.frame = 0;
  viewer.preview = preview && about.width ? { picture: preview, width: about.width, height: about.height } : null;
  fit(viewer);
  raise(viewer);
  dress(viewer);
  tellOpened(viewer);
}

/** Take in what the server says: null when nothing is open. */
export function hearViewer(viewer, opened, table) {
  if (viewer.due !== null && opened && opened.turn !== viewer.due && performance.now() - viewer.since < WAIT) return;
  if (viewer.due !== null && !opened && viewer.shown && performance.now() - viewer.since < WAIT) return;
  viewer.due = null;
  if (!opened) {
    if (viewer.shown && !viewer.late) lower(viewer);
    return;
  }
  viewer.turn = Math.max(viewer.turn, opened.turn);
  if (viewer.late) {
    viewer.late = false;
    tellOpened(viewer);
  } else viewer.shown = opened;
  if (!viewer.shown) return;
  raise(viewer);
  takePixels(viewer, opened, table);
  dress(viewer);
}

/** Let the view use a brightness and a contrast. */
export function lightViewer(viewer, settings) {
  viewer.light = settings;
  setLight(viewer.dials, settings);
  viewer.dials.reset.hidden ||= differs(viewer);
  filter(viewer);
}

/** Take the view off the page. */
export function dropViewer(viewer) {
  viewer.grown.disconnect();
  lower(viewer);
  viewer.root.remove();
}

async function takePixels(viewer, opened, table) {
  const packed = table?.getChild("data");
  viewer.reading = (viewer.reading ?? 0) + 1;
  const mine = viewer.reading;
  const wanted = [opened.first, opened.second];
  const images = await Promise.all(wanted.map((about, at) => {
    if (!about || about.row < 0 || !packed) return null;
    // What is there already need not be unpacked again.
    const known = viewer.images.find((image) => image && image.about.id === about.id);
    return known ?? unpackImage(about, packed.get(about.row)).catch(() => null);
  }));
  if (mine !== viewer.reading) return;
  const sizes = viewer.images.map((image) => image && `${image.width} ${image.height}`).join();
  viewer.images = images;
  const now = images.map((image) => image && `${image.width} ${image.height}`).join();
  if (viewer.fits && sizes !== now) viewer.view = null;
  viewer.differing = null;
  dress(viewer);
  startFilm(viewer);
}

function raise(viewer) {
  if (viewer.root.open) return;
  viewer.root.showModal();
  viewer.root.tabIndex = -1;
  viewer.root.focus();
  viewer.fits = true;
}

function lower(viewer) {
  play(viewer, false);
  clearInterval(viewer.blinking);
  viewer.blinking = null;
  viewer.shown = null;
  viewer.images = [null, null];
  viewer.preview = null;
  viewer.canvas.width = viewer.canvas.height = 0;
  delete viewer.root.dataset.painted;
  if (viewer.root.open) viewer.root.close();
}

function closeViewer(viewer) {
  lower(viewer);
  tellOpened(viewer);
}

// What is chosen ------------------------------------------------------------------------------------------------------

function placeOf({ run, tag, at, sample, place }) {
  const [step, nth] = at ?? ["0", 0];
  return { run, tag, step, nth, sample, ...(place === undefined || place === null ? {} : { place }) };
}

function tellOpened(viewer) {
  if (viewer.due !== null && performance.now() - viewer.since < WAIT) {
    viewer.late = true;
    return;
  }
  viewer.late = false;
  viewer.turn += 1;
  viewer.due = viewer.turn;
  viewer.since = performance.now();
  const { shown, turn } = viewer;
  if (!shown) {
    viewer.send({ first: null, turn });
    return;
  }
  const { mode, gain, signed, opacity, scaled } = shown;
  // A moment holds as logs grow; a place is sent only where the visitor chose one.
  const spelled = (one) => placeOf({ ...one, place: one.chosen ? one.place : null });
  viewer.send({ first: spelled(shown.first), second: shown.second && spelled(shown.second), mode, gain, signed, opacity, scaled, turn });
}

function choose(viewer, which, change) {
  const one = viewer.shown[which];
  viewer.shown = { ...viewer.shown, [which]: { ...one, ...change, chosen: change.place !== undefined || (one.chosen && change.run === undefined) } };
  dress(viewer);
  tellOpened(viewer);
}

function stepBy(viewer, which, by) {
  const one = viewer.shown[which];
  if (!one) return;
  const place = Math.min(Math.max(one.place + by, 0), one.places - 1);
  if (place !== one.place) choose(viewer, which, { place });
}

function set2(viewer, change) {
  viewer.shown = { ...viewer.shown, ...change };
  viewer.differing = null;
  dress(viewer);
  clearTimeout(viewer.telling);
  viewer.telling = setTimeout(() => viewer.shown && tellOpened(viewer), 200);
}

function compare(viewer, on) {
  const { first, runs, holders } = viewer.shown;
  let second = null;
  if (on) {
    // Another run at the same moment; with one run alone, the moment before.
    const alike = runs.filter((run) => holders.includes(run.name));
    const at = alike.findIndex((run) => run.name === first.run);
    const other = alike[at + 1] ?? alike.find((run) => run.name !== first.run);
    second = other ? { ...first, run: other.name, color: other.color, row: -1 } : { ...first, place: Math.max(0, first.place - 1), chosen: true, row: -1 };
  }
  viewer.shown = { ...viewer.shown, second };
  if (!second) viewer.images = [viewer.images[0], null];
  dress(viewer);
  tellOpened(viewer);
}

function pressed(viewer, event) {
  // The app has keys of its own.
  event.stopPropagation();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const ranged = event.target.matches?.("input, select");
  const keys = {
    "+": () => zoomBy(viewer, CLICK), "=": () => zoomBy(viewer, CLICK), "-": () => zoomBy(viewer, 1 / CLICK),
    0: () => fit(viewer), 1: () => actual(viewer),
    ArrowLeft: () => !ranged && stepBy(viewer, event.shiftKey ? "second" : "first", -1),
    ArrowRight: () => !ranged && stepBy(viewer, event.shiftKey ? "second" : "first", 1),
  };
  keys[event.key]?.();
}

// What is seen --------------------------------------------------------------------------------------------------------

function dress(viewer) {
  const { shown, images } = viewer;
  if (!shown) return;
  const two = Boolean(shown.second);
  dressRow(viewer.rows[0], shown.first, shown, two);
  viewer.rows[1].root.hidden = !two;
  if (two) dressRow(viewer.rows[1], shown.second, shown, two);
  viewer.compare.setAttribute("aria-pressed", String(two));
  viewer.comparing.hidden = !two;
  setChoice(viewer.modes, shown.mode);
  const difference = differs(viewer);
  viewer.gain.hidden = viewer.signed.hidden = !difference;
  viewer.ramp.root.hidden = !difference || !images[0] || !images[1];
  if (!viewer.ramp.root.hidden) [viewer.ramp.low.textContent, viewer.ramp.high.textContent] = rampTexts(images[0], images[1], shown);
  // Of a difference nothing is made brighter: its colours have a scale.
  viewer.stretch.hidden = viewer.dials.brightness.root.hidden = viewer.dials.contrast.root.hidden = difference;
  setLight(viewer.dials, viewer.light);
  viewer.dials.reset.hidden ||= difference;
  viewer.gain.value = String(shown.gain);
  viewer.signed.setAttribute("aria-pressed", String(shown.signed));
  viewer.opacity.root.hidden = shown.mode !== "overlay";
  setDial(viewer.opacity, shown.opacity);
  const sizesDiffer = images[0] && images[1] && (images[0].width !== images[1].width || images[0].height !== images[1].height);
  viewer.scaled.hidden = !sizesDiffer;
  viewer.scaled.setAttribute("aria-pressed", String(shown.scaled));
  viewer.divider.hidden = !two || shown.mode !== "swipe";
  viewer.badges[0].hidden = !two || shown.mode === "difference" || shown.mode === "overlay";
  viewer.badges[1].hidden = !two || shown.mode === "difference" || shown.mode === "overlay";
  viewer.said.textContent = factsOf(shown.first);
  const errors = [shown.first, shown.second].filter((one) => one?.error).map((one) => `${two ? `${one === shown.first ? "A" : "B"}: ` : ""}${one.error}`);
  viewer.reason.textContent = errors.join("\n");
  viewer.reason.hidden = !errors.length;
  const frames = Math.max(1, ...images.map((image) => image?.frames ?? 1));
  viewer.film.hidden = frames < 2;
  viewer.frames.max = Math.max(1, frames - 1);
  viewer.canvas.setAttribute("aria-label", `${shown.first.tag}, ${shown.first.run}, step ${shown.first.step}`);
  blink(viewer, two && shown.mode === "blink");
  filter(viewer);
  paintSoon(viewer);
}

function dressRow(row, about, shown, two) {
  row.letter.hidden = !two;
  row.dot.style.background = about.color || "var(--muted)";
  options(row.tag, shown.tags.includes(about.tag) ? shown.tags : [about.tag, ...shown.tags], about.tag);
  const names = shown.runs.map((run) => run.name);
  options(row.run, names.includes(about.run) ? names : [about.run, ...names], about.run);
  const last = Math.max(0, about.places - 1);
  row.slider.max = Math.max(1, last);
  row.slider.value = about.place;
  row.slider.disabled = row.back.disabled = row.on.disabled = last === 0;
  row.slider.style.setProperty("--filled", last ? about.place / last : 1);
  row.back.disabled ||= about.place <= 0;
  row.on.disabled ||= about.place >= last;
  const places = about.places ? ` · ${wholeNumber(about.place + 1)} / ${wholeNumber(about.places)}` : "";
  row.where.textContent = about.step ? `step ${about.step}${places}` : "";
  row.where.title = about.wall ? moment(about.wall) : "";
  setTurner(row.sample, `sample ${wholeNumber(about.sample + 1)} of ${wholeNumber(about.samples)}`, about.sample, about.samples);
}

function options(select, names, chosen) {
  const known = [...select.options].map((option) => option.value);
  if (known.length !== names.length || known.some((name, at) => name !== names[at])) {
    select.replaceChildren(...names.map((name) => new Option(name.length > LONGEST ? `${name.slice(0, 14)}…${name.slice(15 - LONGEST)}` : name, name)));
  }
  select.value = chosen;
  select.title = chosen;
  select.disabled = names.length < 2;
}

function factsOf(about) {
  if (!about.whole) return "";
  const [width, height] = about.whole;
  const parts = [`${wholeNumber(width)} × ${wholeNumber(height)}`, about.mode, about.encoding, about.size, ...(about.notes ?? [])];
  return parts.filter(Boolean).join(" · ");
}

/** Return the size that is shown, in image pixels. */
function extent({ images: [first, second], shown, preview }) {
  const known = [first, shown?.scaled && first ? null : second].filter(Boolean);
  if (!known.length) return preview ? [preview.width, preview.height] : null;
  return [Math.max(...known.map((image) => image.width)), Math.max(...known.map((image) => image.height))];
}

function paintSoon(viewer) {
  viewer.painting ??= requestAnimationFrame(() => {
    viewer.painting = null;
    paintView(viewer);
  });
}

function paintView(viewer) {
  const { shown, images, easel, canvas } = viewer;
  const [across, down] = [easel.clientWidth, easel.clientHeight];
  const size = extent(viewer);
  if (!shown || !across || !down) return;
  const ratio = window.devicePixelRatio;
  const context = freshContext(canvas, across, down, ratio);
  if (!size) return;
  viewer.view ??= fitted(...size, across, down);
  const { scale, x, y } = viewer.view;
  viewer.scale.textContent = `${Math.round(scale * 100)} %`;
  context.imageSmoothingEnabled = scale * ratio < 1;
  context.imageSmoothingQuality = "high";
  const [first, second] = images;
  const put = (source, width, height) => context.drawImage(source, x, y, width * scale, height * scale);
  const draw = (image, at) => {
    const scaled = at === 1 && shown.scaled && first;
    const frame = Math.min(viewer.frame, image.frames - 1);
    put(canvasOfFrame(image, frame, viewer.stretched), scaled ? first.width : image.width, scaled ? first.height : image.height);
  };
  viewer.verdict.textContent = "";
  if (!first && !second && viewer.preview) put(viewer.preview.picture, viewer.preview.width, viewer.preview.height);
  else if (!shown.second || !first || !second) {
    if (first) draw(first, 0);
    else if (second) draw(second, 1);
  } else compareOn(viewer, context, draw, put, [across, down]);
  if (first || second || !viewer.preview) {
    const complete = (!shown.second || second || shown.second.error) && (first || shown.first.error);
    if (complete) viewer.root.dataset.painted = String(performance.now());
  }
  viewer.counter.textContent = `${wholeNumber(viewer.frame + 1)} / ${wholeNumber(Number(viewer.frames.max) + 1)}`;
  viewer.frames.value = viewer.frame;
  viewer.frames.style.setProperty("--filled", viewer.frame / viewer.frames.max);
  tellPointer(viewer);
}

function compareOn(viewer, context, draw, put, [across, down]) {
  const { shown, images: [first, second] } = viewer;
  if (shown.mode === "difference") {
    const frames = framesOf(viewer);
    viewer.differing ??= { frames: frames.join(), ...differencePixels(first, second, frames, shown) };
    if (viewer.differing.frames !== frames.join()) viewer.differing = { frames: frames.join(), ...differencePixels(first, second, frames, shown) };
    const found = viewer.differing;
    found.canvas ??= canvasOf(found.pixels, found.width, found.height);
    put(found.canvas, found.width, found.height);
    viewer.verdict.textContent = verdictOf(found, first, second, shown.scaled);
    return;
  }
  if (shown.mode === "blink") {
    draw(viewer.second ? second : first, viewer.second ? 1 : 0);
  } else if (shown.mode === "overlay") {
    draw(first, 0);
    context.globalAlpha = shown.opacity;
    draw(second, 1);
    context.globalAlpha = 1;
  } else {
    const split = viewer.split * across;
    viewer.divider.style.left = `${split}px`;
    for (const [from, width, image, at] of [[0, split, first, 0], [split, across - split, second, 1]]) {
      context.save();
      context.beginPath();
      context.rect(from, 0, width, down);
      context.clip();
      draw(image, at);
      context.restore();
    }
  }
  if (first.width !== second.width || first.height !== second.height) viewer.verdict.textContent = sizesText(first, second, shown.scaled);
}

function verdictOf(found, first, second, scaled) {
  const spelled = (value) => differenceText(value, found.shares);
  const equal = found.most === 0 && found.differing === 0;
  const parts = [equal ? "no pixel differs" : `at most ${spelled(found.most)}, mean ${spelled(found.mean)}, ${counted(found.differing, "pixel")} of ${wholeNumber(found.pixelsCompared)} differ`];
  if (first.width !== second.width || first.height !== second.height) parts.push(sizesText(first, second, scaled));
  return parts.join(" · ");
}

function differenceText(value, shares) {
  return shares ? `${(100 * value).toPrecision(3)} % of white` : String(Number(value.toPrecision(4)));
}

/** Return which differences are drawn black and white. */
function rampTexts(first, second, { gain, signed }) {
  const { span, shares } = commonScale(first, second);
  return [signed ? `−${differenceText(span / gain, shares)}` : "0", differenceText(span / gain, shares)];
}

function sizesText(first, second, scaled) {
  const sizes = `A is ${first.width} × ${first.height}, B ${second.width} × ${second.height}`;
  return `${sizes}: ${scaled ? "B is scaled to A" : "both from the top left"}`;
}

function framesOf(viewer) {
  return viewer.images.map((image) => Math.min(viewer.frame, (image?.frames ?? 1) - 1));
}

function filter(viewer) {
  viewer.canvas.style.filter = differs(viewer) ? "none" : filterOf(viewer.light);
}

function differs({ shown }) {
  return Boolean(shown?.second) && shown.mode === "difference";
}

function blink(viewer, on) {
  if (on === Boolean(viewer.blinking)) return;
  clearInterval(viewer.blinking);
  viewer.blinking = on && setInterval(() => {
    viewer.second = !viewer.second;
    viewer.badges[0].style.visibility = viewer.second ? "hidden" : "";
    viewer.badges[1].style.visibility = viewer.second ? "" : "hidden";
    paintSoon(viewer);
  }, BLINK);
  for (const badge of viewer.badges) badge.style.visibility = "";
}

function startFilm(viewer) {
  const frames = Number(viewer.frames.max) + 1;
  if (viewer.film.hidden) {
    viewer.frame = 0;
    play(viewer, false);
  } else {
    viewer.frame = Math.min(viewer.frame, frames - 1);
    if (viewer.playing === undefined || viewer.playing === null) play(viewer, true);
  }
}

function showFrame(viewer, frame) {
  viewer.frame = frame;
  paintSoon(viewer);
}

function play(viewer, on) {
  clearTimeout(viewer.next);
  viewer.playing = viewer.shown ? on : null;
  redraw(viewer.player, on ? "pause" : "play", on ? "Stop" : "Play");
  if (!on) return;
  const image = viewer.images.find((one) => one && one.frames > 1);
  if (!image) return;
  viewer.next = setTimeout(() => {
    showFrame(viewer, (viewer.frame + 1) % image.frames);
    play(viewer, true);
  }, Math.max(20, image.about.durations[viewer.frame] || 100));
}

// Zoom, pan and what lies under the pointer ---------------------------------------------------------------------------

function fit(viewer) {
  viewer.fits = true;
  viewer.view = null;
  paintSoon(viewer);
}

function actual(viewer) {
  const size = extent(viewer);
  if (!size) return;
  viewer.fits = false;
  viewer.view = centred(...size, viewer.easel.clientWidth, viewer.easel.clientHeight, 1);
  paintSoon(viewer);
}

function zoomBy(viewer, factor, x = viewer.easel.clientWidth / 2, y = viewer.easel.clientHeight / 2) {
  if (!viewer.view) return;
  viewer.fits = false;
  viewer.view = zoomedView(viewer.view, x, y, factor);
  paintSoon(viewer);
}

function listenEasel(viewer) {
  const { easel, divider } = viewer;
  const inside = (event) => {
    const box = easel.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  easel.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(viewer, Math.exp(-event.deltaY * WHEEL * (event.deltaMode === 1 ? 18 : 1)), ...inside(event));
  }, { passive: false });
  let drag = null;
  easel.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !viewer.view) return;
    drag = { divider: event.target === divider, x: event.clientX, y: event.clientY, from: viewer.view };
    easel.setPointerCapture(event.pointerId);
    easel.classList.toggle("panning", !drag.divider);
  });
  easel.addEventListener("pointermove", (event) => {
    viewer.pointer = inside(event);
    if (drag?.divider) viewer.split = Math.min(Math.max(viewer.pointer[0] / easel.clientWidth, 0), 1);
    else if (drag) {
      viewer.fits = false;
      viewer.view = { ...drag.from, x: drag.from.x + event.clientX - drag.x, y: drag.from.y + event.clientY - drag.y };
    }
    if (drag) paintSoon(viewer);
    else tellPointer(viewer);
  });
  const done = () => {
    drag = null;
    easel.classList.remove("panning");
  };
  easel.addEventListener("pointerup", done);
  easel.addEventListener("pointercancel", done);
  easel.addEventListener("dblclick", () => fit(viewer));
  easel.addEventListener("pointerleave", () => {
    viewer.pointer = null;
    tellPointer(viewer);
  });
}

function changeText(first, second, values) {
  if (!commonScale(first, second).shares) return valueText(values);
  return `${valueText(values.map((value) => Number((100 * value).toPrecision(3))))}  % of white`;
}

function tellPointer(viewer) {
  const { pointer, view, images: [first, second], shown, readout } = viewer;
  const [x, y] = pointer && view ? pixelUnder(view, ...pointer) : [-1, -1];
  const within = (image) => image && x >= 0 && y >= 0 && x < image.width && y < image.height;
  const [mine, theirs] = framesOf(viewer);
  const every = first?.every ?? 1;
  const parts = [];
  if (shown && !shown.second && within(first)) parts.push(valueText(valuesAt(first, mine, x, y)));
  else if (shown?.second && (within(first) || (within(second) && !shown.scaled))) {
    if (within(first)) parts.push(`A  ${valueText(valuesAt(first, mine, x, y))}`);
    const place = second && first ? counterpart(first, second, x, y, shown.scaled) : null;
    if (place && (within(first) || !shown.scaled)) parts.push(`B  ${valueText(valuesAt(second, theirs, ...place))}`);
    if (within(first) && place) parts.push(`B − A  ${changeText(first, second, differenceAt(first, second, [mine, theirs], x, y, shown.scaled))}`);
  }
  readout.textContent = parts.length ? [`x ${x * every}  y ${y * every}`, ...parts].join("    ") : shown ? "Point at a pixel to read its value" : "";
}

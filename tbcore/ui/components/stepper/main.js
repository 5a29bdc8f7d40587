/** The component's entry: a row of controls for all runs, and, unfolded, a slider for each run. */

import { wholeNumber } from "../lines/format.js";
import { element, newIcon, writeName, coveredTop } from "../lines/dom.js";
import { momentAt, placeAt, placeNear, readTracks, valuesOf } from "./track.js";

const PATIENCE = 2000; // milliseconds without an answer after which the next position is sent all the same
const TICK = 10; // milliseconds between looks whether it is time for the next step while it plays
const SPEEDS = [1, 2, 5, 10, 20]; // moments per second
const PLAY = "M5 3.2v9.6l7.5-4.8z";
const PAUSE = "M5.5 3.5v9M10.5 3.5v9";
const BACK = "M10 3.5L5.5 8l4.5 4.5";
const ON = "M6 3.5L10.5 8 6 12.5";

const steppers = new WeakMap();

export default function stepper({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let one = steppers.get(parentElement);
  if (!one) {
    one = newStepper(parentElement);
    steppers.set(parentElement, one);
  }
  one.send = (at) => setStateValue("at", at);
  hear(one, data);
  return () => {
    stop(one);
    one.grown.disconnect();
    steppers.delete(parentElement);
  };
}

function newStepper(parent) {
  const one = {
    host: parent.host ?? parent, root: element("div", "stepper"), rows: new Map(), tracks: [], unfolded: false,
    at: { step: null, nth: 0, own: {}, earlier: false }, due: null, since: 0, late: false, timer: 0, playing: false, speed: 5,
  };
  one.top = newRow(one, "");
  one.play = button(PLAY, "Play through the steps", () => (one.playing ? stop(one) : play(one)));
  one.speeds = element("select", "speed");
  one.speeds.title = "Steps per second";
  one.speeds.setAttribute("aria-label", "Steps per second");
  one.speeds.append(...SPEEDS.map((speed) => new Option(`${speed}/s`, speed, false, speed === one.speed)));
  one.speeds.addEventListener("change", () => (one.speed = Number(one.speeds.value)));
  one.latest = textButton("Latest", "Go to the latest step, and follow it as the logs grow", () => move(one, "", [null, 0]));
  one.each = textButton("Each run", "A slider for each run", () => unfold(one, !one.unfolded));
  one.earlier = element("label", "check");
  one.box = element("input");
  one.box.type = "checkbox";
  one.box.addEventListener("change", () => set(one, { ...one.at, earlier: one.box.checked }));
  one.earlier.append(one.box, element("span", "", "Earlier attempts"));
  one.earlier.title = "Also what was logged by attempts of restarted runs that a later one wrote again";
  one.top.root.prepend(one.play);
  one.top.root.append(one.speeds, one.latest, one.each, one.earlier);
  one.own = element("div", "own");
  one.root.append(one.top.root, one.own);
  (parent.querySelector(".stage") ?? parent).append(one.root);
  one.grown = new ResizeObserver(() => stick(one));
  one.grown.observe(document.querySelector('[data-testid="stMainBlockContainer"]') ?? document.body);
  return one;
}

/** Return the controls of one track: back, slider, on, the step, and how many there are. */
function newRow(one, run) {
  const row = { run, root: element("div", "row"), track: null };
  row.slider = element("input");
  row.slider.type = "range";
  row.slider.min = 0;
  row.slider.step = 1;
  row.slider.addEventListener("input", () => go(one, row, Number(row.slider.value)));
  row.number = element("input", "step");
  row.number.type = "text";
  row.number.inputMode = "numeric";
  row.number.setAttribute("aria-label", run ? `Step of ${run}` : "Step of all runs");
  row.number.addEventListener("change", () => typed(one, row));
  row.number.addEventListener("focus", () => row.number.select());
  row.note = element("span", "note");
  row.name = element("span", "name", run ? "" : "Step");
  row.back = button(BACK, "One step back", () => go(one, row, row.place - 1));
  row.on = button(ON, "One step on", () => go(one, row, row.place + 1));
  row.slider.setAttribute("aria-label", run ? `Step of ${run}` : "Step");
  row.root.append(row.back, row.on, row.slider, row.name, row.number, row.note);
  if (run) {
    writeName(row.name, run);
    row.name.title = run;
    row.dot = element("i");
    row.root.prepend(row.dot);
    row.root.append((row.reset = textButton("With all", "Follow the slider of all runs again", () => move(one, run, undefined))));
  }
  return row;
}

function button(path, label, press) {
  const made = element("button", "icon");
  made.type = "button";
  draw(made, path, label);
  made.addEventListener("click", press);
  return made;
}

function draw(node, path, label) {
  const icon = newIcon("caret");
  icon.firstChild.setAttribute("d", path);
  node.replaceChildren(icon);
  node.title = label;
  node.setAttribute("aria-label", label);
}

function textButton(text, label, press) {
  const made = element("button", "segment", text);
  made.type = "button";
  made.title = label;
  made.addEventListener("click", press);
  return made;
}

/** Take in what the server says; what the visitor did since stands until the server has heard of it. */
function hear(one, data) {
  one.tracks = readTracks(data.view, data.moments);
  const said = JSON.stringify(data.view.at);
  if (one.due === said) one.due = null;
  if (one.due === null) {
    if (one.late) {
      one.late = false;
      tell(one);
    } else one.at = data.view.at;
  }
  one.earlier.hidden = !data.view.has_earlier && !one.at.earlier;
  if (Object.keys(one.at.own).length && !one.seen) one.unfolded = true;
  one.seen = true;
  show(one);
  stick(one);
}

function show(one) {
  const [all, ...runs] = one.tracks;
  one.top.track = all;
  one.box.checked = one.at.earlier;
  showRow(one, one.top, one.at.step, one.at.nth);
  one.latest.disabled = one.at.step === null;
  one.play.disabled = one.speeds.disabled = all.steps.length < 2;
  one.each.hidden = runs.length < 2 && !Object.keys(one.at.own).length;
  one.each.setAttribute("aria-pressed", String(one.unfolded));
  one.own.hidden = !one.unfolded;
  const rows = one.unfolded ? runs : [];
  const nodes = rows.map((track) => {
    let row = one.rows.get(track.run);
    if (!row) one.rows.set(track.run, (row = newRow(one, track.run)));
    row.track = track;
    row.dot.style.background = track.color;
    const own = one.at.own[track.run];
    const [step, nth] = own ?? [one.at.step, one.at.nth];
    showRow(one, row, step, nth);
    row.root.classList.toggle("follows", !own);
    row.reset.style.visibility = own ? "" : "hidden";
    return row.root;
  });
  if (nodes.length !== one.own.children.length || nodes.some((node, at) => one.own.children[at] !== node)) {
    one.own.replaceChildren(...nodes);
  }
}

function showRow(one, row, step, nth) {
  const { steps, nths } = row.track;
  row.place = placeAt(row.track, step, nth);
  const last = steps.length - 1;
  const none = last < 0;
  row.slider.max = Math.max(1, last);
  row.slider.value = none ? 0 : last === 0 ? 1 : Math.max(0, row.place);
  row.slider.disabled = last < 1;
  row.slider.style.setProperty("--filled", none ? 0 : last === 0 ? 1 : Math.max(0, row.place) / last);
  row.back.disabled = row.place <= 0;
  row.on.disabled = row.place >= last;
  const shown = row.place < 0 ? "" : wholeNumber(steps[row.place]);
  row.slider.setAttribute("aria-valuetext", shown ? `step ${shown}` : "no step yet");
  if (document.activeElement !== one.host || one.root.getRootNode().activeElement !== row.number) row.number.value = shown;
  row.number.disabled = none;
  const many = row.place < 0 ? 1 : valuesOf(row.track, row.place);
  const which = many > 1 ? `${nths[row.place] + 1} of ${many} at this step · ` : "";
  row.note.textContent = none ? "nothing logged" : row.place < 0 ? `begins at ${wholeNumber(steps[0])}`
    : `${which}${wholeNumber(row.place + 1)} / ${wholeNumber(steps.length)}`;
}

function typed(one, row) {
  const digits = row.number.value.replace(/[,\s_]/g, "");
  row.number.blur();
  if (/^-?\d+$/.test(digits)) go(one, row, placeNear(row.track, digits));
  else show(one);
}

function go(one, row, place) {
  move(one, row.run, momentAt(row.track, Math.min(Math.max(place, 0), row.track.steps.length - 1)), row.track);
}

/** Move one run, or with "" all runs that have no position of their own; undefined lets a run follow all again. */
function move(one, run, moment, track = null) {
  if (!run) {
    set(one, { ...one.at, step: moment[0], nth: moment[1] });
    return;
  }
  const own = { ...one.at.own };
  // A run's own position is a step that is said, also at its end: else it would be that of all.
  if (moment) own[run] = moment[0] === null ? [String(track.steps.at(-1)), track.nths.at(-1)] : moment;
  else delete own[run];
  set(one, { ...one.at, own });
}

function set(one, at) {
  one.at = at;
  show(one);
  tell(one);
}

/** Send the position, one at a time: a page that is still drawing the last one would never finish it. */
function tell(one) {
  if (one.due !== null && performance.now() - one.since < PATIENCE) {
    one.late = true;
    clearTimeout(one.again);
    one.again = setTimeout(() => one.late && tell(one), PATIENCE);
    return;
  }
  one.late = false;
  one.due = JSON.stringify(one.at);
  one.since = performance.now();
  one.send(one.at);
}

function unfold(one, unfolded) {
  one.unfolded = unfolded;
  show(one);
}

function play(one) {
  const { steps } = one.top.track;
  one.playing = true;
  draw(one.play, PAUSE, "Stop");
  if (one.top.place >= steps.length - 1) go(one, one.top, 0);
  let moved = performance.now();
  const next = () => {
    if (!one.playing) return;
    // The page sets the pace when it is slower.
    if (one.due === null && performance.now() >= moved + 1000 / one.speed) {
      if (one.top.place >= one.top.track.steps.length - 1) {
        stop(one);
        return;
      }
      moved = performance.now();
      go(one, one.top, one.top.place + 1);
    }
    one.timer = setTimeout(next, TICK);
  };
  next();
}

function stop(one) {
  one.playing = false;
  clearTimeout(one.timer);
  draw(one.play, PLAY, "Play through the steps");
}

/** Keep the sliders in sight: the outermost box around them that has room to slide in stays at the top. */
function stick(one) {
  let box = one.host;
  const tall = one.host.clientHeight + 40;
  while (box.parentElement && box.parentElement.clientHeight < tall) box = box.parentElement;
  if (one.stuck === box || !box.parentElement) return;
  if (one.stuck) Object.assign(one.stuck.style, { position: "", top: "", zIndex: "" });
  one.stuck = box;
  Object.assign(box.style, { position: "sticky", top: `${coveredTop()}px`, zIndex: 5 });
}

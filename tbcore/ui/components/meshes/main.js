/** The component's entry: a panel for each shape, all looked at from the same place. */

import { arrange, element, readPalette, writeName } from "../lines/dom.js";
import { layoutOf, tracesOf } from "./figure.js";
import { hasWebGL, loadPlotly } from "./library.js";

const SEND_AFTER = 500;
const CONFIG = { displayModeBar: false, displaylogo: false, doubleClick: false };

const boards = new WeakMap();

export default function meshBoard({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let board = boards.get(parentElement);
  if (!board) {
    board = newBoard(parentElement);
    boards.set(parentElement, board);
  }
  board.send = (camera) => setStateValue("camera", camera);
  show(board, data);
  return () => {
    clearTimeout(board.sending);
    for (const panel of board.panels.values()) dispose(board, panel);
    boards.delete(parentElement);
  };
}

function newBoard(parent) {
  const board = {
    host: parent.host ?? parent, grid: element("div", "panels"), note: element("div", "note"), panels: new Map(),
    camera: null, home: null, frame: 0, sending: 0, drawing: 0, draws: null,
  };
  board.back = element("button", "back", "Reset view");
  board.back.type = "button";
  board.back.onclick = () => {
    turn(board, structuredClone(board.home), null);
    tell(board);
  };
  board.note.setAttribute("role", "status");
  (parent.querySelector?.(".stage") ?? parent).replaceChildren(board.note, board.grid, board.back);
  return board;
}

/** Show what the server sent. */
async function show(board, data) {
  const { view } = data;
  board.drawing += 1;
  const { drawing } = board;
  board.draws ??= hasWebGL();
  if (JSON.stringify(board.home) !== JSON.stringify(view.home)) {
    board.home = view.home;
    board.camera = view.camera ?? view.home;
  }
  place(board, view.panels);
  board.back.hidden = !view.panels.some((spec) => spec.form !== "none");
  say(board, board.draws ? "" : "This browser draws nothing in three dimensions: WebGL is off or missing.");
  let plotly = null;
  if (board.draws) {
    try {
      plotly = await loadPlotly(view.library);
    } catch (error) {
      say(board, `The library that draws in three dimensions is missing: ${error.message}.`);
    }
  }
  for (const spec of view.panels) {
    if (drawing !== board.drawing) return;
    const panel = board.panels.get(spec.key);
    if (plotly !== null && spec.form !== "none") await draw(board, panel, plotly, spec, data);
    else if (panel.plotted) clear(board, panel);
    panel.root.dataset.painted = performance.now();
  }
}

/** Make one panel of each specification, in order. */
function place(board, specs) {
  const keys = new Set(specs.map((spec) => spec.key));
  for (const [key, panel] of board.panels) {
    if (keys.has(key)) continue;
    dispose(board, panel);
    board.panels.delete(key);
  }
  for (const spec of specs) {
    const panel = board.panels.get(spec.key) ?? newPanel(board);
    board.panels.set(spec.key, panel);
    panel.swatch.style.background = spec.swatch;
    writeName(panel.name, spec.title);
    panel.name.title = spec.title;
    panel.words.textContent = spec.words;
    panel.words.classList.toggle("wrong", spec.form === "none");
    panel.notes.replaceChildren(...spec.notes.map((note) => element("li", "", note)));
    panel.notes.hidden = spec.notes.length === 0;
    panel.plot.hidden = spec.form === "none" || !board.draws;
  }
  arrange(board.grid, specs.map((spec) => board.panels.get(spec.key).root));
}

function newPanel(board) {
  const panel = {
    root: element("section", "panel"), swatch: element("i", "swatch"), name: element("span", "name"),
    words: element("div", "words"), notes: element("ul", "notes"), plot: element("div", "plot"),
    plotted: false, following: false, held: false, camera: null, drawn: "",
  };
  const head = element("header", "head");
  head.append(panel.swatch, panel.name);
  panel.root.append(head, panel.words, panel.plot, panel.notes);
  // The wheel scrolls the page until a shape is taken hold of.
  panel.plot.addEventListener("wheel", (event) => panel.held || event.stopPropagation(), { capture: true, passive: true });
  panel.plot.addEventListener("pointerdown", () => { panel.held = true; });
  panel.plot.addEventListener("pointerleave", () => { panel.held = false; });
  panel.resized = new ResizeObserver(() => panel.plotted && window.Plotly.Plots.resize(panel.plot));
  panel.resized.observe(panel.plot);
  return panel;
}

async function draw(board, panel, plotly, spec, data) {
  const bounds = data.view.bounds[spec.key];
  const palette = readPalette(board.host);
  // Large shapes take long: one that is there already is left alone.
  const drawn = JSON.stringify([spec, bounds, data.view.axes, palette]);
  if (panel.plotted && panel.drawn === drawn) {
    if (panel.camera !== board.camera) await follow(panel, board.camera);
    return;
  }
  const columns = {
    points: columnsOf(data[`${spec.table}_points`], ["x", "y", "z"]),
    faces: columnsOf(data[`${spec.table}_faces`], ["i", "j", "k"]),
    colors: columnsOf(data[`${spec.table}_colors`], ["r", "g", "b"]),
  };
  const layout = layoutOf(bounds, structuredClone(board.camera), data.view.axes, palette);
  panel.camera = board.camera;
  await plotly.react(panel.plot, tracesOf(spec, columns), layout, CONFIG);
  panel.drawn = drawn;
  if (panel.plotted) return;
  panel.plotted = true;
  for (const event of ["plotly_relayouting", "plotly_relayout"]) {
    panel.plot.on(event, (change) => {
      const camera = change?.["scene.camera"];
      if (!camera || panel.following) return;
      turn(board, structuredClone(camera), panel);
      // An answer in the middle of a turn would make it falter.
      if (event === "plotly_relayout") tell(board);
    });
  }
}

function columnsOf(table, names) {
  if (!table) return null;
  return Object.fromEntries(names.map((name) => [name, table.getChild(name).toArray()]));
}

/** Look at all panels from `camera`; `from` is the one that is there already. */
function turn(board, camera, from) {
  board.camera = camera;
  if (from) from.camera = camera;
  clearTimeout(board.sending);
  cancelAnimationFrame(board.frame);
  board.frame = requestAnimationFrame(() => {
    for (const panel of board.panels.values()) if (panel !== from && panel.plotted) follow(panel, camera);
  });
}

/** Tell the server from where the shapes are looked at, once they rest. */
function tell(board) {
  clearTimeout(board.sending);
  board.sending = setTimeout(() => board.send(board.camera), SEND_AFTER);
}

async function follow(panel, camera) {
  panel.following = true;
  panel.camera = camera;
  await window.Plotly.relayout(panel.plot, { "scene.camera": structuredClone(camera) });
  panel.following = false;
}

function clear(board, panel) {
  window.Plotly?.purge(panel.plot);
  panel.plotted = false;
}

function dispose(board, panel) {
  panel.resized.disconnect();
  if (panel.plotted) clear(board, panel);
  panel.root.remove();
}

function say(board, text) {
  board.note.textContent = text;
  board.note.hidden = text === "";
}

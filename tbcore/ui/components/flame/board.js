/** A flame graph on canvas: frames below their callers, as wide as the time they took. */

import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { element, freshContext, readPalette } from "../lines/dom.js";
import { duration, wholeNumber } from "../lines/format.js";
import { hideTip, newTip, showTip } from "../graph/tip.js";
import { finder, levelsOf, matches, newFrames, pathTo, percent, placed, shadeOf, stepFrom } from "./tree.js";

const ROW = 20;
const GAP = 1;
const THIN = 0.4; // pixels below which a frame is not drawn by itself
const NAMED = 26; // pixels from which on a frame has its name
const TALLEST = 560;
const SEND_AFTER = 150;
const KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];

/** Return a new board inside `parent`, a shadow root. */
export function newFlame(parent) {
  const root = element("div", "flame");
  const board = {
    parent, host: parent.host ?? parent, root, bar: element("div", "bar"), legend: element("div", "legend"), find: element("input", "find"), count: element("span", "count"),
    reset: element("button", "reset", "Show all"), scroll: element("div", "scroll"), room: element("div", "room"), canvas: element("canvas"), line: element("div", "line"),
    tip: newTip(), frames: null, stamp: null, focus: -1, chosen: -1, hover: -1, test: null, found: null, boxes: [], width: 0, frame: 0, send: () => {},
  };
  Object.assign(board.find, { type: "search", placeholder: "Find (regular expression)", spellcheck: false });
  board.find.setAttribute("aria-label", "Find frames");
  board.reset.type = "button";
  board.scroll.tabIndex = 0;
  board.scroll.setAttribute("role", "application");
  board.scroll.setAttribute("aria-label", "Flame graph");
  board.scroll.setAttribute("aria-description", "Arrow keys go from frame to frame, Enter shows one in the whole width, Escape shows all");
  board.line.setAttribute("role", "status");
  board.bar.append(board.find, board.count, board.legend, board.reset);
  board.room.append(board.canvas);
  board.scroll.append(board.room);
  root.append(board.bar, board.scroll, board.line, board.tip);
  board.outbox = newOutbox((name, value) => board.send(name, value), SEND_AFTER);
  board.resized = new ResizeObserver(() => measure(board));
  board.resized.observe(board.scroll);
  listen(board);
  return board;
}

/** Take over what the server says; what the visitor chose since then stays. */
export function updateFlame(board, data, send) {
  board.send = send;
  if (!board.root.isConnected) board.parent.querySelector(".stage").append(board.root);
  const { view, frames } = data;
  board.view = view;
  board.palette = readPalette(board.host);
  const fresh = board.stamp !== view.stamp;
  if (fresh) {
    board.stamp = view.stamp;
    board.frames = readFrames(frames);
    [board.focus, board.hover, board.chosen] = [-1, -1, -1];
    dressLegend(board);
  }
  if (heard(board.outbox, "find", view.find) || board.found === undefined) board.find.value = view.find;
  const led = heard(board.outbox, "frame", view.frame);
  if (led || fresh) {
    const at = view.frame < 0 ? -1 : board.frames.row.indexOf(view.frame);
    [board.focus, board.chosen] = [at, at];
  }
  search(board);
  arrangeBoxes(board);
}

/** Stop listening and drop the board's elements. */
export function discardFlame(board) {
  cancelAnimationFrame(board.frame);
  closeOutbox(board.outbox);
  board.resized.disconnect();
  hideTip(board.tip);
  board.root.remove();
}

function readFrames(table) {
  const column = (name) => table.getChild(name).toArray();
  const names = table.getChild("name");
  const name = Array.from({ length: names.length }, (_one, at) => String(names.get(at)));
  return newFrames({ name, ...Object.fromEntries(["parent", "total", "self", "calls", "role", "row"].map((one) => [one, Array.from(column(one), Number)])) });
}

function dressLegend(board) {
  const used = new Set(board.frames.role);
  board.legend.replaceChildren(
    ...board.view.roles.flatMap(({ words, color }, at) => {
      if (!used.has(at) || !words) return [];
      const entry = element("span", "entry");
      const swatch = element("i", "swatch");
      swatch.style.background = color;
      entry.append(swatch, element("span", "", words));
      return [entry];
    }),
  );
}

// Where things are ----------------------------------------------------------------------------------------------------

function measure(board) {
  const width = board.scroll.clientWidth;
  if (!board.frames || width === 0 || width === board.width) return;
  board.width = width;
  arrangeBoxes(board);
}

function arrangeBoxes(board) {
  board.width = board.scroll.clientWidth || board.width;
  if (!board.width) return;
  board.boxes = placed(board.frames, board.focus, THIN / board.width);
  const height = Math.max(1, levelsOf(board.boxes)) * ROW;
  board.room.style.height = `${height}px`;
  board.scroll.style.height = `${Math.min(height, TALLEST) + 2}px`;
  board.reset.hidden = board.focus < 0;
  say(board);
  soil(board);
}

function soil(board) {
  cancelAnimationFrame(board.frame);
  board.frame = requestAnimationFrame(() => paint(board));
}

function boxAt(board, x, y) {
  const bounds = board.room.getBoundingClientRect();
  const [across, level] = [(x - bounds.left) / board.width, Math.floor((y - bounds.top) / ROW)];
  return board.boxes.find((box) => box.level === level && across >= box.left && across < box.right) ?? null;
}

// Painting ------------------------------------------------------------------------------------------------------------

function paint(board) {
  const [width, height] = [board.width, board.scroll.clientHeight];
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  Object.assign(board.canvas.style, { width: `${width}px`, height: `${height}px` });
  const context = freshContext(board.canvas, width, height, ratio);
  const top = board.scroll.scrollTop;
  const above = board.focus < 0 ? 0 : pathTo(board.frames, board.focus).length - 1;
  context.font = board.palette.font;
  context.textBaseline = "middle";
  for (const box of board.boxes) {
    const y = box.level * ROW - top;
    if (y + ROW < 0 || y > height) continue;
    paintFrame(board, context, box, y, box.level < above);
  }
  board.root.dataset.painted = performance.now();
}

function paintFrame(board, context, box, y, faded) {
  const { frames, found } = board;
  const [left, right] = [box.left * board.width, box.right * board.width];
  const wide = Math.max(right - left - GAP, 0.5);
  const dim = faded || (found && !found.hit[box.at]);
  const { color } = board.view.roles[frames.role[box.at]];
  context.globalAlpha = (0.4 + 0.3 * shadeOf(frames.name[box.at])) * (dim ? 0.3 : 1);
  context.fillStyle = color;
  context.fillRect(left, y, wide, ROW - GAP);
  context.globalAlpha = 1;
  if (box.at === board.chosen || box.at === board.hover) {
    context.strokeStyle = box.at === board.chosen ? board.palette.accent : board.palette.text;
    context.lineWidth = box.at === board.chosen ? 2 : 1;
    context.strokeRect(left + 0.5, y + 0.5, Math.max(wide - 1, 1), ROW - GAP - 1);
  }
  if (wide < NAMED) return;
  context.globalAlpha = dim ? 0.55 : 1;
  context.fillStyle = board.palette.text;
  context.fillText(fitted(context, frames.name[box.at], wide - 8), left + 4, y + ROW / 2);
  context.globalAlpha = 1;
}

/** Return as much of a name as fits: its beginning. */
function fitted(context, name, width) {
  if (context.measureText(name).width <= width) return name;
  const part = Math.floor((name.length * width) / context.measureText(name).width);
  let letters = Math.max(0, Math.min(name.length, part));
  while (letters > 0 && context.measureText(`${name.slice(0, letters)}…`).width > width) letters -= 1;
  return letters > 1 ? `${name.slice(0, letters)}…` : "";
}

// What the visitor does -----------------------------------------------------------------------------------------------

function listen(board) {
  board.scroll.addEventListener("scroll", () => {
    hover(board, null);
    soil(board);
  }, { passive: true });
  board.scroll.addEventListener("pointermove", (event) => hover(board, boxAt(board, event.clientX, event.clientY), event));
  board.scroll.addEventListener("pointerleave", () => hover(board, null));
  board.scroll.addEventListener("click", (event) => {
    const box = boxAt(board, event.clientX, event.clientY);
    if (box) choose(board, box.at, true);
  });
  board.scroll.addEventListener("keydown", (event) => type(board, event));
  board.find.addEventListener("input", () => {
    search(board);
    post(board.outbox, "find", board.find.value);
    soil(board);
  });
  board.reset.addEventListener("click", () => choose(board, -1, true));
}

function choose(board, at, zooms) {
  board.chosen = at;
  if (zooms) {
    // Another click on what fills the width goes back to its caller.
    board.focus = at >= 0 && at === board.focus ? board.frames.parent[at] : at;
    board.chosen = board.focus;
  }
  post(board.outbox, "frame", board.chosen < 0 ? -1 : board.frames.row[board.chosen]);
  arrangeBoxes(board);
  reveal(board);
}

function reveal(board) {
  const box = board.boxes.find(({ at }) => at === board.chosen);
  if (!box) return;
  const [top, low] = [board.scroll.scrollTop, board.scroll.scrollTop + board.scroll.clientHeight - ROW];
  if (box.level * ROW < top) board.scroll.scrollTop = box.level * ROW;
  else if (box.level * ROW > low) board.scroll.scrollTop = box.level * ROW - board.scroll.clientHeight + ROW;
}

function type(board, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (KEYS.includes(event.key)) choose(board, stepFrom(board.frames, board.chosen, event.key), false);
  else if (event.key === "Enter" && board.chosen >= 0) choose(board, board.chosen, true);
  else if (event.key === "Escape") choose(board, -1, true);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function search(board) {
  const test = finder(board.find.value);
  board.found = test ? matches(board.frames, test) : null;
  board.count.textContent = board.found ? `${wholeNumber(board.found.count)} found, ${percent(board.found.share)} of the time` : "";
}

function hover(board, box, event) {
  const at = box?.at ?? -1;
  if (at !== board.hover) {
    board.hover = at;
    soil(board);
  }
  board.scroll.style.cursor = at < 0 ? "" : "pointer";
  if (at < 0) hideTip(board.tip);
  else showTip(board.tip, board.frames.name[at], told(board, at), event.clientX, event.clientY);
}

function told(board, at) {
  const { frames } = board;
  const above = frames.parent[at];
  return [
    `${duration(frames.total[at] * 1e-9)} · ${percent(frames.total[at] / frames.whole)} of all${above < 0 ? "" : ` · ${percent(frames.total[at] / frames.total[above])} of its caller`}`,
    `${duration(frames.self[at] * 1e-9)} in itself`,
    `${wholeNumber(frames.calls[at])} ${frames.calls[at] === 1 ? "call" : "calls"}${board.view.roles[frames.role[at]].one ? ` · ${board.view.roles[frames.role[at]].one}` : ""}`,
  ];
}

/** Say what is chosen below the picture, for those who cannot hover. */
function say(board) {
  const at = board.chosen;
  board.line.textContent = at < 0 ? "" : [board.frames.name[at], ...told(board, at)].join(" · ");
  board.line.title = at < 0 ? "" : pathTo(board.frames, at).map((one) => board.frames.name[one]).join("\n");
}

/** The component's entry: the toolbar, the groups of cards, the large view. */

import { arrange, coveredTop, element } from "../lines/dom.js";
import { closeOutbox, heard, newOutbox, post } from "../lines/sync.js";
import { dressGroup, newGroup, pageOf } from "../lines/grid.js";
import { loadPicture } from "./pixels.js";
import { dressImages, hangTiles, newCard, refitTiles } from "./tiles.js";
import { dressBar, filterOf, newBar } from "./bar.js";
import { dropViewer, hearViewer, lightViewer, newViewer, openViewer } from "./viewer.js";

const DELAY = 120; // milliseconds
const NEAR = "400px";

const boards = new WeakMap();

export default function images({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let board = boards.get(parentElement);
  if (!board) {
    board = newImageBoard(parentElement);
    boards.set(parentElement, board);
  }
  board.outbox.send = setStateValue;
  board.viewer.send = (opened) => setStateValue("opened", opened);
  board.viewer.save = (pick) => {
    board.saving = true;
    setTriggerValue("wanted", pick);
  };
  takeView(board, data);
  return () => {
    closeOutbox(board.outbox);
    board.sight.disconnect();
    dropViewer(board.viewer);
    board.root.remove();
    boards.delete(parentElement);
  };
}

function newImageBoard(parent) {
  const board = {
    root: element("div", "board"), body: element("div"), cards: new Map(), groups: new Map(), pictures: new Map(), seen: new Set(),
    layout: { open: {}, page: {}, sample: {}, part: {} }, settings: null, view: null, turn: 0, outbox: newOutbox(() => {}, DELAY),
  };
  board.bar = newBar((change) => setImages(board, change));
  board.root.append(board.bar.root, board.body);
  const stage = parent.querySelector(".stage") ?? parent;
  stage.append(board.root);
  board.viewer = newViewer(stage, { send: () => {}, save: () => {}, light: (change) => setImages(board, change) });
  board.sight = new IntersectionObserver((entries) => noteSight(board, entries), { rootMargin: NEAR });
  return board;
}

function takeView(board, data) {
  const { view } = data;
  board.root.style.setProperty("--ceiling", `${coveredTop()}px`);
  const cards = view.cards ?? board.view?.cards ?? [];
  board.view = { ...view, cards };
  if (heard(board.outbox, "settings", view.settings) || !board.settings) board.settings = { ...view.settings };
  if (heard(board.outbox, "layout", view.layout)) board.layout = structuredClone(view.layout);
  dressAll(board);
  hearViewer(board.viewer, view.opened, data.pixels);
  saveFile(board, view.file, data.file);
  if (view.cards) hangAll(board, data.thumbs);
}

/** Load the pictures that are new and, when all are there, change what is shown at once; the old ones stay until then. */
async function hangAll(board, thumbs) {
  board.turn += 1;
  const mine = board.turn;
  const { cards } = board.view;
  const wanted = new Map();
  for (const tile of cards.flatMap((card) => card.tiles)) if (tile.row >= 0 && tile.id) wanted.set(tile.id, tile.row);
  const [bytes, mimes] = [thumbs?.getChild("data"), thumbs?.getChild("mime")];
  const found = await Promise.all([...wanted].map(async ([id, row]) => {
    const known = board.pictures.get(id);
    return [id, known ?? (await loadPicture(bytes.get(row), mimes.get(row)))];
  }));
  // What came later has more to say; what was loaded is not lost.
  for (const [id, picture] of found) board.pictures.set(id, picture);
  if (mine !== board.turn) return;
  dressAll(board, true);
  const shown = new Set([...board.cards.values()].flatMap((card) => card.tiles.map((tile) => tile.id)));
  for (const id of board.pictures.keys()) if (!wanted.has(id) && !shown.has(id)) board.pictures.delete(id);
}

/** Bring groups, cards and controls up to date; hang: their images too. */
function dressAll(board, hang = false) {
  const { view, settings, layout } = board;
  dressBar(board.bar, settings);
  lightViewer(board.viewer, settings);
  board.root.style.setProperty("--filter", filterOf(settings));
  board.root.classList.toggle("actual", settings.actual);
  const byTag = new Map(view.cards.map((card) => [card.tag, card]));
  const kept = new Set();
  const roots = view.groups.map(({ name, cards: tags, open, page }) => {
    if (!board.groups.has(name)) board.groups.set(name, newGroup(name, (choice) => chooseGroup(board, name, choice)));
    const group = board.groups.get(name);
    const isOpen = layout.open[name] ?? open;
    const shown = pageOf(tags, isOpen, layout.page[name] ?? page, view.page_size);
    const cards = shown.tags.map((tag) => {
      kept.add(tag);
      return cardOf(board, tag, byTag.get(tag), hang);
    });
    dressGroup(group, tags.length, isOpen, shown, cards.map((card) => card.root));
    return group.root;
  });
  for (const [tag, card] of board.cards) {
    if (kept.has(tag)) continue;
    board.sight.unobserve(card.root);
    board.cards.delete(tag);
    board.seen.delete(tag);
  }
  for (const name of board.groups.keys()) if (!view.groups.some((group) => group.name === name)) board.groups.delete(name);
  arrange(board.body, roots);
}

function cardOf(board, tag, about, hang) {
  let card = board.cards.get(tag);
  if (!card) {
    card = newCard(tag, (name, of, value) => act(board, name, of, value));
    card.title.textContent = tag;
    board.cards.set(tag, card);
    board.sight.observe(card.root);
  }
  if (!about) return card;
  // What is out of sight keeps its images, and what is written at them, until it is made anew.
  const kept = !about.made && card.root.dataset.painted;
  card.root.classList.toggle("stale", Boolean(kept));
  if (!kept && (hang || !card.data)) dressImages(card, about, board.settings);
  if (!kept && hang) hangTiles(card, board.pictures, board.settings);
  // What needs nothing new from the server, such as the size, is seen at once.
  else refitTiles(card, board.settings);
  return card;
}

function setImages(board, change) {
  board.settings = { ...board.settings, ...change };
  post(board.outbox, "settings", board.settings);
  dressAll(board);
}

function chooseGroup(board, name, { open, page }) {
  if (open !== undefined) board.layout.open[name] = open;
  if (page !== undefined) board.layout.page[name] = page;
  post(board.outbox, "layout", structuredClone(board.layout));
  dressAll(board);
}

function act(board, name, card, value) {
  if (name === "open") {
    const about = { ...value, tag: card.tag };
    openViewer(board.viewer, about, board.pictures.get(value.id));
    return;
  }
  const [shown, key] = name === "sample" ? [card.data.sample, "sample"] : [card.data.part, "part"];
  board.layout[key][card.tag] = Math.max(0, shown + value);
  card.data = { ...card.data, [key]: shown + value };
  post(board.outbox, "layout", structuredClone(board.layout));
}

function noteSight(board, entries) {
  for (const { target, isIntersecting } of entries) {
    const tag = [...board.cards.values()].find((card) => card.root === target)?.tag;
    if (tag === undefined) continue;
    if (isIntersecting) board.seen.add(tag);
    else board.seen.delete(tag);
  }
  const made = new Set(board.view?.cards.filter((card) => card.made).map((card) => card.tag));
  const tags = [...board.seen];
  // The server is asked only for what it has not made, or to make no more what is far away.
  if (tags.some((tag) => !made.has(tag)) || made.size > tags.length) post(board.outbox, "near", { tags, ratio: window.devicePixelRatio });
}

function saveFile(board, file, table) {
  if (!file || !board.saving) return;
  board.saving = false;
  if (file.error) {
    board.viewer.said.textContent = file.error;
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([table.getChild("data").get(0)], { type: "application/octet-stream" }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

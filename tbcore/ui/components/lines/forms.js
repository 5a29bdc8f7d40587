/** What opens in the panel: the settings, a card's menu, the ranges of its axes, what to do with a picked run. */

import { element } from "./dom.js";
import { number, wholeNumber } from "./format.js";
import { below, checkBox, choice, closePanel, formRow, menuItems, openPanel, textField } from "./panel.js";
import { takePicture } from "./picture.js";
import { smoothingMethod, smoothingMethods, USUAL_ROWS } from "./settings.js";

const ORDERS = [["nearest", "Nearest first"], ["descending", "Highest first"], ["ascending", "Lowest first"], ["alphabetical", "By name"]];
const USUAL_WIDTH = 335;
const WIDEST = 1200;

/** Open the rarer settings; `set(change)` is called with each. */
export function openSettings(board, owner, set) {
  const { settings, view } = board;
  const toggle = (text, name) => formRow(text, checkBox(settings[name], (value) => set({ [name]: value })));
  const method = choice(smoothingMethods(), settings.method, (name) => set({ method: name, smoothing: smoothingMethod(name).usual }));
  const rows = element("input");
  Object.assign(rows, { type: "number", min: 1, max: 100, value: settings.rows || USUAL_ROWS });
  rows.title = "No more than fit into the window are shown";
  rows.addEventListener("input", () => {
    const count = Math.max(0, Math.min(100, Math.round(Number(rows.value)) || 0));
    set({ rows: count === USUAL_ROWS ? 0 : count });
  });
  const width = element("input");
  const told = element("span", "amount");
  const wide = () => (told.textContent = settings.card_width || Number(width.value) !== USUAL_WIDTH ? `${width.value} px` : "usual");
  Object.assign(width, { type: "range", min: 240, max: WIDEST, step: 5, value: settings.card_width || USUAL_WIDTH });
  const filled = () => width.style.setProperty("--filled", (width.value - 240) / (WIDEST - 240));
  width.addEventListener("input", () => {
    const value = Number(width.value);
    set({ card_width: value === USUAL_WIDTH ? 0 : value });
    filled();
    wide();
  });
  width.addEventListener("dblclick", () => {
    width.value = USUAL_WIDTH;
    width.dispatchEvent(new Event("input"));
  });
  filled();
  wide();
  const tags = view.axis_tags ?? [];
  const across = choice([["", "–"], ...tags.map((tag) => [tag, tag])], settings.axis === "tag" ? settings.axis_tag : "", (tag) => {
    set(tag ? { axis: "tag", axis_tag: tag } : { axis: "step", axis_tag: "" });
  });
  openPanel(board.panel, owner, below(owner), [
    formRow("Smoothing", method),
    ...(tags.length ? [formRow("x axis: another tag", across)] : []),
    toggle("Logarithmic x axis", "log_x"),
    toggle("Ignore outliers in the range of y", "outliers"),
    toggle("Same range of y in all cards", "shared_y"),
    toggle("Begin a line anew where x runs back", "partition"),
    formRow("Tooltip", choice(ORDERS, settings.order, (order) => set({ order }))),
    formRow("Rows of the tooltip", rows),
    ...(board.can("select") ? [toggle("Select the same steps in all cards", "linked")] : []),
    formRow("Card width", width, told),
    toggle("Hide cards without points", "hide_empty"),
  ], { title: "Settings" });
}

/** Open what can be done with a card; `act(name, card, more)` is called. */
export function openCardMenu(board, card, act) {
  const { spec } = card;
  const { can } = board;
  const parts = (spec?.tags ?? []).slice(1);
  const sideOf = (at) => spec.series.find((series) => (series.tag ?? 0) === at)?.side ?? "left";
  const items = [
    [card.tall ? "Usual height" : "Tall", () => act("tall", card)],
    ["Save as PNG", () => takePicture(card, board, "png")],
    ["Save as SVG", () => takePicture(card, board, "svg")],
    ...(can("take") ? [["Take the data away…", () => act("take", card)]] : []),
    ...(can("ranges") ? [["Ranges of the axes…", () => openRanges(board, card, act)]] : []),
    ...(can("arrange") ? [["Move forward", () => act("move", card, -1)], ["Move back", () => act("move", card, 1)]] : []),
    ...(can("overlay") ? parts.flatMap((tag, at) => {
      const other = sideOf(at + 1) === "right" ? "left" : "right";
      return [
        [`${tag}: to the ${other} axis`, () => act("side", card, { tag, side: other })],
        [`${tag}: take off`, () => act("split", card, { part: tag })],
      ];
    }) : []),
    ...(can("overlay") && parts.length > 1 ? [["Take off all overlaid tags", () => act("split", card, {})]] : []),
  ];
  openPanel(board.panel, card.menuButton, below(card.menuButton), menuItems(board.panel, items), { kind: "menu" });
}

/** Open the ranges of a card's axes to type in; an empty end fits what is drawn. */
export function openRanges(board, card, act) {
  const { frame, range } = card;
  if (!frame) return;
  const ends = { x: [frame.xs.low, frame.xs.high], y: [frame.ys.low, frame.ys.high] };
  const said = element("div", "said");
  said.setAttribute("role", "status");
  const fields = Object.fromEntries(["x", "y"].map((axis) => [axis, ["From", "to"].map((word, at) => {
    const value = range?.[axis]?.[at];
    return textField(value === undefined ? "" : String(value), () => {}, {
      ariaLabel: `${axis} ${word.toLowerCase()}`, placeholder: number(ends[axis][at]), size: 9, inputMode: "decimal",
    });
  })]));
  const read = () => {
    const found = {};
    for (const [axis, boxes] of Object.entries(fields)) {
      const texts = boxes.map((box) => box.value.trim());
      found[axis] = null;
      if (texts.every((text) => text === "")) continue;
      const values = texts.map((text, at) => (text === "" ? Number(ends[axis][at].toPrecision(6)) : Number(text)));
      if (!(values.every(Number.isFinite) && values[0] < values[1])) {
        said.textContent = `${axis}: two numbers, the smaller one first`;
        return null;
      }
      found[axis] = values;
    }
    return found.x || found.y ? found : { x: null, y: null };
  };
  const button = (text, press) => {
    const made = element("button", "segment", text);
    made.type = "button";
    made.addEventListener("click", press);
    return made;
  };
  const apply = (every) => {
    const found = read();
    if (!found) return;
    closePanel(board.panel);
    act("range", card, { ...found, every });
  };
  const form = Object.entries(fields).map(([axis, boxes]) => formRow(axis, boxes[0], element("span", "", "to"), boxes[1]));
  for (const box of Object.values(fields).flat()) box.addEventListener("keydown", ({ key }) => key === "Enter" && apply(false));
  const buttons = element("div", "buttons");
  buttons.append(button("Set", () => apply(false)), button("Set for all cards", () => apply(true)), button("Fit", () => {
    closePanel(board.panel);
    act("range", card, { x: null, y: null, every: false });
  }));
  openPanel(board.panel, card.rangeButton, below(card.rangeButton), [...form, said, buttons], { title: "Ranges of the axes" });
}

/** Open what can be done at a place of a card: with the run whose line is there, at its step, with a note. */
export function openPick(board, card, place, { run, step, marker }, act) {
  const { can } = board;
  const isBaseline = run && board.view.baseline === run.name;
  const single = run && !run.group;
  const note = () => openNote(board, card, place, step, act);
  const items = [
    ...(run && can("pick") ? [
      [`Only this ${run.group ? "group" : "run"}`, () => act("pick", card, { run: run.name, act: "only" })],
      ["Hide", () => act("pick", card, { run: run.name, act: "hide" })],
      ...(can("baseline") && single ? [[isBaseline ? "No baseline" : "Use as the baseline", () => act("pick", card, { run: run.name, act: "baseline" })]] : []),
      ...(single ? [["Open in the run list", () => act("pick", card, { run: run.name, act: "open" })]] : []),
    ] : []),
    ...(can("select") && step !== null && board.settings.axis === "step" ? [[`Select step ${wholeNumber(step)}`, () => act("select", card, { from: step })]] : []),
    ...(can("notes") && step !== null ? [[`Note at step ${wholeNumber(step)}…`, note]] : []),
    ...(can("notes") && marker ? [[`Remove the note “${marker.text}”`, () => act("unnote", card, { step: marker.step, text: marker.text })]] : []),
  ];
  if (!items.length) return;
  openPanel(board.panel, null, place, menuItems(board.panel, items), { kind: "menu", title: run?.name ?? "", left: () => act("left", card) });
}

function openNote(board, card, place, step, act) {
  const box = textField("", (text) => {
    closePanel(board.panel);
    if (text.trim()) act("note", card, { step, text: text.trim() });
  }, { maxLength: 200, ariaLabel: "Note", size: 28 });
  openPanel(board.panel, null, place, [box], { title: `Note at step ${wholeNumber(step)}` });
}

/** The run list: which runs are shown, how far each has come, and when the logs were last read. */

import { SHOW_ALL_UP_TO, everyRun, reconciled, selectionOf, selectionOfMatches, shownFlags } from "./selection.js";
import { compiled, matches } from "./selection.js";
import { clockLead, explanation, intervalTitle, readLine, matchCount, shownCount, wrongRegex } from "./words.js";
import { HEAD_HEIGHT, ROW_HEIGHT, drawRows, figureWidths, scrollTopFor } from "./rows.js";

const SEND_AFTER = 150;

const lists = new WeakMap();

export default function runList({ data, parentElement, setStateValue, setTriggerValue }) {
  const state = lists.get(parentElement) ?? newList(parentElement);
  lists.set(parentElement, state);
  state.send = setStateValue;
  state.trigger = setTriggerValue;
  receive(state, data.view);
  return () => {
    clearInterval(state.clock);
    clearTimeout(state.sending);
    state.observer.disconnect();
    window.removeEventListener("runlens:highlight", state.onHighlight);
    lists.delete(parentElement);
  };
}

function newList(parent) {
  const part = (name) => parent.querySelector(`.${name}`);
  const state = {
    part,
    rows: { scroller: part("scroller"), spacer: part("spacer"), rows: new Map() },
    view: null,
    text: "",
    runs: [],
    names: [],
    selection: null,
    sent: [],
    flags: [],
    pattern: "",
    reason: null,
    order: [],
    cursor: 0,
    lit: null,
    pointed: null,
    lead: 0,
  };
  // Handlers are assigned, not added: the elements may outlive this state.
  part("all").onclick = () => choose(state, everyRun(state.names.length));
  part("none").onclick = () => choose(state, { mode: "only", runs: [] });
  part("these").onclick = () => choose(state, selectionOfMatches(state.names, state.pattern));
  part("add").onclick = () => chooseFlags(state, state.flags.map((flag, index) => flag || state.hits[index]));
  part("hide").onclick = () => chooseFlags(state, state.flags.map((flag, index) => flag && !state.hits[index]));
  part("filter").oninput = (event) => filter(state, event.target.value);
  part("filter").onkeydown = (event) => {
    // The app listens for single letters (r runs it again) and cannot see that this one is typed into a field.
    event.stopPropagation();
    if (event.key === "ArrowDown") moveTo(state, state.cursor);
  };
  const { scroller } = state.rows;
  scroller.onscroll = () => draw(state);
  scroller.onclick = (event) => click(state, event);
  scroller.onkeydown = (event) => press(state, event);
  scroller.onpointerover = (event) => point(state, runAt(event));
  scroller.onpointerleave = () => point(state, null);
  state.observer = new ResizeObserver(() => draw(state));
  state.observer.observe(scroller);
  state.onHighlight = (event) => {
    if (event.detail.source === "runs" || event.detail.run === state.lit) return;
    state.lit = event.detail.run;
    draw(state);
  };
  window.addEventListener("runlens:highlight", state.onHighlight);
  state.clock = setInterval(() => tick(state), 1000);
  part("runs").style.setProperty("--row", `${ROW_HEIGHT}px`);
  part("runs").style.setProperty("--column-head", `${HEAD_HEIGHT}px`);
  return state;
}

function receive(state, view) {
  const before = state.view;
  state.lead = clockLead(seconds(), view.read_at ?? null, before?.read_at ?? null, state.lead);
  if (view.runs !== state.text) [state.text, state.runs] = [view.runs, JSON.parse(view.runs)];
  state.view = { ...view, runs: state.runs };
  state.names = state.runs.map((run) => run.name);
  if (before === null) state.selection = view.shown;
  else [state.selection, state.sent] = reconciled(state.selection, state.sent, before.shown, view.shown);
  state.flags = shownFlags(state.names, state.selection, view.limit);
  for (const [name, letters] of Object.entries(figureWidths(state.runs))) {
    state.part("runs").style.setProperty(`--${name}`, `${letters}ch`);
  }
  list(state);
  paint(state);
  // Only a list that has been drawn has a height to scroll in.
  if (before === null) state.rows.scroller.scrollTop = Math.max(0, state.flags.indexOf(true)) * ROW_HEIGHT;
  // What the page draws now may come from before the last choice.
  if (state.sent.length > 0) requestAnimationFrame(() => announce(state));
}

function choose(state, selection) {
  state.selection = selection;
  state.flags = shownFlags(state.names, selection, state.view.limit);
  announce(state);
  paint(state);
  if (state.pointed !== null) tellHighlight(state);
  clearTimeout(state.sending);
  state.sent.push(JSON.stringify(selection));
  // Each choice has a time of its own: the same one made again counts over what a page chose in between.
  state.sending = setTimeout(() => state.send("shown", { ...selection, at: Date.now() }), SEND_AFTER);
}

function chooseFlags(state, flags) {
  choose(state, selectionOf(state.names, flags));
}

function toggle(state, index) {
  chooseFlags(state, state.flags.map((flag, at) => flag !== (at === index)));
}

function only(state, index) {
  chooseFlags(state, state.flags.map((_, at) => at === index));
}

function announce(state) {
  const shown = Object.fromEntries(state.names.map((name, index) => [name, state.flags[index]]));
  window.dispatchEvent(new CustomEvent("runlens:shown", { detail: { shown } }));
}

function filter(state, text) {
  const { reason } = compiled(text);
  state.reason = reason ?? null;
  if (reason === undefined && text !== state.pattern) {
    state.pattern = text;
    state.cursor = 0;
    list(state);
    state.rows.scroller.scrollTop = 0;
  }
  paint(state);
}

function list(state) {
  state.hits = matches(state.names, compiled(state.pattern).regex);
  state.order = [];
  state.hits.forEach((hit, index) => hit && state.order.push(index));
}

function click(state, event) {
  const index = runAt(event);
  if (index === null) return;
  state.cursor = state.order.indexOf(index);
  if (event.target.closest(".problems")) {
    state.trigger("problems", state.names[index]);
  } else if (event.target.closest(".only") || event.detail === 2) {
    only(state, index);
  } else if (event.detail < 2) {
    toggle(state, index);
  }
}

function press(state, event) {
  // Buttons in a row have a press of their own.
  if (event.target.closest("button")) return;
  const page = Math.max(1, Math.floor(state.rows.scroller.clientHeight / ROW_HEIGHT) - 1);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key in moves) moveTo(state, state.cursor + moves[event.key]);
  else if (event.key === " ") toggle(state, state.order[state.cursor]);
  else if (event.key === "Enter") only(state, state.order[state.cursor]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function moveTo(state, place) {
  if (state.order.length === 0) return;
  state.cursor = Math.min(state.order.length - 1, Math.max(0, place));
  state.rows.scroller.scrollTop = scrollTopFor(state.rows.scroller, state.cursor);
  draw(state);
  state.rows.rows.get(state.cursor)?.firstChild.focus({ preventScroll: true });
}

function point(state, index) {
  if (index === state.pointed) return;
  state.pointed = index;
  tellHighlight(state);
}

function tellHighlight(state) {
  const run = state.pointed !== null && state.flags[state.pointed] ? state.names[state.pointed] : null;
  window.dispatchEvent(new CustomEvent("runlens:highlight", { detail: { run, source: "runs" } }));
}

function runAt(event) {
  const row = event.target.closest(".row");
  return row === null ? null : Number(row.dataset.run);
}

function paint(state) {
  const { part, view } = state;
  const total = state.names.length;
  const shown = state.flags.filter((flag) => flag).length;
  const filtered = state.pattern !== "";
  const why = explanation(state.selection, shown, total, view.limit, SHOW_ALL_UP_TO);
  part("empty").hidden = total > 0;
  part("top").hidden = part("filter").hidden = part("scroller").hidden = total === 0;
  part("count").textContent = shownCount(shown, total);
  part("why").hidden = why === "";
  part("why").textContent = part("why").title = why;
  part("wrong").hidden = state.reason === null;
  part("wrong").textContent = state.reason === null ? "" : wrongRegex(state.reason, state.pattern);
  part("filter").setAttribute("aria-invalid", String(state.reason !== null));
  part("matching").hidden = !filtered || total === 0;
  part("matches").textContent = matchCount(state.order.length);
  for (const name of ["these", "add", "hide"]) part(name).disabled = state.order.length === 0;
  part("column-head").hidden = state.order.length === 0;
  tick(state);
}

function tick(state) {
  const { part, view } = state;
  const { reading } = view;
  const age = view.read_at == null ? null : Math.max(0, seconds() - state.lead - view.read_at);
  part("read").hidden = view.read_at === undefined && !reading;
  part("read-text").textContent = readLine(reading, age);
  part("read").title = intervalTitle(view.interval);
  part("bar").hidden = !reading;
  if (reading) part("done").style.width = `${(100 * reading.done) / Math.max(1, reading.total)}%`;
  draw(state);
}

function draw(state) {
  const { rows, flags, order, lit, view } = state;
  if (view === null) return;
  state.cursor = Math.max(0, Math.min(state.cursor, order.length - 1));
  const model = { runs: view.runs, flags, order, lit, cursor: state.cursor, now: seconds() - state.lead };
  const [first, end] = drawRows(rows, model);
  // The keyboard enters the list at a row that is there.
  const focused = rows.scroller.contains(rows.scroller.getRootNode().activeElement);
  if (end > first && !focused && (state.cursor < first || state.cursor >= end)) {
    state.cursor = Math.ceil(rows.scroller.scrollTop / ROW_HEIGHT);
    drawRows(rows, { ...model, cursor: state.cursor });
  }
}

function seconds() {
  return Date.now() / 1000;
}

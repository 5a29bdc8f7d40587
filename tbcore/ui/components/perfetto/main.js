/** The component's entry: a button, and the bytes once they are there. */

import { element } from "../lines/dom.js";
import { handOver } from "./handover.js";

const buttons = new WeakMap();

export default function perfetto({ data, parentElement, setTriggerValue }) {
  let state = buttons.get(parentElement);
  if (!state) {
    state = { button: element("button", "hand", "Open in Perfetto"), said: element("span", "said"), target: null, url: "", name: "" };
    state.button.type = "button";
    state.button.title = "Opens in a window of its own and hands the trace to it, in this browser";
    state.button.addEventListener("click", () => {
      // A window may be opened by a click alone, so it comes before the trace does.
      state.target = window.open(state.url, "_blank");
      state.said.textContent = state.target ? "making the trace …" : "the browser keeps windows from being opened";
      if (state.target) state.send("wanted", true);
    });
    parentElement.querySelector(".stage").append(state.button, state.said);
    buttons.set(parentElement, state);
  }
  state.send = setTriggerValue;
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) give(state, new Uint8Array(data));
  else if (data) {
    Object.assign(state, { url: data.url, name: data.name });
    if (data.wrong) state.said.textContent = data.wrong;
  }
  return () => {
    state.button.remove();
    state.said.remove();
    buttons.delete(parentElement);
  };
}

function give(state, bytes) {
  if (!state.target) return;
  const { target } = state;
  state.target = null;
  state.said.textContent = "handing it over …";
  handOver(target, state.url, state.name, bytes, (ok) => {
    state.said.textContent = ok ? "" : "Perfetto did not answer";
  });
}

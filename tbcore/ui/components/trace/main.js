/** The component's entry: called on every change of data or theme. */

import { discardTrace, newTrace, updateTrace } from "./board.js";

const traces = new WeakMap();

export default function trace({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let board = traces.get(parentElement);
  if (!board) {
    board = newTrace(parentElement);
    traces.set(parentElement, board);
  }
  updateTrace(board, data, setStateValue);
  return () => {
    discardTrace(board);
    traces.delete(parentElement);
  };
}

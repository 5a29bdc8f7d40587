/** The component's entry: called on every change of data or theme. */

import { discardGraph, newGraph, updateGraph } from "./board.js";

const graphs = new WeakMap();

export default function graph({ data, parentElement, setStateValue }) {
  if (!data?.picture) return undefined;
  let board = graphs.get(parentElement);
  if (!board) {
    board = newGraph(parentElement);
    graphs.set(parentElement, board);
  }
  updateGraph(board, data, setStateValue);
  return () => {
    discardGraph(board);
    graphs.delete(parentElement);
  };
}

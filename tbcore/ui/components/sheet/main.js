/** The component's entry: called on every change of data or theme. */

import { discardTable, newTable, receiveTable } from "./board.js";

const tables = new WeakMap();

export default function sheet({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let board = tables.get(parentElement);
  if (!board) {
    board = newTable(parentElement);
    tables.set(parentElement, board);
  }
  receiveTable(board, data, setStateValue, setTriggerValue);
  return () => {
    discardTable(board);
    tables.delete(parentElement);
  };
}

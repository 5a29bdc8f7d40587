/** The component's entry: called on every change of data or theme. */

import { discardFlame, newFlame, updateFlame } from "./board.js";

const flames = new WeakMap();

export default function flameGraph({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let board = flames.get(parentElement);
  if (!board) {
    board = newFlame(parentElement);
    flames.set(parentElement, board);
  }
  updateFlame(board, data, setStateValue);
  return () => {
    discardFlame(board);
    flames.delete(parentElement);
  };
}

/** The component's entry: called on every change of data or theme. */

import { discardCloud, newCloud, updateCloud } from "./board.js";

const clouds = new WeakMap();

export default function cloud({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let board = clouds.get(parentElement);
  if (!board) {
    board = newCloud(parentElement);
    clouds.set(parentElement, board);
  }
  updateCloud(board, data.view, setStateValue);
  return () => {
    discardCloud(board);
    clouds.delete(parentElement);
  };
}

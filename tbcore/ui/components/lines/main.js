/** The component's entry: called on every change of data or theme. */

import { discard, newBoard, update } from "./board.js";

const boards = new WeakMap();

export default function lines({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let board = boards.get(parentElement);
  if (!board) {
    board = newBoard(parentElement);
    boards.set(parentElement, board);
  }
  update(board, data, setStateValue, setTriggerValue);
  return () => {
    discard(board);
    boards.delete(parentElement);
  };
}

/** The component's entry: called on every change of data or theme. */

import { discardBoard, newBoard, updateBoard } from "./board.js";

const boards = new WeakMap();

export default function parallelAxes({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data?.view) return undefined;
  let board = boards.get(parentElement);
  if (!board) {
    board = newBoard(parentElement);
    boards.set(parentElement, board);
  }
  updateBoard(board, data, setStateValue, setTriggerValue);
  return () => {
    discardBoard(board);
    boards.delete(parentElement);
  };
}

/** The component's entry: called on every change of data or theme. */

import { discardBoard, newBoard, updateBoard } from "./board.js";

const boards = new WeakMap();

export default function scatterPlots({ data, parentElement, setStateValue }) {
  if (!data?.view) return undefined;
  let board = boards.get(parentElement);
  if (!board) {
    board = newBoard(parentElement);
    boards.set(parentElement, board);
  }
  updateBoard(board, data, setStateValue);
  return () => {
    discardBoard(board);
    boards.delete(parentElement);
  };
}

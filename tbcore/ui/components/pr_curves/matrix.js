/** Confusion matrices below a chart: counts, and shares of the positives and of the negatives. */

import { arrange, element, writeName } from "../lines/dom.js";
import { moment, number } from "../lines/format.js";
import { countText, matrixOf, nearestThreshold, percentText } from "./curve.js";

const CELLS = [
  ["tp", "TP", "True positives, of the positives"],
  ["fn", "FN", "False negatives, of the positives"],
  ["fp", "FP", "False positives, of the negatives"],
  ["tn", "TN", "True negatives, of the negatives"],
];

/** Return a new, empty set of matrices; `emphasise(curve)` is called as the pointer is on one, with null as it leaves. */
export function newMatrices(emphasise) {
  return { root: element("div", "matrices"), blocks: [], emphasise };
}

/** Write the matrices of `curves` at a threshold. words: what each is called. */
export function dressMatrices(matrices, curves, words, threshold) {
  while (matrices.blocks.length < curves.length) matrices.blocks.push(newBlock(matrices));
  curves.forEach((curve, index) => {
    const block = matrices.blocks[index];
    const at = nearestThreshold(curve, threshold);
    block.curve = curve;
    writeName(block.name, words[index]);
    block.step.textContent = curve.step;
    block.root.title = `${words[index]}\nstep ${curve.step}${curve.wall === null ? "" : `, ${moment(curve.wall)}`}\nat the logged threshold ${number(curve.threshold[at])}`
      + `\nprecision ${number(curve.tp[at] + curve.fp[at] ? curve.precision[at] : NaN)}, recall ${number(curve.recall[at])}`;
    block.root.style.setProperty("--color", curve.color);
    const matrix = matrixOf(curve, at);
    for (const [name, term] of CELLS) {
      const { count, share } = matrix[name];
      const cell = block.cells[name];
      cell.count.textContent = countText(count);
      cell.share.textContent = `${term} ${percentText(share)}`.trim();
      cell.root.style.setProperty("--heat", `${6 + Math.round(60 * (Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : 0))}%`);
    }
  });
  arrange(matrices.root, matrices.blocks.slice(0, curves.length).map((block) => block.root));
  matrices.root.hidden = curves.length === 0;
}

function newBlock(matrices) {
  const block = { root: element("div", "matrix"), name: element("span", "name"), step: element("span", "step"), cells: {}, curve: null };
  const head = element("div", "of");
  head.append(block.name, block.step);
  block.root.append(head);
  for (const [name, , about] of CELLS) {
    const cell = { root: element("div", "cell"), count: element("b"), share: element("span") };
    cell.root.setAttribute("aria-label", about);
    cell.root.append(cell.count, cell.share);
    block.cells[name] = cell;
    block.root.append(cell.root);
  }
  block.root.addEventListener("pointerenter", () => matrices.emphasise(block.curve));
  block.root.addEventListener("pointerleave", () => matrices.emphasise(null));
  return block;
}

/** The component's entry: draws the table anew whenever its data changes. */

import { element } from "../lines/dom.js";
import { comparison } from "./table.js";

const stages = new WeakMap();

export default function compareRuns({ data, parentElement }) {
  if (!data?.view) return undefined;
  let root = stages.get(parentElement);
  if (!root) {
    root = element("div", "scroll");
    root.tabIndex = 0;
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", "Comparison");
    (parentElement.querySelector(".stage") ?? parentElement).replaceChildren(root);
    stages.set(parentElement, root);
  }
  root.replaceChildren(comparison(data.view));
  root.dataset.painted = performance.now();
  return () => stages.delete(parentElement);
}

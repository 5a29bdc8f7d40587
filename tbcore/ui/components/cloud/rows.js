/** The entry of the component that brings the points: they travel once, however often the view of them changes. */

import { dropRows, putRows } from "./shared.js";

const links = new WeakMap();

export default function cloudRows({ data, parentElement }) {
  if (!data?.about) return undefined;
  const { link, stamp } = data.about;
  if (links.has(parentElement) && links.get(parentElement) !== link) dropRows(links.get(parentElement), parentElement);
  links.set(parentElement, link);
  putRows(link, stamp, data, parentElement);
  return () => {
    dropRows(links.get(parentElement), parentElement);
    links.delete(parentElement);
  };
}

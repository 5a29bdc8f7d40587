/** Where everything is from top to bottom: processes, their curves and their lanes, each folded or not. */

export const SIZES = { head: 24, row: 18, curve: 38, folded: 30, gap: 5 };
const MANY_LANES = 20; // from which on a process is folded at first
const MANY_GROUPS = 12;
const DEEP = 40; // rows of a lane that are shown at first

/** Return whether a process is open before anyone said so. */
export function opensAtFirst(group, place) {
  return group.lanes.length <= MANY_LANES && place < MANY_GROUPS;
}

/** Return how many rows of a lane are shown. folds: Map from "l" + lane to whether it is folded. */
export function rowsOf(lane, folds) {
  const said = folds.get(`l${lane.id}`);
  if (said === true) return 1;
  return said === false ? lane.rows : Math.min(lane.rows, DEEP);
}

/**
 * Return {items, height}: items from top to bottom, each {kind, y, h, group} and
 * "head": whether it is open; "density": a folded process; "curve": its curve; "lane": lane, rows, folded.
 */
export function laidOut(groups, folds) {
  const items = [];
  let y = 0;
  groups.forEach((group, place) => {
    const open = !(folds.get(`g${place}`) ?? !opensAtFirst(group, place));
    items.push({ kind: "head", y, h: open ? SIZES.head : SIZES.head + SIZES.folded, group: place, open });
    y += SIZES.head;
    if (!open) {
      items.push({ kind: "density", y, h: SIZES.folded, group: place });
      y += SIZES.folded + SIZES.gap;
      return;
    }
    for (const curve of group.curves) {
      items.push({ kind: "curve", y, h: SIZES.curve, group: place, curve });
      y += SIZES.curve + SIZES.gap;
    }
    for (const lane of group.lanes) {
      const rows = rowsOf(lane, folds);
      items.push({ kind: "lane", y, h: rows * SIZES.row, group: place, lane, rows, folded: rows < lane.rows });
      y += rows * SIZES.row + SIZES.gap;
    }
  });
  return { items, height: y };
}

/** Return the items that are seen between two heights. */
export function itemsWithin(items, top, bottom) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].y + items[middle].h < top) low = middle + 1;
    else high = middle;
  }
  const found = [];
  for (let at = Math.max(0, low - 1); at < items.length && items[at].y <= bottom; at += 1) if (items[at].y + items[at].h >= top) found.push(items[at]);
  return found;
}

/** Return {item, track} at a height: track -1 where there is none. */
export function trackAt(items, y) {
  const item = itemsWithin(items, y, y).find((one) => one.kind !== "head" && y >= one.y && y < one.y + one.h);
  if (item?.kind !== "lane") return { item, track: -1 };
  return { item, track: item.lane.track + Math.floor((y - item.y) / SIZES.row) };
}

/** Return {item, y} of a track: y of its upper edge; of a lane or process that is folded, what stands for it; null for none. */
export function placeOfTrack(layout, groups, track) {
  for (const item of layout.items) {
    if (item.kind === "lane" && track >= item.lane.track && track < item.lane.track + item.lane.rows) {
      return { item, y: item.y + Math.min(item.rows - 1, track - item.lane.track) * SIZES.row };
    }
    if (item.kind === "density" && groups[item.group].lanes.some((lane) => track >= lane.track && track < lane.track + lane.rows)) return { item, y: item.y };
  }
  return null;
}

/** Return the folds with which a track is seen. */
export function unfoldedFor(groups, folds, track) {
  const found = new Map(folds);
  groups.forEach((group, place) => {
    for (const lane of group.lanes) {
      if (track < lane.track || track >= lane.track + lane.rows) continue;
      if (folds.get(`g${place}`) ?? !opensAtFirst(group, place)) found.set(`g${place}`, false);
      if (track - lane.track >= rowsOf(lane, folds)) found.set(`l${lane.id}`, false);
    }
  });
  return found;
}

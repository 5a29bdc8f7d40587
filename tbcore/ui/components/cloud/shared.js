/** What the clouds of a page share: the points, which a component of their own brings, and what is done in one of a group. */

const PLACE = Symbol.for("tbcore.cloud");

/** Return {rows: of each link what was sent, boards: all that are on the page}. */
export function commons() {
  return (globalThis[PLACE] ??= { rows: new Map(), boards: new Set() });
}

/** Keep the tables of a link and tell its board. owner: who brings them, for an element may come before the one it replaces goes. */
export function putRows(link, stamp, tables, owner) {
  const { rows, boards } = commons();
  const kept = rows.get(link);
  if (kept?.stamp === stamp) {
    kept.owner = owner;
    return;
  }
  rows.set(link, { stamp, tables, owner });
  for (const board of boards) if (board.link === link) board.arrived();
}

/** Forget the tables of a link that `owner` brought. */
export function dropRows(link, owner) {
  if (commons().rows.get(link)?.owner === owner) commons().rows.delete(link);
}

/** Return the other boards of a group. */
export function groupOf(board) {
  return board.group ? [...commons().boards].filter((other) => other !== board && other.group === board.group) : [];
}

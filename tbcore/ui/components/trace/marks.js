/** Marks as the server sends them: events, and runs of events too short to be seen alone, by track and time. */

const COLUMNS = ["track", "start", "end", "name", "role", "count", "total", "main", "row", "hits"];

/** Return a column of an Arrow table as a typed array. */
export function typed(table, name) {
  return table.getChild(name)?.toArray() ?? new Float64Array(0);
}

/** Return what an answer holds: its columns, and from which place to which each track has its marks. about: {from, until, cell, pixel, length, lanes}. */
export function newMarks(table, about) {
  const marks = Object.fromEntries(COLUMNS.map((name) => [name, typed(table, name)]));
  const places = new Map();
  for (let at = 0, from = 0; at < marks.track.length; at += 1) {
    if (at + 1 < marks.track.length && marks.track[at + 1] === marks.track[at]) continue;
    places.set(marks.track[at], [from, at + 1]);
    from = at + 1;
  }
  return { ...about, ...marks, places };
}

/** Return the places [from, to) of a track's marks that may be seen between two times. */
export function marksWithin(marks, track, start, end) {
  const [from, to] = marks.places.get(track) ?? [0, 0];
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks.start[middle] <= start) low = middle + 1;
    else high = middle;
  }
  // One that began before lasts into it, of those that overlap maybe one more.
  const first = Math.max(from, low - 2);
  [low, high] = [low, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks.start[middle] < end) low = middle + 1;
    else high = middle;
  }
  return [first, low];
}

/** Return the place of the mark at a time, or within `slack` of it; -1 for none. */
export function markAt(marks, track, time, slack) {
  const [from, to] = marksWithin(marks, track, time - slack, time + slack);
  let [best, least] = [-1, Infinity];
  for (let at = from; at < to; at += 1) {
    const away = time < marks.start[at] ? marks.start[at] - time : time > marks.end[at] ? time - marks.end[at] : 0;
    if (away > slack || away > least) continue;
    [best, least] = [at, away];
  }
  return best;
}

/** Return the mark of one event, -1 when there is none of it alone. */
export function markOfRow(marks, track, row) {
  const [from, to] = marks.places.get(track) ?? [0, 0];
  for (let at = from; at < to; at += 1) if (marks.row[at] === row) return at;
  return -1;
}

/** Whether an answer shows a view as finely as it can be: {start, end}, nanoseconds of a pixel, lanes wanted by id with their rows. */
export function suffices(marks, seen, pixel, lanes) {
  if (!marks || marks.from > Math.max(0, seen.start) || marks.until < Math.min(marks.length, seen.end)) return false;
  // A pixel asked for twice as wide as one is now shows cells that can be told apart.
  if (marks.pixel > 1.6 * pixel && marks.cell > 1) return false;
  return lanes.every(([lane, rows]) => (marks.lanes.get(lane) ?? -1) >= rows);
}

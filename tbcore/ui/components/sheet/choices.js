/** What the visitor chose, and how a click changes it. Nothing here changes its input. */

/** Return the keys of the columns shown: those chosen that there are, else the usual ones. */
export function shownKeys(state, view) {
  const known = new Set(view.columns.map((column) => column.key));
  return (state.columns ?? view.usual).filter((key) => known.has(key));
}

/**
 * Return the order after a click on a column's head: up, down, as it came.
 *
 * sort: [key, whether the largest come first] of each column, a later one for rows that are equal in those before it.
 * also: whether the others stay.
 */
export function nextSort(sort, key, also = false) {
  const at = sort.findIndex(([one]) => one === key);
  if (!also && (at < 0 || sort.length > 1)) return [[key, false]];
  if (at < 0) return [...sort, [key, false]];
  return sort[at][1] ? sort.toSpliced(at, 1) : sort.with(at, [key, true]);
}

/** Return `keys` with `key` moved to stand before place `to`. */
export function movedKey(keys, key, to) {
  const from = keys.indexOf(key);
  const rest = keys.filter((one) => one !== key);
  rest.splice(to > from ? to - 1 : to, 0, key);
  return rest;
}

/** Return `keys` with `key` shown: after the last of its role, where the catalogue of columns has it. */
export function addedKey(keys, key, columns) {
  if (keys.includes(key)) return keys;
  const place = new Map(columns.map((column, at) => [column.key, at]));
  const role = new Map(columns.map((column) => [column.key, column.role]));
  const alike = keys.filter((one) => role.get(one) === role.get(key));
  const before = alike.filter((one) => place.get(one) < place.get(key)).pop();
  if (before !== undefined) return keys.toSpliced(keys.indexOf(before) + 1, 0, key);
  if (alike.length > 0) return keys.toSpliced(keys.indexOf(alike[0]), 0, key);
  return [...keys, key];
}

/** Return `keys` with some shown or hidden. */
export function toggledKeys(keys, some, on, columns) {
  if (!on) return keys.filter((key) => !some.includes(key));
  return some.reduce((shown, key) => addedKey(shown, key, columns), keys);
}

/** Return `some` with `one` in it or not. */
export function withOne(some, one, on) {
  return on ? [...some.filter((other) => other !== one), one] : some.filter((other) => other !== one);
}

/** Return the state with column `key` exchanged for `other` wherever it stands. */
export function exchanged(state, key, other, view) {
  const swap = (some) => [...new Set(some.map((one) => (one === key ? other : one)))];
  const curves = state.curves ?? view.curves_usual;
  return {
    ...state,
    columns: swap(state.columns ?? view.usual),
    pinned: swap(state.pinned),
    curves: curves.includes(key) ? swap(curves) : state.curves,
    sort: state.sort.filter(([one]) => one !== other || one === key).map(([one, descending]) => [one === key ? other : one, descending]),
  };
}

/** Return the state without what it says of column `key` in `filters`, and with `sieve` instead unless it is null. */
export function withSieve(state, key, sieve) {
  const at = state.filters.findIndex((one) => one.key === key);
  if (sieve === null) return { ...state, filters: state.filters.filter((one) => one.key !== key) };
  return { ...state, filters: at < 0 ? [...state.filters, sieve] : state.filters.with(at, sieve) };
}

/** Return the rows whose box is ticked after one was clicked; with shift all between it and the one clicked before. */
export function tickedRows(ticked, listed, place, last, on) {
  const [from, to] = last === null ? [place, place] : [Math.min(place, last), Math.max(place, last)];
  const some = new Set(listed.slice(from, to + 1));
  return on ? new Set([...ticked, ...some]) : new Set([...ticked].filter((row) => !some.has(row)));
}

/** Return "all", "some" or "none": how many of `rows` are in the set `ticked`. */
export function tickOf(rows, ticked) {
  const count = rows.filter((row) => ticked.has(row)).length;
  return count === 0 ? "none" : count === rows.length ? "all" : "some";
}

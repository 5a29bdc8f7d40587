/** Which points the visitor means: the nearest one, those in a box, those in a drawn loop. */

const STANDS_OUT = 5; // pixels
const IN_FRONT = 3; // pixels for each unit of depth

/**
 * Return the point nearest to a place on the screen, at most `reach` pixels away, of those that `levels` shows; -1 for none.
 * What stands out, from level `strong` on, and what is in front count as nearer than they are.
 */
export function nearestShown({ xs, ys, depths }, levels, x, y, reach, strong) {
  let [best, least] = [-1, Infinity];
  for (let row = 0; row < xs.length; row += 1) {
    const dx = xs[row] - x;
    const dy = ys[row] - y;
    const apart = dx * dx + dy * dy;
    if (!(apart <= reach * reach) || !levels[row]) continue;
    const rank = Math.sqrt(apart) + (depths ? depths[row] * IN_FRONT : 0) - (levels[row] >= strong ? STANDS_OUT : 0);
    if (rank < least) [best, least] = [row, rank];
  }
  return best;
}

/** Return the set of shown points in a box of the screen. */
export function withinBox({ xs, ys }, levels, [x0, y0], [x1, y1]) {
  const [left, right, top, bottom] = [Math.min(x0, x1), Math.max(x0, x1), Math.min(y0, y1), Math.max(y0, y1)];
  const set = new Uint8Array(xs.length);
  for (let row = 0; row < xs.length; row += 1) if (levels[row] && xs[row] >= left && xs[row] <= right && ys[row] >= top && ys[row] <= bottom) set[row] = 1;
  return set;
}

/** Return the set of shown points inside of a loop [[x, y]] of the screen; what it goes around twice is outside again. */
export function withinLoop({ xs, ys }, levels, loop) {
  const set = new Uint8Array(xs.length);
  if (loop.length < 3) return set;
  const [across, down] = [0, 1].map((axis) => loop.map((place) => place[axis]));
  const box = withinBox({ xs, ys }, levels, [Math.min(...across), Math.min(...down)], [Math.max(...across), Math.max(...down)]);
  for (let row = box.indexOf(1); row >= 0; row = box.indexOf(1, row + 1)) {
    const [x, y] = [xs[row], ys[row]];
    let inside = false;
    for (let at = 0, before = loop.length - 1; at < loop.length; before = at, at += 1) {
      const [ya, yb] = [down[at], down[before]];
      if (ya > y !== yb > y && x < ((across[before] - across[at]) * (y - ya)) / (yb - ya) + across[at]) inside = !inside;
    }
    if (inside) set[row] = 1;
  }
  return set;
}

/** Return a loop with a place added, unless it is all but where the last one is. */
export function longerLoop(loop, place, least = 3) {
  const last = loop[loop.length - 1];
  return last && Math.hypot(last[0] - place[0], last[1] - place[1]) < least ? loop : [...loop, place];
}

/** Return what is selected after another choice. how: "new", "more" or "less". */
export function combined(before, chosen, how) {
  if (how === "new") return chosen;
  return before.map((one, row) => (how === "more" ? one | chosen[row] : one & ~chosen[row] & 1));
}

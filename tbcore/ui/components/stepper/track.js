/** The moments that a slider runs over: steps in order, and which of a step's values each is. No drawing here. */

/** Return the tracks of the view: run, colour, and the steps (numbers, or BigInt beyond 2**53) and nths of each. */
export function readTracks(view, table) {
  const steps = exactSteps(table.getChild("step"));
  const nths = table.getChild("nth").toArray();
  return view.tracks.map(({ run, color, start, count }) => ({
    run,
    color,
    steps: steps.slice(start, start + count),
    nths: nths.slice(start, start + count),
  }));
}

function exactSteps(vector) {
  const values = vector.toArray();
  if (values instanceof Float64Array) return values;
  return Array.from({ length: vector.length }, (_, index) => BigInt(vector.get(index)));
}

/** Return the place of the latest moment at or before (step, nth): -1 when there is none. A step of null is the latest. */
export function placeAt({ steps, nths }, step, nth = 0) {
  if (step === null) return steps.length - 1;
  const wanted = typeof steps[0] === "bigint" ? BigInt(step) : Number(step);
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < wanted || (steps[middle] === wanted && nths[middle] <= nth)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Return the place of the moment nearest to a step that was typed. */
export function placeNear(track, step) {
  const before = Math.max(0, placeAt(track, step));
  const after = Math.min(before + 1, track.steps.length - 1);
  const wanted = Number(step);
  return Math.abs(Number(track.steps[after]) - wanted) < Math.abs(Number(track.steps[before]) - wanted) ? after : before;
}

/** Return the moment at a place as the server knows it: the step as text and its nth; the last place is the latest, null. */
export function momentAt({ steps, nths }, place) {
  return place >= steps.length - 1 ? [null, 0] : [String(steps[place]), nths[place]];
}

/** Return how many values the step at a place has: one place each. */
export function valuesOf({ steps }, place) {
  let [first, last] = [place, place];
  while (first > 0 && steps[first - 1] === steps[place]) first -= 1;
  while (last < steps.length - 1 && steps[last + 1] === steps[place]) last += 1;
  return last - first + 1;
}

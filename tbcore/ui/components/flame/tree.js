/** A flame graph as numbers: who stands below whom, where each frame lies, and which match a search. */

/** Return the frames of a table, callers before what they call: {name, parent, total, self, calls, role, row, children, depth, roots, whole}. */
export function newFrames({ name, parent, total, self, calls, role, row }) {
  const count = parent.length;
  const children = Array.from({ length: count }, () => []);
  const depth = new Uint16Array(count);
  const roots = [];
  for (let at = 0; at < count; at += 1) {
    if (parent[at] < 0) roots.push(at);
    else {
      children[parent[at]].push(at);
      depth[at] = depth[parent[at]] + 1;
    }
  }
  const whole = roots.reduce((sum, at) => sum + total[at], 0);
  return { name, parent, total, self, calls, role, row, children, depth, roots, whole };
}

/** Return the frames from the outermost caller to `at`, itself last; none for -1. */
export function pathTo(frames, at) {
  const path = [];
  for (let one = at; one >= 0; one = frames.parent[one]) path.unshift(one);
  return path;
}

/** Return what is drawn of the frames, seen from `focus` (-1: all): [{at, level, left, right}], 0 to 1 across; of those narrower than `least` none. */
export function placed(frames, focus, least) {
  const path = pathTo(frames, focus);
  const found = path.slice(0, -1).map((at, level) => ({ at, level, left: 0, right: 1 }));
  const stack = [];
  const spread = (some, level, left, right, sum) => {
    let from = left;
    for (const at of some) {
      const to = sum > 0 ? from + ((right - left) * frames.total[at]) / sum : from;
      if (to - from >= least) stack.push({ at, level, left: from, right: to });
      from = to;
    }
  };
  if (focus < 0) spread(frames.roots, 0, 0, 1, frames.whole);
  else stack.push({ at: focus, level: path.length - 1, left: 0, right: 1 });
  while (stack.length) {
    const one = stack.pop();
    found.push(one);
    spread(frames.children[one.at], one.level + 1, one.left, one.right, frames.total[one.at]);
  }
  return found;
}

/** Return how many levels what is drawn has. */
export function levelsOf(boxes) {
  return boxes.reduce((most, { level }) => Math.max(most, level + 1), 0);
}

/** Return a test for names: a regular expression that ignores case, or the text itself where it is none; null for "". */
export function finder(text) {
  const wanted = text.trim();
  if (!wanted) return null;
  try {
    const pattern = new RegExp(wanted, "i");
    return (name) => pattern.test(name);
  } catch {
    const low = wanted.toLowerCase();
    return (name) => name.toLowerCase().includes(low);
  }
}

/** Return which frames match [frames], how many, and which share of it all they take; one inside another is not counted twice. */
export function matches(frames, test) {
  const hit = new Uint8Array(frames.parent.length);
  const under = new Uint8Array(frames.parent.length);
  let [count, sum] = [0, 0];
  for (let at = 0; at < hit.length; at += 1) {
    const above = frames.parent[at];
    const covered = above >= 0 && under[above];
    if (test(frames.name[at])) {
      hit[at] = 1;
      count += 1;
      if (!covered) sum += frames.total[at];
    }
    under[at] = covered || hit[at] ? 1 : 0;
  }
  return { hit, count, share: frames.whole > 0 ? sum / frames.whole : 0 };
}

/** Return the frame that an arrow key goes to from `at`: its caller, its largest callee, or the one beside it; itself where there is none. */
export function stepFrom(frames, at, key) {
  if (at < 0) return frames.roots[0] ?? -1;
  if (key === "ArrowUp") return frames.parent[at] < 0 ? at : frames.parent[at];
  if (key === "ArrowDown") return frames.children[at][0] ?? at;
  const row = frames.parent[at] < 0 ? frames.roots : frames.children[frames.parent[at]];
  return row[row.indexOf(at) + (key === "ArrowRight" ? 1 : -1)] ?? at;
}

/** Return a shade for a name, 0 to 1: the same for the same name. */
export function shadeOf(name) {
  let hash = 2166136261;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
  return ((hash >>> 8) & 255) / 255;
}

/** Return a share of 1 as it is read: 12.3%, 0.04%, < 0.01%. */
export function percent(share) {
  if (!(share > 0)) return "0%";
  const value = share * 100;
  if (value < 0.01) return "< 0.01%";
  return `${value >= 9.995 ? value.toFixed(1) : value.toFixed(2)}%`;
}

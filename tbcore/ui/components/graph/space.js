/** Where things are: the view of a picture, curves, and what lies beside what. A view is {x, y, k}: screen = world · k + x. */

const NEAREST = 2.5;
const FARTHEST = 0.02;
const READABLE = 0.6; // below it labels cannot be read
const PLEASANT = 0.85; // at which a picture begins that is too large anyway
const MARGIN = 20;
const TOOLS_WIDE = 200; // the tools over the upper right corner
const TOOLS_HIGH = 46;

/** Return the view that shows a whole picture in a window; `least` is the smallest scale it may have. */
export function fittingView(picture, window, least = FARTHEST) {
  const across = (window.width - 2 * MARGIN) / Math.max(1, picture.width);
  const wide = picture.width * Math.min(1, across) > window.width - 2 * TOOLS_WIDE;
  const down = (window.height - MARGIN - (wide ? TOOLS_HIGH : MARGIN)) / Math.max(1, picture.height);
  const k = Math.max(least, Math.min(1, across, down));
  const centred = (room, length) => (room - length * k) / 2;
  const y = Math.max(MARGIN, centred(window.height, picture.height));
  return { k, x: centred(window.width, picture.width), y: picture.width * k > window.width - 2 * TOOLS_WIDE ? Math.max(y, TOOLS_HIGH) : y };
}

/** Return the view a picture opens with: all of it where labels can be read then, else its beginning in its whole width. */
export function firstView(picture, window) {
  const whole = fittingView(picture, window);
  if (whole.k >= READABLE) return whole;
  const across = (window.width - 2 * MARGIN) / picture.width;
  const view = fittingView(picture, window, Math.max(READABLE, Math.min(PLEASANT, across)));
  if (across >= READABLE) return view;
  // Of a picture that is too wide the left is seen, or else the box that it begins with.
  const first = picture.boxes.filter((box) => !box.parent).sort((one, other) => one.y - other.y)[0];
  const left = { ...view, x: MARGIN };
  return first && first.x * view.k > window.width / 2 ? { ...view, x: window.width / 2 - (first.x + first.w / 2) * view.k } : left;
}

/** Return a view scaled by `factor` in which the point (x, y) of the screen stays where it is. */
export function zoomedView(view, factor, x, y) {
  const k = Math.max(FARTHEST, Math.min(NEAREST, view.k * factor));
  return { k, x: x - ((x - view.x) * k) / view.k, y: y - ((y - view.y) * k) / view.k };
}

/** Return a view in which `after` is where `before` was on the screen: the middle of its upper edge. */
export function heldView(view, before, after) {
  return {
    k: view.k,
    x: view.x + (before.x + before.w / 2 - after.x - after.w / 2) * view.k,
    y: view.y + (before.y - after.y) * view.k,
  };
}

/** Return a view moved just so far that a box is seen. */
export function shiftedView(view, box, window, margin = 24) {
  const moved = { ...view };
  for (const [axis, length, room] of [["x", "w", window.width], ["y", "h", window.height]]) {
    const low = box[axis] * view.k + view[axis];
    const high = low + box[length] * view.k;
    if (high > room - margin) moved[axis] -= high - (room - margin);
    if (box[axis] * view.k + moved[axis] < margin) moved[axis] = margin - box[axis] * view.k;
  }
  return moved;
}

/** Return whether a whole picture is in sight. */
export function allInSight(view, picture, window) {
  const seen = (offset, length, room) => offset >= -1 && offset + length * view.k <= room + 1;
  return seen(view.x, picture.width, window.width) && seen(view.y, picture.height, window.height);
}

/** Return a view of which at least a corner of the picture stays in sight. */
export function keptView(view, picture, window) {
  const kept = (offset, length, room) => Math.max(Math.min(60, room / 2) - length * view.k, Math.min(offset, room - Math.min(60, room / 2)));
  return { k: view.k, x: kept(view.x, picture.width, window.width), y: kept(view.y, picture.height, window.height) };
}

/** Return a curve as a path of SVG. points: x and y of the first, then of three for each piece. */
export function pathOf(points) {
  let path = `M${points[0]} ${points[1]}`;
  for (let at = 2; at + 5 < points.length; at += 6) {
    path += `C${points[at]} ${points[at + 1]} ${points[at + 2]} ${points[at + 3]} ${points[at + 4]} ${points[at + 5]}`;
  }
  return path;
}

/** Return the head of an arrow at the end of a curve as a path of SVG. */
export function headOf(points, size) {
  const count = points.length;
  const [x, y] = [points[count - 2], points[count - 1]];
  let [dx, dy] = [x - points[count - 4], y - points[count - 3]];
  if (dx === 0 && dy === 0) [dx, dy] = [x - points[count - 6], y - points[count - 5]];
  const length = Math.hypot(dx, dy) || 1;
  [dx, dy] = [dx / length, dy / length];
  const [bx, by] = [x - dx * size, y - dy * size];
  const half = size * 0.5;
  const spell = (value) => Math.round(value * 10) / 10;
  return `M${spell(x)} ${spell(y)}L${spell(bx - dy * half)} ${spell(by + dx * half)}L${spell(bx + dy * half)} ${spell(by - dx * half)}Z`;
}

/** Return numbers between two lists of equally many. */
export function between(before, after, part) {
  return after.map((value, at) => before[at] + (value - before[at]) * part);
}

/** Return how far an animation is that slows down towards its end. */
export function eased(part) {
  return 1 - (1 - part) ** 3;
}

/** Return the id of the first box of a scope, "" for the top: the leftmost of the uppermost; "" when there is none. */
export function firstIn(scope, boxes) {
  const [first] = [...boxes.values()].filter((box) => box.parent === scope).sort((one, other) => one.y - other.y || one.x - other.x);
  return first?.id ?? "";
}

/** Return the id next to a box: along its lines, beside it, down into an open one or up out of it; "" when there is none. */
export function nextTo(id, direction, boxes, lines) {
  const box = boxes.get(id);
  if (!box) return "";
  if (direction === "down" && box.open && firstIn(id, boxes)) return firstIn(id, boxes);
  const middle = (one) => one.x + one.w / 2;
  const along = { up: ["target", "source"], down: ["source", "target"] }[direction];
  if (along) {
    const [own, other] = along;
    const found = lines.filter((line) => line[own] === id && boxes.has(line[other])).map((line) => [boxes.get(line[other]), line]);
    found.sort(([one, first], [two, second]) => Boolean(first.control) - Boolean(second.control) || Math.abs(middle(one) - middle(box)) - Math.abs(middle(two) - middle(box)));
    if (found.length) return found[0][0].id;
  }
  const ahead = {
    up: (one) => box.y - (one.y + one.h), down: (one) => one.y - (box.y + box.h),
    left: (one) => middle(box) - middle(one), right: (one) => middle(one) - middle(box),
  }[direction];
  const aside = direction === "up" || direction === "down" ? (one) => Math.abs(middle(one) - middle(box)) : (one) => 3 * Math.abs(one.y + one.h / 2 - box.y - box.h / 2);
  let [best, least] = ["", Infinity];
  for (const one of boxes.values()) {
    if (one.id === id || one.parent !== box.parent || ahead(one) <= 0) continue;
    const far = ahead(one) + aside(one);
    if (far < least) [best, least] = [one.id, far];
  }
  return best || (direction === "up" ? box.parent : "");
}

/** Return a text cut to a width that `measure` tells: of a long one both ends. */
export function cutText(text, room, measure) {
  if (measure(text) <= room) return text;
  const letters = [...text];
  let [low, high] = [0, letters.length];
  const cut = (count) => `${letters.slice(0, Math.ceil(count / 2)).join("")}…${count > 1 ? letters.slice(-Math.floor(count / 2)).join("") : ""}`;
  while (low < high) {
    const count = Math.ceil((low + high) / 2);
    if (measure(cut(count)) <= room) low = count;
    else high = count - 1;
  }
  return cut(low);
}

/** Return the scale and size of a small map of a picture. */
export function mapOf(picture, most = { width: 170, height: 130 }) {
  const scale = Math.min(most.width / Math.max(1, picture.width), most.height / Math.max(1, picture.height));
  const [width, height] = [Math.max(40, Math.round(picture.width * scale)), Math.max(30, Math.round(picture.height * scale))];
  return { scale, width, height, left: (width - picture.width * scale) / 2, top: (height - picture.height * scale) / 2 };
}

/** Return the part of a map that a view shows: {x, y, w, h}, within the map. */
export function seenOnMap(view, window, map) {
  const edge = (value, most) => Math.max(0, Math.min(most, value));
  const across = (x) => edge(map.left + ((x - view.x) / view.k) * map.scale, map.width);
  const down = (y) => edge(map.top + ((y - view.y) / view.k) * map.scale, map.height);
  const [left, right, top, bottom] = [across(0), across(window.width), down(0), down(window.height)];
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** Return how much larger the title of an open box is drawn in a view from afar, so that it can be read and fits. */
export function grownTitle(box, words, k, far) {
  if (k >= far) return 1;
  return Math.max(1, Math.min(0.9 / k, (box.w - 6) / words, box.h / 30));
}

/** Return whether two rectangles {x, y, w, h} have something in common. */
export function overlap(one, other) {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}

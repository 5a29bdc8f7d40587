/**
 * How points are looked at. Places lie within -1 and 1 along the longest side of the box that holds them all.
 * A camera is {x, y, k} in two dimensions, {yaw, pitch, k, x, y, z} in three: what is in the middle, and how near.
 */

const MARGIN = 26;
const WIDE = 0.86; // of the diagonal of a box, its back half as seen by the first camera
const TALL = 0.65;
const FAR = 3.4; // of the eye from what it turns around, at zoom 1
const NEAREST = 0.06;
const MOST_2D = 4000;
const MOST_3D = 60;
const LEAST_ZOOM = 0.15;
const UPRIGHT = Math.PI / 2;
const PRECISION = 1e4;

/** Return the camera that sees everything. */
export function firstCamera(dims) {
  return dims === 3 ? { yaw: -0.6, pitch: 0.38, k: 1, x: 0, y: 0, z: 0 } : { x: 0, y: 0, k: 1 };
}

/** Return a camera as the numbers that say it, [] for the first one. */
export function cameraWords(camera, dims) {
  const spelled = (one) => NAMES[dims].map((name) => Math.round(one[name] * PRECISION) / PRECISION);
  const words = spelled(camera);
  return String(words) === String(spelled(firstCamera(dims))) ? [] : words;
}

/** Return the camera that numbers say; what says none is the first one. */
export function cameraOf(words, dims) {
  if (words?.length !== NAMES[dims].length || !words.every(Number.isFinite)) return firstCamera(dims);
  return keptCamera(Object.fromEntries(NAMES[dims].map((name, at) => [name, words[at]])), dims);
}

const NAMES = { 2: ["x", "y", "k"], 3: ["yaw", "pitch", "k", "x", "y", "z"] };

/** Return a camera that does not lose what it looks at. */
export function keptCamera(camera, dims) {
  const inside = (at) => Math.max(-1.5, Math.min(1.5, at));
  const kept = { ...camera, x: inside(camera.x), y: inside(camera.y), k: Math.max(LEAST_ZOOM, Math.min(dims === 3 ? MOST_3D : MOST_2D, camera.k)) };
  if (dims === 3) Object.assign(kept, { z: inside(camera.z), pitch: Math.max(-UPRIGHT, Math.min(UPRIGHT, camera.pitch)), yaw: camera.yaw % (2 * Math.PI) });
  return kept;
}

/** Return {center, half, extents} of the box that holds the points of columns, or of [low, high] corners. */
export function frameOf(columns, corners) {
  const [low, high] = corners ?? [columns.map(leastOf), columns.map(mostOf)];
  const whole = low.every(Number.isFinite) && high.every(Number.isFinite);
  const center = low.map((at, axis) => (whole ? at / 2 + high[axis] / 2 : 0));
  const sides = low.map((at, axis) => (whole ? high[axis] / 2 - at / 2 : 0));
  const half = Math.max(...sides) || 1;
  return { center, half, extents: sides.map((side) => side / half) };
}

function leastOf(values) {
  let least = Infinity;
  for (let at = 0; at < values.length; at += 1) if (values[at] < least) least = values[at];
  return least;
}

function mostOf(values) {
  let most = -Infinity;
  for (let at = 0; at < values.length; at += 1) if (values[at] > most) most = values[at];
  return most;
}

/** Return columns within -1 and 1. */
export function framed(columns, { center, half }) {
  return columns.map((values, axis) => {
    const placed = new Float32Array(values.length);
    for (let at = 0; at < values.length; at += 1) placed[at] = (values[at] - center[axis]) / half;
    return placed;
  });
}

/** Return pixels per unit in the middle of a window at zoom 1. */
export function pixelsOf({ width, height }, extents, dims) {
  if (dims === 3) return Math.max(20, Math.min((width / 2 - MARGIN) / WIDE, (height / 2 - MARGIN) / TALL)) / Math.max(0.6, Math.hypot(...extents));
  return Math.max(4, Math.min((width / 2 - MARGIN) / (extents[0] || 1e-3), (height / 2 - MARGIN) / (extents[1] || 1e-3), 4 * Math.max(width, height)));
}

/** Return what looking through a camera is: the directions of the screen in space, and how far its middle is away. */
export function sight(camera, window, extents, dims) {
  const scale = pixelsOf(window, extents, dims);
  const middle = [window.width / 2, window.height / 2];
  if (dims === 2) return { dims, scale: scale * camera.k, middle, target: [camera.x, camera.y] };
  const [cy, sy, cp, sp] = [Math.cos(camera.yaw), Math.sin(camera.yaw), Math.cos(camera.pitch), Math.sin(camera.pitch)];
  return {
    dims, scale: scale * FAR, middle, target: [camera.x, camera.y, camera.z], far: FAR / camera.k,
    right: [cy, sy, 0], up: [-sp * sy, sp * cy, cp], toward: [cp * sy, -cp * cy, sp],
  };
}

/** Put every point on the screen: into xs and ys, and into depths how far it is; NaN for what is behind the eye. */
export function project(seen, places, xs, ys, depths) {
  const { dims, scale, middle: [mx, my], target } = seen;
  const count = xs.length;
  if (dims === 2) {
    const [us, vs] = places;
    const [ox, oy] = [mx - target[0] * scale, my + target[1] * scale];
    for (let row = 0; row < count; row += 1) {
      xs[row] = ox + us[row] * scale;
      ys[row] = oy - vs[row] * scale;
    }
    return;
  }
  const [us, vs, ws] = places;
  const { far, right: [rx, ry], up: [ux, uy, uz], toward: [tx, ty, tz] } = seen;
  const [cx, cy, cz] = target;
  for (let row = 0; row < count; row += 1) {
    const [x, y, z] = [us[row] - cx, vs[row] - cy, ws[row] - cz];
    const depth = far - (tx * x + ty * y + tz * z);
    const near = depth > NEAREST ? scale / depth : NaN;
    xs[row] = mx + (rx * x + ry * y) * near;
    ys[row] = my - (ux * x + uy * y + uz * z) * near;
    depths[row] = depth;
  }
}

/** Return where one place is on the screen: [x, y, depth]. */
export function projected(seen, place) {
  const [xs, ys, depths] = [new Float64Array(1), new Float64Array(1), new Float64Array(1)];
  project(seen, place.map((at) => [at]), xs, ys, depths);
  return [xs[0], ys[0], depths[0]];
}

/** Return a camera moved by pixels of the screen. */
export function movedCamera(camera, seen, dx, dy) {
  const { dims } = seen;
  const unit = dims === 3 ? seen.far / seen.scale : 1 / seen.scale;
  const [across, down] = [-dx * unit, dy * unit];
  if (dims === 2) return keptCamera({ ...camera, x: camera.x + across, y: camera.y + down }, 2);
  const along = (axis) => across * seen.right[axis] + down * seen.up[axis];
  return keptCamera({ ...camera, x: camera.x + along(0), y: camera.y + along(1), z: camera.z + along(2) }, 3);
}

/** Return a camera that is `factor` times nearer, what is at x and y of the screen staying there. */
export function nearerCamera(camera, seen, factor, x, y) {
  const kept = keptCamera({ ...camera, k: camera.k * factor }, seen.dims);
  const grown = kept.k / camera.k;
  return movedCamera(kept, rescaled(seen, grown), (x - seen.middle[0]) * (1 - grown), (y - seen.middle[1]) * (1 - grown));
}

function rescaled(seen, grown) {
  return seen.dims === 3 ? { ...seen, far: seen.far / grown } : { ...seen, scale: seen.scale * grown };
}

/** Return a camera turned around its middle by radians. */
export function turnedCamera(camera, yaw, pitch) {
  return keptCamera({ ...camera, yaw: camera.yaw + yaw, pitch: camera.pitch + pitch }, 3);
}

/** Return the camera that sees those points that `levels` shows, in the direction of `camera`. */
export function fittedCamera(camera, places, levels, extents, dims) {
  const low = places.map(() => Infinity);
  const high = places.map(() => -Infinity);
  places.forEach((values, axis) => {
    for (let row = 0; row < levels.length; row += 1) {
      if (!levels[row]) continue;
      if (values[row] < low[axis]) low[axis] = values[row];
      if (values[row] > high[axis]) high[axis] = values[row];
    }
  });
  if (!low.every(Number.isFinite)) return firstCamera(dims);
  const [x, y, z] = low.map((at, axis) => (at + high[axis]) / 2);
  const sides = low.map((at, axis) => Math.max(1e-3, (high[axis] - at) / 2));
  const k = dims === 3 ? Math.hypot(...extents) / Math.hypot(...sides) : Math.min(...[0, 1].map((axis) => (extents[axis] || 1e-3) / sides[axis]));
  return keptCamera(dims === 3 ? { ...camera, x, y, z, k } : { x, y, k }, dims);
}

/** Return the camera between two, at `part` of the way; zoom goes by factors, and the shorter way round is taken. */
export function cameraBetween(from, to, part) {
  const between = {};
  for (const name of Object.keys(to)) between[name] = from[name] + (to[name] - from[name]) * part;
  between.k = from.k * (to.k / from.k) ** part;
  if ("yaw" in to) {
    const turn = to.yaw - from.yaw;
    between.yaw = from.yaw + (turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI))) * part;
  }
  return between;
}

/**
 * Return the edges [[from, to]] of the upright sides of a box that lie behind its content, and for each axis where its
 * title stands: [x, y], null when that is behind the eye.
 */
export function boxEdges(extents, seen) {
  const eye = seen.toward.map((at, axis) => seen.target[axis] + at * seen.far);
  // A side is behind when the eye is on its inner side; of two opposite ones the farther.
  const back = [0, 1].map((axis) => (eye[axis] > 0 ? -1 : 1));
  const corner = (x, y, z) => [x * extents[0], y * extents[1], z * extents[2]];
  const [bx, by] = back;
  const edges = [[bx, by], [-bx, by], [bx, -by]].map(([x, y]) => [corner(x, y, -1), corner(x, y, 1)]);
  for (const z of [-1, 1]) edges.push([corner(-bx, by, z), corner(bx, by, z)], [corner(bx, -by, z), corner(bx, by, z)]);
  const below = eye[2] < -extents[2] ? 1 : -1;
  const sides = [corner(-bx, by, 0), corner(bx, -by, 0)].sort((one, other) => projected(seen, one)[0] - projected(seen, other)[0]);
  const titles = [corner(-bx, by, below), corner(bx, -by, below), sides[0]].map((place) => {
    const [x, y] = projected(seen, place);
    return Number.isFinite(x) ? [x, y] : null;
  });
  return { edges, titles };
}

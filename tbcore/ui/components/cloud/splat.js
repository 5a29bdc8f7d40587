/** Points and lines drawn into the pixels of a picture: a disc takes a few nanoseconds for each of its pixels. */

const STEPS = 4; // places within a pixel that a disc can be at, in each direction
const FINE = 4; // radii per pixel
const LARGEST = 24;
const SAMPLES = 4;
const ODD = 0xff00ff;
const OPAQUE = 0xff000000 | 0;
const STRIDES = 251;
const DEEP = 1024; // steps of depth that are told apart

/** Return [red, green, blue] of "#rrggbb" as a canvas spells colours. */
export function channelsOf(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) || 0);
}

/** Return a colour as a pixel. */
export function pixelOf([red, green, blue]) {
  return (OPAQUE | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Return the pixels of every colour at every step of haze: colors[paint * levels + step]. */
export function hazed(colors, background, levels, most) {
  const found = new Uint32Array(colors.length * levels);
  colors.forEach((color, paint) => {
    for (let step = 0; step < levels; step += 1) {
      const part = levels > 1 ? (most * step) / (levels - 1) : 0;
      found[paint * levels + step] = pixelOf(color.map((one, at) => Math.round(one + (background[at] - one) * part)));
    }
  });
  return found;
}

/** Return the store of discs, by how much they cover, for a picture `width` pixels wide. */
export function newDiscs(width) {
  return { width, kept: new Map() };
}

/** Return the disc of a radius at a place within a pixel: {reach, offsets, alphas}; alpha 256 is all of a pixel. */
function discOf(kept, size, place, width, strength) {
  const key = size * STEPS * STEPS + place;
  return (kept[key] ??= newDisc(size / FINE, ((place % STEPS) + 0.5) / STEPS, (Math.floor(place / STEPS) + 0.5) / STEPS, width, strength));
}

function newDisc(radius, cx, cy, width, strength) {
  const reach = Math.ceil(radius + 1);
  const [offsets, alphas] = [[], []];
  for (let row = -reach; row <= reach; row += 1) {
    for (let column = -reach; column <= reach; column += 1) {
      let covered = 0;
      for (let sy = 0; sy < SAMPLES; sy += 1) {
        for (let sx = 0; sx < SAMPLES; sx += 1) {
          const [dx, dy] = [column + (sx + 0.5) / SAMPLES - cx, row + (sy + 0.5) / SAMPLES - cy];
          if (dx * dx + dy * dy <= radius * radius) covered += 1;
        }
      }
      const alpha = Math.round((covered * strength) / (SAMPLES * SAMPLES));
      if (alpha === 0) continue;
      offsets.push(row * width + column);
      alphas.push(alpha);
    }
  }
  return { reach, offsets: Int32Array.from(offsets), alphas: Int32Array.from(alphas) };
}

/**
 * Draw `count` discs in their order: at xs and ys, with radii and pixels of their own.
 * strength: 256 covers what is below.
 */
export function splat(pixels, width, height, discs, count, xs, ys, radii, colors, strength) {
  if (!discs.kept.has(strength)) discs.kept.set(strength, []);
  const kept = discs.kept.get(strength);
  for (let at = 0; at < count; at += 1) {
    const x = xs[at];
    const y = ys[at];
    const column = Math.floor(x);
    const row = Math.floor(y);
    const size = Math.max(2, Math.min(LARGEST * FINE, Math.round(radii[at] * FINE)));
    const { reach, offsets, alphas } = discOf(kept, size, Math.floor((y - row) * STEPS) * STEPS + Math.floor((x - column) * STEPS), width, strength);
    const color = colors[at] | 0;
    const middle = row * width + column;
    if (column >= reach && row >= reach && column < width - reach && row < height - reach) blend(pixels, middle, offsets, alphas, color);
    else blendPart(pixels, middle, offsets, alphas, color, column, width);
  }
}

function blend(pixels, middle, offsets, alphas, color) {
  const odd = color & ODD;
  const even = (color >>> 8) & 255;
  for (let one = 0; one < offsets.length; one += 1) {
    const place = middle + offsets[one];
    const alpha = alphas[one];
    const under = pixels[place] | 0;
    const rest = 256 - alpha;
    // Red and blue in one multiplication: their products do not reach into each other.
    pixels[place] = OPAQUE | (((Math.imul(under & ODD, rest) + Math.imul(odd, alpha)) >>> 8) & ODD) | ((Math.imul((under >>> 8) & 255, rest) + Math.imul(even, alpha)) & 0xff00);
  }
}

function blendPart(pixels, middle, offsets, alphas, color, column, width) {
  for (let one = 0; one < offsets.length; one += 1) {
    const place = middle + offsets[one];
    const across = column + offsets[one] - Math.round(offsets[one] / width) * width;
    if (across >= 0 && across < width) mix(pixels, place, color, alphas[one]);
  }
}

/** Draw a line one pixel thick. alpha: 256 covers what is below. */
export function stroke(pixels, width, height, x0, y0, x1, y1, color, alpha) {
  const ends = clippedLine(x0, y0, x1, y1, width - 1.01, height - 1.01);
  if (!ends) return;
  const [ax, ay, bx, by] = ends;
  const steep = Math.abs(by - ay) > Math.abs(bx - ax);
  const length = Math.ceil(Math.max(Math.abs(bx - ax), Math.abs(by - ay)));
  for (let step = 0; step <= length; step += 1) {
    const part = length ? step / length : 0;
    const [x, y] = [ax + (bx - ax) * part, ay + (by - ay) * part];
    const [column, row] = steep ? [Math.floor(x), Math.round(y)] : [Math.round(x), Math.floor(y)];
    const over = steep ? x - column : y - row;
    mix(pixels, row * width + column, color, Math.round(alpha * (1 - over)));
    mix(pixels, row * width + column + (steep ? 1 : width), color, Math.round(alpha * over));
  }
}

function mix(pixels, place, color, alpha) {
  if (place < 0 || place >= pixels.length) return;
  const under = pixels[place] | 0;
  const rest = 256 - alpha;
  pixels[place] = OPAQUE | (((Math.imul(under & ODD, rest) + Math.imul(color & ODD, alpha)) >>> 8) & ODD) | ((Math.imul((under >>> 8) & 255, rest) + Math.imul((color >>> 8) & 255, alpha)) & 0xff00);
}

/** Return the ends of the part of a line within 0 and right, 0 and bottom; null for none. */
export function clippedLine(x0, y0, x1, y1, right, bottom) {
  let [from, to] = [0, 1];
  const [dx, dy] = [x1 - x0, y1 - y0];
  for (const [way, room] of [[-dx, x0], [dx, right - x0], [-dy, y0], [dy, bottom - y0]]) {
    if (!Number.isFinite(way) || !Number.isFinite(room)) return null;
    if (way === 0) {
      if (room < 0) return null;
    } else if (way < 0) from = Math.max(from, room / way);
    else to = Math.min(to, room / way);
  }
  return from > to ? null : [x0 + dx * from, y0 + dy * from, x0 + dx * to, y0 + dy * to];
}

/**
 * Return the order in which points are drawn: far steps, so that what is drawn last is no category's privilege, and even
 * ones, which memory is quick to follow.
 */
export function fairOrder(count) {
  const order = new Uint32Array(count);
  let at = 0;
  for (let from = 0; from < STRIDES; from += 1) {
    for (let row = from; row < count; row += STRIDES) {
      order[at] = row;
      at += 1;
    }
  }
  return order;
}

/** Sort the first `count` of `rows` into `sorted`, the farthest first, in as many steps as matter to the eye. */
export function byDepth(rows, count, depths, low, high, sorted) {
  const starts = new Uint32Array(DEEP + 1);
  const steps = new Uint16Array(count);
  const scale = high > low ? (DEEP - 1) / (high - low) : 0;
  for (let at = 0; at < count; at += 1) {
    const step = DEEP - 1 - Math.max(0, Math.min(DEEP - 1, Math.floor((depths[rows[at]] - low) * scale)));
    steps[at] = step;
    starts[step + 1] += 1;
  }
  for (let step = 0; step < DEEP; step += 1) starts[step + 1] += starts[step];
  for (let at = 0; at < count; at += 1) {
    sorted[starts[steps[at]]] = rows[at];
    starts[steps[at]] += 1;
  }
}

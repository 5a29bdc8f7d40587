/** Pixels as numbers: what they are, how they look, how two images differ, where they lie. No drawing here. */

export const GAINS = [1, 2, 4, 8, 16, 32];

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };
const LEAST_SCALE = 0.01;
const MOST_SCALE = 64;

/** Return an image: what the server says about it, and its samples [frames, height, width, channels] from `bytes`. */
export function newImage(about, bytes) {
  const { width, height, channels, dtype, full, low, high, frames, every } = about;
  const samples = new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, frames * height * width * channels);
  return { about, width, height, channels, full, low, high, frames, every, samples, colors: channels < 3 ? 1 : 3, hasAlpha: channels % 2 === 0 };
}

/** Return the values of one pixel: of each channel, alpha last. */
export function valuesAt(image, frame, x, y) {
  const start = ((frame * image.height + y) * image.width + x) * image.channels;
  return Array.from(image.samples.subarray(start, start + image.channels));
}

/** Return the values of a pixel in words: "7", "R 9 G 8 B 7", with "α 255" where there is alpha. */
export function valueText(values) {
  const names = values.length < 3 ? ["", "α "] : ["R ", "G ", "B ", "α "];
  return values.map((value, at) => `${names[at]}${exactText(value)}`).join("  ");
}

function exactText(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  // A float has about seven digits.
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7))).replace("-", "−");
}

/** Return the least and the greatest colour value of a frame; [low, high] as they are when all are alike. */
export function spanOf(image, frame) {
  const { width, height, channels, colors, samples } = image;
  const size = width * height * channels;
  let [least, most] = [Infinity, -Infinity];
  for (let at = frame * size; at < (frame + 1) * size; at += channels) {
    for (let channel = 0; channel < colors; channel += 1) {
      const value = samples[at + channel];
      if (value < least && value > -Infinity) least = value;
      if (value > most && value < Infinity) most = value;
    }
  }
  return least < most ? [least, most] : [image.low, image.high];
}

/** Return a frame as RGBA for a canvas, `low` drawn black and `high` white. */
export function screenPixels(image, frame, low = image.low, high = image.high) {
  const { width, height, channels, colors, hasAlpha, samples } = image;
  const count = width * height;
  const out = new Uint8ClampedArray(count * 4);
  const scale = 255 / (high - low || 1);
  const alphaScale = 255 / (image.full || 255);
  let from = frame * count * channels;
  for (let to = 0; to < out.length; to += 4, from += channels) {
    out[to] = (samples[from] - low) * scale;
    out[to + 1] = colors === 1 ? out[to] : (samples[from + 1] - low) * scale;
    out[to + 2] = colors === 1 ? out[to] : (samples[from + 2] - low) * scale;
    out[to + 3] = hasAlpha ? samples[from + channels - 1] * alphaScale : 255;
  }
  return out;
}

/** Return which pixel of the second image lies on (x, y) of the first, null where there is none. */
export function counterpart(first, second, x, y, scaled) {
  if (!scaled) return x < second.width && y < second.height ? [x, y] : null;
  const across = Math.floor(((x + 0.5) * second.width) / first.width);
  const down = Math.floor(((y + 0.5) * second.height) / first.height);
  return [Math.min(across, second.width - 1), Math.min(down, second.height - 1)];
}

/** Return how the values of two images are made comparable: what each is multiplied by, and the span of the result. */
export function commonScale(first, second) {
  if (first.full && first.full === second.full) return { one: 1, other: 1, span: first.full, shares: false };
  if (first.full && second.full) return { one: 1 / first.full, other: 1 / second.full, span: 1, shares: true };
  const span = Math.max(first.high, second.high) - Math.min(first.low, second.low);
  return { one: 1, other: 1, span: span || 1, shares: false };
}

/** Return the second image's values less the first's at one pixel, alpha last where either has it; null outside. */
export function differenceAt(first, second, frames, x, y, scaled) {
  const place = counterpart(first, second, x, y, scaled);
  if (!place) return null;
  const { one, other } = commonScale(first, second);
  const [mine, theirs] = [valuesAt(first, frames[0], x, y), valuesAt(second, frames[1], place[0], place[1])];
  const colors = Math.max(first.colors, second.colors);
  const found = [];
  for (let channel = 0; channel < colors; channel += 1) {
    found.push(less(theirs[second.colors === 1 ? 0 : channel] * other, mine[first.colors === 1 ? 0 : channel] * one));
  }
  if (first.hasAlpha || second.hasAlpha) {
    found.push((second.hasAlpha ? theirs.at(-1) : second.full) * other - (first.hasAlpha ? mine.at(-1) : first.full) * one);
  }
  return found;
}

/**
 * Return the difference of two frames as RGBA for a canvas, and what there is to say of it: the greatest and the mean
 * absolute difference of all values, how many pixels differ, and what a difference is counted in.
 */
export function differencePixels(first, second, frames, { gain, signed, scaled }) {
  const width = scaled ? first.width : Math.min(first.width, second.width);
  const height = scaled ? first.height : Math.min(first.height, second.height);
  const colors = Math.max(first.colors, second.colors);
  const alpha = first.hasAlpha || second.hasAlpha;
  const { one, other, span, shares } = commonScale(first, second);
  const out = new Uint8ClampedArray(width * height * 4);
  const bases = [frames[0] * first.width * first.height, frames[1] * second.width * second.height];
  const factor = (gain * 255) / span / (signed ? 2 : 1);
  let [most, sum, count, differing] = [0, 0, 0, 0];
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 4) {
      const place = scaled ? counterpart(first, second, x, y, true) : [x, y];
      const mine = (bases[0] + y * first.width + x) * first.channels;
      const theirs = (bases[1] + place[1] * second.width + place[0]) * second.channels;
      let differs = false;
      let ofAlpha = 0;
      if (alpha) {
        const own = first.hasAlpha ? first.samples[mine + first.channels - 1] : first.full;
        ofAlpha = (second.hasAlpha ? second.samples[theirs + second.channels - 1] : second.full) * other - own * one;
        [most, sum, count, differs] = [Math.max(most, Math.abs(ofAlpha)), sum + Math.abs(ofAlpha), count + 1, ofAlpha !== 0];
      }
      for (let channel = 0; channel < 3; channel += 1) {
        if (channel >= colors) {
          out[to + channel] = out[to];
          continue;
        }
        const delta = less(second.samples[theirs + (second.colors === 1 ? 0 : channel)] * other, first.samples[mine + (first.colors === 1 ? 0 : channel)] * one);
        const size = Math.abs(delta);
        if (size > most) most = size;
        if (size >= 0 && size < Infinity) [sum, count] = [sum + size, count + 1];
        if (delta !== 0) differs = true;
        out[to + channel] = signed ? 127.5 + delta * factor : Math.max(size, Math.abs(ofAlpha)) * factor;
      }
      out[to + 3] = 255;
      if (differs) differing += 1;
    }
  }
  return { width, height, pixels: out, most, mean: count ? sum / count : 0, differing, pixelsCompared: width * height, shares };
}

/** Return what is left of one value less another: nothing also where both are NaN, or the same infinity. */
function less(one, other) {
  return Object.is(one, other) ? 0 : one - other;
}

/** Return the view that shows all of width x height image pixels in the middle of a box: a scale and an offset. */
export function fitted(width, height, across, down) {
  const scale = Math.min(Math.max(Math.min(across / width, down / height), LEAST_SCALE), MOST_SCALE);
  // Whole screen pixels for each pixel of a small image, as long as little room is lost.
  return centred(width, height, across, down, scale > 2 ? Math.floor(scale) : scale);
}

/** Return the view at a scale, the image in the middle of a box. */
export function centred(width, height, across, down, scale) {
  return { scale, x: (across - width * scale) / 2, y: (down - height * scale) / 2 };
}

/** Return the view zoomed by a factor; what lies under (x, y) of the box stays there. */
export function zoomedView(view, x, y, factor) {
  const scale = Math.min(Math.max(view.scale * factor, LEAST_SCALE), MOST_SCALE);
  const change = scale / view.scale;
  return { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change };
}

/** Return the image pixel under (x, y) of the box, whole numbers, perhaps outside of the image. */
export function pixelUnder(view, x, y) {
  return [Math.floor((x - view.x) / view.scale), Math.floor((y - view.y) / view.scale)];
}

/** Spectrograms: which band a pixel shows, and the colours of how loud it is. */

const STEPS = 256;

/** Return a frequency on the mel scale, on which equal distances sound equal. Source: O'Shaughnessy, 1987. */
export function melOf(hertz) {
  return 2595 * Math.log10(1 + hertz / 700);
}

export function hertzOf(mel) {
  return 700 * (10 ** (mel / 2595) - 1);
}

/** Return the frequency that lies `share` of the way up. */
export function frequencyAt(share, top, scale) {
  return scale === "mel" ? hertzOf(share * melOf(top)) : share * top;
}

/** Return how far up a frequency lies, from 0 to 1. */
export function shareOf(hertz, top, scale) {
  return scale === "mel" ? melOf(hertz) / melOf(top) : hertz / top;
}

/** Return frequencies worth a label, few enough for `room` pixels. */
export function frequencyTicks(top, scale, room) {
  const every = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
  const found = [];
  if (scale === "mel") {
    let last = 0;
    for (const hertz of every) {
      const at = shareOf(hertz, top, scale) * room;
      if (at > room - 16 || at - last < 18) continue;
      found.push(hertz);
      last = at;
    }
    return found;
  }
  const step = every.find((one) => (top / one) * 22 <= room) ?? top;
  for (let hertz = step; (hertz / top) * room <= room - 16; hertz += step) found.push(hertz);
  return found;
}

/** Return 256 colours [r, g, b] through the theme's own, quiet first. */
export function colorRamp(colors) {
  const stops = colors.map(rgbOf);
  return Array.from({ length: STEPS }, (_, index) => {
    const place = (index / (STEPS - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    return stops[low].map((value, at) => Math.round(value + (stops[low + 1][at] - value) * (place - low)));
  });
}

/** Return the pixels of a spectrogram: `levels` [bands, columns] of which 255 is 0 dB and 0 is -120 dB.
 *
 * loudest: the level that gets the last colour; range: decibels below it that get the first.
 */
export function levelPixels(levels, bands, columns, height, top, scale, loudest, range, ramp) {
  const pixels = new Uint8ClampedArray(4 * columns * height);
  const floor = loudest - (range / 120) * 255;
  for (let y = 0; y < height; y += 1) {
    const hertz = frequencyAt(1 - (y + 0.5) / height, top, scale);
    const band = Math.min(bands - 1, Math.floor((hertz / top) * bands));
    for (let x = 0; x < columns; x += 1) {
      // Where all is silent, nothing is the loudest.
      const share = loudest > 0 ? (levels[band * columns + x] - floor) / (loudest - floor) : 0;
      const color = ramp[Math.round(Math.min(Math.max(share, 0), 1) * (STEPS - 1))];
      const at = 4 * (y * columns + x);
      [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]] = [color[0], color[1], color[2], 255];
    }
  }
  return pixels;
}

function rgbOf(color) {
  const hex = color.trim().replace("#", "");
  const long = hex.length === 3 ? [...hex].map((sign) => sign + sign).join("") : hex;
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16) || 0);
}

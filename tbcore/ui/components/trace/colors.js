/** Colours of kinds and names, made for the background that the page has. */

const DIM = 0.2;

/** Return [red, green, blue] of "#rrggbb" or "rgb(r, g, b)". */
export function channels(color) {
  if (color.startsWith("#") && color.length >= 7) return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const found = color.match(/\d+(\.\d+)?/g)?.map(Number) ?? [];
  return found.length >= 3 ? found.slice(0, 3) : [128, 128, 128];
}

/** Return a colour between two, `share` of the first. */
export function blended(one, other, share) {
  const [a, b] = [channels(one), channels(other)];
  return `rgb(${a.map((value, at) => Math.round(value * share + b[at] * (1 - share))).join(",")})`;
}

/** Return whether a background is dark. */
export function isDark(color) {
  const [red, green, blue] = channels(color);
  return 0.3 * red + 0.59 * green + 0.11 * blue < 128;
}

/** Return the paints of a theme: for each colour {fill, soft, dim}: an event, a run of short ones, what was not searched for. */
export function paintsOf(colors, palette) {
  const dark = isDark(palette.background);
  return colors.map((color) => ({
    fill: blended(color, palette.background, dark ? 0.62 : 0.6),
    edge: blended(color, palette.background, 0.95),
    soft: (dark ? [0.36, 0.46, 0.55, 0.62] : [0.28, 0.4, 0.5, 0.6]).map((share) => blended(color, palette.background, share)),
    dim: blended(color, palette.background, DIM),
  }));
}

/** Colours that stand for amounts: a ramp of the theme for shares, and shades of a run's colour for its steps. */

const LEVELS = 256;

/** Return the theme's ramp for amounts as [LEVELS] of 0xAABBGGRR; level 0 is nothing, and transparent. */
export function newRamp(stops) {
  const colors = stops.map(parsed);
  const levels = new Uint32Array(LEVELS);
  for (let level = 1; level < LEVELS; level += 1) {
    const place = ((level - 1) / (LEVELS - 2)) * (colors.length - 1);
    const from = Math.min(colors.length - 2, Math.floor(place));
    const mixed = [0, 1, 2].map((at) => Math.round(colors[from][at] + (place - from) * (colors[from + 1][at] - colors[from][at])));
    levels[level] = (0xff000000 | (mixed[2] << 16) | (mixed[1] << 8) | mixed[0]) >>> 0;
  }
  return levels;
}

/** Return the level of a share: by its square root, so that the tails are seen beside the peak. */
export function levelOf(share, peak) {
  if (!(share > 0) || !(peak > 0)) return 0;
  return 1 + Math.min(LEVELS - 2, Math.floor((LEVELS - 1) * Math.sqrt(share / peak)));
}

/** Return the theme's colours for amounts, faintest first. */
export function rampStops(host, background, accent) {
  const said = getComputedStyle(host).getPropertyValue("--st-chart-sequential-colors").match(/#[0-9a-f]{6}/gi);
  return said && said.length > 1 ? said : [background, accent].map((color) => (/^#[0-9a-f]{6}$/i.test(color) ? color : "#808080"));
}

/** Return the colour of a step by how old it is, 0 to 1: the oldest are nearly the background, the newest the run's own. */
export function shade(color, age, background) {
  return `color-mix(in srgb, ${color} ${Math.round(22 + 78 * age)}%, ${background})`;
}

/** Return [LEVELS] of the ramp as colours for a legend, `count` of them. */
export function legendColors(ramp, count) {
  return Array.from({ length: count }, (_, at) => {
    const level = ramp[1 + Math.round((at / (count - 1)) * (LEVELS - 2))];
    return `rgb(${level & 255} ${(level >> 8) & 255} ${(level >> 16) & 255})`;
  });
}

function parsed(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

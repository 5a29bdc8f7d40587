/** The small curve in a cell. */

const CONTRAST = 2.2;
const STEP = 0.08;

/** Draw `values` over the whole of a canvas, gaps where they are not finite, a dot at the end. */
export function drawTrace(context, values, width, height, color) {
  const [low, high] = extent(values);
  if (low > high) return;
  const x = (at) => 2 + (values.length > 1 ? (at / (values.length - 1)) * (width - 5) : (width - 5) / 2);
  const y = (value) => (high === low ? height / 2 : height - 3 - ((value - low) / (high - low)) * (height - 6));
  context.beginPath();
  let [pen, end] = [false, -1];
  values.forEach((value, at) => {
    const on = Number.isFinite(value);
    if (on) {
      if (pen) context.lineTo(x(at), y(value));
      else context.moveTo(x(at), y(value));
      end = at;
    }
    pen = on;
  });
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 1.2;
  context.lineJoin = "round";
  context.stroke();
  context.beginPath();
  context.arc(x(end), y(values[end]), 1.8, 0, 2 * Math.PI);
  context.fill();
}

/** Return a colour of a run, darker or lighter where it would be hard to see on a background; both as #rrggbb. */
export function legible(color, background) {
  const [ink, paper] = [channels(color), channels(background)];
  if (!ink || !paper) return color;
  const end = brightness(paper) > 0.18 ? 0 : 255;
  for (let share = 0; share < 1; share += STEP) {
    const mixed = ink.map((channel) => Math.round(channel * (1 - share) + end * share));
    const [dark, light] = [brightness(mixed), brightness(paper)].sort((one, other) => one - other);
    if ((light + 0.05) / (dark + 0.05) >= CONTRAST) return `rgb(${mixed.join(" ")})`;
  }
  return color;
}

function channels(color) {
  return /^#[0-9a-f]{6}$/i.test(color) ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) : null;
}

/** Source: WCAG 2.2, relative luminance. */
function brightness(rgb) {
  const [red, green, blue] = rgb.map((channel) => (channel <= 10 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

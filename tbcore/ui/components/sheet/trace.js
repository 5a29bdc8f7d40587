/** The small curve in a cell. */

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

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

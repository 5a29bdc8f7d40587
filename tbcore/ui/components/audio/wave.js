/** Waveforms: the least and the greatest sample of each column, as a filled shape. */

/** Return the greatest size of envelopes [channels, columns, 2], 1 when there is nothing but silence. */
export function reachOf(envelopes) {
  let reach = 0;
  for (const envelope of envelopes) for (const value of envelope) reach = Math.max(reach, Math.abs(value));
  return reach || 1;
}

/** Return the envelope [1 or more channels, columns, 2] of a sound that the browser decoded. */
export function envelopeOf(buffer, columns) {
  const lanes = Math.min(buffer.numberOfChannels, 4);
  const count = Math.min(columns, buffer.length);
  const found = new Float32Array(lanes * count * 2);
  for (let lane = 0; lane < lanes; lane += 1) {
    const samples = buffer.getChannelData(lane);
    for (let column = 0; column < count; column += 1) {
      const [first, last] = [Math.floor((column * samples.length) / count), Math.floor(((column + 1) * samples.length) / count)];
      let [low, high] = [Infinity, -Infinity];
      for (let at = first; at < last; at += 1) {
        if (samples[at] < low) low = samples[at];
        if (samples[at] > high) high = samples[at];
      }
      found.set([low, high], 2 * (lane * count + column));
    }
  }
  return { envelope: found, lanes, columns: count };
}

/** Draw one lane per channel, full height for what is `reach` large. */
export function paintWave(context, { envelope, lanes, columns }, left, width, height, reach, color, line) {
  const each = height / lanes;
  for (let lane = 0; lane < lanes; lane += 1) {
    const middle = each * (lane + 0.5);
    const scale = (each / 2 - 2) / reach;
    const at = (column, side) => middle - envelope[2 * (lane * columns + column) + side] * scale;
    const x = (column) => left + ((column + 0.5) / columns) * width;
    context.strokeStyle = line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(left, Math.round(middle) + 0.5);
    context.lineTo(left + width, Math.round(middle) + 0.5);
    context.stroke();
    context.fillStyle = context.strokeStyle = color;
    context.beginPath();
    for (let column = 0; column < columns; column += 1) context.lineTo(x(column), at(column, 1));
    for (let column = columns - 1; column >= 0; column -= 1) context.lineTo(x(column), at(column, 0));
    context.closePath();
    context.fill();
    // Where the shape is thinner than a pixel, only its outline is seen.
    context.stroke();
  }
}

/** Smoothing, the same numbers as on the server. */

/**
 * Return the debiased exponential moving average of `values`.
 *
 * weight: 0 leaves the values alone; 0.99 averages about the last 100. Values that are not finite are passed through
 * and do not enter the average; a constant series is returned as it is.
 */
export function smooth(values, weight) {
  if (weight <= 0 || isConstant(values)) return values;
  const smoothed = new Float64Array(values.length);
  const fresh = 1 - weight;
  let last = 0;
  let power = 1;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (Number.isFinite(value)) {
      last = last * weight + fresh * value;
      // Once the bias is gone, smaller powers would be subnormal numbers, which are slow.
      if (power > 1e-18) power *= weight;
      smoothed[index] = power > 1e-18 ? last / (1 - power) : last;
    } else {
      smoothed[index] = value;
    }
  }
  return smoothed;
}

/**
 * Return what `smooth` would give at the end of each group of points, of which only the mean and the count are known.
 *
 * A group enters with the weight of all its points; an empty group gives NaN.
 */
export function smoothMeans(means, counts, weight) {
  const smoothed = new Float64Array(means.length);
  let last = 0;
  let power = 1;
  for (let index = 0; index < means.length; index += 1) {
    if (!(counts[index] > 0) || !Number.isFinite(means[index])) {
      smoothed[index] = NaN;
      continue;
    }
    const kept = weight ** counts[index];
    last = last * kept + (1 - kept) * means[index];
    power *= kept;
    smoothed[index] = last / (1 - power);
  }
  return smoothed;
}

function isConstant(values) {
  for (let index = 1; index < values.length; index += 1) if (values[index] !== values[0]) return false;
  return true;
}

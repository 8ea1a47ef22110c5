/**
 * Smoothing of a curve: exponential moving average with the start corrected (as in Adam's first-moment estimate), so that
 * the first point is the first value and not a fraction of it. Invariant: weight 0 returns the values as they are.
 */

/** @param weight of the past, in [0, 1); NaN values stay NaN and are skipped over. O(n). */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values;
  const result = new Float64Array(values.length);
  let mean = 0;
  let mass = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      result[i] = value;
      continue;
    }
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    result[i] = mean / mass;
  }
  return result;
}

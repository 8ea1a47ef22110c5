/**
 * Values on a logarithmic scale, and the improvement expected of a value whose logarithm is normal.
 * Sources: F. Hutter et al., "An experimental investigation of model-based parameter optimisation" (GECCO 2009), section 5.2;
 * the shift of values that are not positive follows SMAC3's log-scaled encoder (twice the way from the 5th percentile to the
 * minimum). Invariant: order is kept, and the result is finite for finite values.
 */
import { fastNormalCdf, logSqrt2Pi, millsRatio } from "../../core/normal.ts";
import { quantile } from "../../core/stats.ts";

/** The least distance of the logarithm's zero from the minimum, as a share of the range of all values. */
const leastGap = 1e-3;

/** Logarithms of values, which are shifted first where some are not positive. O(n log n). */
export function logged(values: Float64Array): Float64Array {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (low > 0) return values.map(Math.log);
  const size = Math.max(-low, high);
  // Divided first: the range of the largest doubles is no double.
  const scaled = values.map((value) => (size > 0 ? value / size : 0));
  const least = size > 0 ? low / size : 0;
  const range = size > 0 ? high / size - least : 0;
  if (range === 0) return scaled.fill(0);
  const gap = Math.max(quantile(scaled, 0.05) - least, leastGap * range);
  // In this order: beside a large value the gap of neighbouring doubles would round to nothing.
  return scaled.map((value) => Math.log(value - least + gap));
}

/**
 * log of the expected improvement below exp(best) of a value whose logarithm has this mean and variance, in units of exp(best):
 * cdf(v) - exp(mean + variance / 2 - best) cdf(v - s) with s the deviation and v = (best - mean) / s. In the tail as
 * pdf(v) (R(-v) - R(s - v)) with Mills' ratio R, so that nothing cancels.
 */
export function logLognormalImprovement(mean: number, variance: number, best: number): number {
  const s = Math.sqrt(variance);
  const v = (best - mean) / s;
  if (v < -3) return -0.5 * v * v - logSqrt2Pi + Math.log(millsRatio(-v) - millsRatio(s - v));
  const paid = Math.exp(mean + variance / 2 - best) * fastNormalCdf(v - s);
  return Math.log(Math.max(fastNormalCdf(v) - paid, Number.MIN_VALUE));
}

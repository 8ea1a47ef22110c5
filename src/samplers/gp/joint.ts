/**
 * The posterior of a Gaussian process at many points together: draws of the whole function there, for Thompson sampling.
 * Source: C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006), equation 2.24 and A.2.
 * Invariant: a draw is a function of the points and of the stream of randomness, whatever else was drawn before.
 */
import { choleskyInPlace, timesLower } from "../../core/linalg/cholesky.ts";
import type { Rng } from "../../core/rng.ts";

export interface JointPosterior {
  readonly means: Float64Array;
  /** The function's values at the points, drawn together. O(m^2). */
  draw(rng: Rng): Float64Array;
}

/**
 * @param covariance row-major m x m, of which the lower triangle is read and overwritten
 * @param scale variance before any trial: what the jitter is measured against
 * O(m^3 / 6).
 */
export function jointNormal(means: Float64Array, covariance: Float64Array, scale: number): JointPosterior {
  const m = means.length;
  const diagonal = means.map((_, i) => covariance[i * m + i]!);
  let factor: Float64Array | undefined;
  // Points on top of one another, or on a trial, leave nothing that varies; rounding can make that negative.
  for (let jitter = 1e-10; factor === undefined && jitter < 1; jitter *= 100) {
    const tried = covariance.slice();
    for (let i = 0; i < m; i++) tried[i * m + i] = Math.max(0, diagonal[i]!) + jitter * scale;
    if (choleskyInPlace(tried, m)) factor = tried;
  }
  const lower = factor;
  return {
    means,
    draw(rng) {
      const noise = means.map(() => rng.normal());
      // Nothing but rounding: the points are then as good as independent.
      const change =
        lower === undefined
          ? noise.map((z, i) => z * Math.sqrt(Math.max(0, diagonal[i]!)))
          : timesLower(lower, m, noise);
      return change.map((value, i) => value + means[i]!);
    },
  };
}

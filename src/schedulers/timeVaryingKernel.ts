/**
 * The covariance of PB2's Gaussian process, in which what was seen long ago counts less, and the width of its confidence bound.
 * Source: J. Parker-Holder et al., "Provably Efficient Online Hyperparameter Optimization with Population-Based Bandits" (NeurIPS
 * 2020); constants as in Ray's implementation. Invariant: 1 times the variance at equal time and place, falling with both distances.
 */

export interface TimeVaryingKernel {
  /** Share that is forgotten in a step, in [0, 0.5]. */
  readonly forgetting: number;
  readonly lengthscale: number;
  readonly variance: number;
}

/** variance (1 - forgetting)^(|dt| / 2) exp(-d^2 / lengthscale), from a distance in steps and one squared in the unit cube. */
export function timeVaryingCovariance(kernel: TimeVaryingKernel, steps: number, squaredDistance: number): number {
  const { forgetting, lengthscale, variance } = kernel;
  return variance * (1 - forgetting) ** (Math.abs(steps) / 2) * Math.exp(-squaredDistance / lengthscale);
}

/** How many standard deviations the bound adds after `count` observations: sqrt(c1 ln(c2 n)), 0 where the logarithm is not positive. */
export function confidenceWidth(count: number, c1 = 0.2, c2 = 0.4): number {
  return Math.sqrt(Math.max(0, c1 * Math.log(c2 * count)));
}

/**
 * One learning curve about its asymptote: y(t) = f + g(t) + noise, where g is a Gaussian process whose kernel
 * b^a / (t + u + b)^a is that of exponential decays whose rates follow a gamma distribution.
 * Source: K. Swersky, J. Snoek, R. P. Adams, "Freeze-Thaw Bayesian Optimization" (2014), equation 6 and section 3.1.
 * Invariant: what a curve says of its asymptote is a normal of precision `precision` about `weighted / precision`.
 */
import { choleskyInPlace, solveLower, solveUpper } from "../../core/linalg/cholesky.ts";

export interface DecayHyperparameters {
  /** Shape and rate of the gamma distribution of decay rates; b is in steps. */
  readonly a: number;
  readonly b: number;
  /** Variance of the decay at step 0. */
  readonly scale: number;
  /** Variance of a report about its curve. */
  readonly noise: number;
}

/** Correlation of a curve's decay at steps t and u. */
export function decayKernel(t: number, u: number, a: number, b: number): number {
  return (b / (t + u + b)) ** a;
}

/** What curves reported at the same steps have in common; most curves of a study do. */
export interface DecayCovariance {
  readonly steps: Float64Array;
  /** Lower factor of K, the covariance about the asymptote, noise included. */
  readonly factor: Float64Array;
  readonly logDeterminant: number;
  /** K^-1 1. */
  readonly ones: Float64Array;
  /** Information about the asymptote: 1^T K^-1 1. */
  readonly precision: number;
}

/** The covariance of reports at these steps; undefined when it is not positive definite. O(T^3). */
export function decayCovariance(steps: Float64Array, hyper: DecayHyperparameters): DecayCovariance | undefined {
  const n = steps.length;
  const { a, b, scale, noise } = hyper;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) factor[i * n + j] = scale * decayKernel(steps[i]!, steps[j]!, a, b);
    factor[i * n + i]! += noise;
  }
  if (!choleskyInPlace(factor, n)) return undefined;
  const ones = solve(factor, n, new Float64Array(n).fill(1));
  let logDeterminant = 0;
  for (let i = 0; i < n; i++) logDeterminant += 2 * Math.log(factor[i * n + i]!);
  return { steps, factor, logDeterminant, ones, precision: ones.reduce((sum, value) => sum + value, 0) };
}

export interface CurveEvidence {
  /** The information about the asymptote times the one that suits the curve best: 1^T K^-1 y. */
  readonly weighted: number;
  /** y^T K^-1 y. */
  readonly squares: number;
}

/** What a curve says of its asymptote. O(T^2). */
export function curveEvidence(losses: Float64Array, { factor, ones }: DecayCovariance): CurveEvidence {
  const white = solveLower(factor, losses.length, losses.slice());
  let weighted = 0;
  let squares = 0;
  for (let i = 0; i < losses.length; i++) {
    weighted += ones[i]! * losses[i]!;
    squares += white[i]! * white[i]!;
  }
  return { weighted, squares };
}

/** K^-1 b, in place. */
function solve(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  return solveUpper(factor, n, solveLower(factor, n, b));
}

/** Derivatives of the log evidence, in the order of `decayTheta`. */
export type DecaySlopes = Float64Array;

/** Hyperparameters as a search moves them: logarithms of a, b, scale and noise. */
export function decayTheta({ a, b, scale, noise }: DecayHyperparameters): Float64Array {
  return Float64Array.of(Math.log(a), Math.log(b), Math.log(scale), Math.log(noise));
}

export function decayOf(theta: Float64Array): DecayHyperparameters {
  return { a: Math.exp(theta[0]!), b: Math.exp(theta[1]!), scale: Math.exp(theta[2]!), noise: Math.exp(theta[3]!) };
}

/** A curve among those with the same steps, and the posterior of its asymptote. */
export interface CurveMember {
  readonly losses: Float64Array;
  readonly mean: number;
  readonly variance: number;
}

/**
 * Adds to `slopes` how the log evidence of all data changes with the hyperparameters of these curves.
 * With S the covariance of all data: half of trace((S^-1 r r^T S^-1 - S^-1) dK), of which only a curve's own block matters:
 * S^-1 r is K^-1 (y - mean) there, and S^-1 is K^-1 - variance K^-1 1 1^T K^-1.
 * O(T^3 + members T^2).
 */
export function addDecaySlopes(
  { steps, factor, ones }: DecayCovariance,
  members: readonly CurveMember[],
  hyper: DecayHyperparameters,
  slopes: DecaySlopes,
): void {
  const n = steps.length;
  const { a, b, scale, noise } = hyper;
  // Lower triangle of the sum of the brackets.
  const weight = new Float64Array(n * n);
  for (const { losses, mean, variance } of members) {
    const beta = solve(
      factor,
      n,
      losses.map((loss) => loss - mean),
    );
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) weight[i * n + j]! += beta[i]! * beta[j]! + variance * ones[i]! * ones[j]!;
    }
  }
  for (let j = 0; j < n; j++) {
    const column = new Float64Array(n);
    column[j] = 1;
    solve(factor, n, column);
    for (let i = j; i < n; i++) {
      const bracket = weight[i * n + j]! - members.length * column[i]!;
      // Off the diagonal both triangles at once.
      const half = i === j ? 0.5 * bracket : bracket;
      const time = steps[i]! + steps[j]!;
      const logRatio = Math.log(b / (time + b));
      const entry = scale * Math.exp(a * logRatio);
      slopes[0]! += half * entry * a * logRatio;
      slopes[1]! += (half * entry * a * time) / (time + b);
      slopes[2]! += half * entry;
      if (i === j) slopes[3]! += half * noise;
    }
  }
}

/**
 * How a curve goes on: mean and variance of its loss at a step, without the noise of a report.
 * @param losses of the curve @param asymptote its posterior
 * O(T^2).
 */
export function continuedCurve(
  { steps, factor, ones }: DecayCovariance,
  hyper: DecayHyperparameters,
  losses: Float64Array,
  asymptote: { readonly mean: number; readonly variance: number },
  step: number,
): { readonly mean: number; readonly variance: number } {
  const n = steps.length;
  const { a, b, scale } = hyper;
  const cross = steps.map((own) => scale * decayKernel(own, step, a, b));
  const solved = solve(factor, n, cross.slice());
  let mean = 0;
  let variance = scale * decayKernel(step, step, a, b);
  let share = 1;
  for (let i = 0; i < n; i++) {
    mean += solved[i]! * losses[i]!;
    variance -= solved[i]! * cross[i]!;
    share -= cross[i]! * ones[i]!;
  }
  return {
    mean: mean + share * asymptote.mean,
    variance: Math.max(0, variance) + share * share * asymptote.variance,
  };
}

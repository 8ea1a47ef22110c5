/**
 * PB2's model: how much a step of training improves the objective, as a Gaussian process of time, of where the training stands and
 * of its hyperparameters, in which old observations count less and less; and its upper confidence bound.
 * Source: J. Parker-Holder et al., "Provably Efficient Online Hyperparameter Optimization with Population-Based Bandits" (NeurIPS
 * 2020), equations 5 to 8; batches as in T. Desautels et al. (JMLR 2014): trainings without a result lower the variance alone.
 * Time is the step, as in the paper, and the bound adds standard deviations; Ray rescales the one to [0, 1] and adds variances.
 * Invariant: a model is a function of what it is given. Lengthscale and noise are those of a grid with the largest evidence.
 */
import { choleskyInPlace, solveLower, solveUpper } from "../core/linalg/cholesky.ts";
import { confidenceWidth, timeVaryingCovariance } from "./timeVaryingKernel.ts";

/** Where a training goes on: its step, and everything else in the unit cube. */
export interface ModelPoint {
  readonly time: number;
  readonly at: Float64Array;
}

export interface Observation extends ModelPoint {
  /** Improvement in a step; more is better. */
  readonly gain: number;
}

export interface UpperBound {
  readonly mean: number;
  readonly deviation: number;
  /** mean + confidenceWidth(n) deviation, in standard deviations of the gains. */
  readonly bound: number;
}

const lengthscales = [0.05, 0.2, 0.5, 1, 3];
const noises = [0.01, 0.1, 0.5];
/** Newest observations that the grid is judged by. */
const fitted = 100;
/** Gains further out say that something broke, not how much. */
const clip = 2;

interface Hyper {
  readonly lengthscale: number;
  readonly noise: number;
}

/**
 * The bound as a function of a point. O(n^3) once, O(n^2) a point.
 * @param observations oldest first, one at least @param pending points whose results are still to come
 */
export function upperBound(
  observations: readonly Observation[],
  pending: readonly ModelPoint[],
  forgetting: number,
): (point: ModelPoint) => UpperBound {
  const gains = standardised(observations.map(({ gain }) => gain));
  const hyper = bestOfGrid(observations.slice(-fitted), gains.slice(-fitted), forgetting);
  const width = confidenceWidth(observations.length);
  const byData = factorOf(observations, hyper, forgetting);
  const alpha = solveUpper(byData, gains.length, solveLower(byData, gains.length, Float64Array.from(gains)));
  const everything = [...observations, ...pending];
  const byAll = pending.length === 0 ? byData : factorOf(everything, hyper, forgetting);
  return (point) => {
    const covariance = Float64Array.from(everything, (other) => covarianceOf(point, other, hyper, forgetting));
    let mean = 0;
    for (let i = 0; i < alpha.length; i++) mean += covariance[i]! * alpha[i]!;
    let variance = 1;
    for (const value of solveLower(byAll, everything.length, covariance)) variance -= value * value;
    const deviation = Math.sqrt(Math.max(0, variance));
    return { mean, deviation, bound: mean + width * deviation };
  };
}

/** Mean 0 and deviation 1, and then nothing beyond two. */
export function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (deviation > 0 ? Math.max(-clip, Math.min(clip, (value - mean) / deviation)) : 0));
}

function covarianceOf(a: ModelPoint, b: ModelPoint, { lengthscale }: Hyper, forgetting: number): number {
  let distance = 0;
  for (let k = 0; k < a.at.length; k++) distance += (a.at[k]! - b.at[k]!) ** 2;
  return timeVaryingCovariance({ forgetting, lengthscale, variance: 1 }, a.time - b.time, distance);
}

/** Cholesky factor of the covariance with noise; more noise where rounding has left it without one. O(n^3). */
function factorOf(points: readonly ModelPoint[], hyper: Hyper, forgetting: number): Float64Array {
  const n = points.length;
  for (let { noise } = hyper; ; noise *= 10) {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) matrix[i * n + j] = covarianceOf(points[i]!, points[j]!, hyper, forgetting);
      matrix[i * n + i] = 1 + noise;
    }
    if (choleskyInPlace(matrix, n)) return matrix;
  }
}

function bestOfGrid(observations: readonly Observation[], gains: readonly number[], forgetting: number): Hyper {
  const n = observations.length;
  let best: (Hyper & { readonly evidence: number }) | undefined;
  for (const lengthscale of lengthscales) {
    for (const noise of noises) {
      const factor = factorOf(observations, { lengthscale, noise }, forgetting);
      let evidence = 0;
      for (const value of solveLower(factor, n, Float64Array.from(gains))) evidence -= 0.5 * value * value;
      for (let i = 0; i < n; i++) evidence -= Math.log(factor[i * n + i]!);
      if (best === undefined || evidence > best.evidence) best = { lengthscale, noise, evidence };
    }
  }
  return best!;
}

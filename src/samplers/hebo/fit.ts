/**
 * A Gaussian process behind a warp of its inputs: the kernel's hyperparameters and the warp's are fitted together, at the maximum
 * of their posterior. Source: HEBO (A. I. Cowen-Rivers et al., "HEBO: Pushing The Limits of Sample-Efficient Hyperparameter
 * Optimisation", JAIR 2022), section 4. Priors: those of gp/regression.ts; log-normal about no warp as in J. Snoek et al. (2014).
 * Invariant: all numbers are functions of the data given.
 */
import { minimiseInBox, type Evaluated } from "../../core/optimize/minimiseInBox.ts";
import { inactive, type Features } from "../gp/features.ts";
import {
  addPrior,
  firstGuesses,
  kernelEvidence,
  leastNoise,
  pairwise,
  type Hyperparameters,
} from "../gp/regression.ts";
import { kumaraswamySlopes, warpedPoint, type Warp } from "./warp.ts";

export interface WarpedFit {
  readonly hyperparameters: Hyperparameters;
  readonly warp: Warp;
}

/** Deviation of the logarithm of a warp's exponents. */
const warpSpread = 0.75;
const largestExponent = 5;

/**
 * Minus the log posterior and its gradient by the logarithms of weights, scale, noise, and the exponents a and b of every
 * parameter's warp. O(n^3 + n^2 d).
 */
export function warpedPosterior(
  theta: Float64Array,
  features: Features,
  points: readonly Float64Array[],
  y: Float64Array,
): Evaluated {
  const d = features.dimension;
  const n = points.length;
  const weights = theta.subarray(0, d).map(Math.exp);
  const scale = Math.exp(theta[d]!);
  const noise = Math.exp(theta[d + 1]!);
  const logA = theta.subarray(d + 2, 2 * d + 2);
  const logB = theta.subarray(2 * d + 2);
  const [a, b] = [logA.map(Math.exp), logB.map(Math.exp)];

  const warped = points.map((point) => warpedPoint(features, { a, b }, point));
  const gradient = new Float64Array(theta.length);
  const noises = new Float64Array(y.length).fill(noise);
  const evidence = kernelEvidence({ weights, scale, noise: noises }, pairwise(features, warped), y);
  const { byDistance } = evidence;
  if (evidence.value === Infinity) return { value: Infinity, gradient };
  gradient.set(evidence.byWeights);
  gradient[d] = evidence.byScale;
  gradient[d + 1] = noise * evidence.byNoise.reduce((sum, slope) => sum + slope, 0);
  let value = evidence.value + addPrior(weights, scale, noise, gradient);

  for (let k = 0; k < d; k++) {
    if (features.numeric[k] !== true) continue;
    // From an inactive parameter the distance is measured to the middle of the interval, and it does not move.
    const marks = Float64Array.from(warped, (point) => point[k]!);
    const places = marks.map((u) => (u < 0 ? 0.5 : u));
    const pulls = new Float64Array(n);
    for (let i = 1, at = 0; i < n; i++) {
      for (let j = 0; j < i; j++, at++) {
        if (marks[i] === marks[j]) continue;
        const pull = 2 * byDistance[at]! * (places[i]! - places[j]!);
        pulls[i]! += pull;
        pulls[j]! -= pull;
      }
    }
    let [byA, byB] = [0, 0];
    for (let i = 0; i < n; i++) {
      if (points[i]![k] === inactive) continue;
      const slopes = kumaraswamySlopes(points[i]![k]!, a[k]!, b[k]!);
      byA += pulls[i]! * slopes.byA;
      byB += pulls[i]! * slopes.byB;
    }
    gradient[d + 2 + k] = weights[k]! * byA + logA[k]! / warpSpread ** 2;
    gradient[2 * d + 2 + k] = weights[k]! * byB + logB[k]! / warpSpread ** 2;
    value += (logA[k]! ** 2 + logB[k]! ** 2) / (2 * warpSpread ** 2);
  }
  return { value, gradient };
}

/**
 * Hyperparameters and warp at the maximum of their posterior, the best of two searches.
 * @param y standardised values @param iterations of each search
 * O(iterations (n^3 + n^2 d)).
 */
export function fitWarped(
  features: Features,
  points: readonly Float64Array[],
  y: Float64Array,
  iterations: number,
): WarpedFit {
  const d = features.dimension;
  const vector = (weight: number, scale: number, noise: number, exponent: number): Float64Array =>
    Float64Array.from({ length: 3 * d + 2 }, (_, k) =>
      Math.log(k < d ? weight : k === d ? scale : k === d + 1 ? noise : exponent),
    );
  const lower = vector(1e-3, 1e-2, leastNoise, 1 / largestExponent);
  const upper = vector(1e3, 1e2, 1, largestExponent);
  const [first, second] = firstGuesses.map(({ weight, noise }) =>
    minimiseInBox(
      (theta) => warpedPosterior(theta, features, points, y),
      vector(weight, 1, noise, 1),
      lower,
      upper,
      iterations,
    ),
  );
  const theta = (second!.value < first!.value ? second! : first!).point.map(Math.exp);
  return {
    hyperparameters: { weights: theta.slice(0, d), scale: theta[d]!, noise: theta[d + 1]! },
    warp: { a: theta.slice(d + 2, 2 * d + 2), b: theta.slice(2 * d + 2) },
  };
}

/**
 * Gaussian process regression with a Matern-5/2 kernel and a lengthscale for each parameter; hyperparameters at the maximum
 * of their posterior. Source: C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006), chapters
 * 2 and 5. Priors as in Optuna's GPSampler: Gamma(2, 1) on the kernel's scale, Gamma(1.1, 30) on the noise, and a pull of the
 * inverse squared lengthscales towards 1.
 * Invariant: a model is never changed; all numbers are functions of the data given.
 */
import { choleskyInPlace, invertFactored, solveLower, solveRowsLower, solveUpper } from "../../core/linalg/cholesky.ts";
import { dotRange, dotTile, tile } from "../../core/linalg/dots.ts";
import { minimiseInBox, type Evaluated } from "../../core/optimize/minimiseInBox.ts";
import type { Rng } from "../../core/rng.ts";
import type { Columns, Features } from "./features.ts";
import { jointNormal, type JointPosterior } from "./joint.ts";

export interface Hyperparameters {
  /** Inverse squared lengthscale of each parameter. */
  readonly weights: Float64Array;
  readonly scale: number;
  /** Variance of the observations about the function. */
  readonly noise: number;
}

export const leastNoise = 1e-6;
const root5 = Math.sqrt(5);

/** Matern-5/2 correlation at a squared distance. */
export function matern(squared: number): number {
  const r = root5 * Math.sqrt(squared);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
}

/** Its derivative by the squared distance. */
export function maternSlope(squared: number): number {
  const r = root5 * Math.sqrt(squared);
  return -(5 / 6) * (1 + r) * Math.exp(-r);
}

/** Squared distances in every parameter between all pairs i > j, parameter after parameter. */
export function pairwise(features: Features, points: readonly Float64Array[]): Float64Array[] {
  const n = points.length;
  return features.parameters.map((_, k) => {
    const out = new Float64Array((n * (n - 1)) / 2);
    for (let i = 1, at = 0; i < n; i++)
      for (let j = 0; j < i; j++) out[at++] = features.squared(k, points[i]![k]!, points[j]![k]!);
    return out;
  });
}

/** Weighted sums of the distances of every pair. */
function distances(weights: Float64Array, parts: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(parts[0]?.length ?? 0);
  parts.forEach((part, k) => {
    const weight = weights[k]!;
    for (let at = 0; at < sum.length; at++) sum[at]! += weight * part[at]!;
  });
  return sum;
}

/** How badly a kernel explains values, and how that changes with what it is made of. */
export interface Evidence {
  /** Minus the log likelihood, less a constant; Infinity where the covariance is not positive definite. */
  readonly value: number;
  /** Derivatives by the logarithms of the weights and of the scale. */
  readonly byWeights: Float64Array;
  readonly byScale: number;
  /** Derivatives by the weighted squared distance of every pair, in the order of `pairwise`. */
  readonly byDistance: Float64Array;
  /** Derivatives by each value's noise itself. */
  readonly byNoise: Float64Array;
  /** The inverse of the covariance times the values. */
  readonly alpha: Float64Array;
}

/** Evidence of values `y`, each with its own variance of the noise. O(n^3 + n^2 d). */
export function kernelEvidence(
  { weights, scale, noise }: { readonly weights: Float64Array; readonly scale: number; readonly noise: Float64Array },
  parts: readonly Float64Array[],
  y: Float64Array,
): Evidence {
  const n = y.length;
  const squared = distances(weights, parts);
  const factor = new Float64Array(n * n);
  // The kernel and its slope share their exponential.
  const decays = new Float64Array(squared.length);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < i; j++, at++) {
      const r = root5 * Math.sqrt(squared[at]!);
      squared[at] = r;
      const decay = scale * Math.exp(-r);
      decays[at] = decay;
      factor[i * n + j] = (1 + r + (r * r) / 3) * decay;
    }
    factor[i * n + i] = scale + noise[i]!;
  }
  const byWeights = new Float64Array(parts.length);
  const byNoise = new Float64Array(n);
  const byDistance = new Float64Array(squared.length);
  if (!choleskyInPlace(factor, n))
    return { value: Infinity, byWeights, byScale: 0, byDistance, byNoise, alpha: new Float64Array(n) };
  const alpha = solveUpper(factor, n, solveLower(factor, n, y.slice()));
  let value = 0;
  for (let i = 0; i < n; i++) value += 0.5 * y[i]! * alpha[i]! + Math.log(factor[i * n + i]!);

  const inverse = invertFactored(factor, n);
  let byScale = 0;
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < i; j++, at++) {
      // Both triangles at once.
      const m = (inverse[i * n + j]! - alpha[i]! * alpha[j]!) * decays[at]!;
      const r = squared[at]!;
      byScale += m * (1 + r + (r * r) / 3);
      byDistance[at] = m * -(5 / 6) * (1 + r);
    }
    const m = inverse[i * n + i]! - alpha[i]! * alpha[i]!;
    byNoise[i] = 0.5 * m;
    byScale += 0.5 * m * scale;
  }
  parts.forEach((part, k) => {
    let sum = 0;
    for (let at = 0; at < part.length; at++) sum += byDistance[at]! * part[at]!;
    byWeights[k] = weights[k]! * sum;
  });
  return { value, byWeights, byScale, byDistance, byNoise, alpha };
}

/** Minus the log posterior of the hyperparameters (logarithms: weights, scale, noise) and its gradient. O(n^3 + n^2 d). */
export function negativeLogPosterior(theta: Float64Array, parts: readonly Float64Array[], y: Float64Array): Evaluated {
  const d = parts.length;
  const weights = theta.subarray(0, d).map(Math.exp);
  const scale = Math.exp(theta[d]!);
  const noise = Math.exp(theta[d + 1]!);
  const evidence = kernelEvidence({ weights, scale, noise: new Float64Array(y.length).fill(noise) }, parts, y);
  const gradient = new Float64Array(d + 2);
  if (evidence.value === Infinity) return { value: Infinity, gradient };
  gradient.set(evidence.byWeights);
  gradient[d] = evidence.byScale;
  gradient[d + 1] = noise * evidence.byNoise.reduce((sum, slope) => sum + slope, 0);
  return { value: evidence.value + addPrior(weights, scale, noise, gradient), gradient };
}

/**
 * Minus the log prior in the variables themselves; its derivatives by their logarithms are added to the first entries of
 * `gradient`: weights, scale, noise.
 */
export function addPrior(weights: Float64Array, scale: number, noise: number, gradient: Float64Array): number {
  let value = scale - Math.log(scale) + 30 * noise - 0.1 * Math.log(noise);
  weights.forEach((w, k) => {
    value += 0.1 / w + 0.1 * w;
    gradient[k]! += -0.1 / w + 0.1 * w;
  });
  gradient[weights.length]! += scale - 1;
  gradient[weights.length + 1]! += 30 * noise - 0.1;
  return value;
}

/** Log posteriors that differ by less are alike; relative where they are above 1. */
const fitTolerance = 1e-4;

/** First guesses: the prior's own, and one for functions that vary quickly. */
export const firstGuesses = [
  { weight: 1, noise: 1e-3 },
  { weight: 10, noise: 1e-4 },
];

/**
 * Hyperparameters at the maximum of their posterior: the best of two searches, or of one from `latest`.
 * @param y standardised values @param iterations of each search
 * O(iterations (n^3 + n^2 d)).
 */
export function fitHyperparameters(
  features: Features,
  points: readonly Float64Array[],
  y: Float64Array,
  iterations: number,
  latest?: Hyperparameters,
): Hyperparameters {
  const d = features.dimension;
  const parts = pairwise(features, points);
  const bounds = (weight: number, scale: number, noise: number): Float64Array =>
    Float64Array.from({ length: d + 2 }, (_, k) => Math.log(k < d ? weight : k === d ? scale : noise));
  const lower = bounds(1e-3, 1e-2, leastNoise);
  const upper = bounds(1e3, 1e2, 1);
  const starts =
    latest === undefined
      ? firstGuesses.map(({ weight, noise }) => bounds(weight, 1, noise))
      : [Float64Array.of(...latest.weights, latest.scale, latest.noise).map(Math.log)];
  const evaluate = (theta: Float64Array): Evaluated => negativeLogPosterior(theta, parts, y);
  const found = starts.map((start) => minimiseInBox(evaluate, start, lower, upper, iterations, fitTolerance));
  const theta = found.reduce((best, other) => (other.value < best.value ? other : best)).point;
  return { weights: theta.slice(0, d).map(Math.exp), scale: Math.exp(theta[d]!), noise: Math.exp(theta[d + 1]!) };
}

/** Mean and variance of the function at a point, and how they change with the coordinates of its numbers. */
export interface Prediction {
  readonly mean: number;
  readonly variance: number;
}

/** Means and variances of the function, one a point. */
export interface Predictions {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

export interface Model {
  readonly size: number;
  readonly hyperparameters: Hyperparameters;
  /** What the function is taken to be at each of the points: the values without their noise. */
  readonly fitted: Float64Array;
  /** The model with one more point; y is standardised. O(n^2). */
  with(point: Float64Array, y: number): Model;
  /** The same points with other values. O(n^2). */
  revalued(y: Float64Array): Model;
  /** O(n^2 + n d). */
  predict(point: Float64Array): Prediction;
  /** The same for many points, at less than half the cost of each. O(count (n^2 + n d)). */
  predictMany(points: readonly Float64Array[]): Predictions;
  /** Means alone. O(count n d). */
  means(points: readonly Float64Array[]): Float64Array;
  /** The function at all of these points together; up to about a thousand. O(m n^2 + m^2 n + m^3). */
  joint(points: readonly Float64Array[]): JointPosterior;
  /** One draw of the function's values at these points, for Thompson sampling; `joint` for several draws. */
  samplePosterior(points: readonly Float64Array[], rng: Rng): Float64Array;
  /** The same, with the derivatives of mean and variance by each coordinate; those of categories are 0. O(n^2 + n d). */
  predictWithSlopes(
    point: Float64Array,
  ): Prediction & { readonly meanSlope: Float64Array; readonly varianceSlope: Float64Array };
}

/** Doubled until the matrix is positive definite: rounding can make the least eigenvalue negative. */
const leastJitter = 1e-10;
const mostJitter = 1e-2;

/**
 * A model of standardised values `y` at `points`. O(n^3 / 3).
 * @param extra variance of each value's noise beyond the common one, for values that are known less well
 */
export function regressionModel(
  features: Features,
  hyperparameters: Hyperparameters,
  points: readonly Float64Array[],
  y: ArrayLike<number>,
  extra: Float64Array = new Float64Array(points.length),
): Model {
  const n = points.length;
  const squared = distances(hyperparameters.weights, pairwise(features, points));
  for (let jitter = leastJitter; jitter <= mostJitter; jitter *= 10) {
    const factor = new Float64Array(n * n);
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < i; j++) factor[i * n + j] = hyperparameters.scale * matern(squared[at++]!);
      factor[i * n + i] = hyperparameters.scale + hyperparameters.noise + jitter + extra[i]!;
    }
    if (choleskyInPlace(factor, n))
      return modelOf(
        features,
        hyperparameters,
        jitter,
        features.columnsOf(points),
        Float64Array.from(y),
        factor,
        extra,
      );
  }
  throw new Error("The covariance of the trials is not positive definite.");
}

const zero = new Float64Array(1);

/** Sum of squares of `count` numbers from `at` on. */
function squareOf(values: Float64Array, at: number, count: number): number {
  return dotRange(values, at, values, at, 0, count);
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function modelOf(
  features: Features,
  hyperparameters: Hyperparameters,
  jitter: number,
  columns: Columns,
  y: Float64Array,
  factor: Float64Array,
  extra: Float64Array,
): Model {
  const n = y.length;
  const { weights, scale, noise } = hyperparameters;
  const alpha = solveUpper(factor, n, solveLower(factor, n, y.slice()));
  const squaredTo = (point: Float64Array): Float64Array => features.squaredTo(point, columns, weights);
  const dot = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a[i]! * b[i]!;
    return sum;
  };

  const covariancesTo = (point: Float64Array): Float64Array => {
    const k = squaredTo(point);
    for (let i = 0; i < n; i++) k[i] = scale * matern(k[i]!);
    return k;
  };
  /** Means, and L^-1 k of each point in a row; as many rows as fill tiles. */
  const whitened = (points: readonly Float64Array[]): { readonly means: Float64Array; readonly rows: Float64Array } => {
    const rows = new Float64Array(Math.ceil(points.length / tile) * tile * n);
    const means = Float64Array.from(points, (point, i) => {
      const k = covariancesTo(point);
      rows.set(k, i * n);
      return dot(k, alpha);
    });
    solveRowsLower(factor, n, n, rows, n, points.length);
    return { means, rows };
  };

  const model: Model = {
    size: n,
    hyperparameters,
    // (K + noise) alpha = y, so K alpha, the mean at the points, is what is left of y.
    fitted: y.map((value, i) => value - (noise + jitter + extra[i]!) * alpha[i]!),
    revalued: (values) => modelOf(features, hyperparameters, jitter, columns, values, factor, extra),
    with(point, value) {
      const row = solveLower(factor, n, covariancesTo(point));
      const rest = scale + noise + jitter - dot(row, row);
      const larger = new Float64Array((n + 1) * (n + 1));
      for (let i = 0; i < n; i++) larger.set(factor.subarray(i * n, i * n + i + 1), i * (n + 1));
      larger.set(row, n * (n + 1));
      // A point on top of another one leaves nothing; the noise is the least there can be.
      larger[n * (n + 1) + n] = Math.sqrt(Math.max(rest, noise));
      const values = joined(y, Float64Array.of(value));
      const more: Columns = {
        count: n + 1,
        values: columns.values.map((column, k) => joined(column, point.subarray(k, k + 1))),
        active: columns.active.map((active, k) => active && point[k]! >= 0),
      };
      return modelOf(features, hyperparameters, jitter, more, values, larger, joined(extra, zero));
    },
    predict(point) {
      const k = covariancesTo(point);
      const mean = dot(k, alpha);
      const white = solveLower(factor, n, k);
      return { mean, variance: Math.max(scale * 1e-12, scale - dot(white, white)) };
    },
    predictMany(points) {
      const { means, rows } = whitened(points);
      return { means, variances: means.map((_, i) => Math.max(scale * 1e-12, scale - squareOf(rows, i * n, n))) };
    },
    means: (points) => Float64Array.from(points, (point) => dot(covariancesTo(point), alpha)),
    joint(points) {
      const m = points.length;
      const { means, rows } = whitened(points);
      const all = features.columnsOf(points);
      const covariance = new Float64Array(m * m);
      const between = new Float64Array(tile * tile);
      for (let i = 0; i < m; i++) {
        const squared = features.squaredTo(points[i]!, all, weights, i + 1);
        for (let j = 0; j <= i; j++) covariance[i * m + j] = scale * matern(squared[j]!);
      }
      for (let i = 0; i < m; i += tile) {
        for (let j = 0; j <= i; j += tile) {
          // Rows beyond the last are zeros.
          dotTile(rows, i * n, n, rows, j * n, n, 0, n, between);
          for (let r = i; r < Math.min(i + tile, m); r++)
            for (let c = j; c < j + tile && c <= r; c++) covariance[r * m + c]! -= between[(r - i) * tile + c - j]!;
        }
      }
      return jointNormal(means, covariance, scale);
    },
    samplePosterior: (points, rng) => model.joint(points).draw(rng),
    predictWithSlopes(point) {
      const squared = squaredTo(point);
      const k = new Float64Array(n);
      const byDistance = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        // The kernel and its slope share their exponential.
        const r = root5 * Math.sqrt(squared[i]!);
        const decay = scale * Math.exp(-r);
        k[i] = (1 + r + (r * r) / 3) * decay;
        byDistance[i] = -(5 / 6) * (1 + r) * decay;
      }
      const mean = dot(k, alpha);
      const solved = solveUpper(factor, n, solveLower(factor, n, k.slice()));
      const variance = Math.max(scale * 1e-12, scale - dot(k, solved));
      const meanSlope = new Float64Array(point.length);
      const varianceSlope = new Float64Array(point.length);
      for (let d = 0; d < point.length; d++) {
        const a = point[d]!;
        if (features.numeric[d] !== true || a < 0) continue;
        const column = columns.values[d]!;
        let byMean = 0;
        let byVariance = 0;
        for (let i = 0; i < n; i++) {
          // Towards an inactive parameter the distance is measured from the middle of the interval.
          const b = column[i]!;
          const step = (a - (b < 0 ? 0.5 : b)) * byDistance[i]!;
          byMean += alpha[i]! * step;
          byVariance += solved[i]! * step;
        }
        meanSlope[d] = 2 * weights[d]! * byMean;
        varianceSlope[d] = -4 * weights[d]! * byVariance;
      }
      return { mean, variance, meanSlope, varianceSlope };
    },
  };
  return model;
}

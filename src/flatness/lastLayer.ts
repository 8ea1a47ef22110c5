/**
 * Sharpness measures of the last dense layer, from its input A [m, n], kernel W [n, k] (without bias) and the probabilities
 * P [m, k] of a batch. Formulas and what they are worth: estimator.ts; the exact ones: headCurvature.ts.
 * Invariant: pure functions; a batch that gives no finite value gives NaN or an infinity, never an exception.
 */
import { rngForKey } from "../core/rng.ts";
import { BasinError } from "../core/errors.ts";
import type { LastLayerId } from "../core/sharpness.ts";
import { headCurvature, type HeadKind } from "./headCurvature.ts";
import { norm } from "../core/linalg/vectors.ts";
import { gramRow, gramRows, rowDot, rowsOf, withOnes, type Matrix } from "./matrix.ts";

export interface LastLayerBatch {
  /** Input of the last layer, [m, n]. */
  readonly activations: Matrix;
  /** Kernel of the last layer, [n, k], without bias. */
  readonly weights: Matrix;
  /** Probabilities, or outputs of a linear head, [m, k]. */
  readonly probabilities: Matrix;
}

export interface LastLayerOptions {
  readonly head: HeadKind;
  /** Whether the bias is a weight too (a column of ones beside A); the exact measures only. */
  readonly bias?: boolean;
  /**
   * Factor on the exact measures for losses that differ from headCurvature's by one: 2/k for a squared error averaged over the
   * k outputs without 1/2 (Keras `mse`, and this trainer's, where k = 1), 1/k for a binary cross-entropy averaged over labels.
   */
  readonly lossScale?: number;
  /** Rows of the training part; "bayesmark" divides by it. */
  readonly trainingRows?: number;
}

/** Factor of `lossScale` for the mean squared error over k outputs without 1/2. */
export function squaredErrorScale(outputs: number): number {
  return 2 / outputs;
}

function checked({ activations: a, weights: w, probabilities: p }: LastLayerBatch): void {
  if (a.rows !== p.rows || a.columns !== w.rows || w.columns !== p.columns || a.rows === 0)
    throw new BasinError(
      "invalid-argument",
      `Activations of ${a.rows} x ${a.columns}, weights of ${w.rows} x ${w.columns} and probabilities of ${p.rows} x ${p.columns} do not belong together.`,
      "They are [samples, units], [units, outputs] and [samples, outputs].",
    );
}

function smallestRowNorm(a: Matrix): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.rows; i++) {
    const squared = rowDot(a, i, a, i);
    if (Number.isNaN(squared)) return Number.NaN;
    smallest = Math.min(smallest, squared);
  }
  return Math.sqrt(smallest);
}

/** Frobenius norm of the last layer's Hessian: (1/m) sqrt(sum_ij <S_i, S_j> (a_i.a_j)^2). O(m^2 (n + k)), a few rows of it are kept. */
export function exactFrobenius(a: Matrix, p: Matrix, head: HeadKind): number {
  const s = headCurvature(head, p);
  const inner = new Float64Array(a.rows + 1);
  let kernel = new Float64Array(a.rows + 1);
  let next = new Float64Array(a.rows + 1);
  let sum = 0;
  for (let i = 0; i < a.rows; i++) {
    if (i % 2 === 1) [kernel, next] = [next, kernel];
    else if (i + 1 < a.rows) gramRows(a, i, kernel, next);
    else gramRow(a, i, kernel);
    s.innerRow(i, inner);
    let row = 0;
    for (let j = 0; j < i; j++) row += inner[j]! * kernel[j]! * kernel[j]!;
    sum += 2 * row + inner[i]! * kernel[i]! * kernel[i]!;
  }
  // Rounding can leave a saturated head a hair below zero.
  return Math.sqrt(Math.max(0, sum)) / a.rows;
}

/** Trace of the last layer's Hessian: the mean of tr(S_i) |a_i|^2. O(m (n + k)). */
export function exactTrace(a: Matrix, p: Matrix, head: HeadKind): number {
  const s = headCurvature(head, p);
  let sum = 0;
  for (let i = 0; i < a.rows; i++) sum += s.trace(i) * rowDot(a, i, a, i);
  return sum / a.rows;
}

/**
 * H V of the last layer's Hessian for V [n, k] row-major: U = AV, R_i = S_i U_i, then A'R/m. O(m n k).
 * @param out receives the product; must not be `v`
 */
export function lastLayerProduct(a: Matrix, p: Matrix, head: HeadKind, v: Float64Array, out: Float64Array): void {
  const s = headCurvature(head, p);
  const n = a.columns;
  const k = p.columns;
  const u = new Float64Array(k);
  out.fill(0);
  for (let i = 0; i < a.rows; i++) {
    u.fill(0);
    for (let r = 0; r < n; r++) {
      const x = a.values[i * n + r]!;
      if (x === 0) continue;
      for (let c = 0; c < k; c++) u[c]! += x * v[r * k + c]!;
    }
    s.apply(i, u, 0);
    for (let r = 0; r < n; r++) {
      const x = a.values[i * n + r]! / a.rows;
      if (x === 0) continue;
      for (let c = 0; c < k; c++) out[r * k + c]! += x * u[c]!;
    }
  }
}

export interface TopOptions {
  readonly iterations?: number;
  /** Relative change of the eigenvalue at which the iteration ends. */
  readonly tolerance?: number;
}

/**
 * Largest eigenvalue of the last layer's Hessian (which is positive semi-definite) by the power iteration, without the
 * matrix. O(m n k) a step. The start is a fixed random vector, so that equal inputs give equal results.
 */
export function exactTop(a: Matrix, p: Matrix, head: HeadKind, options: TopOptions = {}): number {
  const { iterations = 50, tolerance = 1e-4 } = options;
  const rng = rngForKey("flatness/last-layer-top");
  let v = Float64Array.from({ length: a.columns * p.columns }, () => rng.normal());
  let next = new Float64Array(v.length);
  let length = norm(v);
  let top = 0;
  for (let step = 0; step < iterations; step++) {
    for (let i = 0; i < v.length; i++) v[i]! /= length;
    lastLayerProduct(a, p, head, v, next);
    length = norm(next);
    if (length === 0 || !Number.isFinite(length)) return length;
    let rayleigh = 0;
    for (let i = 0; i < v.length; i++) rayleigh += v[i]! * next[i]!;
    const change = Math.abs(rayleigh - top);
    top = rayleigh;
    if (change <= tolerance * Math.abs(top)) break;
    [v, next] = [next, v];
  }
  return top;
}

/** One measure on one batch. Cost: that of the formula, see above. */
export function lastLayerEstimate(id: LastLayerId, batch: LastLayerBatch, options: LastLayerOptions): number {
  checked(batch);
  const { activations: a, weights: w, probabilities: p } = batch;
  const { head, bias = false, lossScale = 1 } = options;
  const inputs = bias ? withOnes(a) : a;
  switch (id) {
    case "theorem1":
      return norm(p.values) / norm(w.values);
    case "section":
      return smallestRowNorm(a) / (a.rows * norm(w.values));
    case "penultimate":
      return norm(a.values) / norm(w.values);
    case "bayesmark":
      return -norm(a.values) / norm(w.values) / (options.trainingRows ?? a.rows);
    case "product":
      return (norm(a.values) * norm(p.values)) / norm(w.values);
    case "rms": {
      // rms over the cells of each matrix; the sizes n and k cancel and 1/m is left.
      const rms = (m: Matrix): number => norm(m.values) / Math.sqrt(m.values.length);
      return (rms(a) * rms(p)) / rms(w);
    }
    case "activation":
      return norm(a.values);
    case "exact-frobenius":
      return lossScale * exactFrobenius(inputs, p, head);
    case "exact-trace":
      return lossScale * exactTrace(inputs, p, head);
    case "exact-top":
      break;
  }
  return lossScale * exactTop(inputs, p, head);
}

export type Aggregation = "max" | "min";

/** The largest or smallest finite value; NaN when there is none. Values that are not finite are left out. */
export function aggregate(values: readonly number[], how: Aggregation): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return Number.NaN;
  return finite.reduce((a, b) => (how === "max" ? Math.max(a, b) : Math.min(a, b)));
}

/**
 * A measure over mini-batches: the rows in order, `batchSize` at a time, the last partial batch included, then the largest
 * (or smallest) of their values. "bayesmark" always takes the smallest ratio, which is the largest of its negated values.
 */
export function lastLayerEstimateOverBatches(
  id: LastLayerId,
  all: LastLayerBatch,
  batchSize: number,
  options: LastLayerOptions,
  how: Aggregation = "max",
): number {
  checked(all);
  if (!(batchSize >= 1))
    throw new BasinError("invalid-argument", `A batch cannot have ${batchSize} rows.`, "It has at least 1.");
  const rows = all.activations.rows;
  const values: number[] = [];
  for (let from = 0; from < rows; from += batchSize) {
    const to = Math.min(rows, from + batchSize);
    const batch = {
      activations: rowsOf(all.activations, from, to),
      weights: all.weights,
      probabilities: rowsOf(all.probabilities, from, to),
    };
    values.push(lastLayerEstimate(id, batch, { trainingRows: rows, ...options }));
  }
  return aggregate(values, id === "bayesmark" ? "max" : how);
}

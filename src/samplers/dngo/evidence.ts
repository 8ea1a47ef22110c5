/**
 * Bayesian linear regression whose two precisions maximise the evidence.
 * Sources: D. J. C. MacKay, "Bayesian interpolation" (1992); C. M. Bishop, "Pattern Recognition and Machine Learning" (2006),
 * sections 3.3 and 3.5: posterior (3.53, 3.54), evidence (3.86), re-estimation (3.92, 3.95).
 * Invariant: a regression is a function of its rows; precisions stay within bounds, so few rows do not end in certainty.
 */
import { choleskyInPlace, solveLower, solveUpper } from "../../core/linalg/cholesky.ts";
import { dot } from "../../core/linalg/vectors.ts";

/** Rows of equal length (the basis functions at a trial) and their values. */
export interface Design {
  readonly rows: readonly Float64Array[];
  readonly values: Float64Array;
}

/** Precision of the weights and of the noise. */
export interface Precisions {
  readonly alpha: number;
  readonly beta: number;
}

export interface Regression extends Precisions {
  /** Means of the weights. */
  readonly weights: Float64Array;
  /** log of the probability of the values. */
  readonly logEvidence: number;
  /** Weights that the data determine. */
  readonly determined: number;
  /** Sum of the squared errors. */
  readonly errors: number;
  /** Mean of the function at a row. O(width). */
  mean(row: Float64Array): number;
  /** Mean and variance of the function, without noise, at a row. O(width^2). */
  predict(row: Float64Array): { readonly mean: number; readonly variance: number };
  /** The variance's derivatives by the row. O(width^2). */
  varianceSlope(row: Float64Array): Float64Array;
  /** The same precisions with one row more, whose value is what is expected there. O(width^3). */
  believing(row: Float64Array): Regression;
}

const bounds = { alpha: [1e-2, 1e4], beta: [1, 1e5] } as const;
const iterations = 12;
/** Precisions that change by less, in logarithms, are found. */
const tolerance = 1e-2;
const jitter = 1e-10;

/** Products of all pairs of columns, and of each with the values. */
function moments({ rows, values }: Design): { readonly gram: Float64Array; readonly cross: Float64Array } {
  const m = rows[0]?.length ?? 0;
  const gram = new Float64Array(m * m);
  const cross = new Float64Array(m);
  rows.forEach((row, n) => {
    for (let i = 0; i < m; i++) {
      const own = row[i]!;
      cross[i]! += own * values[n]!;
      for (let j = 0; j <= i; j++) gram[i * m + j]! += own * row[j]!;
    }
  });
  return { gram, cross };
}

function solved(
  design: Design,
  { gram, cross }: ReturnType<typeof moments>,
  { alpha, beta }: Precisions,
  extra: readonly Float64Array[] = [],
): Regression {
  const m = cross.length;
  const factor = gram.map((value) => beta * value);
  // What is only believed makes the function better known and its mean no other: it is left out of the weights.
  for (let i = 0; i < m; i++) factor[i * m + i]! += alpha * (1 + jitter);
  const plain = extra.length === 0 ? undefined : factor.slice();
  for (const row of extra)
    for (let i = 0; i < m; i++) for (let j = 0; j <= i; j++) factor[i * m + j]! += beta * row[i]! * row[j]!;
  if (!choleskyInPlace(factor, m)) throw new Error("The precision of the weights is not positive definite.");
  if (plain !== undefined && !choleskyInPlace(plain, m))
    throw new Error("The precision of the weights is not positive definite.");
  const own = plain ?? factor;
  const weights = solveUpper(
    own,
    m,
    solveLower(
      own,
      m,
      cross.map((value) => beta * value),
    ),
  );
  let errors = 0;
  design.rows.forEach((row, n) => (errors += (design.values[n]! - dot(row, weights)) ** 2));
  let halfLog = 0;
  let trace = 0;
  const column = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    halfLog += Math.log(own[i * m + i]!);
    // Column i of the inverse of the factor, which begins at row i.
    for (let j = i; j < m; j++) {
      let sum = j === i ? 1 : 0;
      for (let k = i; k < j; k++) sum -= own[j * m + k]! * column[k]!;
      column[j] = sum / own[j * m + j]!;
      trace += column[j]! * column[j]!;
    }
  }
  const n = design.rows.length;
  const logEvidence =
    0.5 * m * Math.log(alpha) +
    0.5 * n * Math.log(beta / (2 * Math.PI)) -
    0.5 * beta * errors -
    0.5 * alpha * dot(weights, weights) -
    halfLog;
  const regression: Regression = {
    alpha,
    beta,
    weights,
    logEvidence,
    determined: m - alpha * trace,
    errors,
    mean: (row) => dot(row, weights),
    predict(row) {
      const white = solveLower(factor, m, row.slice());
      return { mean: dot(row, weights), variance: dot(white, white) };
    },
    varianceSlope: (row) => solveUpper(factor, m, solveLower(factor, m, row.slice())).map((value) => 2 * value),
    believing: (row) => solved(design, { gram, cross }, { alpha, beta }, [...extra, row]),
  };
  return regression;
}

/** The regression with given precisions. O(rows width^2 + width^3). */
export function regressionWith(design: Design, precisions: Precisions): Regression {
  return solved(design, moments(design), precisions);
}

/**
 * The regression with the precisions that explain the values best. @param design at least one row
 * O(rows width^2 + iterations width^3).
 */
export function fitEvidence(design: Design): Regression {
  const products = moments(design);
  const n = design.rows.length;
  const inside = (value: number, [low, high]: readonly [number, number]): number =>
    Math.max(low, Math.min(high, value));
  let at = solved(design, products, { alpha: 1, beta: 100 });
  let best = at;
  for (let i = 0; i < iterations; i++) {
    const alpha = inside(at.determined / dot(at.weights, at.weights), bounds.alpha);
    const beta = inside((n - at.determined) / at.errors, bounds.beta);
    if (Number.isNaN(alpha) || Number.isNaN(beta)) break;
    const change = Math.abs(Math.log(alpha / at.alpha)) + Math.abs(Math.log(beta / at.beta));
    at = solved(design, products, { alpha, beta });
    if (at.logEvidence > best.logEvidence) best = at;
    if (change < tolerance) break;
  }
  return best;
}

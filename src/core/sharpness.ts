/**
 * The sharpness measures there are, by id, and what each honestly measures.
 * Invariant: a description claims no more than the formula supports; no measure here is known to predict generalisation.
 *
 * Sources: the last-layer ratios come from Agrawal et al., flatness-guided hyperparameter optimisation, its text and the
 * published code at different dates, which differ from each other in formula, in aggregation and even in the sign of the
 * ranking. The exact forms are derived in headCurvature.ts.
 */

export const lastLayerIds = [
  "theorem1",
  "section",
  "penultimate",
  "bayesmark",
  "product",
  "rms",
  "activation",
  "exact-frobenius",
  "exact-trace",
  "exact-top",
] as const;

export const networkIds = [
  "keskar",
  "top-eigenvalue",
  "lanczos",
  "hutchinson-trace",
  "hutchinson-frobenius",
  "sam",
  "average-case",
] as const;

/** Measures computed from the input A, kernel W and probabilities P of the last dense layer. */
export type LastLayerId = (typeof lastLayerIds)[number];
/** Measures of the whole network's loss around its weights. */
export type NetworkId = (typeof networkIds)[number];
export type EstimatorId = LastLayerId | NetworkId;

/** Measured where nothing else is asked for. They cost next to nothing: one pass over the probe and matrices of the last layer. */
export const defaultEstimators = ["exact-frobenius", "exact-trace", "rms"] as const satisfies readonly EstimatorId[];

export interface EstimatorDescription {
  /** Short name for people. */
  readonly label: string;
  /** One line: the formula. A [m, n] inputs, W [n, k] kernel, P [m, k] probabilities; norms are Frobenius. */
  readonly formula: string;
  /** What it does and does not measure. */
  readonly measures: string;
  /** Whether its value changes with the number of samples of a batch alone. */
  readonly dependsOnBatchSize: boolean;
}

/**
 * What every measure is. Three facts hold for the whole `theorem1` ... `rms` family:
 * 1. Its sign is not settled: a sister method of the same authors keeps the largest values of `penultimate`, and their own
 *    code kept the highest until January 2024.
 * 2. `rms` equals `product` / m; `penultimate` grows as sqrt(m) and `product` as m, so where batch size is itself searched
 *    these two mostly sort by batch size.
 * 3. None bounds the Hessian. The last layer's Hessian is (1/m) sum_i (diag(p_i) - p_i p_i') (x) a_i a_i'; W enters through p
 *    alone. Scaling a by c and W by 1/c leaves the function as it is, scales that Hessian by c^2 and `theorem1` by c.
 */
export const estimators: Readonly<Record<EstimatorId, EstimatorDescription>> = {
  theorem1: {
    label: "Theorem 1 ratio",
    formula: "|P| / |W|",
    measures:
      "How large the probabilities are against the last kernel. Neither an upper nor a lower bound of the Hessian's norm for batches of practical size; grows with the batch.",
    dependsOnBatchSize: true,
  },
  section: {
    label: "Smallest-activation ratio",
    formula: "min_j |a_j| / (m |W|)",
    measures: "The quietest sample's activation against the last kernel. 0 as soon as one sample has all units dead.",
    dependsOnBatchSize: true,
  },
  penultimate: {
    label: "Penultimate ratio",
    formula: "|A| / |W|",
    measures:
      "The size of the last layer's input against its kernel. Mostly tells saturated or dead networks and large batches apart.",
    dependsOnBatchSize: true,
  },
  bayesmark: {
    label: "Penultimate ratio, negated mean form",
    formula: "-min over batches of |A| / |W|, divided by the training rows",
    measures: "The penultimate ratio with the opposite order and the smallest batch instead of the largest.",
    dependsOnBatchSize: true,
  },
  product: {
    label: "Product ratio",
    formula: "|A| |P| / |W|",
    measures: "As the penultimate ratio, times the size of the probabilities. Grows in proportion to the batch.",
    dependsOnBatchSize: true,
  },
  rms: {
    label: "RMS ratio",
    formula: "rms(A) rms(P) / rms(W) = |A| |P| / (m |W|)",
    measures: "The product ratio without its growth with the batch size. Still no bound of the Hessian.",
    dependsOnBatchSize: false,
  },
  activation: {
    label: "Activation norm",
    formula: "|A|",
    measures: "The size of the last layer's input; proposed for regression, where P is no probability.",
    dependsOnBatchSize: true,
  },
  "exact-frobenius": {
    label: "Last-layer Hessian norm",
    formula: "|H| of the loss in the last layer's weights",
    measures:
      "Exactly the Frobenius norm of the last layer's Hessian block. One block of the full Hessian, and sensitive to rescaling between layers.",
    dependsOnBatchSize: false,
  },
  "exact-trace": {
    label: "Last-layer Hessian trace",
    formula: "tr H of the loss in the last layer's weights",
    measures: "Exactly the sum of the last layer's curvatures.",
    dependsOnBatchSize: false,
  },
  "exact-top": {
    label: "Last-layer top eigenvalue",
    formula: "largest eigenvalue of H in the last layer's weights",
    measures: "The last layer's largest curvature, to the tolerance of the power iteration.",
    dependsOnBatchSize: false,
  },
  keskar: {
    label: "Keskar sharpness",
    formula: "100 (max f(w+z) - f(w)) / (1 + f(w)) over |z_i| <= eps (|w_i| + 1)",
    measures:
      "The largest rise of the loss within a small box. Before convergence it measures the gradient's 1-norm rather than curvature: read it with the gradient norm beside it.",
    dependsOnBatchSize: false,
  },
  "top-eigenvalue": {
    label: "Top Hessian eigenvalue",
    formula: "the eigenvalue of largest magnitude of the full Hessian",
    measures:
      "The curvature of largest magnitude, which may be negative; the Lanczos spectrum shows both ends. Changes when layers are rescaled although the function does not.",
    dependsOnBatchSize: false,
  },
  lanczos: {
    label: "Hessian spectrum",
    formula: "density of the full Hessian's eigenvalues from Lanczos",
    measures: "An estimate of how the curvatures are spread, both ends included; the ends are the surest part.",
    dependsOnBatchSize: false,
  },
  "hutchinson-trace": {
    label: "Hessian trace",
    formula: "mean of v'Hv over random signs v",
    measures: "The sum of all curvatures, with a standard error; positive and negative ones cancel.",
    dependsOnBatchSize: false,
  },
  "hutchinson-frobenius": {
    label: "Hessian norm",
    formula: "sqrt of the mean of |Hv|^2 over random signs v",
    measures: "The Frobenius norm of the full Hessian, with a standard error.",
    dependsOnBatchSize: false,
  },
  sam: {
    label: "Worst case in a ball",
    formula: "max f(w+z) - f(w) over |z| <= rho, from below",
    measures:
      "The rise of the loss one gradient step away (or after projected ascent): a lower bound of the true worst case, ruled by the gradient away from a minimum.",
    dependsOnBatchSize: false,
  },
  "average-case": {
    label: "Average case",
    formula: "mean of f(w + sigma u) - f(w) over normal u and -u",
    measures: "The mean rise of the loss under noise; for small sigma half sigma squared times the Hessian's trace.",
    dependsOnBatchSize: false,
  },
};

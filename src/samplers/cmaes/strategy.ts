/**
 * Covariance matrix adaptation, the mathematics alone: constants, sampling, one update from ranked points.
 * Source: N. Hansen, "The CMA Evolution Strategy: A Tutorial" (arXiv:1604.00772, 2016), with negative weights; points from
 * elsewhere enter clipped as in N. Hansen, "Injecting external solutions into CMA-ES" (2011); a triangular root of the
 * covariance in place of the symmetric one as in O. Krause et al., "CMA-ES with optimal covariance update and storage
 * complexity" (2016). Invariant: a state is never changed, an update gives a new one.
 */
import { choleskyInPlace, solveLower, timesLower } from "../../core/linalg/cholesky.ts";
import type { Rng } from "../../core/rng.ts";

/** Numbers that depend only on the dimension and the size of a generation. */
export interface Constants {
  readonly n: number;
  readonly lambda: number;
  readonly mu: number;
  /** Positive ones sum to 1, the rest is negative; best first, one for each of a generation. */
  readonly weights: Float64Array;
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  /** Expected length of a standard normal vector. */
  readonly chiN: number;
}

/** The tutorial's default size of a generation. */
export function defaultLambda(n: number): number {
  return 4 + Math.floor(3 * Math.log(n));
}

/** @param n dimensions, at least 1 @param lambda points a generation, at least 2 */
export function strategyConstants(n: number, lambda: number): Constants {
  const mu = Math.floor(lambda / 2);
  const raw = Float64Array.from({ length: lambda }, (_, i) => Math.log((lambda + 1) / 2) - Math.log(i + 1));
  const effective = (part: Float64Array): number =>
    part.reduce((sum, w) => sum + w, 0) ** 2 / part.reduce((sum, w) => sum + w * w, 0);
  const muEff = effective(raw.subarray(0, mu));
  const c1 = 2 / ((n + 1.3) ** 2 + muEff);
  const cMu = Math.min(1 - c1, (2 * (muEff - 2 + 1 / muEff)) / ((n + 2) ** 2 + muEff));
  const positive = raw.reduce((sum, w) => sum + Math.max(0, w), 0);
  const negative = raw.reduce((sum, w) => sum - Math.min(0, w), 0);
  const muEffNegative = negative === 0 ? 0 : effective(raw.filter((w) => w < 0));
  // The least of three bounds keeps the covariance positive definite (tutorial, equations 50 to 53).
  const share =
    cMu === 0 ? 0 : Math.min(1 + c1 / cMu, 1 + (2 * muEffNegative) / (muEff + 2), (1 - c1 - cMu) / (n * cMu));
  const weights = raw.map((w) => (w >= 0 ? w / positive : (w * share) / negative));
  const cSigma = (muEff + 2) / (n + muEff + 5);
  return {
    n,
    lambda,
    mu,
    weights,
    muEff,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cC: (4 + muEff / n) / (n + 4 + (2 * muEff) / n),
    c1,
    cMu,
    chiN: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

export interface StrategyState {
  readonly mean: Float64Array;
  readonly sigma: number;
  /** Covariance, row-major. */
  readonly covariance: Float64Array;
  /** Lower triangular root of it. */
  readonly root: Float64Array;
  readonly pathSigma: Float64Array;
  readonly pathC: Float64Array;
  readonly generation: number;
}

export function initialState(mean: Float64Array, sigma: number): StrategyState {
  const n = mean.length;
  const identity = new Float64Array(n * n);
  for (let i = 0; i < n; i++) identity[i * n + i] = 1;
  return {
    mean,
    sigma,
    covariance: identity,
    root: identity,
    pathSigma: new Float64Array(n),
    pathC: new Float64Array(n),
    generation: 0,
  };
}

/** A point of the current distribution. O(n^2). */
export function samplePoint(state: StrategyState, rng: Rng): Float64Array {
  const n = state.mean.length;
  const normal = Float64Array.from({ length: n }, () => rng.normal());
  return timesLower(state.root, n, normal).map((y, i) => state.mean[i]! + state.sigma * y);
}

/** Standard deviation of each coordinate. */
export function deviations(state: StrategyState): Float64Array {
  const n = state.mean.length;
  return Float64Array.from({ length: n }, (_, i) => state.sigma * Math.sqrt(state.covariance[i * n + i]!));
}

const squaredLength = (x: Float64Array): number => x.reduce((sum, value) => sum + value * value, 0);

/**
 * The state after one generation.
 * @param points `constants.lambda` points, best first, from wherever; those too far out to be of the current distribution are
 *   pulled in
 * @returns undefined when the covariance is no longer positive definite: time to start afresh. O(lambda n^2 + n^3)
 */
export function update(
  state: StrategyState,
  constants: Constants,
  points: readonly Float64Array[],
): StrategyState | undefined {
  const { n, mu, weights, muEff, cSigma, dSigma, cC, c1, cMu, chiN } = constants;
  const whiten = (y: Float64Array): Float64Array => solveLower(state.root, n, y.slice());
  const reach = Math.sqrt(n) + (2 * n) / (n + 2);
  const steps = points.map((point) => {
    const y = point.map((x, i) => (x - state.mean[i]!) / state.sigma);
    const length = Math.sqrt(squaredLength(whiten(y)));
    return length > reach ? y.map((value) => (value * reach) / length) : y;
  });

  const shift = new Float64Array(n);
  for (let k = 0; k < mu; k++) for (let i = 0; i < n; i++) shift[i]! += weights[k]! * steps[k]![i]!;
  const mean = state.mean.map((x, i) => x + state.sigma * shift[i]!);

  const white = whiten(shift);
  const gainSigma = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const pathSigma = state.pathSigma.map((p, i) => (1 - cSigma) * p + gainSigma * white[i]!);
  const length = Math.sqrt(squaredLength(pathSigma));
  // A huge first step would make sigma jump out of all bounds.
  const sigma = state.sigma * Math.exp(Math.min(1, (cSigma / dSigma) * (length / chiN - 1)));

  const generation = state.generation + 1;
  // While sigma still has far to grow, the path of the covariance waits: else it would grow twice.
  const leaping = length / Math.sqrt(1 - (1 - cSigma) ** (2 * generation)) >= (1.4 + 2 / (n + 1)) * chiN;
  const gainC = leaping ? 0 : Math.sqrt(cC * (2 - cC) * muEff);
  const pathC = state.pathC.map((p, i) => (1 - cC) * p + gainC * shift[i]!);

  const total = weights.reduce((sum, w) => sum + w, 0);
  const keep = 1 - c1 - cMu * total + (leaping ? c1 * cC * (2 - cC) : 0);
  const scales = steps.map((y, k) => {
    if (weights[k]! >= 0) return cMu * weights[k]!;
    // A bad point counts by its direction only, so that a far one does not empty the covariance.
    return (cMu * weights[k]! * n) / Math.max(1e-12, squaredLength(whiten(y)));
  });
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let value = keep * state.covariance[i * n + j]! + c1 * pathC[i]! * pathC[j]!;
      for (let k = 0; k < steps.length; k++) value += scales[k]! * steps[k]![i]! * steps[k]![j]!;
      covariance[i * n + j] = value;
      covariance[j * n + i] = value;
    }
  }
  const root = covariance.slice();
  if (!(sigma > 0) || !choleskyInPlace(root, n)) return undefined;
  for (let i = 0; i < n; i++) root.fill(0, i * n + i + 1, (i + 1) * n);
  return { mean, sigma, covariance, root, pathSigma, pathC, generation };
}

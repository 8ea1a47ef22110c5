/**
 * Freeze-thaw's model: where the learning curves of configurations end, from whole and partial curves together. The asymptotes
 * are a Gaussian process over configurations, each curve one about its asymptote; given its asymptote a curve is independent of
 * all others, so it enters as one value with a variance of its own and the cost is that of a Gaussian process of trials.
 * Source: K. Swersky, J. Snoek, R. P. Adams, "Freeze-Thaw Bayesian Optimization" (2014), section 3 (equations 11 to 19).
 * A trial that ran to its end also gives its result, taken as the asymptote under noise: what a study is judged by.
 * Invariant: a model is a function of trials and hyperparameters, and is never changed.
 */
import { minimiseInBox, type Evaluated } from "../../core/optimize/minimiseInBox.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { Features } from "../gp/features.ts";
import { addPrior, kernelEvidence, leastNoise, pairwise, regressionModel, type Model } from "../gp/regression.ts";
import {
  addDecaySlopes,
  continuedCurve,
  curveEvidence,
  decayCovariance,
  decayKernel,
  decayOf,
  decayTheta,
  type CurveMember,
  type DecayCovariance,
  type DecayHyperparameters,
} from "./curveKernel.ts";
import { frameOf, type CurveTrial, type Scaled, type Scaling } from "./frame.ts";

/** In units of `Scaling`. */
export interface FreezeThawHyperparameters {
  /** Inverse squared lengthscale of each parameter, and variance of the asymptotes. */
  readonly weights: Float64Array;
  readonly scale: number;
  /** Variance of an outcome about its asymptote. */
  readonly noise: number;
  readonly decay: DecayHyperparameters;
}

export interface Normal {
  readonly mean: number;
  readonly variance: number;
}

/** All answers are losses in the study's own unit. */
export interface FreezeThawModel {
  /** Where the curve of a trial ends; undefined for trials the model was not given. O(n^2). */
  asymptoteOf(number: number): Normal | undefined;
  /** Where the curve of a configuration ends that need not have been tried. O(n^2). */
  asymptoteAt(params: Params): Normal;
  /** A trial's loss at a step, without the noise of a report; undefined for trials the model was not given. O(n^2 + T^2). */
  lossOf(number: number, step: number): Normal | undefined;
  /** The same for a configuration that has not been tried. O(n^2). */
  lossAt(params: Params, step: number): Normal;
  /** The asymptotes as a Gaussian process, in units of `scaling`: for searching over configurations. */
  readonly asymptotes: Model;
  readonly scaling: Scaling;
}

/** Trials whose curves have the same steps. */
interface Group {
  readonly steps: Float64Array;
  readonly rows: readonly number[];
}

function groupsOf(trials: readonly Scaled[]): Group[] {
  const groups = new Map<string, { readonly steps: Float64Array; readonly rows: number[] }>();
  trials.forEach(({ steps }, row) => {
    const key = steps.join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { steps, rows: [row] });
    else group.rows.push(row);
  });
  return [...groups.values()];
}

/** Trials as one value of each asymptote, with the variance of its noise. */
interface Pooled {
  readonly values: Float64Array;
  readonly variances: Float64Array;
  /** Log likelihood of what trials say beyond those values, less a constant. */
  readonly rest: number;
  readonly covariances: readonly DecayCovariance[];
}

/** Undefined when the covariance of a curve is not positive definite. O(groups T^3 + n T^2). */
function pooled(
  trials: readonly Scaled[],
  groups: readonly Group[],
  noise: number,
  decay: DecayHyperparameters,
): Pooled | undefined {
  const values = new Float64Array(trials.length);
  const variances = new Float64Array(trials.length);
  const covariances: DecayCovariance[] = [];
  let rest = 0;
  for (const { steps, rows } of groups) {
    const covariance = decayCovariance(steps, decay);
    if (covariance === undefined) return undefined;
    covariances.push(covariance);
    for (const row of rows) {
      const { losses, outcome } = trials[row]!;
      let { precision, logDeterminant } = covariance;
      let { weighted, squares } = curveEvidence(losses, covariance);
      if (outcome !== undefined) {
        precision += 1 / noise;
        weighted += outcome / noise;
        squares += (outcome * outcome) / noise;
        logDeterminant += Math.log(noise);
      }
      values[row] = weighted / precision;
      variances[row] = 1 / precision;
      rest -= 0.5 * (squares - (weighted * weighted) / precision + logDeterminant + Math.log(precision));
    }
  }
  return { values, variances, rest, covariances };
}

/** Weakly informative priors of the logarithms: normal, with these deviations. */
const aDeviation = 1;
const bDeviation = 2;
const scaleDeviation = 2;
const decayNames = 4;

interface Data {
  readonly parts: readonly Float64Array[];
  readonly trials: readonly Scaled[];
  readonly groups: readonly Group[];
  /** The decay's prior medians. */
  readonly centre: DecayHyperparameters;
}

/**
 * Minus the log posterior of the hyperparameters and its gradient; variables: logarithms of weights, scale and noise, then
 * those of the decay. O(n^3 + n^2 d + sum of T^3).
 */
export function freezeThawPosterior(theta: Float64Array, { parts, trials, groups, centre }: Data): Evaluated {
  const d = parts.length;
  const weights = theta.subarray(0, d).map(Math.exp);
  const scale = Math.exp(theta[d]!);
  const noise = Math.exp(theta[d + 1]!);
  const decayAt = theta.subarray(d + 2);
  const decay = decayOf(decayAt);
  const gradient = new Float64Array(theta.length);
  const impossible = { value: Infinity, gradient };

  const data = pooled(trials, groups, noise, decay);
  if (data === undefined) return impossible;
  const { values, variances } = data;
  const kernel = kernelEvidence({ weights, scale, noise: variances }, parts, values);
  let value = kernel.value - data.rest;
  if (!Number.isFinite(value)) return impossible;
  gradient.set(kernel.byWeights);

  const slopes = new Float64Array(decayNames);
  groups.forEach(({ rows }, g) => {
    const members = rows.map((row): CurveMember => {
      const alpha = kernel.alpha[row]!;
      const inverse = 2 * kernel.byNoise[row]! + alpha * alpha;
      const mean = values[row]! - variances[row]! * alpha;
      const variance = variances[row]! * (1 - variances[row]! * inverse);
      const { losses, outcome } = trials[row]!;
      if (outcome !== undefined) {
        const beta = (outcome - mean) / noise;
        gradient[d + 1]! -= 0.5 * noise * (beta * beta - 1 / noise + variance / (noise * noise));
      }
      return { losses, mean, variance };
    });
    addDecaySlopes(data.covariances[g]!, members, decay, slopes);
  });
  for (let k = 0; k < decayNames; k++) gradient[d + 2 + k]! -= slopes[k]!;

  // Priors: those of the Gaussian process; that of its noise for the noise of reports, too.
  gradient[d] = kernel.byScale;
  value += addPrior(weights, scale, noise, gradient);
  value += 30 * decay.noise - 0.1 * Math.log(decay.noise);
  gradient[d + 5]! += 30 * decay.noise - 0.1;
  const middle = decayTheta(centre);
  for (const [k, deviation] of [
    [0, aDeviation],
    [1, bDeviation],
    [2, scaleDeviation],
  ] as const) {
    const off = (decayAt[k]! - middle[k]!) / deviation;
    value += 0.5 * off * off;
    gradient[d + 2 + k]! += off / deviation;
  }
  return { value, gradient };
}

/** The data of a fit, and the decay it starts from. */
export function fitData(features: Features, trials: readonly CurveTrial[]): Data {
  const own = frameOf(trials).trials;
  const longest = trials.reduce((most, { curve }) => Math.max(most, curve.steps.at(-1) ?? 0), 1);
  return {
    parts: pairwise(
      features,
      trials.map(({ point }) => point),
    ),
    trials: own,
    groups: groupsOf(own),
    centre: { a: 1, b: longest / 4, scale: 1, noise: 1e-2 },
  };
}

/** First guesses: the priors' own, and one for functions that vary quickly and curves that hardly differ. */
const guesses = [
  { weight: 1, noise: 1e-3, scale: 1 },
  { weight: 10, noise: 1e-4, scale: 0.1 },
];

/**
 * Hyperparameters at the maximum of their posterior (the paper draws them by slice sampling), the best of two searches.
 * @param trials those with an end @param iterations of each search
 * O(iterations (n^3 + n^2 d + sum of T^3)).
 */
export function fitFreezeThaw(
  features: Features,
  trials: readonly CurveTrial[],
  iterations: number,
): FreezeThawHyperparameters {
  const d = features.dimension;
  const data = fitData(features, trials);
  const { centre } = data;
  const vector = (weight: number, scale: number, noise: number, decay: DecayHyperparameters): Float64Array =>
    Float64Array.of(
      ...Array.from({ length: d }, () => Math.log(weight)),
      Math.log(scale),
      Math.log(noise),
      ...decayTheta(decay),
    );
  const lower = vector(1e-3, 1e-2, leastNoise, { a: 0.05, b: centre.b / 1e3, scale: 1e-4, noise: leastNoise });
  const upper = vector(1e3, 1e2, 1, { a: 50, b: centre.b * 1e3, scale: 1e4, noise: 10 });
  let best: { readonly point: Float64Array; readonly value: number } | undefined;
  for (const { weight, noise, scale } of guesses) {
    const start = vector(weight, 1, noise, { ...centre, scale });
    const found = minimiseInBox((theta) => freezeThawPosterior(theta, data), start, lower, upper, iterations);
    if (best === undefined || found.value < best.value) best = found;
  }
  const theta = best!.point;
  return {
    weights: theta.slice(0, d).map(Math.exp),
    scale: Math.exp(theta[d]!),
    noise: Math.exp(theta[d + 1]!),
    decay: decayOf(theta.subarray(d + 2)),
  };
}

/**
 * The posterior given all curves and outcomes.
 * @param trials those with an end; one at least
 * O(n^3 / 3 + sum of T^3).
 */
export function freezeThawModel(
  features: Features,
  trials: readonly CurveTrial[],
  { weights, scale, noise, decay }: FreezeThawHyperparameters,
): FreezeThawModel {
  const { scaling, usual, trials: own } = frameOf(trials);
  const { shift, unit } = scaling;
  const groups = groupsOf(own);
  // A little more noise where rounding has left the covariance of a curve without a factor.
  const data = pooled(own, groups, noise, decay) ?? pooled(own, groups, noise, { ...decay, noise: decay.noise + 1e-2 });
  if (data === undefined) throw new Error("The covariance of a learning curve is not positive definite.");
  const covarianceOf: DecayCovariance[] = [];
  groups.forEach(({ rows: members }, g) => {
    for (const row of members) covarianceOf[row] = data.covariances[g]!;
  });
  const asymptotes = regressionModel(
    features,
    // What the process itself cannot tell from noise.
    { weights, scale, noise: leastNoise },
    trials.map(({ point }) => point),
    data.values,
    data.variances,
  );
  const rows = new Map(trials.map(({ number }, row) => [number, row]));
  const inUnits = ({ mean, variance }: Normal): Normal => ({
    mean: shift + unit * mean,
    variance: unit * unit * variance,
  });
  return {
    asymptotes,
    scaling,
    asymptoteOf(number) {
      const row = rows.get(number);
      return row === undefined ? undefined : inUnits(asymptotes.predict(trials[row]!.point));
    },
    asymptoteAt: (params) => inUnits(asymptotes.predict(features.encode(params))),
    lossOf(number, step) {
      const row = rows.get(number);
      if (row === undefined) return undefined;
      const asymptote = asymptotes.predict(trials[row]!.point);
      const time = step - trials[row]!.curve.origin;
      const { mean, variance } = continuedCurve(covarianceOf[row]!, decay, own[row]!.losses, asymptote, time);
      return inUnits({ mean: mean + usual(time), variance });
    },
    lossAt(params, step) {
      const { mean, variance } = asymptotes.predict(features.encode(params));
      return inUnits({
        mean: mean + usual(step),
        variance: variance + decay.scale * decayKernel(step, step, decay.a, decay.b),
      });
    },
  };
}

/**
 * How much better than the best trial a configuration could still be, in the eyes of a Gaussian process.
 * Source: A. Makarova et al., "Automatic Termination for Hyperparameter Optimization" (AutoML 2022), section 4: the least upper
 * confidence bound of what was tried, less the least lower one of the space, beta as in N. Srinivas et al. (ICML 2010) over 5.
 * Invariant: a function of its arguments; the least lower bound is looked for among many configurations and descended from the
 * lowest, not proven, and the result says among how many.
 */
import { feasibleSampler } from "../../core/space/feasible.ts";
import { fromUnit } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { Rng } from "../../core/rng.ts";
import { featuresOf } from "./features.ts";
import { fitHyperparameters, regressionModel, type Model } from "./regression.ts";

export interface RegretBound {
  /** In the objective's own unit, at least 0; Infinity when nothing can be said. */
  readonly regret: number;
  /** Configurations at which the lower bound was looked at. */
  readonly looked: number;
}

/** Trials in the model at most: the best and the newest. */
const mostTrials = 300;
const fitIterations = 60;
const draws = 4096;
/** The lowest ones, around which it is looked on, in rounds that come closer. */
const kept = 16;
const rounds = 5;
const around = 32;
/** Probability with which some bound fails. */
const delta = 0.1;

/** @param trials losses of complete trials, smaller is better. O(n^3 + looked n^2) for n trials in the model */
export function regretBound(
  space: Space,
  isFeasible: (params: Params) => boolean,
  trials: readonly { readonly params: Params; readonly loss: number }[],
  rng: Rng,
): RegretBound {
  const finite = trials.filter(({ loss }) => Number.isFinite(loss));
  const best = new Set(finite.toSorted((a, b) => a.loss - b.loss).slice(0, mostTrials / 2));
  const newest = finite.filter((trial) => !best.has(trial)).slice(-mostTrials / 2);
  const known = finite.filter((trial) => best.has(trial) || newest.includes(trial));
  const n = known.length;
  const mean = known.reduce((sum, { loss }) => sum + loss, 0) / n;
  const deviation = Math.sqrt(known.reduce((sum, { loss }) => sum + (loss - mean) ** 2, 0) / n);
  const features = featuresOf(space);
  if (!(deviation > 0) || features.dimension === 0) return { regret: Number.POSITIVE_INFINITY, looked: 0 };
  const y = Float64Array.from(known, ({ loss }) => (loss - mean) / deviation);
  const points = known.map(({ params }) => features.encode(params));
  const model = regressionModel(features, fitHyperparameters(features, points, y, fitIterations), points, y);
  const width = Math.sqrt((2 / 5) * Math.log((features.dimension * n ** 2 * Math.PI ** 2) / (6 * delta)));

  const tried = boundsOf(model, points, width);
  const upper = Math.min(...tried.upper);
  const feasible = feasibleSampler(space, isFeasible);
  let looked = n;
  let lowest = known.map(({ params }, i) => ({ params, lower: tried.lower[i]! }));
  const look = (candidates: readonly Params[]): void => {
    const lower = boundsOf(
      model,
      candidates.map((params) => features.encode(params)),
      width,
    ).lower;
    looked += candidates.length;
    lowest = [...lowest, ...candidates.map((params, i) => ({ params, lower: lower[i]! }))]
      .sort((a, b) => a.lower - b.lower)
      .slice(0, kept);
  };
  look(Array.from({ length: draws }, () => feasible.draw(rng)));
  for (let round = 0; round < rounds; round++) {
    const radius = 0.1 / 3 ** round;
    look(
      lowest.flatMap(({ params }) =>
        Array.from({ length: around }, () => nearby(space, params, radius, rng)).filter(isFeasible),
      ),
    );
  }
  return { regret: Math.max(0, (upper - lowest[0]!.lower) * deviation), looked };
}

function boundsOf(
  model: Model,
  points: readonly Float64Array[],
  width: number,
): { readonly lower: Float64Array; readonly upper: Float64Array } {
  const { means, variances } = model.predictMany(points);
  const half = variances.map((variance) => width * Math.sqrt(Math.max(0, variance)));
  return { lower: means.map((mean, i) => mean - half[i]!), upper: means.map((mean, i) => mean + half[i]!) };
}

/** The configuration with its numbers moved a little; categories and what is active stay. */
function nearby(space: Space, params: Params, radius: number, rng: Rng): Params {
  const features = featuresOf(space);
  const point = features.encode(params);
  const moved = { ...params };
  for (const [k, parameter] of features.parameters.entries()) {
    if (features.numeric[k] !== true || !Object.hasOwn(params, parameter.name)) continue;
    moved[parameter.name] = fromUnit(parameter, Math.min(1, Math.max(0, point[k]! + radius * rng.normal())));
  }
  return moved;
}

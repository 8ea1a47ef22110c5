/**
 * CMA-ES as a sampler: a normal distribution that follows the better half of each generation, restarted with larger
 * generations when it has converged (A. Auger and N. Hansen, "A restart CMA evolution strategy with increasing population
 * size", CEC 2005). Numbers are searched in the unit cube; categories by a probability each, moved towards those of the good
 * trials as in R. Hamano et al., "CatCMA" (GECCO 2024).
 * Invariant: every `lambda` trials that finish make a generation, whoever proposed them, so the state is a fold over the
 * history and survives restarts, other people's trials and parallel slots. O(n^2) a suggestion, O(lambda n^2 + n^3) a generation.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, gridIndex, gridValue, isNumeric, toUnit } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import {
  isActive,
  type CategoricalParameter,
  type Params,
  type ParamValue,
  type Space,
} from "../../core/space/parameter.ts";
import { normalQuantile } from "../../core/normal.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { defineSampler } from "../entry.ts";
import { bestFirst } from "../ranking.ts";
import type { SamplerContext } from "../sampler.ts";
import {
  defaultLambda,
  deviations,
  initialState,
  samplePoint,
  strategyConstants,
  update,
  type Constants,
  type StrategyState,
} from "./strategy.ts";

export const cmaesSampler = defineSampler(
  {
    kind: "cmaes",
    label: "CMA-ES",
    summary: "Evolution strategy that learns scales and correlations. For numeric spaces and hundreds of trials.",
    source:
      "N. Hansen and A. Ostermeier, Completely Derandomized Self-Adaptation in Evolution Strategies (Evolutionary Computation 2001); A. Auger and N. Hansen, A Restart CMA Evolution Strategy with Increasing Population Size (CEC 2005); R. Hamano et al., CatCMA (GECCO 2024), for categories",
    options: z.strictObject({
      population: z
        .int()
        .min(0)
        .max(10_000)
        .default(0)
        .describe("Trials of a generation; 0 takes 4 + 3 ln(dimensions), and at least the number of parallel trials."),
      sigma: z
        .number()
        .gt(0)
        .max(1)
        .default(1 / 6)
        .describe("First standard deviation, as a share of each parameter's range."),
      restart: z
        .boolean()
        .default(true)
        .describe("Begin again elsewhere, with twice the population, when the search has converged."),
    }),
  },
  createCmaes,
);

interface CmaesOptions {
  readonly population: number;
  readonly sigma: number;
  readonly restart: boolean;
}

/** What a run knows; replaced, never changed. */
interface Run {
  readonly constants: Constants;
  readonly state: StrategyState;
  /** For each categorical parameter the probabilities of its choices. */
  readonly categories: readonly Float64Array[];
  readonly restarts: number;
}

/** A distribution narrower than this in every direction has nothing left to find. */
const convergedDeviation = 1e-5;
const largestCondition = 1e14;
/** Step towards the good trials' categories a generation, and the least probability a category keeps (times 1 / choices). */
const categoryRate = 0.25;
const categoryFloor = 0.1;
const tries = 50;

function createCmaes(context: SamplerContext, options: CmaesOptions): ReturnType<typeof cmaesSampler.create> {
  const { space, objectives, isFeasible, parallel, rng } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const searched = space.filter((parameter) => gridCount(parameter) > 1);
  const numeric = searched.filter(isNumeric);
  const categorical = searched.filter((parameter) => parameter.type === "categorical");
  const n = Math.max(1, numeric.length);
  const firstLambda = options.population > 0 ? Math.max(2, options.population) : Math.max(defaultLambda(n), parallel);

  const begin = (restarts: number): Run => {
    const lambda = firstLambda * 2 ** Math.min(restarts, 10);
    const place = rng.fork(`restart ${restarts}`);
    return {
      constants: strategyConstants(n, lambda),
      state: initialState(
        Float64Array.from({ length: n }, () => (restarts === 0 ? 0.5 : place.next())),
        options.sigma,
      ),
      categories: categorical.map(({ choices }) => new Float64Array(choices.length).fill(1 / choices.length)),
      restarts,
    };
  };

  let run = begin(0);
  let generation: FinishedTrial[] = [];
  let seen = 0;
  let last: FinishedTrial | undefined;

  /** Where a trial lies in the cube; an inactive parameter lies at the mean, where it moves nothing. */
  const pointOf = (params: Params): Float64Array => {
    const point = run.state.mean.slice();
    numeric.forEach((parameter, i) => {
      const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
      if (value !== undefined) point[i] = toUnit(parameter, value);
    });
    return point;
  };

  const learn = (history: readonly FinishedTrial[]): void => {
    if (seen > history.length || (seen > 0 && history[seen - 1]?.number !== last?.number)) {
      run = begin(0);
      generation = [];
      seen = 0;
    }
    for (; seen < history.length; seen++) {
      last = history[seen]!;
      // Only what can be ranked counts: a failed trial says nothing about its place.
      if (bestFirst([last], objectives).length === 1) generation.push(last);
      if (generation.length < run.constants.lambda) continue;
      const ranked = bestFirst(generation, objectives);
      generation = [];
      const state = update(
        run.state,
        run.constants,
        ranked.map(({ params }) => pointOf(params)),
      );
      if (state === undefined || isConverged(state)) {
        run = options.restart || state === undefined ? begin(run.restarts + 1) : run;
        continue;
      }
      run = { ...run, state, categories: movedCategories(run, categorical, ranked) };
    }
  };

  const propose = (own: Rng): Params => {
    const { state } = run;
    const point = samplePoint(state, own);
    const spread = deviations(state);
    const params: Record<string, ParamValue> = {};
    for (const parameter of space) {
      if (!isActive(parameter, params)) continue;
      const axis = numeric.indexOf(parameter as (typeof numeric)[number]);
      const kind = categorical.indexOf(parameter as CategoricalParameter);
      if (axis >= 0) {
        const wide = widened(parameter, state.mean[axis]!, point[axis]!, spread[axis]!, run.constants.lambda);
        setOwn(params, parameter.name, fromUnit(parameter, wide));
      } else if (kind >= 0) setOwn(params, parameter.name, gridValue(parameter, drawIndex(run.categories[kind]!, own)));
      else setOwn(params, parameter.name, gridValue(parameter, 0));
    }
    return params;
  };

  return {
    suggest({ history, rng: own }) {
      learn(history);
      const { state, constants, restarts } = run;
      for (let i = 0; i < tries; i++) {
        const params = propose(own);
        if (!isFeasible(params)) continue;
        const again = restarts === 0 ? "" : `, restart ${restarts}`;
        return {
          params,
          reason: `generation ${state.generation + 1} of ${constants.lambda}${again}, sigma ${state.sigma.toPrecision(3)}`,
        };
      }
      return { params: feasible.draw(own), reason: "uniform draw: the distribution misses the constraints" };
    },
  };
}

function isConverged(state: StrategyState): boolean {
  const n = state.mean.length;
  const spread = deviations(state);
  let least = Infinity;
  let most = 0;
  for (let i = 0; i < n; i++) {
    const pivot = state.root[i * n + i]!;
    least = Math.min(least, pivot);
    most = Math.max(most, pivot);
  }
  return spread.every((value) => value < convergedDeviation) || (most / least) ** 2 > largestCondition;
}

/**
 * A discrete coordinate whose distribution has shrunk into the bin of its mean would never leave it again. The step is then
 * stretched so far that another value keeps the chance of one draw in dimensions times generation (after R. Hamano et al.,
 * "CMA-ES with margin", GECCO 2022).
 */
function widened(parameter: Space[number], mean: number, value: number, spread: number, lambda: number): number {
  const count = gridCount(parameter);
  if (count === Infinity || !(spread > 0)) return value;
  // Half of a bin near the mean; log ranges have wider ones below.
  const here = fromUnit(parameter, mean);
  const index = gridIndex(parameter, here);
  const neighbour = toUnit(parameter, gridValue(parameter, index + 1 < count ? index + 1 : index - 1));
  const half = Math.abs(neighbour - toUnit(parameter, here)) / 2;
  const least = half / normalQuantile(1 - 1 / (2 * Math.max(2, lambda)));
  return spread >= least ? value : mean + ((value - mean) * least) / spread;
}

function drawIndex(probabilities: Float64Array, rng: Rng): number {
  let rest = rng.next();
  for (let i = 0; i < probabilities.length - 1; i++) {
    rest -= probabilities[i]!;
    if (rest < 0) return i;
  }
  return probabilities.length - 1;
}

/** Probabilities moved towards the weighted shares among the better half of a generation. */
function movedCategories(
  run: Run,
  parameters: readonly CategoricalParameter[],
  ranked: readonly FinishedTrial[],
): Float64Array[] {
  const { mu, weights } = run.constants;
  return parameters.map((parameter, k) => {
    const old = run.categories[k]!;
    const share = new Float64Array(old.length);
    let total = 0;
    for (let i = 0; i < mu; i++) {
      const { params } = ranked[i]!;
      const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
      const index = value === undefined ? -1 : parameter.choices.indexOf(value);
      if (index < 0) continue;
      share[index]! += weights[i]!;
      total += weights[i]!;
    }
    if (total === 0) return old;
    const floor = categoryFloor / old.length;
    const moved = old.map((p, i) => Math.max(floor, p + categoryRate * total * (share[i]! / total - p)));
    const sum = moved.reduce((all, p) => all + p, 0);
    return moved.map((p) => p / sum);
  });
}

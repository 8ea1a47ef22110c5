/**
 * What every sampler on a Gaussian process does alike: start-up, taking trials in, running trials, users' beliefs, proposing.
 * Running trials as in D. Ginsbourger et al., "Kriging is well-suited to parallelize optimization" (2010), the Kriging believer.
 * Invariant: what is remembered is a cache of the history; a study that goes on in another process proposes the same.
 */
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import { feasiblePrior, hasPrior, priorMode } from "../../core/space/prior.ts";
import { historyFold } from "../historyFold.ts";
import { lossesOf } from "../ranking.ts";
import type { Sampler, SamplerContext, SuggestRequest, Suggestion } from "../sampler.ts";
import { sobolSampler } from "../sobol/sobol.ts";
import { featuresOf, type Features } from "./features.ts";
import type { Observed } from "./growing.ts";
import { withBelief, type Landscape } from "./landscape.ts";
import { createProposer } from "./proposer.ts";

export interface Observation extends Observed {
  readonly params: Params;
}

export interface Moment {
  /** The same array whenever the history goes on; at least `first` with finite losses. */
  readonly observations: readonly Observation[];
  /** Points of the running trials. */
  readonly pending: readonly Float64Array[];
  readonly rng: Rng;
}

/** How things look at a moment. */
export interface View {
  readonly landscape: Landscape;
  /** Configurations of the best trials, best first. */
  readonly good: readonly Params[];
  /** What to say of the chosen configuration, whose height is missing when nothing new was in sight. */
  readonly reason: (height: number | undefined) => string;
}

/** @param startupTrials with finite losses, before the model takes over @param viewer made once for a study; `first` is the least number of trials that it will be shown */
export function createModelSampler(
  context: SamplerContext,
  startupTrials: number,
  viewer: (features: Features, first: number) => (moment: Moment) => View | Promise<View>,
): Sampler {
  const { space, objectives, isFeasible } = context;
  const features = featuresOf(space);
  const first = Math.max(2, startupTrials);
  const startup = startupOf(context);
  const propose = createProposer(context, features);
  const view = viewer(features, first);
  const learned = historyFold(
    () => ({ observations: [] as Observation[], tried: new Set<string>(), finite: 0 }),
    (state, trial) => {
      state.tried.add(paramsKey(trial.params));
      const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
      if (losses === undefined) return;
      state.observations.push({ params: trial.params, point: features.encode(trial.params), losses });
      if (losses.every(Number.isFinite)) state.finite++;
    },
  );
  return {
    async suggest(request) {
      const { history, pending, rng } = request;
      const { observations, tried, finite } = learned(history);
      if (features.dimension === 0 || finite < first) return startup(request);
      const points = pending.map((trial) => features.encode(trial.params));
      const { landscape, good, reason } = await view({ observations, pending: points, rng });
      const running = pending.length === 0 ? tried : new Set(tried);
      for (const trial of pending) running.add(paramsKey(trial.params));
      const believed = withBelief(landscape, features, observations.length);
      const { params, score } = propose({ landscape: believed, good, tried: running, rng });
      return { params, reason: `${reason(score)}, ${observations.length} trials in the model` };
    },
  };

  /** Sobol points; where users believe in some values, these first and then draws from their belief. */
  function startupOf(own: SamplerContext): (request: SuggestRequest) => Suggestion | Promise<Suggestion> {
    const sobol = sobolSampler.create(own, {});
    if (!hasPrior(space)) return (request) => sobol.suggest(request);
    const fallback = feasibleSampler(space, isFeasible);
    return ({ history, pending, rng }) => {
      const number = history.length + pending.length;
      const mode = number === 0 ? priorMode(space, rng) : undefined;
      if (mode !== undefined && isFeasible(mode)) return { params: mode, reason: "the values you believe in" };
      const params = feasiblePrior(space, isFeasible, fallback, rng);
      return { params, reason: `start-up ${Math.min(number + 1, first)} of ${first}, drawn from your belief` };
    };
  }
}

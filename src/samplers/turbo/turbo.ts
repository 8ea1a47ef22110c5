/**
 * TuRBO, Bayesian optimisation in trust regions (D. Eriksson et al., "Scalable Global Optimization via Local Bayesian Optimization",
 * NeurIPS 2019): a Gaussian process of a region's own trials, and the candidate in its box that a draw of the posterior likes
 * best; regions grow with success, shrink with failure and begin again elsewhere. Written from the paper, but for values that
 * are made normal as in HEBO before they are modelled, and at most 300 candidates, whose values are drawn jointly.
 * Invariant: the regions are a fold over the finished trials (region.ts); with several slots, as many trials as there are slots
 * make one of the paper's batches, so no slot waits for others.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { Rng } from "../../core/rng.ts";
import { defineSampler } from "../entry.ts";
import { featuresOf } from "../gp/features.ts";
import { growingModel, type Grown } from "../gp/growing.ts";
import { fitHyperparameters } from "../gp/regression.ts";
import { randomWeights } from "../gp/values.ts";
import { normalised, restored } from "../hebo/power.ts";
import { historyFold } from "../historyFold.ts";
import { lossesOf } from "../ranking.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { sobolSampler } from "../sobol/sobol.ts";
import { drawCandidates, proportions } from "./candidates.ts";
import { newRegions, startingRegion, takeTrial, type Region, type RegionRules } from "./region.ts";

export const turboSampler = defineSampler(
  {
    kind: "turbo",
    label: "TuRBO",
    summary:
      "Bayesian optimisation in a region that follows success. For rugged or many-dimensional spaces and hundreds of trials, many at a time.",
    source:
      "D. Eriksson, M. Pearce, J. R. Gardner, R. Turner, M. Poloczek, Scalable Global Optimization via Local Bayesian Optimization (NeurIPS 2019).",
    heavy: true,
    options: z.strictObject({
      regions: z
        .int()
        .min(1)
        .max(20)
        .default(1)
        .describe("Regions that compete for trials; each begins with Sobol points of its own, two for each parameter."),
      candidates: z
        .int()
        .min(50)
        .max(1500)
        .default(300)
        .describe(
          "Points of a region looked at for each suggestion, at most; 100 for each parameter if that is fewer.",
        ),
      maxTrials: z
        .int()
        .min(20)
        .max(2000)
        .default(500)
        .describe("Trials in a region's model at most: half of them the best, half the latest."),
    }),
  },
  createTurbo,
);

interface TurboOptions {
  readonly regions: number;
  readonly candidates: number;
  readonly maxTrials: number;
}

/** Start-up trials of a region for each parameter, candidates likewise. */
const startupEach = 2;
const candidatesEach = 100;
/** All regions' start-up together takes no more of the budget than this. */
const startupShare = 1 / 4;
const fitTrials = 90;
const fitIterations = 15;
/** Draws after something new where a region holds nothing new. */
const lastDraws = 40;

/** A candidate and what the posterior draw says it is worth. */
interface Drawn {
  readonly params: Params;
  readonly loss: number;
  readonly region: Region;
}

function createTurbo(context: SamplerContext, options: TurboOptions): Sampler {
  const { space, objectives, isFeasible, budgetTrials = Infinity } = context;
  const features = featuresOf(space);
  const startup = sobolSampler.create(context, {});
  const feasible = feasibleSampler(space, isFeasible);
  const affordable = Math.floor((budgetTrials * startupShare) / options.regions);
  const rules: RegionRules = {
    dimension: features.dimension,
    parallel: context.parallel,
    startup: Math.max(2, Math.min(startupEach * features.dimension, affordable)),
    regions: options.regions,
  };
  const learned = historyFold(
    () => ({ regions: newRegions(rules), tried: new Set<string>() }),
    ({ regions, tried }, trial) => {
      const { number, state, params } = trial;
      tried.add(paramsKey(params));
      const losses = state === "complete" ? lossesOf(trial, objectives) : undefined;
      const isMember = losses?.every(Number.isFinite) === true;
      const member = isMember ? { params, point: features.encode(params), losses } : undefined;
      takeTrial(regions, rules, { number, member });
    },
  );
  /** The model of each region that has one. */
  const models = new WeakMap<Region, ReturnType<typeof growingModel>>();
  const modelOf = (region: Region): ReturnType<typeof growingModel> => {
    const known = models.get(region);
    if (known !== undefined) return known;
    const made = growingModel({
      features,
      objectives,
      first: rules.startup,
      maxTrials: options.maxTrials,
      fitTrials,
      shape: normalised,
      fit(points, y) {
        const hyperparameters = fitHyperparameters(features, points, y, fitIterations);
        return { hyperparameters, place: (point) => point };
      },
    });
    models.set(region, made);
    return made;
  };

  /** The best new candidate of a region, by one draw of its posterior; undefined when none is new. */
  const drawn = (region: Region, grown: Grown, isTried: (key: string) => boolean, rng: Rng): Drawn | undefined => {
    const { model, rows, losses } = grown;
    // Without noise the best trial; with noise the one that the model believes to be.
    const centre = rows[leastAt(model.fitted)]!;
    const sides = proportions(features, model.hyperparameters.weights).map((share) => share * region.length);
    const count = Math.min(candidatesEach * features.dimension, options.candidates);
    const seen = new Set<string>();
    const candidates = drawCandidates(space, features, region.members[centre]!.params, sides, count, rng).filter(
      (params) => {
        const key = paramsKey(params);
        if (seen.has(key) || isTried(key) || !isFeasible(params)) return false;
        seen.add(key);
        return true;
      },
    );
    if (candidates.length === 0) return undefined;
    const values = model.samplePosterior(
      candidates.map((params) => features.encode(params)),
      rng,
    );
    const best = leastAt(values);
    // Back to the unit of the losses: each region's model has a scale of its own.
    const loss = options.regions === 1 ? values[best]! : restored(values[best]!, normalised(losses), losses);
    return { params: candidates[best]!, loss, region };
  };

  return {
    async suggest(request) {
      const { history, pending, rng } = request;
      const { regions, tried } = learned(history);
      const starting = startingRegion(regions, rules);
      const running = pending.filter(({ number }) => number >= (starting?.since ?? 0)).length;
      if (features.dimension === 0 || (starting !== undefined && starting.members.length + running < rules.startup)) {
        const { params } = await startup.suggest(request);
        const place = `${(starting?.members.length ?? 0) + running + 1} of ${rules.startup}`;
        const which = regions.restarts === 0 ? "a region" : `a new region, ${regions.restarts} given up`;
        return { params, reason: `Sobol point ${place} of ${which}` };
      }
      const pendingKeys = new Set(pending.map(({ params }) => paramsKey(params)));
      const isTried = (key: string): boolean => tried.has(key) || pendingKeys.has(key);
      const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
      let best: Drawn | undefined;
      for (const region of regions.all) {
        // A new region whose start-up is still running; the others, if there are any, go on.
        if (region.members.length < 2 || (region === starting && regions.all.length > 1)) continue;
        const found = drawn(region, await modelOf(region)(region.members, weights), isTried, rng);
        if (found !== undefined && (best === undefined || found.loss < best.loss)) best = found;
      }
      if (best !== undefined) {
        const { params, region } = best;
        const index = regions.all.length === 1 ? "" : ` ${regions.all.indexOf(region) + 1}`;
        const reason = `best of a posterior draw in region${index} of side ${formatNumber(region.length)}, ${region.members.length} trials in its model`;
        return { params, reason };
      }
      let params = feasible.draw(rng);
      for (let i = 0; i < lastDraws && isTried(paramsKey(params)); i++) params = feasible.draw(rng);
      return { params, reason: "uniform draw: the region holds nothing that is new" };
    },
  };
}

function leastAt(values: Float64Array): number {
  return values.reduce((best, value, i) => (value < values[best]! ? i : best), 0);
}

/**
 * Bayesian optimisation with a Gaussian process: the next trial is where the expected improvement on the best one is largest.
 * Sources: J. Mockus (1978); J. Snoek et al., "Practical Bayesian Optimization of Machine Learning Algorithms" (NeurIPS 2012); two
 * objectives by expected hypervolume improvement (tradeOff.ts), more by J. Knowles, "ParEGO" (2006).
 * Invariant: hyperparameters follow from the trials so far alone, so a study that goes on in another process proposes the same.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import type { Objective } from "../../core/objective.ts";
import type { Rng } from "../../core/rng.ts";
import type { Params } from "../../core/space/parameter.ts";
import { defineSampler } from "../entry.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { logExpectedImprovement, type Acquisition } from "./acquisition.ts";
import type { Features } from "./features.ts";
import { growingModel } from "./growing.ts";
import { landscapeOf } from "./landscape.ts";
import { createModelSampler } from "./modelSampler.ts";
import { fitHyperparameters, type Model } from "./regression.ts";
import { tradeOffView } from "./tradeOff.ts";
import { chosenTrialsOption, randomWeights, standardised } from "./values.ts";

/** Options of every sampler on this model. */
export const gpOptions = {
  startupTrials: z.int().min(2).default(10).describe("Sobol points before the model takes over."),
  maxTrials: chosenTrialsOption(2000, 500, "Time grows with the square."),
};

export interface GpOptions {
  readonly startupTrials: number;
  readonly maxTrials: number;
}

export const gpSampler = defineSampler(
  {
    kind: "gp",
    label: "Gaussian process",
    summary: "Bayesian optimisation with expected improvement. The most from few, expensive trials: 20 to 300.",
    source:
      "J. Snoek, H. Larochelle and R. Adams, Practical Bayesian Optimization of Machine Learning Algorithms (NeurIPS 2012); S. Ament et al., Unexpected Improvements to Expected Improvement (NeurIPS 2023); M. Emmerich et al., expected hypervolume improvement (2011); J. Knowles, ParEGO (2006); C. Hvarfner et al., piBO (ICLR 2022), for beliefs",
    heavy: true,
    options: z.strictObject({
      ...gpOptions,
      tradeOffs: z
        .enum(["ehvi", "parego"])
        .default("ehvi")
        .describe(
          "Two objectives: expected hypervolume improvement, or ParEGO's random weights. More than two always use ParEGO.",
        ),
    }),
  },
  (context, { tradeOffs, ...options }) =>
    context.objectives.length === 2 && tradeOffs === "ehvi"
      ? createTradeOffs(context, options)
      : createGp(context, options, improvement),
);

/** Trials that hyperparameters are fitted to at most, and steps of each search. */
const fitTrials = 100;
const fitIterations = 15;
/** Up to so many trials hyperparameters follow each of them, by so many steps from what was fitted to two thirds of them. */
const followedTrials = 60;
const followIterations = 8;
/** The best trials: near them is where candidates are drawn. */
const elites = 5;

/** The model of a moment, for whoever judges configurations by it. */
export interface Belief {
  readonly model: Model;
  /** The least mean at a trial, standardised as all values are. */
  readonly best: number;
  /** Configurations of the best trials, best first. */
  readonly good: readonly Params[];
  readonly rng: Rng;
}

/** How configurations are judged, and what to say of the chosen one, whose score is missing when nothing new was in sight. */
export interface Judgement {
  readonly acquisition: Acquisition;
  readonly reason: (score: number | undefined) => string;
}

export type Judge = (belief: Belief) => Judgement;

const improvement: Judge = ({ best }) => ({
  acquisition: (mean, variance) => logExpectedImprovement(mean, variance, best),
  reason: (score) =>
    `expected improvement ${formatNumber(score === undefined ? 0 : Math.exp(score))} of a standard deviation`,
});

function modelOf(
  features: Features,
  objectives: readonly Objective[],
  first: number,
  { maxTrials }: GpOptions,
): ReturnType<typeof growingModel> {
  return growingModel({
    features,
    objectives,
    first,
    maxTrials,
    fitTrials,
    followedTrials,
    shape: standardised,
    fit: (points, y, latest) => ({
      hyperparameters: fitHyperparameters(
        features,
        points,
        y,
        latest === undefined ? fitIterations : followIterations,
        latest?.hyperparameters,
      ),
      place: (point) => point,
    }),
  });
}

/** A sampler on the model of the trials; what it proposes is best in the eyes of `judge`. */
export function createGp(context: SamplerContext, options: GpOptions, judge: Judge): Sampler {
  const { objectives } = context;
  return createModelSampler(context, options.startupTrials, (features, first) => {
    const model = modelOf(features, objectives, first, options);
    return async ({ observations, pending, rng }) => {
      const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
      const grown = await model(observations, weights);
      const { rows, losses } = grown;
      const known = pending.reduce((so, point) => so.with(point, so.predict(point).mean), grown.model);
      const best = known.fitted.reduce((least, value) => Math.min(least, value), Infinity);
      const good = Array.from(losses.keys())
        .toSorted((a, b) => losses[a]! - losses[b]! || a - b)
        .slice(0, elites)
        .map((i) => observations[rows[i]!]!.params);
      const { acquisition, reason } = judge({ model: known, best, good, rng });
      return { landscape: landscapeOf(known, acquisition), good, reason };
    };
  });
}

function createTradeOffs(context: SamplerContext, options: GpOptions): Sampler {
  const [one, other] = context.objectives;
  return createModelSampler(context, options.startupTrials, (features, first) =>
    tradeOffView([modelOf(features, [one], first, options), modelOf(features, [other!], first, options)]),
  );
}

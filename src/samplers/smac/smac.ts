/**
 * Sequential model-based configuration: Bayesian optimisation with a random forest, at home among categories and conditions.
 * Sources: F. Hutter et al., "Sequential Model-Based Optimization for General Algorithm Configuration" (LION 2011); M. Lindauer et
 * al., "SMAC3" (JMLR 2022), whose facade for hyperparameter optimisation the constants are: 10 trees, log expected
 * improvement, a Sobol start of 10 trials a parameter but at most a quarter of the budget, a random trial in five; ParEGO.
 * Invariant: the forest is grown anew from history, pending trials and the trial's own stream, so there is nothing to restore.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { gridCount } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { defineSampler } from "../entry.ts";
import { logExpectedImprovement } from "../gp/acquisition.ts";
import { featuresOf } from "../gp/features.ts";
import { chosenRows, chosenTrialsOption, combined, randomWeights } from "../gp/values.ts";
import { newcomerTest } from "../proposals.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { sobolSampler } from "../sobol/sobol.ts";
import { growForest, type Forest } from "./forest.ts";
import { logged, logLognormalImprovement } from "./improvement.ts";
import { createSearch } from "./localSearch.ts";
import { observationsOf } from "./observations.ts";

export const smacSampler = defineSampler(
  {
    kind: "smac",
    label: "Random forest (SMAC)",
    summary:
      "Bayesian optimisation with a random forest. Many categories and conditions, uneven losses, 50 to 2,000 trials.",
    source:
      "F. Hutter, H. Hoos and K. Leyton-Brown, Sequential Model-Based Optimization for General Algorithm Configuration (LION 2011); M. Lindauer et al., SMAC3 (JMLR 2022), for the constants",
    heavy: true,
    options: z.strictObject({
      trees: z.int().min(2).max(200).default(10).describe("Trees of the forest."),
      startupPerParameter: z
        .int()
        .min(1)
        .max(100)
        .default(10)
        .describe("Sobol points before the model takes over, for each parameter."),
      startupShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.25)
        .describe("Sobol points at most, as a share of the study's trials."),
      randomShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.2)
        .describe("Share of the later trials that are drawn at random."),
      logValues: z
        .boolean()
        .default(true)
        .describe("Model the logarithm of the loss, shifted where it is not positive."),
      maxTrials: chosenTrialsOption(20_000, 2000),
    }),
  },
  createSmac,
);

interface SmacOptions {
  readonly trees: number;
  readonly startupPerParameter: number;
  readonly startupShare: number;
  readonly randomShare: number;
  readonly logValues: boolean;
  readonly maxTrials: number;
}

/** The best trials: from them, too, local searches start. */
const elites = 10;
/** Where trees agree they may still be wrong (SMAC3's least variance). */
const leastVariance = 1e-10;
/** Trials that a study without a budget is taken to have. */
const openBudget = 400;
/** The model needs two values to tell apart. */
const leastStartup = 2;

function createSmac(context: SamplerContext, options: SmacOptions): Sampler {
  const { space, objectives, isFeasible } = context;
  const features = featuresOf(space);
  const categories = Int32Array.from(features.parameters, (parameter, k) =>
    features.numeric[k] === true ? 0 : gridCount(parameter),
  );
  const startup = sobolSampler.create(context, {});
  const feasible = feasibleSampler(space, isFeasible);
  const search = createSearch(context);
  const observe = observationsOf(features, objectives);
  const startupTrials = Math.max(
    leastStartup,
    Math.min(
      options.startupPerParameter * features.dimension,
      Math.floor(options.startupShare * (context.budgetTrials ?? openBudget)),
    ),
  );

  return {
    suggest(request) {
      const { history, pending, rng } = request;
      const { observations, finite, tried } = observe(history);
      if (features.dimension === 0 || finite < startupTrials) return startup.suggest(request);
      if (rng.next() < options.randomShare)
        return { params: feasible.draw(rng), reason: "uniform draw between those of the model" };
      const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
      const losses = combined(observations, objectives, weights);
      const rows = chosenRows(losses, options.maxTrials);
      const chosen = Float64Array.from(rows, (row) => losses[row]!);
      const values = options.logValues ? logged(chosen) : chosen;
      const grow = (points: readonly Float64Array[], y: Float64Array): Forest =>
        growForest({ points, values: y, categories }, options.trees, rng);
      const points = rows.map((row) => observations[row]!.point);
      let forest = grow(points, values);
      if (pending.length > 0) {
        // Running trials are taken to end as the forest expects.
        const running = pending.map((trial) => features.encode(trial.params));
        const expected = running.map((point) => forest.predict(point).mean);
        points.push(...running);
        forest = grow(points, Float64Array.from([...values, ...expected]));
      }
      // The least that the forest expects of a trial, not the least seen: a lucky value is not what to beat.
      const best = points.reduce((least, point) => Math.min(least, forest.predict(point).mean), Infinity);
      const good = Array.from(rows.keys())
        .toSorted((a, b) => values[a]! - values[b]! || a - b)
        .slice(0, elites)
        .map((at) => observations[rows[at]!]!.params);
      const { params, score } = search({
        score: (candidate) => {
          const { mean, variance } = forest.predict(features.encode(candidate));
          const spread = Math.max(leastVariance, variance);
          return options.logValues
            ? logLognormalImprovement(mean, spread, best)
            : logExpectedImprovement(mean, spread, best).value;
        },
        good,
        isNew: newcomerTest(tried, pending),
        rng,
      });
      const trees = `a forest of ${options.trees} trees on ${rows.length} trials`;
      if (score === undefined) return { params, reason: `uniform draw: nothing new in sight for ${trees}` };
      return { params, reason: `log expected improvement ${formatNumber(score)}, ${trees}` };
    },
  };
}

/**
 * Bayesian optimisation with a Gaussian process: the next trial is where the expected improvement on the best one is largest.
 * Sources: J. Mockus (1978); J. Snoek et al., "Practical Bayesian Optimization of Machine Learning Algorithms" (NeurIPS 2012);
 * pending trials as in D. Ginsbourger et al., "Kriging is well-suited to parallelize optimization" (2010), the Kriging believer; several
 * objectives by J. Knowles, "ParEGO" (2006).
 * Invariant: hyperparameters are fitted at lengths of the history that grow by a tenth and depend on the trials up to there
 * alone, so a study that goes on in another process proposes the same.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import type { Rng } from "../../core/rng.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { defineSampler } from "../entry.ts";
import { lossesOf } from "../ranking.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { sobolSampler } from "../sobol/sobol.ts";
import { logExpectedImprovement, type Acquisition } from "./acquisition.ts";
import { createProposer } from "./proposer.ts";
import { featuresOf } from "./features.ts";
import { fitHyperparameters, regressionModel, type Model } from "./regression.ts";
import { chosenRows, combined, fitLength, randomWeights, standardised } from "./values.ts";

/** Options of every sampler on this model. */
export const gpOptions = {
  startupTrials: z.int().min(2).default(10).describe("Sobol points before the model takes over."),
  maxTrials: z
    .int()
    .min(20)
    .max(2000)
    .default(500)
    .describe("Trials in the model at most: half of them the best, half the latest. Time grows with the square."),
};

export const gpSampler = defineSampler(
  {
    kind: "gp",
    label: "Gaussian process",
    summary: "Bayesian optimisation with expected improvement. The most from few, expensive trials: 20 to 300.",
    heavy: true,
    options: z.strictObject(gpOptions),
  },
  (context, options) => createGp(context, options, improvement),
);

export interface GpOptions {
  readonly startupTrials: number;
  readonly maxTrials: number;
}

/** Trials that hyperparameters are fitted to at most, and steps of each fit. */
const fitTrials = 90;
const fitIterations = 15;
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

interface Observation {
  readonly params: Params;
  readonly point: Float64Array;
  readonly losses: readonly number[];
}

/** A sampler on the model of the trials; what it proposes is best in the eyes of `judge`. */
export function createGp(context: SamplerContext, options: GpOptions, judge: Judge): Sampler {
  const { space, objectives } = context;
  const features = featuresOf(space);
  const startup = sobolSampler.create(context, {});
  const breathe = context.breathe ?? (() => Promise.resolve());
  const propose = createProposer(context, features, breathe);
  let memory = emptyMemory();

  function emptyMemory() {
    return {
      observations: [] as Observation[],
      /** Keys of all configurations that were tried. */
      tried: new Set<string>(),
      seen: 0,
      last: undefined as FinishedTrial | undefined,
      /** The model at the newest length that hyperparameters were fitted at, and the rows in it. */
      base: undefined as
        | { readonly length: number; readonly rows: readonly number[]; readonly model: Model }
        | undefined,
      /** The same with the rows since; values as of then. */
      grown: undefined as { readonly length: number; readonly model: Model } | undefined,
    };
  }

  const learn = (history: readonly FinishedTrial[]): void => {
    const known = memory.seen === 0 ? undefined : history[memory.seen - 1];
    if (memory.seen > history.length || known?.number !== memory.last?.number) memory = emptyMemory();
    for (; memory.seen < history.length; memory.seen++) {
      const trial = history[memory.seen]!;
      memory.last = trial;
      memory.tried.add(paramsKey(trial.params));
      const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
      if (losses !== undefined)
        memory.observations.push({ params: trial.params, point: features.encode(trial.params), losses });
    }
  };

  /** The fitted model of all observations, with these values. */
  const modelOf = async (all: Float64Array): Promise<Model> => {
    const { observations } = memory;
    const length = fitLength(observations.length, options.startupTrials);
    if (memory.base?.length !== length) {
      const values = standardised(combined(observations.slice(0, length), objectives, undefined));
      const rows = chosenRows(values, options.maxTrials);
      const fitted = chosenRows(values, fitTrials);
      const pick = (list: readonly number[]): [Float64Array[], Float64Array] => [
        list.map((row) => observations[row]!.point),
        Float64Array.from(list, (row) => values[row]!),
      ];
      const hyperparameters = await fitHyperparameters(features, ...pick(fitted), fitIterations, breathe);
      memory.base = { length, rows, model: regressionModel(features, hyperparameters, ...pick(rows)) };
      memory.grown = undefined;
    }
    let { model } = memory.grown ?? memory.base;
    for (let row = memory.grown?.length ?? length; row < observations.length; row++)
      model = model.with(observations[row]!.point, 0);
    memory.grown = { length: observations.length, model };
    const newer = Array.from({ length: observations.length - length }, (_, i) => length + i);
    return model.revalued(Float64Array.from([...memory.base.rows, ...newer], (row) => all[row]!));
  };

  return {
    async suggest(request) {
      const { history, pending, rng } = request;
      learn(history);
      const { observations } = memory;
      const finite = observations.filter(({ losses }) => losses.every(Number.isFinite)).length;
      if (features.dimension === 0 || finite < Math.max(2, options.startupTrials)) return startup.suggest(request);
      const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
      const values = standardised(combined(observations, objectives, weights));
      let model = await modelOf(values);
      for (const trial of pending) {
        const point = features.encode(trial.params);
        model = model.with(point, model.predict(point).mean);
      }
      const best = model.fitted.reduce((least, value) => Math.min(least, value), Infinity);
      const good = Array.from(values.keys())
        .toSorted((a, b) => values[a]! - values[b]! || a - b)
        .slice(0, elites)
        .map((row) => observations[row]!.params);
      const tried = pending.length === 0 ? memory.tried : new Set(memory.tried);
      for (const trial of pending) tried.add(paramsKey(trial.params));
      const { acquisition, reason } = judge({ model, best, good, rng });
      const { params, score } = await propose({ model, acquisition, good, tried, rng });
      return { params, reason: `${reason(score)}, ${observations.length} trials in the model` };
    },
  };
}

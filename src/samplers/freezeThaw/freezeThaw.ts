/**
 * Freeze-thaw Bayesian optimisation: a Gaussian process of where learning curves end, to which stopped trials contribute what
 * they showed; the next configuration is where the expected improvement on the best one is largest.
 * Source: K. Swersky, J. Snoek, R. P. Adams, "Freeze-Thaw Bayesian Optimization" (2014). Which stopped trial to go on with is a
 * scheduler's question, and `model.ts` has the answers it needs.
 * Invariant: hyperparameters are fitted at lengths that follow from the history alone, so a study that goes on in another
 * process proposes the same. A suggestion costs O(n^3) of the `maxTrials` trials in the model, however long the study is.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { defineSampler } from "../entry.ts";
import { logExpectedImprovement } from "../gp/acquisition.ts";
import { featuresOf } from "../gp/features.ts";
import { landscapeOf } from "../gp/landscape.ts";
import { createProposer } from "../gp/proposer.ts";
import { chosenRows, chosenTrialsOption, combined, fitLength, randomWeights } from "../gp/values.ts";
import { lossesOf } from "../ranking.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { sobolSampler } from "../sobol/sobol.ts";
import { curveTrial, endOf, type CurveTrial } from "./frame.ts";
import { fitFreezeThaw, freezeThawModel, type FreezeThawHyperparameters } from "./model.ts";

export const freezeThawSampler = defineSampler(
  {
    kind: "freeze-thaw",
    label: "Freeze-thaw",
    summary:
      "A Gaussian process of where learning curves end: pruned trials teach it too. For expensive trials that report as they train.",
    source: "K. Swersky, J. Snoek, R. Adams, Freeze-thaw Bayesian optimization, 2014",
    heavy: true,
    needs: "curves",
    options: z.strictObject({
      startupTrials: z.int().min(2).default(10).describe("Sobol points before the model takes over."),
      maxTrials: chosenTrialsOption(1000, 300, "Time grows with the square."),
    }),
  },
  createFreezeThaw,
);

interface FreezeThawOptions {
  readonly startupTrials: number;
  readonly maxTrials: number;
}

/** Trials that hyperparameters are fitted to at most, and steps of each fit. */
const fitTrials = 80;
const fitIterations = 20;
/** The best trials: near them is where candidates are drawn. */
const elites = 5;

function createFreezeThaw(context: SamplerContext, options: FreezeThawOptions): Sampler {
  const { space, objectives } = context;
  const features = featuresOf(space);
  const startup = sobolSampler.create(context, {});
  const propose = createProposer(context, features);
  let memory = emptyMemory();

  function emptyMemory() {
    return {
      /** Trials that say something, and their losses: complete, or pruned with a report. */
      observed: [] as { readonly trial: FinishedTrial; readonly losses: readonly number[] | undefined }[],
      tried: new Set<string>(),
      seen: 0,
      last: undefined as FinishedTrial | undefined,
      fit: undefined as { readonly length: number; readonly hyper: FreezeThawHyperparameters } | undefined,
    };
  }

  const learn = (history: readonly FinishedTrial[]): void => {
    const known = memory.seen === 0 ? undefined : history[memory.seen - 1];
    if (memory.seen > history.length || known?.number !== memory.last?.number) memory = emptyMemory();
    for (; memory.seen < history.length; memory.seen++) {
      const trial = history[memory.seen]!;
      memory.last = trial;
      memory.tried.add(paramsKey(trial.params));
      if (trial.state === "complete") {
        const losses = lossesOf(trial, objectives);
        if (losses !== undefined) memory.observed.push({ trial, losses });
      } else if (trial.state === "pruned" && objectives.length === 1) {
        // Of several objectives only the first has a curve, and the model is of their scalar.
        const end = trial.curve?.at(-1) ?? trial.last;
        // What diverged is as bad as can be, however well it began.
        const losses = Number.isFinite(end?.value) ? undefined : [Infinity];
        if (end !== undefined) memory.observed.push({ trial, losses });
      }
    }
  };

  /** The first `count` observations as the model sees them, several objectives by these weights. */
  const trialsOf = (count: number, weights: readonly number[] | undefined): CurveTrial[] => {
    const own = memory.observed.slice(0, count);
    const whole = own.flatMap(({ losses }) => (losses === undefined ? [] : [{ losses }]));
    const values = combined(whole, objectives, weights);
    let at = 0;
    return own.flatMap(({ trial, losses }) => {
      const outcome = losses === undefined ? undefined : values[at++]!;
      // Only where nothing that ran to its end is finite.
      if (outcome !== undefined && !Number.isFinite(outcome)) return [];
      const { curve, last } = trial;
      const plain = objectives.length === 1 && (losses?.every(Number.isFinite) ?? true);
      // Without the whole curve its last report is still one.
      const reports = !plain ? [] : (curve ?? (outcome === undefined && last !== undefined ? [last] : []));
      return [curveTrial(features, objectives[0].direction, { ...trial, curve: reports }, outcome)];
    });
  };

  const hyperparameters = (): FreezeThawHyperparameters => {
    const length = fitLength(memory.observed.length, options.startupTrials);
    if (memory.fit?.length !== length) {
      const trials = trialsOf(length, undefined);
      const rows = chosenRows(
        Float64Array.from(trials, (trial) => endOf(trial)!),
        fitTrials,
      );
      const hyper = fitFreezeThaw(
        features,
        rows.map((row) => trials[row]!),
        fitIterations,
      );
      memory.fit = { length, hyper };
    }
    return memory.fit.hyper;
  };

  return {
    async suggest(request) {
      const { history, pending, rng } = request;
      learn(history);
      const { observed } = memory;
      const finite = observed.filter(({ losses }) => losses?.every(Number.isFinite) ?? true).length;
      if (features.dimension === 0 || finite < Math.max(2, options.startupTrials)) return startup.suggest(request);
      const hyper = hyperparameters();
      const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
      const all = trialsOf(observed.length, weights);
      const ends = Float64Array.from(all, (trial) => endOf(trial)!);
      const trials = chosenRows(ends, options.maxTrials).map((row) => all[row]!);
      let model = freezeThawModel(features, trials, hyper).asymptotes;

      // The one to improve upon must be one that ran to its end, if any did.
      const { fitted } = model;
      const ranked = Array.from(fitted.keys()).toSorted((a, b) => fitted[a]! - fitted[b]! || a - b);
      const best = fitted[ranked.find((row) => trials[row]!.outcome !== undefined) ?? ranked[0]!]!;
      const tried = pending.length === 0 ? memory.tried : new Set(memory.tried);
      for (const trial of pending) {
        const point = features.encode(trial.params);
        model = model.with(point, model.predict(point).mean);
        tried.add(paramsKey(trial.params));
      }
      const { params, score } = propose({
        landscape: landscapeOf(model, (mean, variance) => logExpectedImprovement(mean, variance, best)),
        good: ranked.slice(0, elites).map((row) => trials[row]!.params),
        tried,
        rng,
      });
      const partial = trials.filter(({ outcome }) => outcome === undefined).length;
      const stopped = partial === 0 ? "" : `, ${partial} of them stopped early`;
      return {
        params,
        reason: `expected improvement ${formatNumber(score === undefined ? 0 : Math.exp(score))} of a standard deviation, ${trials.length} trials in the model${stopped}`,
      };
    },
  };
}

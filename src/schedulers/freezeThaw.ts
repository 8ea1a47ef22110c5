/**
 * Freeze-thaw as a scheduler: trials train in short intervals and freeze; a free slot thaws the one that a model of learning curves
 * expects most of at its end, or begins a new one when a new one promises more.
 * Source: K. Swersky, J. Snoek, R. P. Adams, "Freeze-Thaw Bayesian Optimization" (2014), section 4: a basket of old and new
 * configurations. What is expected is the improvement at the asymptote; the paper's entropy search is not here.
 * Invariant: the model is built from the view for each decision, from a bounded number of trials and points of their curves, so a
 * decision takes the same time however long the study is; between its parts the engine gets a turn.
 */
import { z } from "zod";
import { formatNumber } from "../core/format.ts";
import { rngFor } from "../core/rng.ts";
import { uniformParams } from "../core/space/configuration.ts";
import type { Space } from "../core/space/parameter.ts";
import { isFinal, type Report } from "../core/trial.ts";
import { curveTrial, endOf, type CurveTrial } from "../samplers/freezeThaw/frame.ts";
import { fitFreezeThaw, freezeThawModel, type FreezeThawModel, type Normal } from "../samplers/freezeThaw/model.ts";
import { expectedImprovement } from "../samplers/gp/acquisition.ts";
import { featuresOf, type Features } from "../samplers/gp/features.ts";
import { chosenRows } from "../samplers/gp/values.ts";
import { defineScheduler } from "./entry.ts";
import { intervalViews } from "./intervals.ts";
import { counted, founders, lossOf, refusesShort, stepOf, stopNotANumber, withoutCheckpoint } from "./rungs.ts";
import type { NextAction, ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

/** Trials in the model, those its hyperparameters are fitted to, steps of the fit, and points of a curve: what a decision costs. */
const mostTrials = 60;
const fitTrials = 25;
const fitIterations = 6;
const mostPoints = 12;
/** Whole trainings without which the model does not know how curves go on: the most promising trials are led to their end first. */
const fewestWhole = 2;
/** Configurations drawn to see what a new trial promises. */
const draws = 100;

export const freezeThawScheduler = defineScheduler(
  {
    kind: "freeze-thaw",
    label: "Freeze-thaw",
    summary:
      "Trains all trials a little and goes on with those whose curves promise most, as a model of learning curves sees it. For few, expensive trials with smooth curves of a loss; needs checkpoints.",
    source: "K. Swersky, J. Snoek, R. Adams, Freeze-thaw Bayesian optimization (2014)",
    needsSteps: true,
    sampler: "freeze-thaw",
    refuses: refusesShort,
    options: z.strictObject({
      interval: z.int().min(1).default(1).describe("Steps (epochs) a trial trains before it freezes again."),
      startupTrials: z.int().min(2).max(1000).default(5).describe("Trials that begin before the model decides."),
      frozen: z
        .int()
        .min(1)
        .max(mostTrials)
        .default(10)
        .describe("Frozen trials in the basket: those with the largest expected improvement."),
      leastGain: z
        .number()
        .min(0)
        .max(1)
        .default(0.01)
        .describe(
          "When the budget of trials is used and two have trained to their ends, the study ends once no frozen trial is expected to improve on the best by this share of the spread of all results.",
        ),
    }),
  },
  (options) => freezeThaw(options),
);

interface FreezeThawOptions {
  readonly interval: number;
  readonly startupTrials: number;
  readonly frozen: number;
  readonly leastGain: number;
}

function freezeThaw({ interval, startupTrials, frozen, leastGain }: FreezeThawOptions): Scheduler {
  let known: { readonly space: Space; readonly features: Features } | undefined;
  const featuresFor = (space: Space): Features => {
    if (known?.space !== space) known = { space, features: featuresOf(space) };
    return known.features;
  };
  const untilAfter = (step: number, maxSteps: number): number => Math.min(step + interval, maxSteps);

  async function next(view: ScheduleView): Promise<NextAction> {
    const { maxSteps, maxTrials } = view;
    if (maxSteps === undefined) return { action: "new" };
    const begun = [...founders(view)];
    const open = maxTrials === undefined || begun.length < maxTrials;
    const paused = begun.filter(({ state }) => state === "paused");
    const fresh = (reason: string): NextAction => ({ action: "new", untilStep: untilAfter(0, maxSteps), reason });
    if (open && begun.length < startupTrials) return fresh(`${begun.length + 1} of ${startupTrials} to begin with`);
    if (paused.length === 0) {
      if (open) return fresh("no trial is frozen");
      return { action: "wait", reason: `the budget of ${counted(maxTrials, "trial")} is used and no trial is frozen` };
    }
    const thaw = (trial: ScheduledTrial, why: string): NextAction => ({
      action: "resume",
      number: trial.number,
      untilStep: untilAfter(stepOf(trial), maxSteps),
      reason: `${why}, goes on from step ${stepOf(trial)} to ${untilAfter(stepOf(trial), maxSteps)}${withoutCheckpoint(trial)}`,
    });

    const features = featuresFor(view.space);
    const expected = await expectationOf(view, features, begun);
    if (expected === undefined) {
      // Without a model the one that is ahead, the shorter training among equals.
      const best = paused.reduce((a, b) => (lossNow(view, b) < lossNow(view, a) ? b : a));
      return thaw(best, "no model of the curves yet: the best of the frozen trials");
    }
    if (begun.filter(({ state }) => state === "complete").length < fewestWhole) {
      const leader = paused.reduce((a, b) => (expected.endOf(b) < expected.endOf(a) ? b : a));
      return thaw(leader, "expected to end best, while the model has seen too few curves to their end");
    }
    const old = paused
      .map((trial) => ({ trial, gain: expected.of(trial) }))
      .sort((a, b) => b.gain - a.gain || a.trial.number - b.trial.number)
      .slice(0, frozen);
    const best = old[0]!;
    const rng = rngFor(view.seed, begun.length, `thaw ${begun.reduce((sum, trial) => sum + stepOf(trial), 0)}`);
    let promise = -Infinity;
    for (let i = 0; i < (open ? draws : 0); i++)
      promise = Math.max(promise, expected.at(uniformParams(view.space, rng)));
    const { spread } = expected;
    const inSpread = (gain: number): string => formatNumber(spread > 0 ? gain / spread : 0);
    if (promise > best.gain)
      return fresh(
        `a new trial promises an improvement of ${inSpread(promise)} spreads of the results, the best of ${old.length} frozen ones ${inSpread(best.gain)}`,
      );
    if (!open && best.gain <= leastGain * spread) {
      return {
        action: "wait",
        reason: `the budget of ${counted(maxTrials, "trial")} is used and no frozen trial is expected to improve on the best by ${formatNumber(leastGain)} spreads of the results`,
      };
    }
    return thaw(
      best.trial,
      `expected improvement ${inSpread(best.gain)} spreads of the results, the most of ${counted(old.length, "frozen trial")}`,
    );
  }

  return {
    next,
    onReport(view, number, report) {
      const broken = stopNotANumber(report);
      const { maxSteps } = view;
      if (broken !== undefined || maxSteps === undefined) return broken ?? { decision: "continue" };
      const trial = view.trials.get(number);
      const until = trial?.untilStep ?? interval;
      if (report.step < until || report.step >= maxSteps) return { decision: "continue" };
      return { decision: "pause", reason: `step ${report.step}: ${formatNumber(report.value)}, freezes` };
    },
    brackets: (view) => {
      if (view.maxSteps === undefined) return [];
      return [{ label: "Frozen and thawed", rungs: intervalViews(view, [...founders(view)], interval) }];
    },
  };
}

interface Expectation {
  /** Where a trial is expected to end, as a loss. */
  endOf(trial: ScheduledTrial): number;
  /** Expected improvement of a trial's end on the best, in the objective's own unit. */
  of(trial: ScheduledTrial): number;
  /** The same of a configuration that has not been tried. */
  at(params: ScheduledTrial["params"]): number;
  /** Deviation of the results. */
  readonly spread: number;
}

/** What the model expects; undefined as long as there is nothing to model. */
async function expectationOf(
  view: ScheduleView,
  features: Features,
  begun: readonly ScheduledTrial[],
): Promise<Expectation | undefined> {
  const { direction } = view.objective;
  if (features.dimension === 0) return undefined;
  const all = begun.flatMap((trial): CurveTrial[] => {
    const { number, params, state, reports } = trial;
    const last = reports.at(-1);
    if (last === undefined || !Number.isFinite(last.value) || state === "failed") return [];
    const outcome = state === "complete" ? lossOf(last.value, direction) : undefined;
    return [curveTrial(features, direction, { number, params, curve: thinned(reports) }, outcome)];
  });
  const known = all.filter((trial) => endOf(trial) !== undefined);
  if (known.length < 2) return undefined;
  const ends = Float64Array.from(known, (trial) => endOf(trial)!);
  const trials = chosenRows(ends, mostTrials).map((row) => known[row]!);
  const rows = chosenRows(
    Float64Array.from(trials, (trial) => endOf(trial)!),
    fitTrials,
  );
  const own = rows.map((row) => trials[row]!);
  const hyper = fitFreezeThaw(features, own, fitIterations);
  await view.breathe?.();
  const model = modelOf(features, trials, hyper);
  if (model === undefined) return undefined;
  // To improve on: where the best whole training is taken to end.
  const whole = trials.filter(({ outcome }) => outcome !== undefined);
  const best = whole.reduce((least, { number }) => Math.min(least, model.asymptoteOf(number)!.mean), Infinity);
  const improvement = ({ mean, variance }: Normal): number =>
    variance > 0 ? expectedImprovement(mean, Math.sqrt(variance), best) : Math.max(0, best - mean);
  const asymptote = ({ number, params }: ScheduledTrial): Normal =>
    model.asymptoteOf(number) ?? model.asymptoteAt(params);
  return {
    endOf: (trial) => asymptote(trial).mean,
    of: (trial) => improvement(asymptote(trial)),
    at: (params) => improvement(model.asymptoteAt(params)),
    spread: model.scaling.unit,
  };
}

function modelOf(
  features: Features,
  trials: readonly CurveTrial[],
  hyper: ReturnType<typeof fitFreezeThaw>,
): FreezeThawModel | undefined {
  try {
    return freezeThawModel(features, trials, hyper);
  } catch {
    // Curves that no covariance explains: without a model the scheduler goes by what trials show.
    return undefined;
  }
}

/** A curve by at most so many of its reports, evenly, the first and the last among them. O(mostPoints). */
function thinned(reports: readonly Report[]): readonly Report[] {
  if (reports.length <= mostPoints) return reports;
  return Array.from(
    { length: mostPoints },
    (_, k) => reports[Math.round((k * (reports.length - 1)) / (mostPoints - 1))]!,
  );
}

function lossNow(view: ScheduleView, trial: ScheduledTrial): number {
  const value = trial.reports.at(-1)?.value;
  const loss = value === undefined ? Infinity : lossOf(value, view.objective.direction);
  return isFinal(trial.state) || Number.isNaN(loss) ? Infinity : loss;
}

/**
 * Asynchronous successive halving by promotion: a free slot goes on with the best trial that is among the top 1 / eta of its
 * rung and has not been promoted, looked for from the top rung down; when there is none, a new trial begins at the lowest rung.
 * Source: L. Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), algorithm 2.
 * Invariant: nobody is waited for; a paused trial may be promoted as long as the study lasts.
 */
import type { BracketView, RungEntry } from "../core/brackets.ts";
import { formatNumber } from "../core/format.ts";
import { isFinal } from "../core/trial.ts";
import {
  climb,
  counted,
  founders,
  headingTo,
  isBegun,
  ordinal,
  rememberingClimb,
  stopNotANumber,
  valueAt,
  withoutCheckpoint,
  type Climb,
} from "./rungs.ts";
import type { NextAction, ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

/** A trial at a rung it has come to. */
export interface Arrival {
  readonly trial: ScheduledTrial;
  /** NaN where it ended on its way. */
  readonly loss: number;
}

/**
 * The place of each arrival in its rung, from 0, best first; equal results in the order of arrival.
 * Given the same arrivals it must give the same places.
 */
export type PlacesOf = (view: ScheduleView, step: number, arrivals: readonly Arrival[]) => ArrayLike<number>;

export interface PromotionOptions {
  readonly eta: number;
  /** Steps of the rungs for a study of this length. */
  readonly stepsOf: (maxSteps: number) => readonly number[];
  /** How a rung is ranked, where it is not by the loss alone. */
  readonly placesOf?: PlacesOf;
}

interface Rung {
  readonly step: number;
  /** In the order of their numbers. */
  readonly trials: ScheduledTrial[];
  readonly losses: number[];
  /** Indices of arrivals that rest here and have not been promoted. */
  readonly resting: number[];
}

export function promotionScheduler({ eta, stepsOf, placesOf }: PromotionOptions): Scheduler {
  let known: { readonly maxSteps: number; readonly steps: readonly number[] } | undefined;
  const stepsFor = (maxSteps: number): readonly number[] => {
    if (known?.maxSteps !== maxSteps) known = { maxSteps, steps: stepsOf(maxSteps) };
    return known.steps;
  };

  const climbed = rememberingClimb();

  /** The best trial that rests at a rung, and its place among those that have come there; undefined when nobody rests. */
  function bestResting(
    view: ScheduleView,
    rung: Rung,
  ): { readonly trial: ScheduledTrial; readonly place: number } | undefined {
    const { trials, losses, resting } = rung;
    if (resting.length === 0) return undefined;
    if (placesOf !== undefined) {
      const arrivals = trials.map((trial, at): Arrival => ({ trial, loss: losses[at]! }));
      const places = placesOf(view, rung.step, arrivals);
      const best = resting.reduce((a, b) => (places[b]! < places[a]! ? b : a));
      return { trial: trials[best]!, place: places[best]! };
    }
    // Without sorting: a rung of thousands is looked at whenever a slot is free.
    let best = resting[0]!;
    for (const at of resting) if (losses[at]! < losses[best]!) best = at;
    const loss = losses[best]!;
    let place = 0;
    for (let at = 0; at < losses.length; at++) {
      const other = losses[at]!;
      if (other < loss || (other === loss && at < best)) place += 1;
    }
    return { trial: trials[best]!, place };
  }

  function next(view: ScheduleView): NextAction {
    const { maxSteps, maxTrials } = view;
    if (maxSteps === undefined) return { action: "new" };
    const steps = stepsFor(maxSteps);
    const { rungs, begun, busy, complete } = standing(view, steps, climbed);
    const go = (trial: ScheduledTrial, rung: number, why: string): NextAction => ({
      action: "resume",
      number: trial.number,
      untilStep: steps[rung + 1]!,
      reason: `${why} (step ${steps[rung]!}: ${formatNumber(valueAt(trial, steps[rung]!))}), goes on to step ${steps[rung + 1]!}${withoutCheckpoint(trial)}`,
    });
    for (let rung = steps.length - 2; rung >= 0; rung--) {
      const count = rungs[rung]!.trials.length;
      const top = Math.floor(count / eta);
      if (top === 0) continue;
      const best = bestResting(view, rungs[rung]!);
      if (best === undefined || best.place >= top) continue;
      return go(best.trial, rung, `${ordinal(best.place + 1)} of ${count} at rung ${rung + 1} of ${steps.length}`);
    }
    if (maxTrials === undefined || begun < maxTrials) return { action: "new", untilStep: steps[0]! };
    if (!busy && !complete) {
      // Nobody else will come: the leaders go on, so that the study ends with a trial at full length.
      for (let rung = steps.length - 2; rung >= 0; rung--) {
        const best = bestResting(view, rungs[rung]!);
        if (best !== undefined) return go(best.trial, rung, `the last one of the study, best of rung ${rung + 1}`);
      }
    }
    return {
      action: "wait",
      reason: `the budget of ${counted(maxTrials, "trial")} is used and no paused trial is among the best 1 in ${eta} of its rung`,
    };
  }

  return {
    next,
    onReport(view, number, report) {
      const broken = stopNotANumber(report);
      if (broken !== undefined || view.maxSteps === undefined) return broken ?? { decision: "continue" };
      const steps = stepsFor(view.maxSteps);
      const trial = view.trials.get(number);
      const rung = trial === undefined ? 0 : headingTo(trial, steps);
      if (rung === steps.length - 1 || report.step < steps[rung]!) return { decision: "continue" };
      return {
        decision: "pause",
        reason: `step ${report.step}: ${formatNumber(report.value)}, waits at rung ${rung + 1} of ${steps.length}`,
      };
    },
    brackets(view) {
      if (view.maxSteps === undefined) return [];
      const steps = stepsFor(view.maxSteps);
      return [{ label: `1 in ${eta} goes on`, rungs: rungViews(view, founders(view), steps, "paused") }];
    },
  };
}

/** Who has come to which rung. O(trials rungs). */
function standing(
  view: ScheduleView,
  steps: readonly number[],
  climbed: Climb,
): { rungs: Rung[]; begun: number; busy: boolean; complete: boolean } {
  const { direction } = view.objective;
  const rungs = steps.map((step): Rung => ({ step, trials: [], losses: [], resting: [] }));
  let [begun, busy, complete] = [0, false, false];
  for (const trial of view.trials.values()) {
    if (trial.parent !== undefined || !isBegun(trial)) continue;
    begun += 1;
    const { state } = trial;
    if (state === "running" || state === "waiting") busy = true;
    if (state === "complete") complete = true;
    const losses = climbed(trial, steps, direction);
    for (const [k, loss] of losses.entries()) {
      const rung = rungs[k]!;
      if (k === losses.length - 1 && state === "paused" && !Number.isNaN(loss)) rung.resting.push(rung.trials.length);
      rung.trials.push(trial);
      rung.losses.push(loss);
    }
  }
  return { rungs, begun, busy, complete };
}

/**
 * Rungs for the panel, for methods in which each trial climbs by itself. O(trials rungs).
 * @param resting what became of a paused trial at its rung
 */
export function rungViews(
  view: ScheduleView,
  trials: Iterable<ScheduledTrial>,
  steps: readonly number[],
  resting: "paused" | "waiting",
): BracketView["rungs"] {
  const entries = steps.map((): RungEntry[] => []);
  for (const trial of trials) {
    const losses = climb(trial, steps, view.objective.direction);
    const { number, state } = trial;
    const open = !isFinal(state);
    losses.forEach((loss, k) => {
      const value = valueAt(trial, steps[k]!);
      const last = k === losses.length - 1;
      entries[k]!.push({ number, value, outcome: last ? outcomeOf(loss, k) : "promoted" });
    });
    const isUnderway = open && state !== "paused" && losses.length < steps.length;
    if (isUnderway) entries[losses.length]!.push({ number, value: Number.NaN, outcome: "running" });

    function outcomeOf(loss: number, rung: number): RungEntry["outcome"] {
      if (state === "complete" || state === "failed") return state;
      if (Number.isNaN(loss) || state === "pruned") return "stopped";
      if (state === "paused") return resting;
      return rung === steps.length - 1 ? "running" : "promoted";
    }
  }
  return steps.map((step, k) => ({ step, entries: entries[k]! }));
}

/**
 * Trials that train in intervals: where an interval ends, and who has come to which end, for the panel.
 * Invariant: ends are multiples of the interval, and the last one is the full training.
 */
import type { BracketView, RungEntry } from "../core/brackets.ts";
import { isFinal } from "../core/trial.ts";
import { reportFrom, stepOf } from "./rungs.ts";
import type { ScheduledTrial, ScheduleView } from "./scheduler.ts";

/** The end of the interval that begins after a step. */
export function untilAfter(step: number, interval: number, maxSteps: number | undefined): number {
  return Math.min((Math.floor(step / interval) + 1) * interval, maxSteps ?? Infinity);
}

/** The intervals of trials as rungs. O(trials intervals). */
export function intervalViews(
  view: ScheduleView,
  trials: readonly ScheduledTrial[],
  interval: number,
): BracketView["rungs"] {
  const rungs = new Map<number, RungEntry[]>();
  const add = (step: number, entry: RungEntry): void => {
    const entries = rungs.get(step);
    if (entries === undefined) rungs.set(step, [entry]);
    else entries.push(entry);
  };
  for (const trial of trials) {
    const { number, state, parent } = trial;
    const last = stepOf(trial);
    const from = parent?.step ?? 0;
    let step = untilAfter(from, interval, view.maxSteps);
    for (; step <= last && step > from; step = untilAfter(step, interval, view.maxSteps)) {
      const onward = untilAfter(step, interval, view.maxSteps);
      const isLast = onward > last || onward === step;
      add(step, {
        number,
        value: reportFrom(trial.reports, step)?.value ?? Number.NaN,
        outcome: isLast ? outcomeOf(trial, onward === step) : "promoted",
      });
      if (onward === step) break;
    }
    const isOnItsWay = !isFinal(state) && state !== "paused" && step > last;
    if (isOnItsWay) add(step, { number, value: Number.NaN, outcome: "running" });
    else if (last <= from || step === untilAfter(from, interval, view.maxSteps)) {
      // It ended, or rests, before its first comparison.
      if (step > last)
        add(step, { number, value: trial.reports.at(-1)?.value ?? Number.NaN, outcome: outcomeOf(trial, false) });
    }
  }
  return [...rungs].sort(([a], [b]) => a - b).map(([step, entries]) => ({ step, entries }));
}

function outcomeOf({ state }: ScheduledTrial, end: boolean): RungEntry["outcome"] {
  if (state === "complete" || state === "failed") return state;
  if (state === "pruned") return "stopped";
  if (state === "paused") return "waiting";
  return end ? "running" : "promoted";
}

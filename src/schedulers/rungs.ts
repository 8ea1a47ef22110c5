/**
 * Rungs: the steps at which trials are judged, and how far a trial has climbed.
 * Invariant: steps are whole, increasing and found by multiplying and dividing whole numbers; the last one is the full training.
 * What a trial has shown at a rung follows from its reports, its state and where it was last told to stop, from nothing else.
 */
import { z } from "zod";
import { toLoss, type Direction } from "../core/objective.ts";
import type { Report, TrialState } from "../core/trial.ts";
import type { Bracket } from "./brackets.ts";
import type { Decision, ScheduledTrial, ScheduleView } from "./scheduler.ts";

/** Options that all methods with rungs have. */
export const rungOptions = (eta: number) => ({
  eta: z.int().min(2).max(100).default(eta).describe("One in eta goes on from each rung to the next."),
  minSteps: z.int().min(1).default(1).describe("Steps (epochs) at which a trial is judged first."),
});

/** A sampler that no method with short trainings can work with. */
export const refusesShort = (sampler: string): string | undefined =>
  sampler === "hoag"
    ? "it follows the derivative that a whole training ends with, and most trainings here are shorter. Leave `scheduler` out."
    : undefined;

/**
 * minimum, minimum eta, minimum eta^2 ... and `maximum` as the last rung. A rung that is more than half of the full training
 * would save nothing and is left out. O(rungs).
 */
export function ladder({
  minimum,
  maximum,
  eta,
}: {
  readonly minimum: number;
  readonly maximum: number;
  readonly eta: number;
}): number[] {
  const steps: number[] = [];
  for (let step = minimum; 2 * step <= maximum; step *= eta) steps.push(step);
  return [...steps, maximum];
}

/** A bracket's rungs at the nearest whole steps, the last at `maximum`; of equal steps the first one counts. O(rungs). */
export function wholeRungs({ rungs }: Bracket, maximum: number): { steps: number[]; sizes: number[] } {
  const steps: number[] = [];
  const sizes: number[] = [];
  rungs.forEach(({ resource, configurations }, k) => {
    const step = k === rungs.length - 1 ? maximum : Math.max(1, Math.round(resource + 1e-9));
    if (step === steps.at(-1)) return;
    steps.push(step);
    sizes.push(configurations);
  });
  return { steps, sizes };
}

/** The first report at or after a step; undefined if there is none. Binary search. */
export function reportFrom(reports: readonly Report[], step: number): Report | undefined {
  let low = 0;
  let high = reports.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reports[middle]!.step < step) low = middle + 1;
    else high = middle;
  }
  return reports[low];
}

/** What a trial has shown at a rung, as reported: its value from there, else its last one; NaN without a report. */
export function valueAt(trial: ScheduledTrial, step: number): number {
  return (reportFrom(trial.reports, step) ?? trial.reports.at(-1))?.value ?? Number.NaN;
}

/** A value as a loss; infinite values of either sign are as bad as can be, NaN stays NaN. */
export function lossOf(value: number, direction: Direction): number {
  return value === Infinity || value === -Infinity ? Infinity : toLoss(value, direction);
}

/** The step of the last report; where a copy began, if it has none of its own. */
export function stepOf(trial: ScheduledTrial): number {
  return trial.reports.at(-1)?.step ?? trial.parent?.step ?? 0;
}

/**
 * The losses a trial has shown at the rungs it has come to, lowest rung first; NaN where it ended on its way or with a value
 * that is no number. A complete trial has come to all of them; one that was told to stop at a rung and has no report from
 * there is judged by its last. O(rungs log reports).
 */
export function climb(trial: ScheduledTrial, steps: readonly number[], direction: Direction): number[] {
  const { reports, state, untilStep } = trial;
  const losses: number[] = [];
  const last = reports.at(-1);
  const broken = state === "failed" || (state === "pruned" && Number.isNaN(last?.value));
  for (const step of steps) {
    const rested = (state === "paused" || state === "pruned") && untilStep !== undefined && untilStep >= step;
    if (last !== undefined && last.step >= step) {
      losses.push(lossOf(reportFrom(reports, step)!.value, direction));
    } else if (broken) {
      // It ended on its way here, unless it was to rest, or had ended, at the rung before.
      const before = losses.at(-1);
      if ((untilStep ?? step) >= step && !(before !== undefined && Number.isNaN(before))) losses.push(Number.NaN);
      break;
    } else if (state === "complete" || rested) {
      losses.push(last === undefined ? Infinity : lossOf(last.value, direction));
    } else {
      break;
    }
  }
  return losses;
}

export type Climb = (trial: ScheduledTrial, steps: readonly number[], direction: Direction) => readonly number[];

/** `climb`, worked out again only for a trial that has moved. */
export function rememberingClimb(): Climb {
  interface Known {
    readonly state: TrialState;
    readonly untilStep: number | undefined;
    readonly reports: number;
    readonly steps: readonly number[];
    readonly losses: readonly number[];
  }
  const known = new WeakMap<ScheduledTrial, Known>();
  return (trial, steps, direction) => {
    const { state, untilStep, reports } = trial;
    const before = known.get(trial);
    if (
      before !== undefined &&
      before.state === state &&
      before.untilStep === untilStep &&
      before.reports === reports.length &&
      before.steps === steps
    )
      return before.losses;
    const losses = climb(trial, steps, direction);
    known.set(trial, { state, untilStep, reports: reports.length, steps, losses });
    return losses;
  };
}

/** The rung a trial is on its way to, or at which it rests. */
export function headingTo(trial: ScheduledTrial, steps: readonly number[]): number {
  const { untilStep } = trial;
  if (untilStep === undefined) return 0;
  const at = steps.findIndex((step) => step >= untilStep);
  return at < 0 ? steps.length - 1 : at;
}

/** Whether `a` goes before `b`: the smaller loss, NaN last, the earlier number among equals. */
export function goesBefore(
  a: { readonly loss: number; readonly number: number },
  b: { readonly loss: number; readonly number: number },
): boolean {
  if (a.loss < b.loss) return true;
  if (b.loss < a.loss) return false;
  if (Number.isNaN(a.loss) !== Number.isNaN(b.loss)) return Number.isNaN(b.loss);
  return a.number < b.number;
}

/** Whether a slot was given to the trial. One that a person has enqueued is not before: it takes the place of a new one then. */
export function isBegun({ state, untilStep, reports }: ScheduledTrial): boolean {
  return state !== "waiting" || untilStep !== undefined || reports.length > 0;
}

/**
 * The trials that were made by the sampler or by hand and have begun, in order: copies of others have no place of their own.
 * O(trials).
 */
export function* founders(view: ScheduleView): Iterable<ScheduledTrial> {
  for (const trial of view.trials.values()) if (trial.parent === undefined && isBegun(trial)) yield trial;
}

/** What a value that is not a number means, at whatever step. */
export function stopNotANumber(report: Report): Decision | undefined {
  if (!Number.isNaN(report.value)) return undefined;
  return { decision: "stop", reason: `step ${report.step}: the value is not a number` };
}

/** For the reason of a resumption: what it costs. */
export function withoutCheckpoint(trial: ScheduledTrial): string {
  return trial.checkpointStep === undefined ? "; it has no checkpoint and begins again" : "";
}

/** 1st, 2nd, 3rd, 4th ... */
export function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens > 10 && tens < 20 ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${place}${suffix}`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

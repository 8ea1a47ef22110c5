/**
 * Which rung of a scheduler's ladder a trial stood on: samplers that evolve or model each rung by itself ask here.
 * Invariant: a function of the trials and the request; the rung of a full training is `fullRung`, whatever its steps.
 */
import type { FinishedTrial } from "../core/trial.ts";
import type { SuggestRequest } from "./sampler.ts";

/** The rung of trials that train to their end. */
export const fullRung = Infinity;

export interface Ladder {
  /** Rungs that trials were judged at and the new trial's own, lowest first: steps, and `fullRung`. */
  readonly rungs: readonly number[];
  /** The new trial's. */
  readonly own: number;
  /** Steps of a full training, as far as anything tells; undefined when nothing does. */
  readonly top: number | undefined;
}

/**
 * The ladder as it is known. Where a trial does not say where it was to be judged (those of earlier studies), a pruned one was
 * judged where it ended. O(history).
 */
export function ladderOf({ history, untilStep, maxSteps }: SuggestRequest): Ladder {
  const found = new Set<number>();
  const rungOf = (step: number | undefined): number =>
    step === undefined || (maxSteps !== undefined && step >= maxSteps) ? fullRung : step;
  let longest = maxSteps ?? 0;
  for (const { state, last, untilStep: judged } of history) {
    if (maxSteps === undefined && last !== undefined) longest = Math.max(longest, last.step);
    if (judged !== undefined) found.add(rungOf(judged));
    else if (state === "pruned" && last !== undefined) found.add(rungOf(last.step));
    if (state === "complete") found.add(fullRung);
  }
  const own = rungOf(untilStep);
  found.add(own);
  return { rungs: [...found].sort((a, b) => a - b), own, top: longest > 0 ? longest : undefined };
}

/** The rung a finished trial stands on: where it was judged if it got there, else where it ended; undefined for nowhere. */
export function rungOfTrial({ state, last, untilStep }: FinishedTrial, { rungs }: Ladder): number | undefined {
  if (state === "complete") return fullRung;
  if (last === undefined) return undefined;
  const reached = rungs.findLast((rung) => rung <= last.step);
  return untilStep !== undefined && untilStep <= last.step ? untilStep : reached;
}

/** How many times `eta` lies between two steps, to the nearest: rungs in whole steps are not exact powers. */
export function rungsBetween(low: number, high: number, eta: number): number {
  return Math.max(0, Math.round(Math.log(high / low) / Math.log(eta)));
}

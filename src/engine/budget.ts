/**
 * When a study is at its end, and how long that will take. Pure.
 * Invariant: every trial that was given out counts against the budget, failed ones included.
 */
import { formatNumber } from "../core/format.ts";
import { isBetter, type Objective } from "../core/objective.ts";
import type { Budget } from "../core/study/definition.ts";

const msPerHour = 3_600_000;

/** Trials that may still be given out; Infinity without a limit. */
export function trialsLeft(budget: Budget, given: number): number {
  return budget.trials === undefined ? Number.POSITIVE_INFINITY : Math.max(0, budget.trials - given);
}

/** Milliseconds the study may still run; Infinity without a limit. */
export function timeLeft(budget: Budget, elapsedMs: number): number {
  return budget.time === undefined ? Number.POSITIVE_INFINITY : Math.max(0, budget.time * 1000 - elapsedMs);
}

/** Why a complete trial with these values ends the study; undefined when it does not. Every objective with a target must reach it. */
export function targetReached(objectives: readonly Objective[], values: readonly number[]): string | undefined {
  const targets = objectives.flatMap(({ metric, direction, target }, i) => {
    const value = values[i] ?? Number.NaN;
    return target === undefined
      ? []
      : [{ metric, value, target, reached: value === target || isBetter(value, target, direction) }];
  });
  if (targets.length === 0 || !targets.every((entry) => entry.reached)) return undefined;
  return `Target reached: ${targets.map(({ metric, value, target }) => `${metric} ${formatNumber(value)} (target ${formatNumber(target)})`).join(", ")}`;
}

/** What a study has used up. */
export interface Spent {
  /** Steps trained, those trained again included. */
  readonly steps: number;
  /** Milliseconds that trials took, summed over slots. */
  readonly busyMs: number;
  /** Milliseconds that trials held GPUs, summed over GPUs. */
  readonly gpuMs: number;
  /** Trials that were begun. */
  readonly begun: number;
}

/** Which limit of training or GPUs has been reached, in words, and what would change that; undefined: none. */
export function spentUp({ epochs, gpuHours }: Budget, spent: Spent): { why: string; remedy: string } | undefined {
  if (epochs !== undefined && spent.steps >= epochs) {
    return { why: `budget of ${formatNumber(epochs)} epochs is used`, remedy: "Raise budget.epochs" };
  }
  if (gpuHours !== undefined && spent.gpuMs >= gpuHours * msPerHour) {
    return { why: `budget of ${formatNumber(gpuHours)} GPU-hours is used`, remedy: "Raise budget.gpuHours" };
  }
  return undefined;
}

/** Why a study without anything better for so many trials is over; undefined while it is not. */
export function patienceOver({ patience }: Budget, sinceBetter: number): string | undefined {
  if (patience === undefined || sinceBetter < patience) return undefined;
  return `Nothing better in the last ${formatNumber(sinceBetter)} trials (budget.patience is ${formatNumber(patience)})`;
}

export interface EtaInput {
  readonly budget: Budget;
  readonly given: number;
  readonly elapsedMs: number;
  /** How long trials take, ms; NaN if none has finished. */
  readonly meanDuration: number;
  /** For each running trial, ms since its start. */
  readonly running: readonly number[];
  /** Trials given out that wait for a slot. */
  readonly waiting: number;
  /** For a study whose trials end early: time by steps trained instead of by trials. */
  readonly training?: {
    readonly spent: Spent;
    /** Steps that running trials have still to train before they are judged or end. */
    readonly ahead: number;
  };
}

/** Expected milliseconds to the end of the budget; undefined when nothing can be said. */
export function eta(input: EtaInput): number | undefined {
  const { budget, training } = input;
  const time = timeLeft(budget, input.elapsedMs);
  const left = trialsLeft(budget, input.given) + input.waiting;
  const slots = Math.max(1, Math.min(budget.parallel, left + input.running.length));
  const spent = training?.spent;
  const msPerStep = spent === undefined || spent.steps === 0 ? Number.NaN : spent.busyMs / spent.steps;
  const epochs =
    budget.epochs === undefined || spent === undefined
      ? Number.NaN
      : (Math.max(0, budget.epochs - spent.steps) * msPerStep) / slots;
  const work = workLeft(input, left, msPerStep) / slots;
  const known = [time, epochs, work].filter((value) => Number.isFinite(value));
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Milliseconds of one slot that the trials left will take; not finite when that is not known. */
function workLeft({ meanDuration, running, training }: EtaInput, left: number, msPerStep: number): number {
  if (training !== undefined && Number.isFinite(msPerStep)) {
    // What a scheduler stops early makes the mean short, and what it lets go on makes it long.
    const { steps, begun } = training.spent;
    return (training.ahead + left * (steps / Math.max(1, begun))) * msPerStep;
  }
  // What running trials have done already is done; one that takes longer than usual is about to end.
  return left * meanDuration + running.reduce((sum, spent) => sum + Math.max(0, meanDuration - spent), 0);
}

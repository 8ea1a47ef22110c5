/**
 * When a study is at its end, and how long that will take. Pure.
 * Invariant: every trial that was given out counts against the budget, failed ones included.
 */
import { formatNumber } from "../core/format.ts";
import { isBetter, type Objective } from "../core/objective.ts";
import type { Budget } from "../core/study/definition.ts";

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
}

/** Expected milliseconds to the end of the budget; undefined when nothing can be said. */
export function eta(input: EtaInput): number | undefined {
  const time = timeLeft(input.budget, input.elapsedMs);
  const left = trialsLeft(input.budget, input.given) + input.waiting;
  if (!Number.isFinite(left) || Number.isNaN(input.meanDuration)) return Number.isFinite(time) ? time : undefined;
  // What running trials have done already is done; one that takes longer than usual is about to end.
  const underWay = input.running.reduce((sum, spent) => sum + Math.max(0, input.meanDuration - spent), 0);
  const work = left * input.meanDuration + underWay;
  const slots = Math.max(1, Math.min(input.budget.parallel, left + input.running.length));
  return Math.min(time, work / slots);
}

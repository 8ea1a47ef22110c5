/**
 * Finished trials by budget: a trial that was stopped at a step was worth as much as that step, a complete one everything.
 * With learning curves, whoever went further is judged at each lower budget by what it showed there, so that a low budget is
 * not left with those alone that were stopped. Invariant: at one budget, trials come best first; ties go to the earlier one.
 */
import { toLoss, type Objective } from "../../core/objective.ts";
import type { FinishedTrial, Report } from "../../core/trial.ts";
import { bestFirst, order } from "../ranking.ts";

/** The budget of complete trials. */
export const fullBudget = Infinity;

/** Newest trials that are looked at, so that a suggestion stays quick after ten thousand. */
export const mostTrials = 1000;

/** Budgets at which a trial ended, lowest first; that of complete trials last. O(trials). */
export function budgetsOf(history: readonly FinishedTrial[]): number[] {
  const found = new Set<number>();
  for (const trial of history) {
    if (trial.state === "complete") found.add(fullBudget);
    else if (trial.state === "pruned" && trial.last !== undefined) found.add(judgedAt(trial.last, trial.untilStep));
  }
  return [...found].sort((a, b) => a - b);
}

/** Some programs report every few steps only: a scheduler judges them by the first report from a rung on. */
function judgedAt(last: Report, untilStep: number | undefined): number {
  return untilStep !== undefined && untilStep <= last.step ? untilStep : last.step;
}

/** Trials with a value at `budget`, best first. A value that is not a finite number has no place. O(n log n). */
export function rankedAt(
  history: readonly FinishedTrial[],
  budget: number,
  objectives: readonly Objective[],
): FinishedTrial[] {
  if (budget === fullBudget) {
    return bestFirst(
      history.filter((trial) => trial.state === "complete"),
      objectives,
    );
  }
  return history
    .map((trial) => ({ trial, loss: lossAt(trial, budget, objectives[0]!) }))
    .filter(({ loss }) => Number.isFinite(loss))
    .sort((a, b) => order(a.loss, b.loss) || a.trial.number - b.trial.number)
    .map(({ trial }) => trial);
}

/** The loss of the first objective when the budget was spent; NaN for a trial that did not get there, or of which only a later value is known. */
export function lossAt({ state, last, untilStep, curve }: FinishedTrial, budget: number, objective: Objective): number {
  if (state === "failed" || last === undefined || last.step < budget) return Number.NaN;
  const known = curve ?? (judgedAt(last, untilStep) === budget ? [last] : []);
  const report = known.find(({ step }) => step >= budget);
  return report === undefined ? Number.NaN : toLoss(report.value, objective.direction);
}

/**
 * Asynchronous successive halving by stopping: every trial is on its way to its end, and at each rung it is stopped when it is
 * worse than the best 1 / eta of those that came there before it.
 * Source: the stopping variant of L. Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), as in Ray Tune;
 * brackets with later first rungs as there, drawn by the softmax of their numbers of rungs.
 * Invariant: a decision depends on what had come to the rung when the trial did; the first one always goes on.
 */
import { formatNumber } from "../core/format.ts";
import { toLoss } from "../core/objective.ts";
import { rngFor } from "../core/rng.ts";
import { quantile } from "../core/stats.ts";
import { rungViews } from "./ashaPromotion.ts";
import { counted, founders, lossOf, rememberingClimb, stopNotANumber } from "./rungs.ts";
import type { ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

export interface StoppingOptions {
  readonly eta: number;
  /** Rungs of each bracket for a study of this length; one bracket at least. */
  readonly bracketsOf: (maxSteps: number) => readonly (readonly number[])[];
}

export function stoppingScheduler({ eta, bracketsOf }: StoppingOptions): Scheduler {
  let known: { readonly maxSteps: number; readonly brackets: readonly (readonly number[])[] } | undefined;
  const bracketsFor = (maxSteps: number): readonly (readonly number[])[] => {
    if (known?.maxSteps !== maxSteps) known = { maxSteps, brackets: bracketsOf(maxSteps) };
    return known.brackets;
  };

  const climbed = rememberingClimb();
  /** Brackets drawn so far: a trial's never changes. */
  const drawn = new Map<string, number>();
  const bracketOf = (
    { seed, maxSteps }: ScheduleView,
    number: number,
    brackets: readonly (readonly number[])[],
  ): number => {
    if (brackets.length < 2) return 0;
    const key = `${seed} ${maxSteps ?? ""} ${number}`;
    let bracket = drawn.get(key);
    if (bracket === undefined) drawn.set(key, (bracket = drawBracket(seed, number, brackets)));
    return bracket;
  };

  return {
    next(view) {
      const { maxTrials } = view;
      if (maxTrials === undefined || !atLeast(founders(view), maxTrials)) return { action: "new" };
      // None is ever paused by this rule; one that a person, or an engine that did not know better, has put aside goes on.
      const paused = [...view.trials.values()].find(({ state }) => state === "paused");
      if (paused !== undefined) return { action: "resume", number: paused.number, reason: "no rung holds it" };
      return { action: "wait", reason: `the budget of ${counted(maxTrials, "trial")} is used` };
    },
    onReport(view, number, report) {
      const broken = stopNotANumber(report);
      const trial = view.trials.get(number);
      if (broken !== undefined || view.maxSteps === undefined || trial === undefined)
        return broken ?? { decision: "continue" };
      const brackets = bracketsFor(view.maxSteps);
      const bracket = bracketOf(view, number, brackets);
      const steps = brackets[bracket]!;
      const before = trial.reports.at(-2)?.step ?? 0;
      const rung = steps.findLastIndex((step) => step <= report.step);
      // Only the first report at or beyond a rung is judged there, and nobody is stopped at the end.
      if (rung < 0 || rung === steps.length - 1 || before >= steps[rung]!) return { decision: "continue" };
      const others: number[] = [];
      for (const other of founders(view)) {
        if (other.number === number || bracketOf(view, other.number, brackets) !== bracket) continue;
        const loss = climbed(other, steps, view.objective.direction)[rung];
        if (loss !== undefined) others.push(loss);
      }
      const where = `rung ${rung + 1} of ${steps.length}${brackets.length === 1 ? "" : ` of bracket ${bracket + 1}`}`;
      const cutoff = quantile(worstForFailed(others), 1 / eta);
      if (!(lossOf(report.value, view.objective.direction) > cutoff)) return { decision: "continue" };
      return {
        decision: "stop",
        reason: `step ${report.step}: ${formatNumber(report.value)} is worse than ${formatNumber(toLoss(cutoff, view.objective.direction))}, the best 1 in ${eta} of the ${counted(others.length, "trial")} at ${where} before`,
      };
    },
    *brackets(view) {
      if (view.maxSteps === undefined) return;
      const brackets = bracketsFor(view.maxSteps);
      for (const [at, steps] of brackets.entries()) {
        yield {
          label: `Bracket ${at + 1} (first rung at step ${steps[0]!})`,
          rungs: rungViews(view, membersOf(view, at, brackets), steps, "paused"),
        };
      }
    },
  };
}

/** Whether there are so many. O(count). */
function atLeast(trials: Iterable<ScheduledTrial>, count: number): boolean {
  let found = 0;
  for (const _ of trials) if (++found >= count) return true;
  return count <= 0;
}

function* membersOf(
  view: ScheduleView,
  bracket: number,
  brackets: readonly (readonly number[])[],
): Iterable<ScheduledTrial> {
  for (const trial of founders(view)) if (drawBracket(view.seed, trial.number, brackets) === bracket) yield trial;
}

/** Those that failed, or came as infinitely bad, count as the worst of the others: a crash must not lift the limit to infinity. */
function worstForFailed(losses: readonly number[]): number[] {
  const worst = losses.reduce((most, loss) => (Number.isFinite(loss) && !(most > loss) ? loss : most), Number.NaN);
  return losses.map((loss) => (Number.isFinite(loss) ? loss : Number.isNaN(worst) ? Infinity : worst));
}

/** The bracket of a trial: more likely the more rungs it has. */
export function drawBracket(seed: number, number: number, brackets: readonly (readonly number[])[]): number {
  if (brackets.length < 2) return 0;
  const most = Math.max(...brackets.map(({ length }) => length));
  const weights = brackets.map(({ length }) => Math.exp(length - most));
  let rest = rngFor(seed, number, "bracket").next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return at;
  }
  return weights.length - 1;
}

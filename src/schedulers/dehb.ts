/**
 * DEHB: the budgets of Hyperband's brackets, each trial for itself. What goes on to a longer training is not a trial but what the
 * sampler breeds from the best of the shorter ones, so every trial ends at its rung and none is resumed.
 * Source: N. Awad, N. Mallik, F. Hutter, "DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter
 * Optimization" (IJCAI 2021), with immediate, asynchronous replacement: a rung does not wait for the one below.
 * Invariant: the rung of a trial follows from how many have begun before it; it is kept as the step it was told to stop at.
 */
import { z } from "zod";
import type { BracketView, RungEntry } from "../core/brackets.ts";
import { formatNumber } from "../core/format.ts";
import { isFinal } from "../core/trial.ts";
import { hyperbandBrackets } from "./brackets.ts";
import { defineScheduler } from "./entry.ts";
import { counted, founders, ordinal, rungOptions, stopNotANumber, valueAt, wholeRungs } from "./rungs.ts";
import type { ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

interface Rungs {
  readonly steps: readonly number[];
  readonly sizes: readonly number[];
}

/** A bracket as it is, with the trials that belong to it in the order of their beginning, rung by rung. */
interface Filled extends Rungs {
  readonly trials: readonly ScheduledTrial[];
}

export const dehbScheduler = defineScheduler(
  {
    kind: "dehb",
    label: "DEHB",
    summary:
      "Hyperband’s budgets filled by evolution: short trainings breed the configurations of longer ones. Needs no checkpoints; strong on larger spaces with many cheap trials.",
    source:
      "N. Awad, N. Mallik, F. Hutter, DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter Optimization (IJCAI 2021)",
    needsSteps: true,
    sampler: "dehb",
    refuses: (sampler) =>
      sampler === "dehb"
        ? undefined
        : "every trial ends at its rung, and only the sampler `dehb` breeds from one rung to the next. Leave `sampler` out, or use the scheduler `hyperband`.",
    options: z.strictObject(rungOptions(3)),
  },
  ({ eta, minSteps }) => dehb(eta, minSteps),
);

function dehb(eta: number, minSteps: number): Scheduler {
  let known: { readonly maxSteps: number; readonly brackets: readonly Rungs[] } | undefined;
  const bracketsFor = (maximum: number): readonly Rungs[] => {
    if (known?.maxSteps !== maximum) {
      const minimum = Math.min(minSteps, maximum);
      const brackets = hyperbandBrackets({ maximum, minimum, eta, rounding: "table" });
      known = { maxSteps: maximum, brackets: brackets.map((bracket) => wholeRungs(bracket, maximum)) };
    }
    return known.brackets;
  };

  /** The brackets that have begun, and the one that the next trial belongs to as the last. O(trials). */
  function filled(view: ScheduleView, maxSteps: number): Filled[] {
    const begun = [...founders(view)];
    const limit = view.maxTrials === undefined ? Infinity : Math.max(view.maxTrials, begun.length);
    const plans = bracketsFor(maxSteps);
    const out: Filled[] = [];
    let at = 0;
    do {
      const plan = affordable(plans[out.length % plans.length]!, limit - at, eta);
      const count = plan.sizes.reduce((sum, size) => sum + size, 0);
      if (count === 0) break;
      out.push({ ...plan, trials: begun.slice(at, at + count) });
      at += count;
    } while (at <= begun.length);
    return out;
  }

  return {
    next(view) {
      const { maxSteps, maxTrials } = view;
      if (maxSteps === undefined) return { action: "new" };
      const brackets = filled(view, maxSteps);
      const open = brackets.at(-1);
      const rung = open === undefined ? -1 : rungOf(open, open.trials.length);
      if (open === undefined || rung < 0)
        return { action: "wait", reason: `the budget of ${counted(maxTrials ?? 0, "trial")} is used` };
      const before = open.sizes.slice(0, rung).reduce((sum, size) => sum + size, 0);
      return {
        action: "new",
        untilStep: open.steps[rung]!,
        reason: `${ordinal(open.trials.length - before + 1)} of ${open.sizes[rung]!} at rung ${rung + 1} of bracket ${brackets.length}`,
      };
    },
    onReport(view, number, report) {
      const broken = stopNotANumber(report);
      if (broken !== undefined) return broken;
      const until = view.trials.get(number)?.untilStep;
      const { maxSteps } = view;
      if (maxSteps === undefined || until === undefined || until >= maxSteps || report.step < until)
        return { decision: "continue" };
      return {
        decision: "stop",
        reason: `step ${report.step}: ${formatNumber(report.value)}, which is where its training ends: longer ones are bred from the best`,
      };
    },
    brackets: (view) =>
      view.maxSteps === undefined
        ? []
        : filled(view, view.maxSteps).flatMap((bracket, at) =>
            bracket.trials.length === 0 ? [] : [viewOf(bracket, `Bracket ${at + 1} (s = ${bracket.steps.length - 1})`)],
          ),
  };
}

/** The rung of a bracket's trial by its place in it; -1 beyond the last. */
function rungOf({ sizes }: Rungs, place: number): number {
  let end = 0;
  return sizes.findIndex((size) => place < (end += size));
}

/** A bracket of which the budget allows only so many trials in all: smaller rungs, and fewer of them if need be, the longest kept. */
function affordable({ steps, sizes }: Rungs, left: number, eta: number): Rungs {
  const shrunk = (first: number): number[] => {
    const out: number[] = [];
    for (const size of sizes) {
      const before = out.at(-1);
      out.push(before === undefined ? first : Math.min(size, Math.max(1, Math.floor(before / eta))));
    }
    return out;
  };
  const total = (list: readonly number[]): number => list.reduce((sum, size) => sum + size, 0);
  if (total(sizes) <= left) return { steps, sizes };
  if (left < sizes.length) {
    const kept = Math.max(0, left);
    return { steps: steps.slice(steps.length - kept), sizes: Array.from({ length: kept }, () => 1) };
  }
  let first = Math.min(sizes[0]!, left);
  while (first > 1 && total(shrunk(first)) > left) first -= 1;
  return { steps, sizes: shrunk(first) };
}

function viewOf(bracket: Filled, label: string): BracketView {
  const entries = bracket.steps.map((): RungEntry[] => []);
  bracket.trials.forEach((trial, place) => {
    const rung = rungOf(bracket, place);
    const value = trial.reports.length === 0 ? Number.NaN : valueAt(trial, bracket.steps[rung]!);
    entries[rung]!.push({ number: trial.number, value, outcome: outcomeOf(trial, value) });
  });
  return {
    label,
    rungs: bracket.steps.map((step, k) => ({ step, capacity: bracket.sizes[k]!, entries: entries[k]! })),
  };
}

/** A trial that has come to its rung has done there what it was for. */
function outcomeOf({ state }: ScheduledTrial, value: number): RungEntry["outcome"] {
  if (state === "failed") return "failed";
  if (!isFinal(state)) return state === "paused" ? "paused" : "running";
  return Number.isNaN(value) ? "stopped" : "complete";
}

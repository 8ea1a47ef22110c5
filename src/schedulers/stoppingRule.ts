/**
 * Rules that stop a trial whose best value so far is worse than a limit that the finished trials set at the same step.
 * Golovin et al., "Google Vizier", KDD 2017, section 3.2.1, in the form with the values at this very step.
 * An infinite value of either sign is as bad as can be. Invariant: a decision depends on the view and the report alone; what is remembered is what complete trials have reported, which
 * no longer changes. O(1) for a step that nobody is judged at, O(complete trials log) else.
 */
import { z } from "zod";
import { formatNumber } from "../core/format.ts";
import { toLoss } from "../core/objective.ts";
import { counted, lossOf, stopNotANumber } from "./rungs.ts";
import type { Scheduler, ScheduleView } from "./scheduler.ts";

export const stoppingRuleOptions = {
  startupTrials: z.int().min(0).default(5).describe("Complete trials before the first trial may be stopped."),
  warmupSteps: z.int().min(0).default(0).describe("Steps (epochs) every trial may run before it is judged."),
  interval: z
    .int()
    .min(1)
    .default(1)
    .describe("Judge only every this many steps, counted from the end of the warm-up."),
};

export interface StoppingRule {
  readonly startupTrials: number;
  readonly warmupSteps: number;
  readonly interval: number;
  /** Other trials that must have a value at the step. */
  readonly minTrials?: number;
  /** The loss above which a trial is stopped. */
  readonly limitOf: (losses: readonly number[]) => number;
  /** What the limit is called: "the median". */
  readonly limitName: string;
}

export function stoppingRule({
  startupTrials,
  warmupSteps,
  interval,
  minTrials = 1,
  limitOf,
  limitName,
}: StoppingRule): Scheduler {
  const finished = completeReports();
  return {
    next: () => ({ action: "new" }),
    onReport: (view, number, report) => {
      const broken = stopNotANumber(report);
      if (broken !== undefined) return broken;
      const { direction } = view.objective;
      const past = report.step - warmupSteps;
      if (past <= 0 || (past - 1) % interval !== 0) return { decision: "continue" };

      const { complete, byStep } = finished(view);
      const others = byStep.get(report.step) ?? [];
      if (complete < startupTrials || others.length < minTrials) return { decision: "continue" };

      let best = lossOf(report.value, direction);
      for (const { step, value } of view.trials.get(number)?.reports ?? []) {
        const loss = lossOf(value, direction);
        if (step <= report.step && loss < best) best = loss;
      }
      const limit = limitOf(others);
      if (!(best > limit)) return { decision: "continue" };
      return {
        decision: "stop",
        reason: `step ${report.step}: best so far ${formatNumber(toLoss(best, direction))} is worse than ${formatNumber(toLoss(limit, direction))}, ${limitName} of ${counted(others.length, "other trial")} at this step`,
      };
    },
  };
}

interface Finished {
  complete: number;
  /** Losses that complete trials reported at a step. */
  readonly byStep: Map<number, number[]>;
}

/** Collects complete trials' losses by step, each trial once as long as the same study is asked about. */
function completeReports(): (view: ScheduleView) => Finished {
  let memory: { trials: ScheduleView["trials"]; taken: Set<number>; found: Finished } | undefined;
  return ({ trials, objective }) => {
    if (memory?.trials !== trials) memory = { trials, taken: new Set(), found: { complete: 0, byStep: new Map() } };
    const { taken, found } = memory;
    for (const { number, state, reports } of trials.values()) {
      if (state !== "complete" || taken.has(number)) continue;
      taken.add(number);
      found.complete += 1;
      for (const { step, value } of reports) {
        if (Number.isNaN(value)) continue;
        const losses = found.byStep.get(step);
        if (losses === undefined) found.byStep.set(step, [lossOf(value, objective.direction)]);
        else losses.push(lossOf(value, objective.direction));
      }
    }
    return found;
  };
}

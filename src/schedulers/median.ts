/**
 * Median rule: a trial whose best value so far is worse than the median of the other trials at the same step is stopped.
 * Golovin et al., "Google Vizier", KDD 2017, section 3.2.1, in the form with the median of the values at this very step.
 * Invariant: a decision depends on the view and the report alone; nothing is remembered. O(trials) a report.
 */
import { z } from "zod";
import { isBetter, toLoss } from "../core/objective.ts";
import { median } from "../core/stats.ts";
import { formatNumber } from "../core/format.ts";
import type { Report } from "../core/trial.ts";
import { defineScheduler } from "./entry.ts";

export const medianScheduler = defineScheduler(
  {
    kind: "median",
    label: "Median stopping rule",
    summary:
      "Stops a trial that is worse than the median of the finished ones at the same step. Safe and hard to misuse.",
    options: z.strictObject({
      startupTrials: z.int().min(0).default(5).describe("Complete trials before the first trial may be stopped."),
      warmupSteps: z.int().min(0).default(0).describe("Steps (epochs) every trial may run before it is judged."),
      interval: z
        .int()
        .min(1)
        .default(1)
        .describe("Judge only every this many steps, counted from the end of the warm-up."),
    }),
  },
  ({ startupTrials, warmupSteps, interval }) => ({
    next: () => ({ action: "new" }),
    onReport: (view, number, report) => {
      if (Number.isNaN(report.value)) {
        return { decision: "stop", reason: `step ${report.step}: the value is not a number` };
      }
      const { direction } = view.objective;
      const past = report.step - warmupSteps;
      if (past <= 0 || (past - 1) % interval !== 0) return { decision: "continue" };

      const others: number[] = [];
      let complete = 0;
      for (const trial of view.trials.values()) {
        if (trial.number === number || trial.state !== "complete") continue;
        complete += 1;
        const value = valueAt(trial.reports, report.step);
        if (!Number.isNaN(value)) others.push(toLoss(value, direction));
      }
      if (complete < startupTrials || others.length === 0) return { decision: "continue" };

      let best = report.value;
      for (const earlier of view.trials.get(number)?.reports ?? []) {
        if (earlier.step <= report.step && isBetter(earlier.value, best, direction)) best = earlier.value;
      }
      const limit = median(others);
      if (!(toLoss(best, direction) > limit)) return { decision: "continue" };
      return {
        decision: "stop",
        reason: `step ${report.step}: best so far ${formatNumber(best)} is worse than ${formatNumber(toLoss(limit, direction))}, the median of ${others.length} other ${others.length === 1 ? "trial" : "trials"} at this step`,
      };
    },
  }),
);

/** The value reported at `step`, NaN if there is none. Binary search: reports are ordered by step. */
function valueAt(reports: readonly Report[], step: number): number {
  let low = 0;
  let high = reports.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const report = reports[middle]!;
    if (report.step === step) return report.value;
    if (report.step < step) low = middle + 1;
    else high = middle - 1;
  }
  return Number.NaN;
}

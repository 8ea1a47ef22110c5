/**
 * Percentile rule: a trial whose best value so far is not among the best so many percent at the same step is stopped.
 * The median rule (median.ts) with another limit. Invariant: as there.
 */
import { z } from "zod";
import { quantile } from "../core/stats.ts";
import { defineScheduler } from "./entry.ts";
import { stoppingRule, stoppingRuleOptions } from "./stoppingRule.ts";

export const percentileScheduler = defineScheduler(
  {
    kind: "percentile",
    label: "Percentile stopping rule",
    summary:
      "Stops a trial that is not among the best quarter, or another share, of the finished ones at the same step. Harsher than median.",
    source: "D. Golovin et al., Google Vizier: A Service for Black-Box Optimization (KDD 2017), with another limit",
    options: z.strictObject({
      percentile: z
        .number()
        .gt(0)
        .lt(100)
        .default(25)
        .describe("Percentage of the other trials at the step that a trial must be among; 50 is the median rule."),
      ...stoppingRuleOptions,
      minTrials: z
        .int()
        .min(1)
        .default(1)
        .describe("Other trials with a value at the step before a trial may be stopped there."),
    }),
  },
  ({ percentile, minTrials, ...options }) =>
    stoppingRule({
      ...options,
      minTrials,
      limitOf: (losses) => quantile(losses, percentile / 100),
      limitName: `the limit of the best ${percentile} %`,
    }),
);

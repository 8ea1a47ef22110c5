/**
 * Median rule: a trial whose best value so far is worse than the median of the other trials at the same step is stopped.
 * Golovin et al., "Google Vizier", KDD 2017, section 3.2.1, in the form with the median of the values at this very step.
 * Invariant: as in stoppingRule.ts.
 */
import { z } from "zod";
import { median } from "../core/stats.ts";
import { defineScheduler } from "./entry.ts";
import { stoppingRule, stoppingRuleOptions } from "./stoppingRule.ts";

export const medianScheduler = defineScheduler(
  {
    kind: "median",
    label: "Median stopping rule",
    summary:
      "Stops a trial that is worse than the median of the finished ones at the same step. Safe and hard to misuse.",
    source: "D. Golovin et al., Google Vizier: A Service for Black-Box Optimization (KDD 2017)",
    options: z.strictObject(stoppingRuleOptions),
  },
  (options) => stoppingRule({ ...options, limitOf: median, limitName: "the median" }),
);

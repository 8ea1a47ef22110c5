/**
 * ASHA: successive halving that never waits.
 * Source: L. Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020).
 * Invariant: as in ashaPromotion.ts and ashaStopping.ts.
 */
import { z } from "zod";
import { promotionScheduler } from "./ashaPromotion.ts";
import { stoppingScheduler } from "./ashaStopping.ts";
import { defineScheduler } from "./entry.ts";
import { ladder, refusesShort, rungOptions } from "./rungs.ts";

export const ashaScheduler = defineScheduler(
  {
    kind: "asha",
    label: "Asynchronous successive halving (ASHA)",
    summary:
      "Trials are judged at rungs, and a free slot goes on with the best 1 in eta of a rung or begins a new trial. Never waits; the first choice for many slots.",
    source:
      "L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar, A System for Massively Parallel Hyperparameter Tuning (MLSys 2020)",
    needsSteps: true,
    refuses: refusesShort,
    options: z.strictObject({
      ...rungOptions(4),
      variant: z
        .enum(["promotion", "stopping"])
        .default("promotion")
        .describe(
          "`promotion` pauses every trial at its rung and goes on with the best; `stopping` lets them run and stops those that are worse than the best 1 in eta that came before.",
        ),
    }),
  },
  ({ eta, minSteps, variant }) => {
    const stepsOf = (maxSteps: number): number[] => ladder({ minimum: minSteps, maximum: maxSteps, eta });
    if (variant === "promotion") return promotionScheduler({ eta, stepsOf });
    return stoppingScheduler({ eta, bracketsOf: (maxSteps) => [stepsOf(maxSteps)] });
  },
);

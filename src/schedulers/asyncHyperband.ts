/**
 * Asynchronous Hyperband: the stopping variant of ASHA over brackets that begin to judge later and later.
 * Source: L. Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020); number of brackets and how one is drawn
 * as in Ray Tune. Invariant: the bracket of a trial follows from the study's seed and its number.
 */
import { z } from "zod";
import { stoppingScheduler } from "./ashaStopping.ts";
import { mostHalvings } from "./brackets.ts";
import { defineScheduler } from "./entry.ts";
import { ladder, refusesShort, rungOptions } from "./rungs.ts";

export const asyncHyperbandScheduler = defineScheduler(
  {
    kind: "async-hyperband",
    label: "Asynchronous Hyperband",
    summary:
      "Stops trials that are worse than the best third at their rung; some are judged early, some later. Never waits and never pauses, so it needs no checkpoints.",
    source:
      "L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar, A System for Massively Parallel Hyperparameter Tuning (MLSys 2020)",
    needsSteps: true,
    refuses: refusesShort,
    options: z.strictObject({
      ...rungOptions(3),
      brackets: z
        .int()
        .min(1)
        .max(20)
        .default(3)
        .describe("Brackets at most; each begins to judge eta times later than the one before."),
    }),
  },
  ({ eta, minSteps, brackets }) =>
    stoppingScheduler({
      eta,
      bracketsOf: (maximum) => {
        const most = mostHalvings({ maximum, minimum: minSteps, eta }) + 1;
        return Array.from({ length: Math.min(brackets, most) }, (_, s) =>
          ladder({ minimum: minSteps * eta ** s, maximum, eta }),
        );
      },
    }),
);

/**
 * Successive halving: so many configurations begin, one in eta goes on from each rung, the last at full length.
 * Source: K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization" (AISTATS 2016).
 * Invariant: as in halving.ts.
 */
import { z } from "zod";
import { defineScheduler } from "./entry.ts";
import { synchronousHalving } from "./halving.ts";
import { ladder, refusesShort, rungOptions } from "./rungs.ts";

export const successiveHalvingScheduler = defineScheduler(
  {
    kind: "successive-halving",
    label: "Successive halving",
    summary:
      "Rounds of trials that all wait for each other: the better third goes on, the others are pruned. With one slot, or trials of equal speed; asha does the same without waiting.",
    source:
      "K. Jamieson, A. Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter Optimization (AISTATS 2016)",
    needsSteps: true,
    refuses: refusesShort,
    options: z.strictObject({
      ...rungOptions(3),
      trials: z
        .int()
        .min(1)
        .max(100_000)
        .optional()
        .describe(
          "Trials that begin a round; by default as many as leave one at the last rung. Rounds follow each other until the budget is used.",
        ),
    }),
  },
  ({ eta, minSteps, trials }) =>
    synchronousHalving((maxSteps) => {
      const steps = ladder({ minimum: minSteps, maximum: maxSteps, eta });
      const sizes = [trials ?? eta ** (steps.length - 1)];
      while (sizes.length < steps.length) sizes.push(Math.max(1, Math.floor(sizes.at(-1)! / eta)));
      return [{ steps, sizes }];
    }, eta),
);

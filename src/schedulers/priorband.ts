/**
 * PriorBand: Hyperband whose new trials come from beliefs, from the best trial and from chance.
 * Source: N. Mallik et al., "PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning" (NeurIPS 2023).
 * Invariant: the brackets are Hyperband's; where trials come from is the sampler's matter.
 */
import { z } from "zod";
import { defineScheduler } from "./entry.ts";
import { hyperband } from "./hyperband.ts";
import { refusesShort, rungOptions } from "./rungs.ts";

export const priorbandScheduler = defineScheduler(
  {
    kind: "priorband",
    label: "PriorBand",
    summary:
      "Hyperband with the sampler priorband: for when you know roughly what is good (`prior:` on a parameter) and a few trainings must do.",
    source:
      "N. Mallik, E. Bergman, C. Hvarfner, D. Stoll, M. Janowski, M. Lindauer, L. Nardi, F. Hutter, PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning (NeurIPS 2023)",
    needsSteps: true,
    refuses: refusesShort,
    sampler: "priorband",
    options: z.strictObject(rungOptions(3)),
  },
  (options) => hyperband({ ...options, rounding: "algorithm" }),
);

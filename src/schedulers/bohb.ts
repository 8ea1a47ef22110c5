/**
 * BOHB: Hyperband whose new trials come from a model of the good ones.
 * Source: S. Falkner, A. Klein, F. Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale" (ICML 2018).
 * Invariant: the brackets are Hyperband's as in the published code; the model is the sampler's.
 */
import { z } from "zod";
import { defineScheduler } from "./entry.ts";
import { hyperband } from "./hyperband.ts";
import { refusesShort, rungOptions } from "./rungs.ts";

export const bohbScheduler = defineScheduler(
  {
    kind: "bohb",
    label: "BOHB",
    summary:
      "Hyperband with the sampler bohb, which learns from the longest trainings that have enough trials. With another sampler it is Hyperband.",
    source:
      "S. Falkner, A. Klein, F. Hutter, BOHB: Robust and Efficient Hyperparameter Optimization at Scale (ICML 2018)",
    needsSteps: true,
    refuses: refusesShort,
    sampler: "bohb",
    options: z.strictObject(rungOptions(3)),
  },
  (options) => hyperband({ ...options, rounding: "table" }),
);

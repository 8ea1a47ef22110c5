/**
 * Hyperband: rounds of successive halving that begin with less and less haste, because nobody knows how early is too early.
 * Source: L. Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (JMLR 2018), algorithm 1.
 * Invariant: brackets are independent of each other, so a slot that would wait for the rest of one begins the next.
 */
import { z } from "zod";
import { hyperbandBrackets, type BracketOptions } from "./brackets.ts";
import { defineScheduler } from "./entry.ts";
import { synchronousHalving } from "./halving.ts";
import { refusesShort, rungOptions, wholeRungs } from "./rungs.ts";
import type { Scheduler } from "./scheduler.ts";

export const hyperbandScheduler = defineScheduler(
  {
    kind: "hyperband",
    label: "Hyperband",
    summary:
      "Successive halving in brackets, from many trials judged early to a few at full length. For when nobody knows how early a trial can be judged.",
    source:
      "L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar, Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization (JMLR 2018)",
    needsSteps: true,
    refuses: refusesShort,
    options: z.strictObject({
      ...rungOptions(3),
      rounding: z
        .enum(["algorithm", "table"])
        .default("algorithm")
        .describe(
          "How many trials begin a bracket: as the paper’s algorithm 1 says (81, 34, 15, 8, 5 of 81 steps), or its table 1 (81, 27, 9, 6, 5).",
        ),
    }),
  },
  (options) => hyperband(options),
);

/** Hyperband's scheduler, for methods that differ from it in the sampler alone. */
export function hyperband({
  eta,
  minSteps,
  rounding,
}: {
  readonly eta: number;
  readonly minSteps: number;
  readonly rounding: BracketOptions["rounding"];
}): Scheduler {
  return synchronousHalving(
    (maxSteps) =>
      hyperbandBrackets({ maximum: maxSteps, minimum: Math.min(minSteps, maxSteps), eta, rounding }).map((bracket) => ({
        ...wholeRungs(bracket, maxSteps),
        note: `s = ${bracket.s}`,
      })),
    eta,
  );
}

/**
 * Population based training: schedules of hyperparameters instead of values, found while one population trains.
 * Source: M. Jaderberg et al., "Population Based Training of Neural Networks" (2017); resampling and neighbours as in Ray Tune.
 * Invariant: as in population.ts and explore.ts.
 */
import { z } from "zod";
import type { Params } from "../core/space/parameter.ts";
import { defineScheduler } from "./entry.ts";
import { perturbed, varied } from "./explore.ts";
import { populationScheduler } from "./population.ts";
import { refusesShort } from "./rungs.ts";
import type { ScheduleView } from "./scheduler.ts";

/** Options that populations share. @param quantile default share of the worst and of the best */
export const populationOptions = (quantile: number) => ({
  population: z
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe("Members; by default the budget of trials (four a slot without one), between 4 and 50."),
  interval: z.int().min(1).default(1).describe("Steps (epochs) that a member trains before it is compared."),
  quantile: z
    .number()
    .gt(0)
    .max(0.5)
    .default(quantile)
    .describe("Share of the members that is replaced, and share that is copied."),
  synchronous: z
    .boolean()
    .default(false)
    .describe(
      "Members wait for each other at the end of every interval: the same copies with any number of slots, at the price of idle ones.",
    ),
  hdCopy: z
    .enum(["copy", "perturb", "reset", "keep"])
    .default("perturb")
    .describe(
      "What a copy does with rates that are tuned online: takes them over, changes them by a fifth, begins with their start values, or keeps those of the member it replaces.",
    ),
});

/** Tries to find a change that the constraints of the study allow. */
const feasibleTries = 50;

export const pbtScheduler = defineScheduler(
  {
    kind: "pbt",
    label: "Population based training",
    summary:
      "Members of a population train side by side; the worst go on as copies of the best with changed hyperparameters. Finds schedules of learning rates and the like; needs checkpoints.",
    source:
      "M. Jaderberg, V. Dalibard, S. Osindero, W. Czarnecki, J. Donahue, A. Razavi, O. Vinyals, T. Green, I. Dunning, K. Simonyan, C. Fernando, K. Kavukcuoglu, Population Based Training of Neural Networks (2017)",
    mutates: true,
    refuses: refusesShort,
    sampler: "random",
    options: z.strictObject({
      ...populationOptions(0.2),
      resample: z.number().min(0).max(1).default(0.25).describe("Chance that a parameter is drawn anew in a copy."),
      factor: z
        .number()
        .gt(1)
        .max(1.9)
        .default(1.2)
        .describe(
          "Numbers are multiplied by it or by 2 - factor: 1.2 or 0.8. Choices go to a neighbour in their list.",
        ),
    }),
  },
  ({ population, interval, quantile, synchronous, resample, factor }) =>
    populationScheduler({
      size: population,
      interval,
      quantile,
      synchronous,
      explore: (view, { donor, rng }) => {
        const perturbation = { resample, factors: [2 - factor, factor] as const };
        const params = firstFeasible(view, () =>
          varied(view, donor.params, rng, (parameter, value) => perturbed(parameter, value, perturbation, rng)),
        );
        return { params: params ?? donor.params };
      },
    }),
);

/** The first of some drafts that the constraints allow; undefined when none is. */
export function firstFeasible(view: ScheduleView, draft: () => Params): Params | undefined {
  for (let i = 0; i < feasibleTries; i++) {
    const params = draft();
    if (view.isFeasible?.(params) !== false) return params;
  }
  return undefined;
}

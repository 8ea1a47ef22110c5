/**
 * NSGA-III (K. Deb and H. Jain, IEEE TEC 2014), steady state: fronts of non-domination first; within a front the population is
 * spread over evenly laid out directions of trade-off. One objective makes it a plain genetic algorithm.
 */
import { z } from "zod";
import { defineSampler } from "../entry.ts";
import { evolutionSampler } from "./evolution.ts";
import { nichingSurvival } from "./niching.ts";
import { etaOfTradeOffs, variationOptions } from "./variation.ts";

export const nsga3Sampler = defineSampler(
  {
    kind: "nsga3",
    label: "NSGA-III",
    summary: "Evolves an even spread of trade-offs between three or more objectives. For hundreds of trials.",
    source:
      "K. Deb, H. Jain, An evolutionary many-objective optimization algorithm using reference-point-based nondominated sorting approach, part I, IEEE Transactions on Evolutionary Computation 2014",
    options: z.strictObject({
      population: z
        .int()
        .min(4)
        .max(10_000)
        .default(50)
        .describe(
          "Trials that may have children, at most; there are as many directions of trade-off as they can fill.",
        ),
      ...variationOptions(etaOfTradeOffs),
    }),
  },
  (context, options) => {
    const ties = context.rng.fork("niches");
    const survival =
      context.objectives.length === 1
        ? undefined
        : () => nichingSurvival(context.objectives, options.population, (number) => ties.fork(`trial ${number}`));
    return evolutionSampler(context, { ...options, tournament: 2 }, survival);
  },
);

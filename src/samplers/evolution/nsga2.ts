/**
 * NSGA-II (K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 2002), steady state: fronts
 * of non-domination first, room around a point within a front. One objective makes it a plain genetic algorithm.
 */
import { z } from "zod";
import { defineSampler } from "../entry.ts";
import { evolutionSampler } from "./evolution.ts";
import { etaOfTradeOffs, variationOptions } from "./variation.ts";

export const nsga2Sampler = defineSampler(
  {
    kind: "nsga2",
    label: "NSGA-II",
    summary: "Evolves a spread of trade-offs between two or three objectives. For hundreds of trials.",
    source:
      "K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, A fast and elitist multiobjective genetic algorithm: NSGA-II, IEEE Transactions on Evolutionary Computation 2002",
    options: z.strictObject({
      population: z
        .int()
        .min(4)
        .max(10_000)
        .default(50)
        .describe("Trials that may have children, at most; from ten on, one more every eight trials."),
      ...variationOptions(etaOfTradeOffs),
    }),
  },
  (context, options) => evolutionSampler(context, { ...options, tournament: 2 }),
);

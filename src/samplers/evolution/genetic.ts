/**
 * Genetic algorithm (J. H. Holland, 1975), steady state: tournaments, uniform crossover, polynomial mutation. The best trials
 * are never lost. Sizes and rates as commonly used for expensive objectives.
 */
import { z } from "zod";
import { defineSampler } from "../entry.ts";
import { evolutionSampler } from "./evolution.ts";
import { variationOptions } from "./variation.ts";

export const geneticSampler = defineSampler(
  {
    kind: "genetic",
    label: "Genetic algorithm",
    summary: "Recombines the best trials. For mixed and conditional spaces with hundreds of cheap, parallel trials.",
    source:
      "J. H. Holland, Adaptation in natural and artificial systems, 1975; K. Deb, S. Agrawal, A niched-penalty approach for constraint handling in genetic algorithms, 1999",
    options: z.strictObject({
      population: z
        .int()
        .min(2)
        .max(10_000)
        .default(20)
        .describe("Trials that may have children, at most; from ten on, one more every eight trials."),
      tournament: z
        .int()
        .min(1)
        .max(100)
        .default(3)
        .describe("Trials drawn for each parent, of which the best is taken: more means greedier."),
      ...variationOptions(20),
    }),
  },
  (context, options) => evolutionSampler(context, options),
);

/**
 * NSGA-II (K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 2002), steady state: fronts
 * of non-domination first, room around a point within a front. One objective makes it a plain genetic algorithm.
 */
import { z } from "zod";
import { defineSampler } from "../entry.ts";
import { evolutionSampler } from "./evolution.ts";
import { variationOptions } from "./variation.ts";

export const nsga2Sampler = defineSampler(
  {
    kind: "nsga2",
    label: "NSGA-II",
    summary: "Evolves a spread of trade-offs between two or three objectives. For hundreds of trials.",
    options: z.strictObject({
      population: z.int().min(4).max(10_000).default(50).describe("Trials that may have children: the best so many."),
      ...variationOptions,
    }),
  },
  (context, options) => evolutionSampler(context, { ...options, tournament: 2 }),
);

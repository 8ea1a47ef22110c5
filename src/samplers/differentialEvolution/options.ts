/**
 * What methods of differential evolution let people choose, and what they propose.
 * Invariant: limits and defaults are the same in every one of them.
 */
import { z } from "zod";
import type { Candidate } from "../proposals.ts";

/** A proposal with its point of the cube, which is more than its configuration. */
export interface Bred extends Candidate {
  readonly point: Float64Array;
}

export const populationOption = z.int().min(4).max(10_000).default(10);

export const moveOptions = {
  factor: z
    .number()
    .gt(0)
    .max(2)
    .default(0.5)
    .describe("Length of a move, as a share of the difference of two members."),
  crossover: z.number().min(0).max(1).default(0.5).describe("Chance that a parameter takes part in a move."),
};

/**
 * Random search: independent uniform draws (log-uniform for log ranges), the baseline every other sampler is held against.
 * Invariant: looks at nothing but the trial's own stream.
 */
import { z } from "zod";
import { feasibleSampler } from "../core/space/feasible.ts";
import { defineSampler } from "./entry.ts";

export const randomSampler = defineSampler(
  {
    kind: "random",
    label: "Random search",
    summary: "Independent uniform draws. A baseline, and a fair choice for very cheap trials or very many slots.",
    source: "J. Bergstra and Y. Bengio, Random Search for Hyper-Parameter Optimization (JMLR 2012)",
    options: z.strictObject({}),
  },
  (context) => {
    const feasible = feasibleSampler(context.space, context.isFeasible);
    return { suggest: ({ rng }) => ({ params: feasible.draw(rng), reason: "uniform draw" }) };
  },
);

/**
 * Grid search: every combination of a few values of each parameter, each tried once, in random order.
 * Invariant: a configuration that was tried, by whomever, is not tried again; when none is left the sampler says so.
 */
import { z } from "zod";
import { BasinError } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { defineSampler } from "../entry.ts";
import { gridIndex, type GridIndex } from "./gridIndex.ts";
import { largestPermutation, randomOrder } from "./permutation.ts";

/** Grids beyond this need a budget of trials: nobody means to run a million by accident. */
export const unbudgetedLimit = 1_000_000;

export const gridSampler = defineSampler(
  {
    kind: "grid",
    label: "Grid search",
    summary: "Every combination of a few values of each parameter. For small spaces, and to see single effects.",
    exhausts: true,
    options: z.strictObject({
      levels: z
        .int()
        .min(1)
        .max(1000)
        .default(5)
        .describe(
          "Values of each numeric parameter that has more than that, evenly spaced from low to high (log ranges in the logarithm). A parameter with a `step` keeps all of its own values.",
        ),
      order: z
        .enum(["shuffled", "listed"])
        .default("shuffled")
        .describe("`shuffled` covers the grid evenly from the start; `listed` varies the last parameter fastest."),
    }),
  },
  (context, { levels, order }) => {
    const { space, isFeasible, rng, budgetTrials } = context;
    const grid = gridIndex(space, levels);
    if (grid.size > unbudgetedLimit && budgetTrials === undefined)
      throw new BasinError(
        "invalid-study",
        `This grid has ${formatNumber(grid.size)} configurations.`,
        "Set fewer levels, fix some parameters, set budget.trials, or use the random or sobol sampler.",
      );
    const pointAt = pointsOf(grid, order, rng);
    let tried = new Set<string>();
    let seen = 0;
    let last: FinishedTrial | undefined;
    /** All places before this one have been tried by finished trials, or are infeasible. */
    let settled = 0;
    let feasible = 0;

    return {
      suggest({ history, pending }) {
        if (seen > history.length || (seen > 0 && history[seen - 1]?.number !== last?.number)) {
          tried = new Set();
          seen = 0;
          settled = 0;
          feasible = 0;
        }
        for (; seen < history.length; seen++) tried.add(paramsKey(history[seen]!.params));
        last = history.at(-1);
        const running = new Set(pending.map(({ params }) => paramsKey(params)));
        let unbroken = true;
        for (let place = settled; place < grid.size; place++) {
          const params = pointAt(place);
          if (isFeasible(params)) {
            feasible++;
            const key = paramsKey(params);
            if (!tried.has(key)) {
              unbroken = false;
              if (!running.has(key)) return { params, reason: `grid point ${place + 1} of ${formatNumber(grid.size)}` };
            }
          }
          if (unbroken) settled = place + 1;
        }
        if (feasible === 0)
          throw new BasinError(
            "no-feasible-point",
            "Nothing left to try: no point of the grid satisfies the constraints.",
            "Loosen a constraint, widen a range, or set more levels.",
          );
        throw new BasinError(
          "space-exhausted",
          `All ${formatNumber(grid.size)} points of the grid have been tried.`,
          "More levels make a finer grid; another sampler goes on between its points.",
        );
      },
    };
  },
);

/** The grid point at each place of the order. */
function pointsOf(grid: GridIndex, order: "shuffled" | "listed", rng: Rng): (place: number) => Params {
  // A grid too large to be numbered exactly: independent draws hit no point twice in the life of a study.
  if (grid.size > largestPermutation) return (place) => grid.draw(rng.fork(String(place)));
  if (order === "listed") return (place) => grid.at(place);
  const placeOf = randomOrder(grid.size, rng);
  return (place) => grid.at(placeOf(place));
}

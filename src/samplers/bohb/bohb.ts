/**
 * The model of BOHB: two kernel densities, of the good and of the other configurations at the largest budget that has enough
 * of them; the next configuration is the one of 64 drawn near good ones where the ratio is best, and every third is random.
 * Falkner, Klein & Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale", ICML 2018; constants as in
 * HpBandSter. Invariant: the answer follows from the history and the trial's stream; all that is
 * remembered is what has been tried.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import type { Rng } from "../../core/rng.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { isNumeric } from "../../core/space/domain.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { cubeOf } from "../cube.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import type { SuggestRequest, Suggestion } from "../sampler.ts";
import { Tried } from "../tpe/tried.ts";
import { budgetsOf, fullBudget, mostTrials, rankedAt } from "./budgets.ts";
import { coordinatesOf, impute, Kde } from "./kde.ts";

/** Below this a density says nothing any more (HpBandSter's floor). */
const floor = Math.log(1e-32);

export const bohbSampler = defineSampler(
  {
    kind: "bohb",
    label: "BOHB’s kernel density model",
    summary:
      "For studies that stop trials early: learns from the largest budget that has enough trials, and draws every third configuration at random. With complete trials only, prefer tpe.",
    source:
      "S. Falkner, A. Klein, F. Hutter, BOHB: Robust and Efficient Hyperparameter Optimization at Scale (ICML 2018)",
    needs: "curves",
    options: z.strictObject({
      randomFraction: z
        .number()
        .min(0)
        .max(1)
        .default(1 / 3)
        .describe("Share of configurations drawn at random."),
      candidates: z.int().min(1).max(10_000).default(64).describe("Draws of which the most promising one is run."),
      topFraction: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.15)
        .describe("Share of the trials at a budget that count as good; at least one more than there are parameters."),
      bandwidthFactor: z
        .number()
        .positive()
        .default(3)
        .describe("How much wider than the kernels candidates are drawn round good trials."),
      minBandwidth: z
        .number()
        .positive()
        .max(1)
        // 1e-3 in the published code: kernels that narrow collapse onto the best point of a smooth function. Measured in
        // docs/benchmarks.md.
        .default(0.05)
        .describe("Narrowest kernel, as a share of the parameter’s range; 0.001 in the published code."),
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible } = context;
    const cube = cubeOf(space);
    const { parameters } = cube;
    const feasible = feasibleSampler(space, isFeasible);
    const triedIn = historyFold(
      () => new Tried(space),
      (tried, { params }) => tried.add(params),
    );

    /** The densities at the largest budget with enough trials; undefined as long as there is none. */
    function modelOf(history: readonly FinishedTrial[], rng: Rng): Model | undefined {
      const recent = history.slice(-mostTrials);
      // A crash is the worst of results, at whatever budget.
      const crashed = recent.filter((trial) => trial.state === "failed");
      const least = parameters.length + 1;
      for (const budget of budgetsOf(recent).toReversed()) {
        const ranked = rankedAt(recent, budget, objectives);
        if (ranked.length < least) continue;
        const rows = [...ranked, ...crashed].map(({ params }) => coordinatesOf(parameters, params));
        const goodCount = Math.max(least, Math.floor(options.topFraction * rows.length));
        if (rows.length - goodCount < least || goodCount > ranked.length) continue;
        const imputing = rng.fork("impute");
        const density = (part: readonly Float64Array[]): Kde =>
          new Kde(impute(part, parameters, imputing), parameters, options.minBandwidth);
        return {
          budget,
          good: density(rows.slice(0, goodCount)),
          bad: density(rows.slice(goodCount)),
          counts: `${goodCount} good, ${rows.length - goodCount} other`,
        };
      }
      return undefined;
    }

    function toParams(point: Float64Array): Params {
      return cube.decode(
        point.map((value, k) => {
          const parameter = parameters[k]!;
          return isNumeric(parameter) ? value : (value + 0.5) / parameter.choices.length;
        }),
      );
    }

    function suggest({ history, pending, rng }: SuggestRequest): Suggestion {
      if (parameters.length === 0) return { params: feasible.draw(rng), reason: "nothing to search" };
      const uniform = (reason: string): Suggestion => ({ params: feasible.draw(rng), reason });
      if (rng.next() < options.randomFraction) return uniform("uniform draw, as a fixed share is");
      const model = modelOf(history, rng);
      if (model === undefined)
        return uniform(`uniform draw, no budget has the ${2 * (parameters.length + 1)} trials of a model`);
      const { good, bad, budget, counts } = model;
      const isNew = triedIn(history).test(pending);
      const candidates = Array.from({ length: options.candidates }, () => {
        const point = good.sampleAround(parameters, options.bandwidthFactor, rng);
        const [likely, other] = [good.logDensity(point), bad.logDensity(point)];
        return { point, floored: Math.max(likely, floor) - Math.max(other, floor), score: likely - other };
      });
      candidates.sort((a, b) => b.floored - a.floored || b.score - a.score);
      const where = budget === fullBudget ? counts : `${counts} at step ${budget}`;
      let repeat: Suggestion | undefined;
      for (const { point, score } of candidates) {
        const params = toParams(point);
        if (!isFeasible(params)) continue;
        const reason = `best of ${options.candidates} candidates, log l/g = ${formatNumber(score)} (${where})`;
        if (isNew(params)) return { params, reason };
        repeat ??= { params, reason: `${reason}, tried before` };
      }
      return repeat ?? uniform(`uniform draw, no candidate satisfies the constraints (${where})`);
    }

    return { suggest };
  },
);

interface Model {
  readonly budget: number;
  readonly good: Kde;
  readonly bad: Kde;
  readonly counts: string;
}

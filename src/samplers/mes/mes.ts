/**
 * Max-value entropy search: the next trial is the one that is expected to tell most about the best value there is.
 * Source: Z. Wang and S. Jegelka, "Max-value Entropy Search for Efficient Bayesian Optimization" (ICML 2017), with minima from
 * a Gumbel distribution; a cheap relative of predictive entropy search (J. M. Hernandez-Lobato et al., NeurIPS 2014). The Gumbel
 * distribution is fitted to draws of the function at likely points together: independent points would promise too much.
 * Invariant: model, start-up, pending trials and several objectives are those of `gp`; only the judgement differs.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import { defineSampler } from "../entry.ts";
import { childOf } from "../evolution/variation.ts";
import { featuresOf } from "../gp/features.ts";
import { createGp, gpOptions, type Judge } from "../gp/gp.ts";
import type { SamplerContext } from "../sampler.ts";
import { gumbelOfMinima, gumbelQuantile, logEntropyGain } from "./maxValue.ts";

export const mesSampler = defineSampler(
  {
    kind: "mes",
    label: "Max-value entropy search",
    summary:
      "A Gaussian process that asks what tells most about the best value (for predictive entropy search). Few, expensive, noisy trials.",
    source: "Z. Wang and S. Jegelka, Max-value Entropy Search for Efficient Bayesian Optimization (ICML 2017)",
    heavy: true,
    options: z.strictObject({
      ...gpOptions,
      samples: z
        .int()
        .min(1)
        .max(100)
        .default(10)
        .describe("Draws of the best value that a suggestion is averaged over."),
    }),
  },
  (context, { samples, ...options }) => createGp(context, options, judgeOf(context, samples)),
);

/** Multiplications that looking at points may cost, and the bounds on their number. */
const lookingCost = 4e6;
const fewestPoints = 160;
const mostPoints = 500;
/** Points that are most likely to be the minimum, which draws of the function are taken at, and the number of draws. */
const likely = 100;
const draws = 64;
/** Deviations below the mean that make a point likely to be the minimum. */
const optimism = 2;
/**
 * The least a sampled minimum lies below the best trial, in standard deviations of the noise: what cannot be told from it is not
 * to be looked for. The authors' code has 5; with a noise that is fitted, that much asks for minima that are not there.
 */
const noiseMargin = 1;
/** Points near the best trials. */
const nearby = { crossover: 0.5, swap: 0.5, mutations: 2, eta: 20 };

function judgeOf({ space, isFeasible }: SamplerContext, samples: number): Judge {
  const features = featuresOf(space);
  return ({ model, best, good, rng }) => {
    const count = Math.max(fewestPoints, Math.min(mostPoints, Math.floor(lookingCost / model.size ** 2)));
    const points: Float64Array[] = [];
    for (let i = 0; i < count; i++) {
      const isNear = i % 3 === 2 && good.length > 0;
      const params = isNear
        ? childOf(space, rng.choice(good), rng.choice(good), nearby, rng)
        : uniformParams(space, rng);
      if (isFeasible(params)) points.push(features.encode(params));
    }
    const { means, variances } = model.predictMany(points);
    const hope = means.map((mean, i) => mean - optimism * Math.sqrt(variances[i]!));
    const chosen = [...points.keys()].toSorted((a, b) => hope[a]! - hope[b]! || a - b).slice(0, likely);
    const ceiling = best - noiseMargin * Math.sqrt(model.hyperparameters.noise);
    let minima = new Float64Array(samples).fill(ceiling);
    if (chosen.length > 0) {
      const joint = model.joint(chosen.map((i) => points[i]!));
      const least = Array.from({ length: draws }, () => joint.draw(rng).reduce((low, value) => Math.min(low, value)));
      const gumbel = gumbelOfMinima(least);
      // One draw from each of equal parts of the distribution: as random as others, and never all on one side.
      minima = minima.map((_, k) => Math.min(ceiling, gumbelQuantile(gumbel, (k + rng.next()) / samples)));
    }
    return {
      acquisition: (mean, variance) => logEntropyGain(mean, variance, minima),
      reason: (score) =>
        `${formatNumber(score === undefined ? 0 : Math.exp(score))} nats about the best value expected`,
    };
  };
}

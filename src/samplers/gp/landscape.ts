/**
 * What a proposer climbs: the worth of configurations, and how it changes with their coordinates.
 * Sources: the acquisition of a model as in J. Snoek et al. (NeurIPS 2012); a user's prior belief as in C. Hvarfner et al., "piBO:
 * Augmenting Acquisition Functions with User Beliefs for Bayesian Optimization" (ICLR 2022), section 3.
 * Invariant: heights are on the scale of a logarithm; slopes are those of the heights, 0 for categories.
 */
import { fromUnit, gridCount, gridValue } from "../../core/space/domain.ts";
import { beliefOf, logPriorOf } from "../../core/space/prior.ts";
import type { Acquisition } from "./acquisition.ts";
import type { Features } from "./features.ts";
import type { Model } from "./regression.ts";

export interface Landscape {
  /** Trials in the model: what a look costs grows with its square. */
  readonly size: number;
  heights(points: readonly Float64Array[]): Float64Array;
  slope(point: Float64Array): { readonly height: number; readonly gradient: Float64Array };
}

/** The landscape of an acquisition that judges a point by its mean and variance. */
export function landscapeOf(model: Model, acquisition: Acquisition): Landscape {
  return {
    size: model.size,
    heights(points) {
      const { means, variances } = model.predictMany(points);
      return means.map((mean, i) => acquisition(mean, variances[i]!).value);
    },
    slope(point) {
      const { mean, variance, meanSlope, varianceSlope } = model.predictWithSlopes(point);
      const { value, byMean, byVariance } = acquisition(mean, variance);
      return { height: value, gradient: meanSlope.map((slope, k) => byMean * slope + byVariance * varianceSlope[k]!) };
    },
  };
}

/** Weight of a belief while there is one trial; it fades as 1 / trials. The authors' beta for studies of about 100 trials. */
const priorStrength = 10;

/**
 * The landscape times the users' prior to the power of beta / trials, in logarithms; the same where nobody believes anything.
 * @param trials finished ones
 */
export function withBelief(landscape: Landscape, features: Features, trials: number): Landscape {
  const strength = priorStrength / Math.max(1, trials);
  const believed = features.parameters.flatMap((parameter, k) => {
    const belief = beliefOf(parameter);
    return belief === undefined ? [] : [{ parameter, k, belief }];
  });
  if (believed.length === 0) return landscape;
  const bonus = (point: Float64Array): number => {
    let sum = 0;
    for (const { parameter, k } of believed) {
      const coordinate = point[k]!;
      if (coordinate < 0) continue;
      const value = features.numeric[k] === true ? fromUnit(parameter, coordinate) : gridValue(parameter, coordinate);
      sum += logPriorOf(parameter, value);
    }
    return strength * sum;
  };
  return {
    size: landscape.size,
    heights: (points) => landscape.heights(points).map((height, i) => height + bonus(points[i]!)),
    slope(point) {
      const { height, gradient } = landscape.slope(point);
      for (const { parameter, k, belief } of believed) {
        // Grids are not climbed along slopes.
        if (belief.kind !== "normal" || gridCount(parameter) < Infinity || point[k]! < 0) continue;
        gradient[k]! -= (strength * (point[k]! - belief.mean)) / belief.sd ** 2;
      }
      return { height: height + bonus(point), gradient };
    },
  };
}

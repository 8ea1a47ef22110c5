/**
 * Configurations and results as the inputs of networks.
 * Invariant: an encoding has one length for a space, and all its entries lie in [0, 1].
 */
import type { Objective } from "../../core/objective.ts";
import { gridCount, gridIndex, isNumeric, toUnit, type SearchedParameter } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { bestFirst } from "../ranking.ts";

/** Places along a number's range. */
const bumps = 5;

export interface Encoding {
  readonly parameters: readonly SearchedParameter[];
  readonly length: number;
  /**
   * Categories one-hot. Numbers by how near they are to each of `bumps` evenly spaced places, so that what is best in the
   * middle is a sum of entries and needs no curved function of one. Inactive parameters are zeros.
   */
  encode(params: Params): Float64Array;
}

export function encodingOf(space: Space): Encoding {
  const parameters = space.filter(
    (parameter): parameter is SearchedParameter => parameter.type !== "constant" && gridCount(parameter) > 1,
  );
  const widths = parameters.map((parameter) => (isNumeric(parameter) ? bumps : parameter.choices.length));
  const length = widths.reduce((sum, width) => sum + width, 0);
  return {
    parameters,
    length,
    encode(params) {
      const out = new Float64Array(length);
      let at = 0;
      parameters.forEach((parameter, k) => {
        const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
        if (value !== undefined) {
          if (isNumeric(parameter)) {
            const place = toUnit(parameter, value) * (bumps - 1);
            for (let i = 0; i < bumps; i++) out[at + i] = Math.max(0, 1 - Math.abs(place - i));
          } else {
            const index = gridIndex(parameter, value);
            if (index >= 0) out[at + index] = 1;
          }
        }
        at += widths[k]!;
      });
      return out;
    },
  };
}

/**
 * The reward of each trial: its place among all of them, 1 for the best, -1 for the worst; -1 too for those without a place.
 * Places and not losses: they need no scale, and every objective, pruned and infinite ones included, has them.
 */
export function rewardsOf(trials: readonly FinishedTrial[], objectives: readonly Objective[]): Float64Array {
  const ranked = bestFirst(trials, objectives);
  const places = new Map(ranked.map((trial, place) => [trial, place]));
  return Float64Array.from(trials, (trial) => {
    const place = places.get(trial);
    return place === undefined ? -1 : ranked.length === 1 ? 0 : 1 - (2 * place) / (ranked.length - 1);
  });
}

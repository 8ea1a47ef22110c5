/**
 * Configurations as points a Gaussian process can measure distances between: numbers in the unit interval, categories by
 * equality, inactive parameters at a place of their own beside the interval.
 * Invariant: the squared distance of two points is a sum over parameters, each embeddable in a plane, so every kernel that is
 * positive definite on distances is so here.
 */
import { gridCount, gridIndex, isNumeric, toUnit, type SearchedParameter } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";

/** How far an inactive parameter lies from the middle of its interval, squared: about as far as the ends of it from each other. */
const inactiveDistance = 0.75;
/** An inactive parameter's mark among coordinates, outside of [0, 1] and of all indices. */
export const inactive = -1;

export interface Features {
  readonly parameters: readonly SearchedParameter[];
  readonly dimension: number;
  /** Which parameters are numbers; the rest are categories. */
  readonly numeric: readonly boolean[];
  /** One coordinate a parameter: unit value, index of the category, or `inactive`. */
  encode(params: Params): Float64Array;
  /** Squared distance in parameter `k` between two coordinates. */
  squared(k: number, a: number, b: number): number;
  /** Weighted sums of the squared distances from a point to `count` others, which lie one after another. O(count * dimension). */
  squaredTo(point: Float64Array, others: Float64Array, count: number, weights: Float64Array): Float64Array;
}

export function featuresOf(space: Space): Features {
  const parameters = space.filter(
    (parameter): parameter is SearchedParameter => parameter.type !== "constant" && gridCount(parameter) > 1,
  );
  const numeric = parameters.map(isNumeric);
  const plain = Uint8Array.from(numeric, Number);
  const squared = (k: number, a: number, b: number): number => {
    if (a === b) return 0;
    if (numeric[k] !== true) return 1;
    if (a === inactive) return (b - 0.5) ** 2 + inactiveDistance;
    if (b === inactive) return (a - 0.5) ** 2 + inactiveDistance;
    return (a - b) ** 2;
  };
  return {
    parameters,
    dimension: parameters.length,
    numeric,
    encode: (params) =>
      Float64Array.from(parameters, (parameter) => {
        const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
        if (value === undefined) return inactive;
        return isNumeric(parameter) ? toUnit(parameter, value) : gridIndex(parameter, value);
      }),
    squared,
    squaredTo(point, others, count, weights) {
      const d = point.length;
      const sums = new Float64Array(count);
      for (let i = 0, at = 0; i < count; i++) {
        let sum = 0;
        for (let k = 0; k < d; k++, at++) {
          const a = point[k]!;
          const b = others[at]!;
          // The common case by itself: this loop is most of a suggestion's time.
          if (plain[k] === 1 && a >= 0 && b >= 0) sum += weights[k]! * (a - b) * (a - b);
          else sum += weights[k]! * squared(k, a, b);
        }
        sums[i] = sum;
      }
      return sums;
    },
  };
}

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

/** Coordinates of many points, parameter after parameter. */
export interface Columns {
  readonly count: number;
  readonly values: readonly Float64Array[];
  /** Which parameters are active in all of them. */
  readonly active: readonly boolean[];
}

export interface Features {
  readonly parameters: readonly SearchedParameter[];
  readonly dimension: number;
  /** Which parameters are numbers; the rest are categories. */
  readonly numeric: readonly boolean[];
  /** One coordinate a parameter: unit value, index of the category, or `inactive`. */
  encode(params: Params): Float64Array;
  /** Squared distance in parameter `k` between two coordinates. */
  squared(k: number, a: number, b: number): number;
  /** Points, laid out for `squaredTo`. O(count * dimension). */
  columnsOf(points: readonly Float64Array[]): Columns;
  /** Weighted sums of the squared distances from a point to the first `count` of others. O(count * dimension). */
  squaredTo(point: Float64Array, others: Columns, weights: Float64Array, count?: number): Float64Array;
}

export function featuresOf(space: Space): Features {
  const parameters = space.filter(
    (parameter): parameter is SearchedParameter => parameter.type !== "constant" && gridCount(parameter) > 1,
  );
  const numeric = parameters.map(isNumeric);
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
    columnsOf(points) {
      const values = parameters.map((_, k) => Float64Array.from(points, (point) => point[k]!));
      return { count: points.length, values, active: values.map((column) => column.every((value) => value >= 0)) };
    },
    squaredTo(point, others, weights, count = others.count) {
      const sums = new Float64Array(count);
      for (let k = 0; k < parameters.length; k++) {
        const a = point[k]!;
        const column = others.values[k]!;
        const weight = weights[k]!;
        // The common cases by themselves: these loops are much of a suggestion's time.
        if (numeric[k] !== true) addDifferent(sums, a, column, weight);
        else if (a >= 0 && others.active[k] === true) addSquares(sums, a, column, weight);
        else for (let i = 0; i < count; i++) sums[i]! += weight * squared(k, a, column[i]!);
      }
      return sums;
    },
  };
}

function addSquares(sums: Float64Array, a: number, column: Float64Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) {
    const difference = a - column[i]!;
    sums[i]! += weight * difference * difference;
  }
}

function addDifferent(sums: Float64Array, a: number, column: Float64Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) if (column[i] !== a) sums[i]! += weight;
}

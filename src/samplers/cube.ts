/**
 * Configurations as points of the unit cube that has a coordinate for every searched parameter, also for those a condition
 * has made inactive: populations move in the whole cube, and what is inactive is dropped when a point becomes a configuration.
 * A trial holds less than the point it came from (no inactive coordinate, discrete ones rounded); `settled` brings the two
 * together again. Invariant: `decode(settled(point, params))` is `params` for every configuration of the space, up to the
 * rounding of continuous values.
 */
import type { Rng } from "../core/rng.ts";
import { setOwn } from "../core/space/configuration.ts";
import {
  binOf,
  fromUnit,
  gridCount,
  gridIndex,
  gridValue,
  toUnit,
  type SearchedParameter,
} from "../core/space/domain.ts";
import { isActive, type Params, type ParamValue, type Space } from "../core/space/parameter.ts";

export interface Cube {
  /** Parameters with more than one value, in the order of the space: one coordinate each. */
  readonly parameters: readonly SearchedParameter[];
  /** A point drawn uniformly. */
  draw(rng: Rng): Float64Array;
  /** The configuration at a point: active parameters and constants. O(parameters). */
  decode(point: Float64Array): Params;
  /**
   * The point with every coordinate that `params` holds moved to where it belongs: continuous ones exactly, discrete ones no
   * further than into the value's bin. Inactive ones stay. Values outside of the domain are clipped or left alone.
   */
  settled(point: Float64Array, params: Params): Float64Array;
}

/** Bins are half open, and their edges are rounded: this share of a bin is kept clear at both ends. */
const margin = 1e-7;

export function cubeOf(space: Space): Cube {
  const parameters = space.filter(
    (parameter): parameter is SearchedParameter => parameter.type !== "constant" && gridCount(parameter) > 1,
  );
  const axis = new Map(parameters.map((parameter, k) => [parameter.name, k]));
  return {
    parameters,
    draw: (rng) => Float64Array.from(parameters, () => rng.next()),
    decode(point) {
      const params: Record<string, ParamValue> = {};
      for (const parameter of space) {
        if (!isActive(parameter, params)) continue;
        const k = axis.get(parameter.name);
        setOwn(params, parameter.name, k === undefined ? gridValue(parameter, 0) : fromUnit(parameter, point[k]!));
      }
      return params;
    },
    settled: (point, params) =>
      point.map((coordinate, k) => {
        const parameter = parameters[k]!;
        const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
        return value === undefined ? coordinate : settledCoordinate(parameter, coordinate, value);
      }),
  };
}

function settledCoordinate(parameter: SearchedParameter, coordinate: number, value: ParamValue): number {
  if (gridCount(parameter) === Infinity) return toUnit(parameter, value);
  const index = gridIndex(parameter, value);
  if (index < 0) return coordinate;
  const { from, to } = binOf(parameter, index);
  const clear = (to - from) * margin;
  return Math.max(from + clear, Math.min(to - clear, coordinate));
}

/**
 * Configurations around the centre of a trust region: some coordinates move within the region's box, the others keep the
 * centre's values. Source: D. Eriksson et al. (NeurIPS 2019), supplement, after R. G. Regis and C. A. Shoemaker (2013).
 * Numbers on a grid and categories, which the paper does not have: they move to a neighbour, or to any other category, with a
 * chance that shrinks with the box. Invariant: every candidate is a configuration of the space.
 */
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import {
  fromUnit,
  gridCount,
  gridIndex,
  gridValue,
  isNumeric,
  toUnit,
  type SearchedParameter,
} from "../../core/space/domain.ts";
import { isActive, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";
import type { Features } from "../gp/features.ts";
import { sobolSequence } from "../sobol/sequence.ts";

/** Coordinates that move in a candidate, on average, where there are more. */
const moving = 20;
/** Lengthscales beyond these shape the box no further. */
const scaleBounds = [0.005, 2] as const;

/** How many times longer than average a region is in each parameter: lengthscales over their geometric mean. */
export function proportions(features: Features, weights: Float64Array): Float64Array {
  const [low, high] = scaleBounds;
  const logs = weights.map((weight) => Math.log(Math.min(high, Math.max(low, 1 / Math.sqrt(weight)))));
  let [sum, count] = [0, 0];
  features.numeric.forEach((numeric, k) => {
    if (!numeric) return;
    sum += logs[k]!;
    count++;
  });
  return logs.map((log, k) => (features.numeric[k] === true ? Math.exp(log - sum / count) : 1));
}

/** Which of `count` coordinates move: each with probability min(20 / count, 1), and at least one of them. */
export function perturbed(count: number, rng: Rng): boolean[] {
  const chance = moving / count;
  const moves = Array.from({ length: count }, () => rng.next() < chance);
  if (!moves.includes(true)) moves[rng.int(count)] = true;
  return moves;
}

/**
 * Draws `count` candidates; repeats, tried and infeasible ones among them.
 * @param sides of the box in each searched parameter, as shares of its range
 */
export function drawCandidates(
  space: Space,
  features: Features,
  centre: Params,
  sides: Float64Array,
  count: number,
  rng: Rng,
): Params[] {
  const sequence = sobolSequence(features.dimension, "shift", rng);
  const held = features.parameters.flatMap(({ name }, k) => (Object.hasOwn(centre, name) ? [k] : []));
  const continuous = features.parameters.map((parameter) => gridCount(parameter) === Infinity);
  return Array.from({ length: count }, (_, index) => {
    const at = sequence.point(index);
    const moves = perturbed(held.length, rng).flatMap((does, i) => (does ? [held[i]!] : []));
    // A number without a grid moves for sure; where only others are to move, one of them has to.
    const sure = moves.some((k) => continuous[k]) ? undefined : rng.choice(moves);
    const isMoving = new Set(moves);
    const reach = rng.next();
    const params: Record<string, ParamValue> = {};
    let next = 0;
    for (const parameter of space) {
      const k = features.parameters[next] === parameter ? next++ : undefined;
      if (!isActive(parameter, params)) continue;
      const kept = Object.hasOwn(centre, parameter.name) ? centre[parameter.name] : undefined;
      let value = kept;
      if (k === undefined) value = gridValue(parameter, 0);
      else if (kept === undefined) value = fromUnit(parameter, at[k]!);
      else if (isMoving.has(k)) {
        const chance =
          k === sure ? 1 : Math.max(1 / held.length, reach * chanceOf(features.parameters[k]!, kept, sides[k]!));
        if (continuous[k] === true || rng.next() < chance)
          value = moved(features.parameters[k]!, kept, sides[k]!, at[k]!);
      }
      setOwn(params, parameter.name, value!);
    }
    return params;
  });
}

/** How far a grid value's nearest neighbour is, in the unit interval. */
function spacing(parameter: SearchedParameter, value: ParamValue): number {
  const index = gridIndex(parameter, value);
  const here = toUnit(parameter, gridValue(parameter, index));
  const distances = [index - 1, index + 1].flatMap((other) =>
    other < 0 || other >= gridCount(parameter) ? [] : [Math.abs(toUnit(parameter, gridValue(parameter, other)) - here)],
  );
  return Math.min(...distances);
}

/** The chance that a value moves which was chosen to: 1 where the box holds other values, else how near it comes to them. */
function chanceOf(parameter: SearchedParameter, value: ParamValue, side: number): number {
  if (!isNumeric(parameter)) return Math.min(1, side);
  return gridCount(parameter) === Infinity ? 1 : Math.min(1, side / 2 / spacing(parameter, value));
}

/** Another value in the box, or the nearest beyond it, by a coordinate `at` in [0, 1). */
function moved(parameter: SearchedParameter, value: ParamValue, side: number, at: number): ParamValue {
  const count = gridCount(parameter);
  if (!isNumeric(parameter)) {
    const index = gridIndex(parameter, value);
    const other = Math.floor(at * (count - 1));
    return gridValue(parameter, other < index ? other : other + 1);
  }
  const here = toUnit(parameter, value);
  const [low, high] = [Math.max(0, here - side / 2), Math.min(1, here + side / 2)];
  const there = fromUnit(parameter, low + at * (high - low));
  if (count === Infinity || there !== value) return there;
  const index = gridIndex(parameter, value);
  const up = index === 0 || (index < count - 1 && at >= 0.5);
  return gridValue(parameter, up ? index + 1 : index - 1);
}

/**
 * Children of configurations: uniform crossover and mutation on any space, conditional ones included.
 * Sources: K. Deb and S. Agrawal, "A niched-penalty approach for constraint handling in genetic algorithms" (1999) for
 * polynomial mutation; G. Syswerda, "Uniform crossover in genetic algorithms" (1989).
 * Invariant: a child holds exactly its active parameters, each inside its domain and on its grid.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import {
  fromUnit,
  gridCount,
  gridIndex,
  gridValue,
  isNumeric,
  toUnit,
  type NumericParameter,
} from "../../core/space/domain.ts";
import { isActive, type Parameter, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";

/** Options of every sampler that breeds. @param eta default of the index of mutation and blending */
export const variationOptions = (eta: number) => ({
  crossover: z.number().min(0).max(1).default(0.9).describe("Chance that a child mixes two parents."),
  swap: z.number().min(0).max(1).default(0.5).describe("Share of a mixed child that is the second parent's."),
  blend: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of a mixed child's numbers that lie beside or between the parents' (simulated binary crossover)."),
  mutations: z.number().min(0).default(1).describe("Parameters of a child that change at random, on average."),
  eta: z
    .number()
    .min(1)
    .max(1000)
    .default(eta)
    .describe("How near a mutated or blended number stays: larger is nearer."),
});

/** The index for trade-offs: a front is reached by longer moves than one minimum, and has to be walked along as well. */
export const etaOfTradeOffs = 5;

export interface Variation {
  readonly crossover: number;
  readonly swap: number;
  readonly blend?: number;
  readonly mutations: number;
  readonly eta: number;
}

/** Step of polynomial mutation in the unit interval for a uniform draw u in [0, 1). */
export function polynomialStep(u: number, eta: number): number {
  return u < 0.5 ? (2 * u) ** (1 / (eta + 1)) - 1 : 1 - (2 - 2 * u) ** (1 / (eta + 1));
}

/** Spread factor of simulated binary crossover for a uniform draw u in [0, 1) (K. Deb and R. Agrawal 1995). */
export function crossoverSpread(u: number, eta: number): number {
  return (u < 0.5 ? 2 * u : 1 / (2 - 2 * u)) ** (1 / (eta + 1));
}

/** A number around `near`, at a distance that the parents' distance sets. */
function blended(parameter: NumericParameter, near: ParamValue, far: ParamValue, eta: number, rng: Rng): ParamValue {
  const beta = crossoverSpread(rng.next(), eta);
  return fromUnit(parameter, ((1 + beta) * toUnit(parameter, near) + (1 - beta) * toUnit(parameter, far)) / 2);
}

/** Another value of the parameter, near to `value` where there is an order; `value` itself if it is the only one. */
export function mutated(parameter: Parameter, value: ParamValue, eta: number, rng: Rng): ParamValue {
  const count = gridCount(parameter);
  if (count === 1) return value;
  if (!isNumeric(parameter)) {
    const index = gridIndex(parameter, value);
    if (index < 0) return gridValue(parameter, rng.int(count));
    const other = rng.int(count - 1);
    return gridValue(parameter, other < index ? other : other + 1);
  }
  const unit = toUnit(parameter, value) + polynomialStep(rng.next(), eta);
  const moved = fromUnit(parameter, unit);
  if (count === Infinity || moved !== value) return moved;
  // The step ended in the bin it came from: to a neighbour, so that small ranges do not stand still.
  const index = gridIndex(parameter, value);
  const up = index === 0 || (index < count - 1 && rng.next() < 0.5);
  return gridValue(parameter, up ? index + 1 : index - 1);
}

/** A child of two parents. A parameter that is active in neither is drawn afresh. O(parameters). */
export function childOf(space: Space, first: Params, second: Params, variation: Variation, rng: Rng): Params {
  const own = (params: Params, name: string): ParamValue | undefined =>
    Object.hasOwn(params, name) ? params[name] : undefined;
  const { blend = 0 } = variation;
  const mixes = rng.next() < variation.crossover;
  const searched = space.filter((parameter) => gridCount(parameter) > 1);
  const rate = variation.mutations / Math.max(1, searched.length);
  const child: Record<string, ParamValue> = {};
  for (const parameter of space) {
    // Drawn for every parameter, so that the draws of one do not depend on whether another is active.
    const swaps = rng.next() < variation.swap;
    const mutates = rng.next() < rate;
    if (!isActive(parameter, child)) continue;
    const [a, b] = [own(first, parameter.name), own(second, parameter.name)];
    const blends = blend > 0 && rng.next() < blend;
    let inherited = mixes && swaps ? (b ?? a) : (a ?? b);
    if (mixes && blends && isNumeric(parameter) && a !== undefined && b !== undefined) {
      inherited = blended(parameter, swaps ? b : a, swaps ? a : b, variation.eta, rng);
    }
    const value = inherited === undefined ? fromUnit(parameter, rng.next()) : inherited;
    setOwn(child, parameter.name, mutates ? mutated(parameter, value, variation.eta, rng) : value);
  }
  return child;
}

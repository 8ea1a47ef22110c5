/**
 * Users' beliefs in good values (`prior:` of a parameter): densities and draws.
 * A number's belief is a normal round the value, truncated to the range: on the unit interval (so on the logarithm of a log
 * range) with a standard deviation of 0.5, 0.25 or 0.125; a grid value has the mass of its bin. Of the choices of a
 * category the preferred one has 2, 4 or 6 times the mass of each other (Mallik et al. 2023, as in NePS).
 * Invariant: a parameter without a belief is uniform; densities are relative to the uniform one, so 0 in the logarithm is
 * "no belief", and they depend on the active parameters only.
 */
import { fastNormalCdf, logNormalMass, logSqrt2Pi, normalQuantile } from "../normal.ts";
import type { Rng } from "../rng.ts";
import { completeParams, setOwn } from "./configuration.ts";
import { binOf, fromUnit, gridCount, gridIndex, isNumeric, toUnit } from "./domain.ts";
import type { FeasibleSampler } from "./feasible.ts";
import { isActive, type Parameter, type Params, type ParamValue, type Prior, type Space } from "./parameter.ts";

/** Standard deviation on the unit interval. */
const spreads: Readonly<Record<Prior["confidence"], number>> = { low: 0.5, medium: 0.25, high: 0.125 };
/** How often the preferred choice counts, each other counting once. */
const odds: Readonly<Record<Prior["confidence"], number>> = { low: 2, medium: 4, high: 6 };
/** Draws from the belief before constraints are met by uniform draws instead. */
const beliefTries = 200;

/** A belief in numbers: a truncated normal on the unit interval, or a preferred choice. */
export type Belief =
  | { readonly kind: "normal"; readonly mean: number; readonly sd: number }
  | { readonly kind: "choice"; readonly index: number; readonly odds: number };

/** The belief in a parameter; undefined without one, and where there is nothing to believe (constants, single values). */
export function beliefOf(parameter: Parameter): Belief | undefined {
  const { prior } = parameter;
  if (prior === undefined || gridCount(parameter) === 1) return undefined;
  const mean = toUnit(parameter, prior.value);
  if (Number.isNaN(mean)) return undefined;
  if (isNumeric(parameter)) return { kind: "normal", mean, sd: spreads[prior.confidence] };
  return { kind: "choice", index: gridIndex(parameter, prior.value), odds: odds[prior.confidence] };
}

/** Whether any parameter of the space carries a belief. */
export function hasPrior(space: Space): boolean {
  return space.some((parameter) => beliefOf(parameter) !== undefined);
}

/** Log density of one value relative to the uniform one (mass relative to its bin's width on grids); 0 without a belief. O(1). */
export function logPriorOf(parameter: Parameter, value: ParamValue): number {
  const belief = beliefOf(parameter);
  if (belief === undefined) return 0;
  const count = gridCount(parameter);
  if (belief.kind === "choice") {
    const share = (value === parameter.prior!.value ? belief.odds : 1) / (count - 1 + belief.odds);
    return Math.log(share * count);
  }
  const { mean, sd } = belief;
  const norm = logNormalMass(-mean / sd, (1 - mean) / sd);
  if (count < Infinity) {
    const { from, to } = binOf(parameter, gridIndex(parameter, value));
    return logNormalMass((from - mean) / sd, (to - mean) / sd) - norm - Math.log(to - from);
  }
  const z = (toUnit(parameter, value) - mean) / sd;
  return -0.5 * z * z - logSqrt2Pi - Math.log(sd) - norm;
}

/** Log density of a configuration relative to uniform draws: the sum over its active parameters. O(parameters). */
export function logPrior(space: Space, params: Params): number {
  let sum = 0;
  for (const parameter of space) {
    const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    if (value !== undefined && parameter.prior !== undefined) sum += logPriorOf(parameter, value);
  }
  return sum;
}

/** The point of the unit interval below which a share `u` of the belief lies; `u` itself without one. O(1). */
export function priorQuantile(parameter: Parameter, u: number): number {
  const belief = beliefOf(parameter);
  if (belief === undefined) return u;
  if (belief.kind === "normal") {
    const { mean, sd } = belief;
    const low = fastNormalCdf(-mean / sd);
    const high = fastNormalCdf((1 - mean) / sd);
    return Math.max(0, Math.min(1, mean + sd * normalQuantile(low + u * (high - low))));
  }
  const count = gridCount(parameter);
  const each = 1 / (count - 1 + belief.odds);
  const before = belief.index * each;
  const after = before + belief.odds * each;
  if (u < before) return u / each / count;
  if (u < after) return (belief.index + (u - before) / (belief.odds * each)) / count;
  return (belief.index + 1 + (u - after) / each) / count;
}

/** One value of a parameter by its belief, uniform without one. O(1). */
export function drawPriorOf(parameter: Parameter, rng: Rng): ParamValue {
  return fromUnit(parameter, priorQuantile(parameter, rng.next()));
}

/** A configuration drawn by the beliefs; constraints are not looked at. O(parameters). */
export function priorParams(space: Space, rng: Rng): Params {
  const params: Record<string, ParamValue> = {};
  for (const parameter of space) {
    if (!isActive(parameter, params)) continue;
    setOwn(params, parameter.name, parameter.type === "constant" ? parameter.value : drawPriorOf(parameter, rng));
  }
  return params;
}

/**
 * A feasible configuration drawn by the beliefs; where a few hundred draws of it miss the constraints, a uniform feasible one.
 * @throws BasinError `no-feasible-point`
 */
export function feasiblePrior(
  space: Space,
  isFeasible: (params: Params) => boolean,
  fallback: FeasibleSampler,
  rng: Rng,
): Params {
  for (let i = 0; i < beliefTries; i++) {
    const params = priorParams(space, rng);
    if (isFeasible(params)) return params;
  }
  return fallback.draw(rng);
}

/** The configuration of the believed values themselves; parameters without a belief are drawn uniformly. O(parameters). */
export function priorMode(space: Space, rng: Rng): Params {
  const params: Record<string, ParamValue> = {};
  for (const parameter of space)
    if (beliefOf(parameter) !== undefined) setOwn(params, parameter.name, parameter.prior!.value);
  const active: Record<string, ParamValue> = {};
  const whole = completeParams(space, params, rng);
  for (const parameter of space) {
    // A belief in a parameter that another belief makes inactive says nothing here.
    if (isActive(parameter, active))
      setOwn(active, parameter.name, whole[parameter.name] ?? drawPriorOf(parameter, rng));
  }
  return active;
}

/**
 * How populations vary what they copy: values a fifth smaller or larger, the neighbouring choice, or a fresh draw.
 * Source: M. Jaderberg et al., "Population Based Training of Neural Networks" (2017), with neighbours and resampling as in Ray Tune.
 * Invariant: the result is a configuration of the space; structural parameters and constants keep their values; a whole number
 * never stays what it was by rounding.
 */
import { formatValue } from "../core/format.ts";
import type { Rng } from "../core/rng.ts";
import { setOwn } from "../core/space/configuration.ts";
import { fromUnit, gridCount, gridIndex, gridValue, isNumeric, type NumericParameter } from "../core/space/domain.ts";
import { isActive, type Parameter, type Params, type ParamValue, type Space } from "../core/space/parameter.ts";
import type { ScheduleView } from "./scheduler.ts";

/** Whether a population may change the parameter in the middle of a training. */
export function isMutable(view: Pick<ScheduleView, "isStructural">, parameter: Parameter): boolean {
  return gridCount(parameter) > 1 && !view.isStructural(parameter.name);
}

/**
 * The configuration with some values changed, in the order of the space: what a change makes inactive is left out, what it makes
 * active is drawn. O(parameters).
 * @param change the new value of an active parameter that may change
 */
export function varied(
  view: Pick<ScheduleView, "isStructural"> & { readonly space: Space },
  params: Params,
  rng: Rng,
  change: (parameter: Parameter, value: ParamValue) => ParamValue,
): Params {
  const out: Record<string, ParamValue> = {};
  for (const parameter of view.space) {
    if (!isActive(parameter, out)) continue;
    const own = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    if (parameter.type === "constant") setOwn(out, parameter.name, own ?? parameter.value);
    else if (own === undefined) setOwn(out, parameter.name, fromUnit(parameter, rng.next()));
    else setOwn(out, parameter.name, isMutable(view, parameter) ? change(parameter, own) : own);
  }
  return out;
}

export interface Perturbation {
  /** Chance of a fresh draw. */
  readonly resample: number;
  /** One of them, at random, multiplies a number. */
  readonly factors: readonly [number, number];
}

/** The value after PBT's rule. */
export function perturbed(
  parameter: Parameter,
  value: ParamValue,
  { resample, factors }: Perturbation,
  rng: Rng,
): ParamValue {
  const fresh = rng.next() < resample;
  const up = rng.next() < 0.5;
  // Zero times anything is zero: only a fresh draw leads away from it.
  if (fresh || value === 0) return fromUnit(parameter, rng.next());
  if (!isNumeric(parameter) || typeof value !== "number") {
    const index = gridIndex(parameter, value);
    const next = index + (up ? 1 : -1);
    // At the ends of the list the one neighbour there is.
    return gridValue(parameter, next < 0 ? 1 : next >= gridCount(parameter) ? index - 1 : next);
  }
  return scaled(parameter, value, factors[up ? 1 : 0]);
}

function scaled(parameter: NumericParameter, value: number, factor: number): ParamValue {
  const target = value * factor;
  const count = gridCount(parameter);
  if (count === Infinity) return Math.min(parameter.high, Math.max(parameter.low, target));
  const index = gridIndex(parameter, value);
  const nearest = gridIndex(parameter, target);
  if (nearest !== index || target === value) return gridValue(parameter, nearest);
  return gridValue(parameter, index + (target > value ? 1 : -1));
}

/** What differs, for people: "learningRate 0.01 → 0.012, momentum 0.9 → 0.72". */
export function changesText(before: Params, after: Params): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const text = (params: Params, name: string): string =>
    Object.hasOwn(params, name) ? formatValue(params[name]!) : "none";
  const changes = names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} ${text(before, name)} → ${text(after, name)}`);
  return changes.length === 0 ? "with the same parameters" : changes.join(", ");
}

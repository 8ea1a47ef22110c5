/**
 * Domains of single parameters and their map onto the unit interval.
 * Invariant: `fromUnit` lands inside the domain and on the step grid for every number, 0 and 1 included; discrete values
 * own equal bins of the unit interval (log integers: equal widths of the logarithm, on edges half a step outside), so a
 * uniform draw gives each grid value its due share and `fromUnit(toUnit(v)) === v`.
 */
import type { CategoricalParameter, FloatParameter, IntParameter, Parameter, ParamValue } from "./parameter.ts";

export type NumericParameter = FloatParameter | IntParameter;
export type SearchedParameter = NumericParameter | CategoricalParameter;

/** Whether the parameter is a number with a range. */
export function isNumeric(parameter: Parameter): parameter is NumericParameter {
  return parameter.type === "float" || parameter.type === "int";
}

/** The distance between neighbouring values; undefined for a continuous parameter. */
export function stepOf(parameter: NumericParameter): number | undefined {
  return parameter.type === "int" ? (parameter.step ?? 1) : parameter.step;
}

/** How many values the parameter can take: Infinity when continuous, 1 for a constant or when low = high. */
export function gridCount(parameter: Parameter): number {
  if (parameter.type === "constant") return 1;
  if (parameter.type === "categorical") return parameter.choices.length;
  if (parameter.low === parameter.high) return 1;
  const step = stepOf(parameter);
  // A relative slack, so that 0.1 steps from 0 to 1 are eleven values although 1 / 0.1 may be just below 10.
  return step === undefined ? Infinity : Math.floor(((parameter.high - parameter.low) / step) * (1 + 1e-12)) + 1;
}

function decimals(value: number): number {
  const [mantissa = "", exponent = "0"] = value.toString().split("e");
  return Math.max(0, (mantissa.split(".")[1]?.length ?? 0) - Number(exponent));
}

/** Value number `index` of a discrete parameter (clipped to the grid): low + index * step, without binary dust. O(1). */
export function gridValue(parameter: Parameter, index: number): ParamValue {
  const k = Math.max(0, Math.min(gridCount(parameter) - 1, index));
  if (parameter.type === "constant") return parameter.value;
  if (parameter.type === "categorical") return parameter.choices[k] ?? null;
  const step = stepOf(parameter) ?? 0;
  const value = parameter.low + k * step;
  if (parameter.type === "int" || step === 0) return value;
  // 0.1 + 2 * 0.1 shall be 0.3: the grid has no more decimals than its origin and its step.
  const places = Math.max(decimals(parameter.low), decimals(step));
  return Math.min(parameter.high, places <= 15 ? Number(value.toFixed(places)) : value);
}

/** Index of the grid value nearest to `value`; categories and constants: the index of the equal one, -1 if there is none. */
export function gridIndex(parameter: Parameter, value: ParamValue): number {
  if (parameter.type === "constant") return value === parameter.value ? 0 : -1;
  if (parameter.type === "categorical") return parameter.choices.indexOf(value);
  if (typeof value !== "number") return -1;
  const step = stepOf(parameter);
  if (step === undefined || parameter.low === parameter.high) return 0;
  return Math.max(0, Math.min(gridCount(parameter) - 1, Math.round((value - parameter.low) / step)));
}

/** The interval that is sampled, in the parameter's own unit: half a step wider on both sides when it is discrete. */
export function edges(parameter: NumericParameter): { readonly low: number; readonly high: number } {
  const step = stepOf(parameter);
  if (step === undefined) return { low: parameter.low, high: parameter.high };
  const last = parameter.low + (gridCount(parameter) - 1) * step;
  // With a coarse step the lower edge of a log range would not be positive; half of the first value then bounds it.
  const low = parameter.log ? Math.max(parameter.low - step / 2, parameter.low / 2) : parameter.low - step / 2;
  return { low, high: last + step / 2 };
}

/**
 * Where a value lies in [0, 1]; the middle of its bin for linear grids, categories and single values.
 * A value outside the domain is clipped; a category that does not exist gives NaN. O(1).
 */
export function toUnit(parameter: Parameter, value: ParamValue): number {
  const count = gridCount(parameter);
  if (!isNumeric(parameter) || (count < Infinity && !parameter.log)) {
    const index = gridIndex(parameter, value);
    return index < 0 ? Number.NaN : (index + 0.5) / count;
  }
  if (typeof value !== "number") return Number.NaN;
  if (count === 1) return 0.5;
  const { low, high } = edges(parameter);
  const unit = parameter.log
    ? Math.log(value / low) / Math.log(high / low)
    : // Halved, so that a range wider than the largest double does not overflow.
      (value / 2 - low / 2) / (high / 2 - low / 2);
  return Math.max(0, Math.min(1, unit));
}

/** The value at `u`; numbers outside [0, 1] are clipped. O(1). */
export function fromUnit(parameter: Parameter, u: number): ParamValue {
  const unit = u >= 1 ? 1 : u > 0 ? u : 0;
  const count = gridCount(parameter);
  if (!isNumeric(parameter)) return gridValue(parameter, Math.min(count - 1, Math.floor(unit * count)));
  if (count === 1) return parameter.low;
  if (count < Infinity && !parameter.log) return gridValue(parameter, Math.min(count - 1, Math.floor(unit * count)));
  const { low, high } = edges(parameter);
  const value = parameter.log ? low * Math.exp(unit * Math.log(high / low)) : low * (1 - unit) + high * unit;
  if (count < Infinity) return gridValue(parameter, gridIndex(parameter, value));
  return Math.max(parameter.low, Math.min(parameter.high, value));
}

/** The part [from, to] of the unit interval that `fromUnit` maps to grid value `index` of a discrete parameter. O(1). */
export function binOf(parameter: Parameter, index: number): { readonly from: number; readonly to: number } {
  const count = gridCount(parameter);
  if (count === 1 || !isNumeric(parameter) || !parameter.log) return { from: index / count, to: (index + 1) / count };
  const { low, high } = edges(parameter);
  const step = stepOf(parameter) ?? 0;
  const value = parameter.low + index * step;
  const unit = (at: number): number => Math.log(at / low) / Math.log(high / low);
  return { from: index === 0 ? 0 : unit(value - step / 2), to: index === count - 1 ? 1 : unit(value + step / 2) };
}

/** Whether `value` belongs to the domain: type, range and step grid (to 1e-9 of a step). */
export function contains(parameter: Parameter, value: ParamValue): boolean {
  return domainProblem(parameter, value) === undefined;
}

/** Why `value` does not belong to the domain, for a person; undefined if it does. */
export function domainProblem(parameter: Parameter, value: ParamValue): string | undefined {
  if (parameter.type === "constant") {
    return value === parameter.value ? undefined : `must be the constant ${JSON.stringify(parameter.value)}`;
  }
  if (parameter.type === "categorical") {
    if (parameter.choices.includes(value)) return undefined;
    return `must be one of ${parameter.choices.map((choice) => JSON.stringify(choice)).join(", ")}`;
  }
  if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number";
  if (parameter.type === "int" && !Number.isInteger(value)) return "must be a whole number";
  if (value < parameter.low || value > parameter.high) return `must be between ${parameter.low} and ${parameter.high}`;
  const step = stepOf(parameter);
  if (step === undefined || parameter.low === parameter.high) return undefined;
  const index = (value - parameter.low) / step;
  const slack = 1e-9 * Math.max(1, Math.abs(index));
  const onGrid = Math.abs(index - Math.round(index)) <= slack && Math.round(index) < gridCount(parameter);
  return onGrid ? undefined : `must be ${parameter.low} plus a multiple of ${step}`;
}

/**
 * What a search space is made of: parameters with their domains and conditions.
 * Invariant: a `Space` is valid (checked when a study is parsed): names unique, low <= high, log ranges positive,
 * `when` refers to an earlier parameter, so one pass in order decides which parameters are active.
 */

/** A value a parameter can take. */
export type ParamValue = number | string | boolean | null;

/** One configuration: the active parameters only, by name, constants included. */
export type Params = Readonly<Record<string, ParamValue>>;

/** Parent parameter -> the values of it under which the child is active. All entries must hold. */
export type Condition = Readonly<Record<string, readonly ParamValue[]>>;

/** A user's belief about the good value: centre of a (log-)normal, or the preferred category. */
export interface Prior {
  readonly value: ParamValue;
  /** Spread as a fraction of the (log-)range: low = 0.5, medium = 0.25, high = 0.125. */
  readonly confidence: "low" | "medium" | "high";
}

interface ParameterBase {
  readonly name: string;
  readonly when?: Condition;
  readonly prior?: Prior;
  /** Whether a change of it makes trained weights useless, where the study says so; see `study/structural.ts`. */
  readonly kind?: "structural" | "nonStructural";
}

/** Real-valued parameter on [low, high]; with `step`, low + k * step; `log` samples the logarithm uniformly. */
export interface FloatParameter extends ParameterBase {
  readonly type: "float";
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step?: number;
}

/** Integer parameter on [low, high], both inclusive; with `step`, low + k * step. */
export interface IntParameter extends ParameterBase {
  readonly type: "int";
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step?: number;
}

/** Unordered choices; compared by value and type (`1` and `"1"` differ). */
export interface CategoricalParameter extends ParameterBase {
  readonly type: "categorical";
  readonly choices: readonly ParamValue[];
}

/** A fixed value, handed to the trainer but never searched. */
export interface ConstantParameter extends ParameterBase {
  readonly type: "constant";
  readonly value: ParamValue;
}

export type Parameter = FloatParameter | IntParameter | CategoricalParameter | ConstantParameter;

/** Parameters in the order of the study file. */
export type Space = readonly Parameter[];

/** Whether `parameter` is active given the values of the parameters before it. O(conditions). */
export function isActive(parameter: Parameter, params: Params): boolean {
  if (parameter.when === undefined) return true;
  for (const [parent, values] of Object.entries(parameter.when)) {
    if (!Object.hasOwn(params, parent)) return false;
    const value = params[parent];
    if (value === undefined || !values.includes(value)) return false;
  }
  return true;
}

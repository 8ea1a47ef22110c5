/**
 * Whole configurations: checking, drawing, completing and counting them.
 * Invariant: a configuration holds exactly the active parameters, constants included, in the order of the space.
 */
import type { Rng } from "../rng.ts";
import { domainProblem, fromUnit, gridCount } from "./domain.ts";
import { isActive, type Parameter, type Params, type ParamValue, type Space } from "./parameter.ts";

export interface ParamProblem {
  readonly parameter: string;
  /** For a person, to follow the parameter's name: "must be between 1 and 8". */
  readonly message: string;
}

/** Everything that keeps `params` from being a configuration of `space`; empty if it is one. O(parameters). */
export function checkParams(space: Space, params: Params): ParamProblem[] {
  const problems: ParamProblem[] = [];
  const known = new Set<string>();
  for (const parameter of space) {
    known.add(parameter.name);
    const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    const active = isActive(parameter, params);
    if (value === undefined) {
      if (active) problems.push({ parameter: parameter.name, message: "is missing" });
    } else if (active) {
      const message = domainProblem(parameter, value);
      if (message !== undefined)
        problems.push({ parameter: parameter.name, message: `${message}, not ${JSON.stringify(value)}` });
    } else {
      problems.push({ parameter: parameter.name, message: `is not active here (${conditionText(parameter)})` });
    }
  }
  for (const name of Object.keys(params)) {
    if (!known.has(name)) problems.push({ parameter: name, message: "is not a parameter of this study" });
  }
  return problems;
}

function conditionText(parameter: Parameter): string {
  const parts = Object.entries(parameter.when ?? {}).map(
    ([parent, values]) => `${parent} is ${values.map((value) => JSON.stringify(value)).join(" or ")}`,
  );
  return `only when ${parts.join(" and ")}`;
}

/** A configuration drawn uniformly, parameter by parameter; constraints are not looked at. O(parameters). */
export function uniformParams(space: Space, rng: Rng): Params {
  return completeParams(space, {}, rng);
}

/**
 * `partial` with its missing active parameters drawn uniformly. Given values are kept as they are, wrong, unknown and
 * inactive ones too, so that `checkParams` on the result says what was wrong with them. O(parameters).
 */
export function completeParams(space: Space, partial: Params, rng: Rng): Params {
  const params: Record<string, ParamValue> = {};
  for (const parameter of space) {
    const given = Object.hasOwn(partial, parameter.name) ? partial[parameter.name] : undefined;
    if (given !== undefined) setOwn(params, parameter.name, given);
    else if (isActive(parameter, params)) {
      setOwn(params, parameter.name, parameter.type === "constant" ? parameter.value : fromUnit(parameter, rng.next()));
    }
  }
  for (const [name, value] of Object.entries(partial)) if (!Object.hasOwn(params, name)) setOwn(params, name, value);
  return params;
}

/** Sets an own property whatever the name is: a parameter may be called "__proto__" and must not reach the prototype. */
export function setOwn(target: Record<string, ParamValue>, name: string, value: ParamValue): void {
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}

/** A sampler that begins anew asks for the key of every trial again. */
const keys = new WeakMap<Params, string>();

/** Equal text for equal configurations, whatever the order of their keys; `1` and `"1"` differ. The configuration must not change any more. */
export function paramsKey(params: Params): string {
  let key = keys.get(params);
  if (key === undefined) {
    key = JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    keys.set(params, key);
  }
  return key;
}

/**
 * Number of different configurations, conditions respected, constraints not; Infinity when an active one can be continuous.
 * One pass that carries the counts of every combination of values that a later condition asks for.
 */
export function spaceSize(space: Space): number {
  const asked = new Map<string, { values: Set<ParamValue>; last: number }>();
  space.forEach((parameter, index) => {
    for (const [parent, values] of Object.entries(parameter.when ?? {})) {
      const entry = asked.get(parent) ?? { values: new Set(), last: index };
      for (const value of values) entry.values.add(value);
      entry.last = index;
      asked.set(parent, entry);
    }
  });
  let states = new Map<string, { params: Params; count: number }>([["{}", { params: {}, count: 1 }]]);
  space.forEach((parameter, index) => {
    const next = new Map<string, { params: Params; count: number }>();
    const add = (params: Params, count: number): void => {
      const kept = Object.fromEntries(Object.entries(params).filter(([name]) => (asked.get(name)?.last ?? -1) > index));
      const key = paramsKey(kept);
      const known = next.get(key);
      next.set(key, { params: kept, count: count + (known?.count ?? 0) });
    };
    for (const { params, count } of states.values()) {
      if (!isActive(parameter, params)) {
        add(params, count);
        continue;
      }
      let others = gridCount(parameter);
      for (const value of asked.get(parameter.name)?.values ?? []) {
        if (domainProblem(parameter, value) !== undefined) continue;
        others -= 1;
        add({ ...params, [parameter.name]: value }, count);
      }
      // The values no condition asks for behave alike: one state without the name, under which no child is active.
      if (others > 0) add(params, count * others);
    }
    states = next;
  });
  let total = 0;
  for (const { count } of states.values()) total += count;
  return total;
}

/**
 * Trials of an earlier study as if they were trials of this one: what of them fits, and why the rest does not.
 * Invariant: an adopted trial is a configuration of the new space that satisfies its constraints; nothing is guessed but
 * what the new space leaves no choice about.
 */
import type { Objective } from "../objective.ts";
import { setOwn } from "../space/configuration.ts";
import { domainProblem, gridCount, gridValue } from "../space/domain.ts";
import { isActive, type Parameter, type Params, type ParamValue, type Space } from "../space/parameter.ts";
import type { FinishedTrial } from "../trial.ts";
import { feasibilityOf } from "./constraints.ts";
import type { StudyDefinition } from "./definition.ts";

/** What a study must say to give or take trials. */
export type WarmStudy = Pick<StudyDefinition, "space" | "objectives" | "constraints">;

export interface Adopted {
  /** In their order, with the numbers that they had. */
  readonly trials: readonly FinishedTrial[];
  /** How many were left out, by the reason in words ("with width outside its range"), the most frequent first. */
  readonly dropped: readonly (readonly [reason: string, count: number])[];
}

/** Where each objective of `to` stands in `from`; undefined when one has no counterpart of the same direction. */
function objectivePlaces(from: readonly Objective[], to: readonly Objective[]): number[] | undefined {
  const places = to.map(({ metric, direction }) =>
    from.findIndex((other) => other.metric === metric && other.direction === direction),
  );
  return places.includes(-1) ? undefined : places;
}

/** Whether results of `from` mean the same in `to`: each objective of `to` is one of `from`, with the same direction. */
export function sharesObjectives(from: WarmStudy, to: WarmStudy): boolean {
  return objectivePlaces(from.objectives, to.objectives) !== undefined;
}

/**
 * The trials of `from` that fit `to`, with configurations of its space: parameters are matched by name and scale (type and
 * `log`), those that `to` does not have are left out, and one that is missing is filled in only where it has a single value.
 * O(trials x parameters).
 * @param trials finished, of a study that shares the objectives (`sharesObjectives`)
 */
export function adoptTrials(from: WarmStudy, trials: readonly FinishedTrial[], to: WarmStudy): Adopted {
  const places = objectivePlaces(from.objectives, to.objectives) ?? [];
  const sameFirst = places[0] === 0;
  const isFeasible = feasibilityOf(to);
  const before = new Map(from.space.map((parameter) => [parameter.name, parameter]));
  const adopted: FinishedTrial[] = [];
  const dropped = new Map<string, number>();
  for (const trial of trials) {
    const found = adoptOne(trial);
    if (typeof found === "string") dropped.set(found, (dropped.get(found) ?? 0) + 1);
    else adopted.push(found);
  }
  return { trials: adopted, dropped: [...dropped].toSorted(([, a], [, b]) => b - a) };

  function adoptOne(trial: FinishedTrial): FinishedTrial | string {
    const { number, state, last, curve, gradient } = trial;
    if (state === "failed") return "that failed";
    const values = state === "pruned" ? [] : places.map((place) => trial.values[place] ?? Number.NaN);
    if (!values.every(Number.isFinite)) return "without finite results";
    const params = adoptParams(to.space, before, trial.params);
    if (typeof params === "string") return params;
    if (!isFeasible(params)) return "that violate the constraints";
    const own = { number, state, params, values };
    if (!sameFirst) return own;
    // What is known of the way there is of the first objective.
    return {
      ...own,
      ...(last === undefined ? {} : { last }),
      ...(curve === undefined ? {} : { curve }),
      ...(gradient === undefined ? {} : { gradient }),
    };
  }
}

/** The configuration in the new space, or why there is none. */
function adoptParams(space: Space, before: ReadonlyMap<string, Parameter>, given: Params): Params | string {
  const params: Record<string, ParamValue> = {};
  for (const parameter of space) {
    const { name } = parameter;
    if (!isActive(parameter, params)) continue;
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const old = before.get(name);
    if (value === undefined || old === undefined) {
      if (gridCount(parameter) !== 1) return `without ${name}`;
      setOwn(params, name, gridValue(parameter, 0));
    } else {
      if (!sameScale(old, parameter)) return `with ${name} on another scale`;
      if (domainProblem(parameter, value) !== undefined) return `with ${name} outside its range`;
      setOwn(params, name, value);
    }
  }
  return params;
}

/** A constant has any scale. */
function sameScale(a: Parameter, b: Parameter): boolean {
  if (a.type === "constant" || b.type === "constant") return true;
  if (a.type === "categorical" || b.type === "categorical") return a.type === b.type;
  return a.type === b.type && a.log === b.log;
}

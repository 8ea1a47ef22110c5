/**
 * Random configurations that satisfy the constraints.
 * Invariant: the draw has the distribution of "draw uniformly, reject what is infeasible", also where rejection would take
 * for ever: small discrete spaces are then enumerated and drawn from exactly.
 */
import { BasinError } from "../errors.ts";
import type { Rng } from "../rng.ts";
import { completeParams, setOwn, spaceSize } from "./configuration.ts";
import { binOf, gridCount, gridValue } from "./domain.ts";
import { isActive, type Params, type ParamValue, type Space } from "./parameter.ts";

/** Largest number of configurations that are enumerated: what a study file is checked for can be drawn exactly. */
export const enumerationLimit = 20_000;
const quickTries = 100;
const allTries = 20_000;

/** A configuration and its probability under `uniformParams`. */
export interface WeightedParams {
  readonly params: Params;
  readonly weight: number;
}

/** Every configuration of a discrete space, conditions respected; undefined when there are more than `limit`. */
export function enumerateParams(space: Space, limit = enumerationLimit): WeightedParams[] | undefined {
  if (spaceSize(space) > limit) return undefined;
  let rows: WeightedParams[] = [{ params: {}, weight: 1 }];
  for (const parameter of space) {
    const count = gridCount(parameter);
    rows = rows.flatMap((row) => {
      if (!isActive(parameter, row.params)) return [row];
      return Array.from({ length: count }, (_, index) => {
        const params: Record<string, ParamValue> = { ...row.params };
        setOwn(params, parameter.name, gridValue(parameter, index));
        const bin = binOf(parameter, index);
        return { params, weight: row.weight * (bin.to - bin.from) };
      });
    });
  }
  return rows;
}

/** Draws feasible configurations. Enumerates at most once, so keep the instance. */
export interface FeasibleSampler {
  /** @throws BasinError `no-feasible-point` */
  draw(rng: Rng): Params;
  /**
   * `partial` completed so that the constraints hold.
   * @throws BasinError `no-feasible-point`
   */
  complete(partial: Params, rng: Rng): Params;
}

/** A sampler of configurations of `space` for which `isFeasible` holds. */
export function feasibleSampler(space: Space, isFeasible: (params: Params) => boolean): FeasibleSampler {
  let feasible: readonly WeightedParams[] | undefined;
  let enumerated = false;

  const rejection = (partial: Params, rng: Rng, tries: number): Params | undefined => {
    for (let i = 0; i < tries; i++) {
      const params = completeParams(space, partial, rng);
      if (isFeasible(params)) return params;
    }
    return undefined;
  };
  const complete = (partial: Params, rng: Rng): Params => {
    const quick = rejection(partial, rng, quickTries);
    if (quick !== undefined) return quick;
    if (!enumerated) {
      feasible = enumerateParams(space)?.filter((row) => isFeasible(row.params));
      enumerated = true;
    }
    if (feasible === undefined) {
      const params = rejection(partial, rng, allTries);
      if (params !== undefined) return params;
      throw nothingFeasible(`none of ${allTries + quickTries} random configurations satisfies the constraints.`);
    }
    const given = Object.entries(partial);
    const rows =
      given.length === 0
        ? feasible
        : feasible.filter((row) => given.every(([name, value]) => row.params[name] === value));
    if (rows.length === 0) throw nothingFeasible("no configuration of the space satisfies the constraints.");
    let rest = rng.next() * rows.reduce((sum, row) => sum + row.weight, 0);
    for (const row of rows) {
      rest -= row.weight;
      if (rest < 0) return row.params;
    }
    return rows[rows.length - 1]!.params;
  };
  return { draw: (rng) => complete({}, rng), complete };
}

function nothingFeasible(what: string): BasinError {
  return new BasinError(
    "no-feasible-point",
    `Nothing left to try: ${what}`,
    "Loosen a constraint or widen a range; an equality between continuous parameters is never met by chance.",
  );
}

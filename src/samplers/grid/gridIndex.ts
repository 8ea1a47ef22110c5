/**
 * Numbers the configurations of a grid without listing them: a place in the tree of choices, conditions respected.
 * Invariant: `at` is a bijection from [0, size) to the configurations; no two places differ only in inactive parameters.
 */
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, gridValue } from "../../core/space/domain.ts";
import { isActive, type Parameter, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";

export interface GridIndex {
  /** Number of configurations. May be beyond 2^53, where it is no longer exact. */
  readonly size: number;
  /** The configuration at a place in [0, size), for sizes up to 2^53. O(parameters * levels) after the first use. */
  at(place: number): Params;
  /** A configuration drawn uniformly, for any size. O(parameters * levels) after the first use. */
  draw(rng: Rng): Params;
}

/**
 * The values of one parameter on the grid, increasing: all where there are at most `levels`, or where a step names them;
 * else `levels` values from end to end, evenly spaced (in the logarithm for log ranges), rounded ones that coincide counted once.
 */
export function gridLevels(parameter: Parameter, levels: number): readonly ParamValue[] {
  const count = gridCount(parameter);
  if (
    parameter.type === "categorical" ||
    parameter.type === "constant" ||
    count <= levels ||
    parameter.step !== undefined
  )
    return Array.from({ length: Math.min(count, Number.MAX_SAFE_INTEGER) }, (_, index) => gridValue(parameter, index));
  const values = Array.from({ length: levels }, (_, index): ParamValue => {
    const share = levels === 1 ? 0.5 : index / (levels - 1);
    const { low, high, log } = parameter;
    if (count === Infinity) return fromUnit(parameter, share);
    // On the values themselves and not on their bins, so that both ends are met exactly.
    const wanted = log ? low * (high / low) ** share : low + (high - low) * share;
    return gridValue(parameter, Math.round(wanted - low));
  });
  return [...new Set(values)];
}

/** @param levels values of a parameter that has more of them; at least 1 */
export function gridIndex(space: Space, levels: number): GridIndex {
  const values = space.map((parameter) => gridLevels(parameter, levels));
  const parents = laterParents(space);
  const known = new Map<string, number>();

  /** Configurations of the parameters from `from` on, given those before. Depends only on the parents among them. */
  const completions = (from: number, params: Params): number => {
    if (from === space.length) return 1;
    const asked = parents[from]!.map((name) => (Object.hasOwn(params, name) ? [params[name]] : []));
    const key = `${from}${JSON.stringify(asked)}`;
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    let total = 0;
    if (!isActive(space[from]!, params)) total = completions(from + 1, params);
    else if (!parents[from + 1]?.includes(space[from]!.name))
      total = values[from]!.length * completions(from + 1, params);
    else for (const value of values[from]!) total += completions(from + 1, withValue(params, space[from]!.name, value));
    known.set(key, total);
    return total;
  };

  /** Walks down the tree; `choose` picks a value by the configurations below each. */
  const walk = (choose: (below: readonly number[]) => number): Params => {
    const params: Record<string, ParamValue> = {};
    space.forEach((parameter, index) => {
      if (!isActive(parameter, params)) return;
      const { name } = parameter;
      const own = values[index]!;
      const alike = !parents[index + 1]!.includes(name);
      const first = alike ? completions(index + 1, params) : 0;
      const below = own.map((value) => (alike ? first : completions(index + 1, withValue(params, name, value))));
      setOwn(params, name, own[choose(below)]!);
    });
    return params;
  };

  return {
    size: completions(0, {}),
    at(place) {
      let rest = place;
      return walk((below) => {
        let choice = 0;
        while (choice < below.length - 1 && rest >= below[choice]!) rest -= below[choice++]!;
        return choice;
      });
    },
    draw: (rng) =>
      walk((below) => {
        const total = below.reduce((sum, count) => sum + count, 0);
        // Beyond the largest double: branches then count alike.
        if (total === Infinity) return rng.int(below.length);
        let rest = rng.next() * total;
        let choice = 0;
        while (choice < below.length - 1 && rest >= below[choice]!) rest -= below[choice++]!;
        return choice;
      }),
  };
}

function withValue(params: Params, name: string, value: ParamValue): Params {
  const copy: Record<string, ParamValue> = {};
  for (const [key, old] of Object.entries(params)) setOwn(copy, key, old);
  setOwn(copy, name, value);
  return copy;
}

/** For each position, the earlier parameters that a condition at or after it asks for. One more entry than parameters. */
function laterParents(space: Space): readonly (readonly string[])[] {
  return Array.from({ length: space.length + 1 }, (_, from) => {
    const asked = new Set(space.slice(from).flatMap((parameter) => Object.keys(parameter.when ?? {})));
    return space.slice(0, from).flatMap(({ name }) => (asked.has(name) ? [name] : []));
  });
}

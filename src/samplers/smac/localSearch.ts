/**
 * The configuration that a model without slopes likes best: many are looked at, and local searches start from the best of them.
 * Source: F. Hutter et al., "Sequential Model-Based Optimization for General Algorithm Configuration" (2011), section 4.3, and
 * SMAC3's constants: ten local searches over one-exchange neighbours, four draws with deviation 0.2 for a number and all
 * other values for a category. Invariant: what is proposed is feasible, and new while there is anything new in sight.
 */
import type { Rng } from "../../core/rng.ts";
import { setOwn, uniformParams } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, gridValue, isNumeric, toUnit, type SearchedParameter } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";
import { childOf } from "../evolution/variation.ts";
import type { SamplerContext } from "../sampler.ts";

export interface SearchRequest {
  /** What is to be as large as possible; -Infinity and NaN never win. */
  readonly score: (params: Params) => number;
  /** Configurations of the best trials, best first. */
  readonly good: readonly Params[];
  readonly isNew: (params: Params) => boolean;
  readonly rng: Rng;
}

export interface Found {
  readonly params: Params;
  /** undefined when nothing new was in sight and the configuration is a feasible draw. */
  readonly score: number | undefined;
}

/** Half of them uniform, half near the best trials. */
const lookedAt = 1500;
const localSearches = 10;
const neighboursOfNumber = 4;
/** Deviations of neighbours, far and near by turns: SMAC3's, and one for the last digits. */
const deviations = [0.2, 0.02];
/** Steps of a local search at most. */
const mostSteps = 40;
/** Exact feasible draws where nothing else is in sight. */
const lastDraws = 20;
const nearby = { crossover: 0.5, swap: 0.5, mutations: 2, eta: 8 };

interface Candidate {
  readonly params: Params;
  readonly score: number;
}

export function createSearch({ space, isFeasible }: SamplerContext): (request: SearchRequest) => Found {
  const feasible = feasibleSampler(space, isFeasible);
  const searched = space.filter(
    (parameter): parameter is SearchedParameter => parameter.type !== "constant" && gridCount(parameter) > 1,
  );

  /** Every change of one value that is a neighbour. */
  const movesFrom = (params: Params, rng: Rng): (readonly [string, ParamValue])[] =>
    searched
      .filter((parameter) => Object.hasOwn(params, parameter.name))
      .flatMap((parameter) =>
        otherValues(parameter, params[parameter.name]!, rng).map((value) => [parameter.name, value] as const),
      );

  return ({ score, good, isNew, rng }) => {
    const candidates: Candidate[] = [];
    const consider = (params: Params): void => {
      if (!isFeasible(params)) return;
      const own = score(params);
      if (own > -Infinity) candidates.push({ params, score: own });
    };
    for (let i = 0; i < lookedAt; i++) {
      if (i % 2 === 0 || good.length === 0) consider(uniformParams(space, rng));
      else consider(childOf(space, rng.choice(good), rng.choice(good), nearby, rng));
    }
    for (const params of good) consider(params);
    // Stable, so that ties stay in the order of the draws.
    candidates.sort((a, b) => b.score - a.score);

    const ends: Candidate[] = [];
    /** A neighbour that is better, the first of them in random order. */
    const betterThan = (here: Candidate): Candidate | undefined => {
      for (const [name, value] of rng.shuffle(movesFrom(here.params, rng))) {
        const params = withValue(space, here.params, name, value, rng);
        const there = score(params);
        if (there > here.score && isFeasible(params)) return { params, score: there };
      }
      return undefined;
    };
    for (const start of candidates.slice(0, localSearches)) {
      let here: Candidate | undefined = start;
      for (let step = 0; here !== undefined && step < mostSteps; step++) {
        here = betterThan(here);
        if (here !== undefined) ends.push(here);
      }
    }
    // What a search ends at may have been tried, and what it came through may not.
    ends.sort((a, b) => b.score - a.score);
    for (const list of [ends, candidates]) {
      const found = list.find(({ params }) => isNew(params));
      if (found !== undefined) return found;
    }
    for (let i = 0; i < lastDraws; i++) {
      const params = feasible.draw(rng);
      if (isNew(params)) return { params, score: undefined };
    }
    return { params: feasible.draw(rng), score: undefined };
  };
}

/** Neighbours of a value: all other categories; for a number a few draws about it, each value once. */
function otherValues(parameter: SearchedParameter, value: ParamValue, rng: Rng): ParamValue[] {
  const count = gridCount(parameter);
  if (!isNumeric(parameter)) return parameter.choices.filter((choice) => choice !== value);
  if (count <= neighboursOfNumber + 1)
    return Array.from({ length: count }, (_, index) => gridValue(parameter, index)).filter((other) => other !== value);
  const unit = toUnit(parameter, value);
  const drawn = new Set<ParamValue>();
  for (let i = 0; i < neighboursOfNumber; i++) {
    const deviation = deviations[i % deviations.length]!;
    const moved = unit + deviation * rng.normal();
    // Outside of the range: back from the wall, so that ends are not crowded.
    drawn.add(fromUnit(parameter, moved < 0 ? -moved : moved > 1 ? 2 - moved : moved));
  }
  drawn.delete(value);
  return [...drawn];
}

/** The configuration with one value changed; what becomes active thereby is drawn, what becomes inactive is left out. */
export function withValue(space: Space, params: Params, name: string, value: ParamValue, rng: Rng): Params {
  const out: Record<string, ParamValue> = {};
  for (const parameter of space) {
    if (!isActive(parameter, out)) continue;
    const kept = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    const own = parameter.name === name ? value : kept;
    setOwn(out, parameter.name, own === undefined ? fromUnit(parameter, rng.next()) : own);
  }
  return out;
}

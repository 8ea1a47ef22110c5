/**
 * Where a landscape is highest: many configurations looked at, the most promising ones improved.
 * Numbers with many values move along the slope and are rounded to their grids, all others go through their values one at a
 * time; a configuration is looked at as it would run. As in Optuna's GPSampler some climbs start from candidates drawn by their height, so that
 * not all of them end on one hill. Invariant: what is proposed is feasible, and new while there is anything new in sight.
 */
import { minimiseInBox } from "../../core/optimize/minimiseInBox.ts";
import type { Rng } from "../../core/rng.ts";
import { paramsKey, setOwn, spaceSize, uniformParams } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, gridIndex, gridValue, toUnit } from "../../core/space/domain.ts";
import { enumerateParams, feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue } from "../../core/space/parameter.ts";
import { childOf } from "../evolution/variation.ts";
import type { SamplerContext } from "../sampler.ts";
import { inactive, type Features } from "./features.ts";
import type { Landscape } from "./landscape.ts";

export interface Proposal {
  readonly params: Params;
  /** The height there; undefined when nothing new is left and an old configuration is drawn again. */
  readonly score: number | undefined;
}

export interface ProposalRequest {
  readonly landscape: Landscape;
  /** Configurations of the best trials, for candidates near them. */
  readonly good: readonly Params[];
  /** Keys of the configurations that are not to be proposed again. */
  readonly tried: ReadonlySet<string>;
  readonly rng: Rng;
}

export type Proposer = (request: ProposalRequest) => Proposal;

/** Multiplications that looking at candidates may cost, and the bounds on their number. */
const lookingCost = 4e6;
const fewestCandidates = 160;
const mostCandidates = 600;
/** So many climbs at a hundred trials; more with fewer, within these bounds. */
const climbsAtHundred = 5;
const fewestClimbs = 3;
const mostClimbs = 8;
/** Steps along the slope at a time, and the rise in logarithms below which they end; for a look at a hill and for its top. */
const rough = { steps: 12, least: 1e-3 };
const fine = { steps: 30, least: 1e-6 };
const sweeps = 4;
/** Parameters with at most so many values go through all of them. */
const fewValues = 16;
/** Exact feasible draws where nothing else is in sight. */
const lastDraws = 5;
/** Children of the best trials, as candidates near them: two changes each, of moderate size. */
const nearby = { crossover: 0.5, swap: 0.5, mutations: 2, eta: 8 };

interface Candidate {
  readonly params: Params;
  readonly point: Float64Array;
  readonly height: number;
}

interface Spot {
  readonly point: Float64Array;
  readonly height: number;
}

export function createProposer(context: SamplerContext, features: Features): Proposer {
  const { space, isFeasible } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const parents = new Set(space.flatMap((parameter) => Object.keys(parameter.when ?? {})));
  const counts = features.parameters.map(gridCount);
  // Another value of a parent would turn other parameters on and off: the candidates see to those.
  const free = features.parameters.map(({ name }) => !parents.has(name));
  const sloped = features.parameters.map((_, k) => free[k]! && features.numeric[k]! && counts[k]! > fewValues);
  const swept = features.parameters.map((_, k) => free[k]! && sloped[k] !== true);
  const rounds = features.parameters.some((_, k) => sloped[k] === true && counts[k]! < Infinity);
  /** Everything there is, where that is little. */
  const whole =
    spaceSize(space) <= mostCandidates
      ? enumerateParams(space, mostCandidates)?.map(({ params }) => params)
      : undefined;

  /** The configuration at a point; its numbers are rounded to their grids. */
  const decode = (point: Float64Array): Params => {
    const params: Record<string, ParamValue> = {};
    let k = 0;
    for (const parameter of space) {
      const coordinate = features.parameters[k] === parameter ? point[k++] : undefined;
      if (!isActive(parameter, params)) continue;
      const value =
        coordinate === undefined || coordinate === inactive
          ? gridValue(parameter, 0)
          : features.numeric[k - 1] === true
            ? fromUnit(parameter, coordinate)
            : gridValue(parameter, coordinate);
      setOwn(params, parameter.name, value);
    }
    return params;
  };

  /** Coordinates of the other values of a parameter with few; other categories where there are many. */
  const alternatives = (k: number, coordinate: number, rng: Rng): number[] => {
    const parameter = features.parameters[k]!;
    const count = counts[k]!;
    const isNumber = features.numeric[k] === true;
    const here = isNumber ? gridIndex(parameter, fromUnit(parameter, coordinate)) : coordinate;
    const all = Array.from({ length: Math.min(count, fewValues) }, (_, i) => (count > fewValues ? rng.int(count) : i));
    return all
      .filter((index) => index !== here)
      .map((index) => (isNumber ? toUnit(parameter, gridValue(parameter, index)) : index));
  };

  return ({ landscape, good, tried, rng }) => {
    const isNew = (params: Params): boolean => !tried.has(paramsKey(params)) && isFeasible(params);
    const count = Math.max(fewestCandidates, Math.min(mostCandidates, Math.floor(lookingCost / landscape.size ** 2)));
    const drawn =
      whole ??
      Array.from({ length: count }, (_, i) =>
        i % 2 === 0 || good.length === 0
          ? uniformParams(space, rng)
          : childOf(space, rng.choice(good), rng.choice(good), nearby, rng),
      );
    const candidates = ranked(drawn, landscape);
    let winner = candidates.find(({ params }) => isNew(params));
    // Constraints that leave little, or a small space of which nearly all has been tried.
    for (let i = 0; winner === undefined && i < lastDraws; i++)
      winner = ranked([feasible.draw(rng)].filter(isNew), landscape)[0];
    if (winner === undefined) return { params: feasible.draw(rng), score: undefined };
    if (whole !== undefined) return { params: winner.params, score: winner.height };

    const climbs = Math.max(fewestClimbs, Math.min(mostClimbs, Math.floor((100 * climbsAtHundred) / landscape.size)));
    const starts: Spot[] = [...spread(candidates, climbs - 1, rng)];
    // The best trial itself has been tried, but the best of all may lie beside it.
    if (good.length > 0) {
      const point = features.encode(good[0]!);
      starts.push({ point, height: landscape.heights([point])[0]! });
    }
    for (const start of starts) winner = higher(winner, climb(start, landscape, isNew, rng), landscape, isNew);
    winner = higher(winner, alongSlope(winner, landscape, fine), landscape, isNew);
    return { params: winner.params, score: winner.height };
  };

  /** What is at a spot, where that is higher than `best` and may be proposed. */
  function higher(best: Candidate, end: Spot, landscape: Landscape, isNew: (params: Params) => boolean): Candidate {
    if (!(end.height > best.height)) return best;
    const params = decode(end.point);
    if (!isNew(params)) return best;
    const point = features.encode(params);
    const [height] = landscape.heights([point]);
    return height! > best.height ? { params, point, height: height! } : best;
  }

  function ranked(all: readonly Params[], landscape: Landscape): Candidate[] {
    const points = all.map((params) => features.encode(params));
    const heights = landscape.heights(points);
    return all
      .map((params, i) => ({ params, point: points[i]!, height: heights[i]! }))
      .sort((a, b) => b.height - a.height);
  }

  /** A place near `start`, as high or higher. */
  function climb(start: Spot, landscape: Landscape, isNew: (params: Params) => boolean, rng: Rng): Spot {
    let at = start;
    for (let sweep = 0; sweep < sweeps; sweep++) {
      const before = at.height;
      at = alongSlope(at, landscape, rough);
      const moved = throughValues(at, landscape, isNew, rng);
      // Without a step to another value the slope has been followed as far as is worth it.
      if (moved === at || moved.height - before < 1e-3) return moved;
      at = moved;
    }
    return at;
  }

  function alongSlope(start: Spot, landscape: Landscape, { steps, least }: typeof rough): Spot {
    const { point, height } = start;
    const moving = features.parameters.flatMap((_, k) => (sloped[k] === true && point[k]! >= 0 ? [k] : []));
    if (moving.length === 0) return start;
    const found = minimiseInBox(
      (x) => {
        const { height: value, gradient } = landscape.slope(placed(point, moving, x));
        return { value: -value, gradient: Float64Array.from(moving, (k) => -gradient[k]!) };
      },
      Float64Array.from(moving, (k) => point[k]!),
      new Float64Array(moving.length),
      new Float64Array(moving.length).fill(1),
      steps,
      least,
    );
    if (!(-found.value > height)) return start;
    const end = placed(point, moving, found.point);
    if (!rounds) return { point: end, height: -found.value };
    for (const k of moving) {
      const parameter = features.parameters[k]!;
      if (counts[k]! < Infinity) end[k] = toUnit(parameter, fromUnit(parameter, end[k]!));
    }
    const [rounded] = landscape.heights([end]);
    return rounded! > height ? { point: end, height: rounded! } : start;
  }

  /** Each discrete parameter in turn takes its best value; the same spot when none is better. */
  function throughValues(start: Spot, landscape: Landscape, isNew: (params: Params) => boolean, rng: Rng): Spot {
    let at = start;
    for (const k of features.parameters.keys()) {
      if (swept[k] !== true || at.point[k] === inactive) continue;
      const points = alternatives(k, at.point[k]!, rng).map((value) => placed(at.point, [k], Float64Array.of(value)));
      const heights = landscape.heights(points);
      const better = points
        .map((point, i) => ({ point, height: heights[i]! }))
        .filter(({ height }) => height > at.height)
        .sort((a, b) => b.height - a.height);
      const best = better.find(({ point }) => isNew(decode(point)));
      if (best !== undefined) at = best;
    }
    return at;
  }
}

/** The first of some candidates in falling order, and others by chance in proportion to what the heights are logarithms of. */
function spread(candidates: readonly Candidate[], count: number, rng: Rng): Candidate[] {
  const [first, ...rest] = candidates;
  if (first === undefined) return [];
  // Largest keys log(weight) + Gumbel noise are draws without replacement (Efraimidis & Spirakis 2006).
  const keyed = rest.map((candidate) => ({ candidate, key: candidate.height - Math.log(-Math.log(1 - rng.next())) }));
  keyed.sort((a, b) => b.key - a.key);
  return [first, ...keyed.slice(0, count - 1).map(({ candidate }) => candidate)];
}

function placed(base: Float64Array, at: readonly number[], values: Float64Array): Float64Array {
  const point = base.slice();
  at.forEach((k, i) => (point[k] = values[i]!));
  return point;
}

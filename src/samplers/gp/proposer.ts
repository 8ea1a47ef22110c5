/**
 * Where an acquisition is largest: many configurations looked at, the most promising ones improved.
 * Numbers without a grid move along the gradient, all others through their values one at a time; a configuration is looked at
 * as it would run, rounded to its grid. Invariant: what is proposed is feasible, and new while there is anything new in sight.
 */
import { minimiseInBox } from "../../core/optimize/minimiseInBox.ts";
import type { Rng } from "../../core/rng.ts";
import { paramsKey, setOwn, uniformParams } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, gridIndex, gridValue, toUnit } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue } from "../../core/space/parameter.ts";
import { childOf } from "../evolution/variation.ts";
import type { SamplerContext } from "../sampler.ts";
import type { Acquisition } from "./acquisition.ts";
import { inactive, type Features } from "./features.ts";
import type { Model } from "./regression.ts";

export interface Proposal {
  readonly params: Params;
  /** The acquisition there; undefined when nothing new is left and an old configuration is drawn again. */
  readonly score: number | undefined;
}

export interface ProposalRequest {
  readonly model: Model;
  /** What is to be as large as possible. */
  readonly acquisition: Acquisition;
  /** Configurations of the best trials, for candidates near them. */
  readonly good: readonly Params[];
  /** Keys of the configurations that are not to be proposed again. */
  readonly tried: ReadonlySet<string>;
  readonly rng: Rng;
}

export type Proposer = (request: ProposalRequest) => Promise<Proposal>;

/** Multiplications that looking at candidates may cost, and the bounds on their number. */
const lookingCost = 4e6;
const fewestCandidates = 160;
const mostCandidates = 600;
/** Candidates that are improved, and steps along the gradient of each. */
const improved = 3;
const gradientSteps = 10;
const sweeps = 2;
/** Values of a discrete parameter that are tried in a sweep; of longer grids the nearest and some far ones. */
const valuesTried = 12;
/** Candidates between two breaths. */
const lookedAtOnce = 32;
/** Exact feasible draws where nothing else is in sight. */
const lastDraws = 5;
/** Children of the best trials, as candidates near them: two changes each, of moderate size. */
const nearby = { crossover: 0.5, swap: 0.5, mutations: 2, eta: 8 };

interface Candidate {
  readonly params: Params;
  readonly point: Float64Array;
  readonly score: number;
}

export function createProposer(context: SamplerContext, features: Features, breathe: () => Promise<void>): Proposer {
  const { space, isFeasible } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const parents = new Set(space.flatMap((parameter) => Object.keys(parameter.when ?? {})));
  const continuous = features.parameters.map((parameter) => gridCount(parameter) === Infinity);
  // Another value of a parent would turn other parameters on and off: the candidates see to those.
  const swept = features.parameters.map((parameter, k) => continuous[k] !== true && !parents.has(parameter.name));

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

  /** Coordinates of values a discrete parameter may take instead. */
  const alternatives = (k: number, coordinate: number, rng: Rng): number[] => {
    const parameter = features.parameters[k]!;
    const count = gridCount(parameter);
    const coordinateOf = (index: number): number =>
      features.numeric[k] === true ? toUnit(parameter, gridValue(parameter, index)) : index;
    const here =
      features.numeric[k] === true ? gridIndex(parameter, fromUnit(parameter, coordinate)) : Math.round(coordinate);
    const near = [-1, 1, -2, 2].map((step) => here + step).filter((index) => index >= 0 && index < count);
    const all =
      count <= valuesTried
        ? Array.from({ length: count }, (_, index) => index)
        : [...near, ...Array.from({ length: valuesTried - near.length }, () => rng.int(count))];
    return all.filter((index) => index !== here).map(coordinateOf);
  };

  return async ({ model, acquisition, good, tried, rng }) => {
    const score = (point: Float64Array): number => {
      const { mean, variance } = model.predict(point);
      return acquisition(mean, variance).value;
    };
    const look = (params: Params): Candidate => {
      const point = features.encode(params);
      return { params, point, score: score(point) };
    };

    const count = Math.max(fewestCandidates, Math.min(mostCandidates, Math.floor(lookingCost / model.size ** 2)));
    const candidates: Candidate[] = [];
    const seen = new Set<string>();
    const consider = (params: Params): void => {
      const key = paramsKey(params);
      if (tried.has(key) || seen.has(key) || !isFeasible(params)) return;
      seen.add(key);
      candidates.push(look(params));
    };
    for (let i = 0; i < count; i++) {
      if (i % lookedAtOnce === lookedAtOnce - 1) await breathe();
      if (i % 2 === 0 || good.length === 0) consider(uniformParams(space, rng));
      else consider(childOf(space, rng.choice(good), rng.choice(good), nearby, rng));
    }
    // Constraints that leave little, or a small space of which nearly all has been tried.
    for (let i = 0; candidates.length === 0 && i < lastDraws; i++) consider(feasible.draw(rng));
    if (candidates.length === 0) return { params: feasible.draw(rng), score: undefined };

    candidates.sort((a, b) => b.score - a.score);
    let winner = candidates[0]!;
    for (const start of candidates.slice(0, improved)) {
      await breathe();
      const params = decode(climb(start.point, model, acquisition, rng));
      if (tried.has(paramsKey(params)) || !isFeasible(params)) continue;
      const end = look(params);
      if (end.score > winner.score) winner = end;
    }
    return { params: winner.params, score: winner.score };
  };

  /** A point near `start` with a larger acquisition. */
  function climb(start: Float64Array, model: Model, acquisition: Acquisition, rng: Rng): Float64Array {
    let point = start;
    const score = (at: Float64Array): number => {
      const { mean, variance } = model.predict(at);
      return acquisition(mean, variance).value;
    };
    let height = score(point);
    for (let sweep = 0; sweep < sweeps; sweep++) {
      const before = height;
      const free = features.parameters.flatMap((_, k) => (continuous[k] === true && point[k]! >= 0 ? [k] : []));
      if (free.length > 0) {
        const base = point;
        const found = minimiseInBox(
          (x) => {
            const at = placed(base, free, x);
            const { mean, variance, meanSlope, varianceSlope } = model.predictWithSlopes(at);
            const { value, byMean, byVariance } = acquisition(mean, variance);
            return {
              value: -value,
              gradient: Float64Array.from(free, (k) => -(byMean * meanSlope[k]! + byVariance * varianceSlope[k]!)),
            };
          },
          Float64Array.from(free, (k) => point[k]!),
          new Float64Array(free.length),
          new Float64Array(free.length).fill(1),
          gradientSteps,
        );
        if (-found.value > height) {
          point = placed(base, free, found.point);
          height = -found.value;
        }
      }
      for (const k of features.parameters.keys()) {
        if (swept[k] !== true || point[k] === inactive) continue;
        for (const coordinate of alternatives(k, point[k]!, rng)) {
          const other = placed(point, [k], Float64Array.of(coordinate));
          const there = score(other);
          if (there > height) [point, height] = [other, there];
        }
      }
      if (height - before < 1e-3) break;
    }
    return point;
  }
}

function placed(base: Float64Array, at: readonly number[], values: Float64Array): Float64Array {
  const point = base.slice();
  at.forEach((k, i) => (point[k] = values[i]!));
  return point;
}

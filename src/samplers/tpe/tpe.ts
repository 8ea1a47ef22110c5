/**
 * Tree-structured Parzen estimator: two densities, l of the good trials and g of the others; the next trial is the one of a
 * few draws from l where l/g is largest. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011;
 * multivariate form: Falkner et al. 2018, with parameters active together modelled together.
 * Invariant: an instance remembers only a digest of the history. O(candidates * trials * parameters) a suggestion.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import { fromUnit, gridValue, type SearchedParameter } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { defineSampler } from "../entry.ts";
import type { Sampler, SamplerContext, SuggestRequest, Suggestion } from "../sampler.ts";
import { groupsOf, type Group } from "./groups.ts";
import { dimensionsOf, Observations } from "./observations.ts";
import { Mixture, shapeOf, type Bandwidth, type Candidates, type Shape } from "./parzen.ts";
import { createSplit, type Split } from "./split.ts";

interface TpeOptions {
  readonly startupTrials: number;
  readonly candidates: number;
  readonly multivariate: boolean;
  readonly group: boolean;
  readonly constantLiar: boolean;
  readonly bandwidth: Bandwidth;
}

export const tpeSampler = defineSampler(
  {
    kind: "tpe",
    label: "Tree-structured Parzen estimator",
    summary:
      "Learns where good trials lie. The default: any kind of parameter, conditions, many slots, thousands of trials.",
    options: z.strictObject({
      startupTrials: z.int().min(1).default(10).describe("Uniform draws before the model takes over."),
      candidates: z.int().min(1).max(10_000).default(24).describe("Draws of which the most promising one is run."),
      multivariate: z.boolean().default(true).describe("Model parameters jointly, so that interactions are seen."),
      group: z
        .boolean()
        .default(true)
        .describe("Model conditional parameters that are active together jointly; off: each by itself."),
      constantLiar: z
        .boolean()
        .default(true)
        .describe("Count running trials as bad ones, so that parallel slots do not try the same place."),
      bandwidth: z
        .enum(["neighbours", "scott"])
        .default("neighbours")
        .describe("Kernel width: the distance to neighbouring trials, or one width that shrinks with their number."),
    }),
  },
  createTpe,
);

/** What is known and modelled of one group. */
interface GroupModel {
  readonly group: Group;
  readonly shape: Shape;
  readonly observations: Observations;
  readonly good: Mixture;
  readonly rest: Mixture;
}

/** Candidates of one group with their scores log l - log g. */
interface Scored {
  readonly values: (index: number) => ReadonlyMap<string, ParamValue>;
  readonly scoreOf: (index: number) => number;
  /** Index of the best one. */
  readonly best: () => number;
  /** All of them, best first. */
  readonly ranking: () => readonly number[];
}

/** Rounds of drawing candidates before constraints are met by uniform draws instead. */
const rounds = 10;

function createTpe(context: SamplerContext, options: TpeOptions): Sampler {
  const { space, objectives, isFeasible } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const groups = groupsOf(space, options.multivariate, options.group);
  const groupOf = new Map<string, number>();
  groups.forEach((group, index) => group.forEach((parameter) => groupOf.set(parameter.name, index)));
  let memory = emptyMemory();

  function emptyMemory(): { split: Split; models: GroupModel[]; seen: number; last: FinishedTrial | undefined } {
    const models = groups.map((group) => {
      const shape = shapeOf(dimensionsOf(group));
      return {
        group,
        shape,
        observations: new Observations(shape.dimensions),
        good: new Mixture(shape, options.bandwidth),
        rest: new Mixture(shape, options.bandwidth),
      };
    });
    return { split: createSplit(objectives), models, seen: 0, last: undefined };
  }

  /** Takes in what is new; starts again when this is not the history it knows. */
  function learn(history: readonly FinishedTrial[]): void {
    const known = memory.seen === 0 ? undefined : history[memory.seen - 1];
    if (memory.seen > history.length || known?.number !== memory.last?.number) memory = emptyMemory();
    for (; memory.seen < history.length; memory.seen++) {
      const trial = history[memory.seen]!;
      memory.last = trial;
      if (!memory.split.add(trial)) continue;
      for (const model of memory.models) model.observations.add(trial.number, trial.params);
    }
    for (const model of memory.models) model.observations.index();
  }

  function score(model: GroupModel, good: readonly number[], rng: Rng): Scored {
    fillMixtures(model, good);
    const points = model.good.sample(rng, options.candidates);
    const likely = model.good.logDensity(points);
    const rest = model.rest.densities(points);
    const known = new Float64Array(points.count).fill(Number.NaN);
    const scoreOf = (index: number): number => {
      if (Number.isNaN(known[index])) known[index] = likely[index]! - rest.at(index);
      return known[index]!;
    };
    const indices = Array.from(known.keys());
    const best = (): number => {
      // g is at least its prior's part, so a score is at most l against that: most candidates need no more than the bound.
      const bounds = likely.map((log, index) => log - rest.floor(index));
      indices.sort((a, b) => bounds[b]! - bounds[a]! || a - b);
      let found = indices[0]!;
      for (const index of indices) {
        if (bounds[index]! < scoreOf(found)) break;
        if (scoreOf(index) > scoreOf(found)) found = index;
      }
      return found;
    };
    const ranking = (): readonly number[] => indices.toSorted((a, b) => scoreOf(b) - scoreOf(a) || a - b);
    return { values: (index) => valuesOf(model.shape, points, index), scoreOf, best, ranking };
  }

  /** One configuration; `pick` chooses a candidate for each group that turns out to be active. */
  function assemble(pick: (group: number) => ReadonlyMap<string, ParamValue>): Params {
    const params: Record<string, ParamValue> = {};
    const chosen = new Map<number, ReadonlyMap<string, ParamValue>>();
    for (const parameter of space) {
      if (!isActive(parameter, params)) continue;
      const group = groupOf.get(parameter.name);
      if (group === undefined) {
        setOwn(params, parameter.name, gridValue(parameter, 0));
        continue;
      }
      const values = chosen.get(group) ?? pick(group);
      chosen.set(group, values);
      setOwn(params, parameter.name, values.get(parameter.name) ?? null);
    }
    return params;
  }

  function suggest({ history, pending, rng }: SuggestRequest): Suggestion {
    learn(history);
    const { split, models } = memory;
    if (split.count < options.startupTrials || groups.length === 0) {
      const reason =
        groups.length === 0
          ? "nothing to search"
          : `start-up ${split.count + 1} of ${options.startupTrials}, uniform draw`;
      return { params: feasible.draw(rng), reason };
    }
    const liars: readonly PendingTrial[] = options.constantLiar ? pending : [];
    for (const model of models) model.observations.setPending(liars);
    const good = split.good();
    const counts = `${good.length} good, ${split.count - good.length} other${liars.length > 0 ? `, ${liars.length} running` : ""}`;

    for (let round = 0; round < rounds; round++) {
      const scored = new Map<number, Scored>();
      const scoredOf = (group: number): Scored => {
        const known = scored.get(group) ?? score(models[group]!, good, rng);
        scored.set(group, known);
        return known;
      };
      let total = 0;
      const best = assemble((group) => {
        const { values, best: bestOf, scoreOf } = scoredOf(group);
        const index = bestOf();
        total += scoreOf(index);
        return values(index);
      });
      if (isFeasible(best)) return { params: best, reason: reasonFor(total, counts) };
      const other = bestFeasible(scoredOf, rng);
      if (other !== undefined)
        return { params: other.params, reason: reasonFor(other.total, `${counts}; constrained`) };
    }
    return {
      params: feasible.draw(rng),
      reason: `no feasible one among ${rounds * options.candidates} candidates, uniform feasible draw (${counts})`,
    };
  }

  /** The best feasible configuration put together of the groups' candidates: all of them for one group, chance pairs for more. */
  function bestFeasible(scoredOf: (group: number) => Scored, rng: Rng): { params: Params; total: number } | undefined {
    let best: { params: Params; total: number } | undefined;
    const rankings = new Map<number, readonly number[]>();
    for (let attempt = 0; attempt < options.candidates; attempt++) {
      let total = 0;
      const params = assemble((group) => {
        const { values, ranking, scoreOf } = scoredOf(group);
        const order = rankings.get(group) ?? ranking();
        rankings.set(group, order);
        const index = order[groups.length === 1 ? attempt : rng.int(order.length)]!;
        total += scoreOf(index);
        return values(index);
      });
      if ((best === undefined || total > best.total) && isFeasible(params)) best = { params, total };
    }
    return best;
  }

  function reasonFor(score: number, counts: string): string {
    return `best of ${options.candidates} candidates, log l/g = ${formatNumber(score)} (${counts})`;
  }

  return { suggest };
}

/** Fills both mixtures of a model: good trials against all others, the pending ones among the others. */
function fillMixtures(model: GroupModel, good: readonly number[]): void {
  const { observations } = model;
  const goodRows = good.map((number) => observations.rowOf(number)).filter((row) => row !== undefined);
  const isGood = new Uint8Array(observations.total);
  for (const row of goodRows) isGood[row] = 1;
  goodRows.sort((a, b) => observations.trialNumbers[a]! - observations.trialNumbers[b]!);
  model.good.take(observations, Int32Array.from(goodRows), goodRows.length);

  const { byNumber, trialNumbers, count, total } = observations;
  const rest = new Int32Array(total - goodRows.length);
  const waiting = Array.from({ length: total - count }, (_, i) => count + i).sort(
    (a, b) => trialNumbers[a]! - trialNumbers[b]!,
  );
  let filled = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const row = byNumber[i]!;
    if (isGood[row] === 1) continue;
    while (next < waiting.length && trialNumbers[waiting[next]!]! < trialNumbers[row]!)
      rest[filled++] = waiting[next++]!;
    rest[filled++] = row;
  }
  while (next < waiting.length) rest[filled++] = waiting[next++]!;
  model.rest.take(observations, rest, filled);
}

function valuesOf(shape: Shape, points: Candidates, index: number): ReadonlyMap<string, ParamValue> {
  const values = new Map<string, ParamValue>();
  const put = (
    parameters: readonly SearchedParameter[],
    value: (parameter: SearchedParameter, d: number) => ParamValue,
  ): void => parameters.forEach((parameter, d) => values.set(parameter.name, value(parameter, d)));
  const { continuous, discrete, categorical } = shape;
  put(continuous, (parameter, d) => fromUnit(parameter, points.x[index * continuous.length + d]!));
  put(discrete, (parameter, d) => gridValue(parameter, points.grid[index * discrete.length + d]!));
  put(categorical, (parameter, d) => gridValue(parameter, points.categories[index * categorical.length + d]!));
  return values;
}

/**
 * Tree-structured Parzen estimator: two densities, l of the good trials and g of the others; the next trial is the one of a
 * few draws from l where l/g is largest. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011;
 * multivariate form: Falkner et al. 2018, with parameters active together modelled together. Users' beliefs: the prior kernel
 * of l, and a factor of the score that fades (Hvarfner et al., "piBO", ICLR 2022).
 * Invariant: an instance remembers only a digest of the history. O(candidates * trials * parameters) a suggestion.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import { fromUnit, gridValue, type SearchedParameter } from "../../core/space/domain.ts";
import { enumerateParams, feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue } from "../../core/space/parameter.ts";
import { feasiblePrior, hasPrior, logPriorOf, priorMode } from "../../core/space/prior.ts";
import type { PendingTrial } from "../../core/trial.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import type { Sampler, SamplerContext, SuggestRequest, Suggestion } from "../sampler.ts";
import { groupsOf, type Group } from "./groups.ts";
import { dimensionsOf, Observations } from "./observations.ts";
import { Mixture, shapeOf, type Bandwidth, type Candidates, type Shape } from "./parzen.ts";
import { createSplit, type Split } from "./split.ts";
import { Tried } from "./tried.ts";

interface TpeOptions {
  readonly startupTrials: number;
  readonly candidates: number;
  readonly multivariate: boolean;
  readonly group: boolean;
  readonly constantLiar: boolean;
  readonly repeats: "avoid" | "allow";
  readonly weights: "age" | "hypervolume";
  readonly bandwidth: Bandwidth;
}

export const tpeSampler = defineSampler(
  {
    kind: "tpe",
    label: "Tree-structured Parzen estimator",
    summary: "Learns where good trials lie. Any kind of parameter, conditions, many slots, thousands of trials.",
    source:
      "J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, Algorithms for Hyper-Parameter Optimization (NeurIPS 2011); S. Falkner et al., BOHB (ICML 2018), for the joint form; Y. Ozaki et al., Multiobjective Tree-Structured Parzen Estimator (JAIR 2022); C. Hvarfner et al., piBO (ICLR 2022), for beliefs",
    options: z.strictObject({
      startupTrials: z
        .int()
        .min(1)
        .default(10)
        .describe("Draws before the model takes over: by the parameters’ `prior`, uniform without one."),
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
      repeats: z
        .enum(["avoid", "allow"])
        .default("avoid")
        .describe(
          "`avoid` proposes nothing twice while anything untried is in sight; `allow` measures a good configuration again, which noisy metrics may need.",
        ),
      weights: z
        .enum(["age", "hypervolume"])
        .default("age")
        .describe(
          "With several objectives, what makes a good trial count more: being recent, or its share of the hypervolume.",
        ),
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

/** What is taken in of the history. */
interface Memory {
  readonly split: Split;
  readonly models: readonly GroupModel[];
  readonly tried: Tried;
}

/** Rounds of drawing candidates before uniform draws are looked at instead: where none is feasible, where all are repeats. */
const rounds = 10;
const repeatRounds = 3;
/** Trials after which a belief counts as much as one factor of l/g: exponent `priorStrength / trials` (piBO's beta). */
const priorStrength = 10;

function createTpe(context: SamplerContext, options: TpeOptions): Sampler {
  const { space, objectives, isFeasible } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const groups = groupsOf(space, options.multivariate, options.group);
  const groupOf = new Map<string, number>();
  groups.forEach((group, index) => group.forEach((parameter) => groupOf.set(parameter.name, index)));
  const believed = hasPrior(space);
  /** Every configuration of a small space, once it was needed. */
  let everything: readonly Params[] | undefined;
  const learn = historyFold<Memory>(
    () => ({
      split: createSplit(objectives),
      models: groups.map((group) => {
        const shape = shapeOf(dimensionsOf(group));
        return {
          group,
          shape,
          observations: new Observations(shape.dimensions),
          good: new Mixture(shape, options.bandwidth, true),
          rest: new Mixture(shape, options.bandwidth),
        };
      }),
      tried: new Tried(space),
    }),
    ({ split, models, tried }, trial) => {
      tried.add(trial.params);
      if (!split.add(trial)) return;
      for (const model of models) model.observations.add(trial.number, trial.params);
    },
  );

  function score(model: GroupModel, trials: number, rng: Rng): Scored {
    const points = model.good.sample(rng, options.candidates);
    return scored(model, points, trials);
  }

  /** Scores of points whose mixtures are filled. */
  function scored({ shape, group, good, rest }: GroupModel, points: Candidates, trials: number): Scored {
    const likely = good.logDensity(points);
    const believers = believed ? group.filter(({ prior }) => prior !== undefined) : [];
    if (believers.length > 0) {
      const strength = priorStrength / Math.max(trials, priorStrength);
      for (let index = 0; index < points.count; index++) {
        const values = valuesOf(shape, points, index);
        for (const parameter of believers)
          likely[index]! += strength * logPriorOf(parameter, values.get(parameter.name) ?? null);
      }
    }
    const others = rest.densities(points);
    const known = new Float64Array(points.count).fill(Number.NaN);
    const scoreOf = (index: number): number => {
      if (Number.isNaN(known[index])) known[index] = likely[index]! - others.at(index);
      return known[index]!;
    };
    const indices = Array.from(known.keys());
    const best = (): number => {
      // g is at least its prior's part, so a score is at most l against that: most candidates need no more than the bound.
      const bounds = likely.map((log, index) => log - others.floor(index));
      indices.sort((a, b) => bounds[b]! - bounds[a]! || a - b);
      let found = indices[0]!;
      for (const index of indices) {
        if (bounds[index]! < scoreOf(found)) break;
        if (scoreOf(index) > scoreOf(found)) found = index;
      }
      return found;
    };
    const ranking = (): readonly number[] => indices.toSorted((a, b) => scoreOf(b) - scoreOf(a) || a - b);
    return { values: (index) => valuesOf(shape, points, index), scoreOf, best, ranking };
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

  /** A draw before there is a model; the first one is what is believed. */
  function startUp(
    { history, pending, rng }: SuggestRequest,
    count: number,
    isNew: (params: Params) => boolean,
  ): Suggestion {
    const place = `start-up ${count + 1} of ${options.startupTrials}`;
    if (believed && history.length === 0 && pending.length === 0) {
      const params = priorMode(space, rng);
      if (isFeasible(params)) return { params, reason: `${place}, the believed values` };
    }
    const draw = (): Params => (believed ? feasiblePrior(space, isFeasible, feasible, rng) : feasible.draw(rng));
    let params = draw();
    for (let round = 1; round < rounds && !isNew(params); round++) params = draw();
    return { params, reason: `${place}, ${believed ? "drawn by the priors" : "uniform draw"}` };
  }

  function suggest(request: SuggestRequest): Suggestion {
    const { history, pending, rng } = request;
    const { split, models, tried } = learn(history);
    if (groups.length === 0) return { params: feasible.draw(rng), reason: "nothing to search" };
    const isNew = options.repeats === "avoid" ? tried.test(pending) : (): boolean => true;
    if (split.count < options.startupTrials) return startUp(request, split.count, isNew);
    const liars: readonly PendingTrial[] = options.constantLiar ? pending : [];
    for (const { observations } of models) {
      observations.index();
      observations.setPending(liars);
    }
    const good = split.good();
    const counts = `${good.length} good, ${split.count - good.length} other${liars.length > 0 ? `, ${liars.length} running` : ""}`;
    const weights = options.weights === "hypervolume" ? split.weights(good) : undefined;
    const filled = new Set<number>();
    const modelOf = (group: number): GroupModel => {
      if (!filled.has(group)) fillMixtures(models[group]!, good, weights);
      filled.add(group);
      return models[group]!;
    };

    let repeat: { readonly params: Params; readonly total: number } | undefined;
    for (let round = 0; round < (repeat === undefined ? rounds : repeatRounds); round++) {
      const known = new Map<number, Scored>();
      const scoredOf = (group: number): Scored => {
        const scores = known.get(group) ?? score(modelOf(group), split.count, rng);
        known.set(group, scores);
        return scores;
      };
      let total = 0;
      const params = assemble((group) => {
        const { values, best: bestOf, scoreOf } = scoredOf(group);
        const index = bestOf();
        total += scoreOf(index);
        return values(index);
      });
      const fits = isFeasible(params);
      if (fits && isNew(params)) return { params, reason: reasonFor(total, counts) };
      if (fits) repeat ??= { params, total };
      const other = bestAllowed(scoredOf, rng, (candidate) => isNew(candidate) && isFeasible(candidate));
      if (other !== undefined)
        return {
          params: other.params,
          reason: reasonFor(other.total, `${counts}; ${fits ? "untried" : "constrained"}`),
        };
    }
    if (repeat === undefined) {
      return {
        params: feasible.draw(rng),
        reason: `no feasible one among ${rounds * options.candidates} candidates, uniform feasible draw (${counts})`,
      };
    }
    const untried = anyUntried(isNew, rng);
    if (untried !== undefined)
      return { params: untried, reason: `all candidates have been tried, uniform draw (${counts})` };
    return { params: repeat.params, reason: `${reasonFor(repeat.total, counts)}, tried before` };
  }

  /** Something that has not been tried: out of all there is in a small space, else by chance; undefined if none was found. */
  function anyUntried(isNew: (params: Params) => boolean, rng: Rng): Params | undefined {
    for (let round = 0; round < rounds; round++) {
      const params = feasible.draw(rng);
      if (isNew(params)) return params;
    }
    everything ??= enumerateParams(space)?.map(({ params }) => params) ?? [];
    const left = everything.filter((params) => isNew(params) && isFeasible(params));
    return left.length === 0 ? undefined : rng.choice(left);
  }

  /** The best allowed configuration put together of the groups' candidates: all of them for one group, chance pairs for more. */
  function bestAllowed(
    scoredOf: (group: number) => Scored,
    rng: Rng,
    isAllowed: (params: Params) => boolean,
  ): { readonly params: Params; readonly total: number } | undefined {
    let best: { readonly params: Params; readonly total: number } | undefined;
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
      if ((best === undefined || total > best.total) && isAllowed(params)) best = { params, total };
    }
    return best;
  }

  function reasonFor(score: number, counts: string): string {
    return `best of ${options.candidates} candidates, log l/g = ${formatNumber(score)} (${counts})`;
  }

  return { suggest };
}

/** Fills both mixtures of a model: good trials against all others, the pending ones among the others. */
function fillMixtures(
  model: GroupModel,
  good: readonly number[],
  weights: ReadonlyMap<number, number> | undefined,
): void {
  const { observations } = model;
  const goodRows = good.map((number) => observations.rowOf(number)).filter((row) => row !== undefined);
  const isGood = new Uint8Array(observations.total);
  for (const row of goodRows) isGood[row] = 1;
  goodRows.sort((a, b) => observations.trialNumbers[a]! - observations.trialNumbers[b]!);
  const weightOf = weights && ((row: number): number => weights.get(observations.trialNumbers[row]!) ?? 1);
  model.good.take(observations, Int32Array.from(goodRows), goodRows.length, weightOf);

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

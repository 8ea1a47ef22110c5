/**
 * Population-based bandits: as PBT, but what a copy changes is chosen by a model of what has improved trainings lately.
 * Source: J. Parker-Holder et al., "Provably Efficient Online Hyperparameter Optimization with Population-Based Bandits" (NeurIPS
 * 2020). Numbers are chosen by the model; choices by PBT's rule, as in the published code.
 * Invariant: as in population.ts and pb2Model.ts; the model is built from the view for each copy, so nothing is remembered.
 */
import { z } from "zod";
import { formatNumber } from "../core/format.ts";
import { setOwn } from "../core/space/configuration.ts";
import { fromUnit, isNumeric, toUnit, type NumericParameter } from "../core/space/domain.ts";
import type { Params, ParamValue } from "../core/space/parameter.ts";
import { isFinal } from "../core/trial.ts";
import { defineScheduler } from "./entry.ts";
import { isMutable, perturbed, varied, type Perturbation } from "./explore.ts";
import { firstFeasible, populationOptions } from "./pbt.ts";
import { upperBound, type ModelPoint, type Observation } from "./pb2Model.ts";
import { populationScheduler, valueThrough, type ExploreRequest } from "./population.ts";
import { lossOf, refusesShort, stepOf } from "./rungs.ts";
import type { ScheduledTrial, ScheduleView } from "./scheduler.ts";

const perturbation: Perturbation = { resample: 0.25, factors: [0.8, 1.2] };
/** Below it the bound has no width, and a model nothing to go by. */
const fewestResults = 3;
const draws = 200;
/** Rounds of steps from the best draw, their number, and the deviation of the first ones. */
const rounds = 3;
const near = 20;
const firstStep = 0.1;
/** Trainings under way that lower the variance, at most. */
const mostPending = 50;

export const pb2Scheduler = defineScheduler(
  {
    kind: "pb2",
    label: "Population-based bandits (PB2)",
    summary:
      "Population based training whose changes are chosen by a model of what helped lately, not by chance: for small populations of up to a dozen or so. Needs checkpoints.",
    source:
      "J. Parker-Holder, V. Nguyen, S. Roberts, Provably Efficient Online Hyperparameter Optimization with Population-Based Bandits (NeurIPS 2020)",
    mutates: true,
    refuses: refusesShort,
    sampler: "random",
    options: z.strictObject({
      ...populationOptions(0.25),
      forgetting: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.1)
        .describe("How fast the model forgets: what is two steps old counts (1 - forgetting) of what is new."),
      results: z
        .int()
        .min(10)
        .max(300)
        .default(200)
        .describe(
          "Newest results in the model at most; the published code keeps 1000, at ten to a hundred times the time.",
        ),
    }),
  },
  ({ population, interval, quantile, synchronous, forgetting, results }) =>
    populationScheduler({
      size: population,
      interval,
      quantile,
      synchronous,
      explore: (view, request) => explore(view, request, forgetting, results),
    }),
);

function explore(
  view: ScheduleView,
  request: ExploreRequest,
  forgetting: number,
  most: number,
): { readonly params: Params; readonly note?: string } {
  const { donor, rng, step, interval } = request;
  const byChance = firstFeasible(view, () =>
    varied(view, donor.params, rng, (parameter, value) => perturbed(parameter, value, perturbation, rng)),
  );
  const numbers = view.space.filter(
    (parameter): parameter is NumericParameter => isNumeric(parameter) && isMutable(view, parameter),
  );
  if (numbers.length === 0) return { params: byChance ?? donor.params };
  const { observations, pending, place } = experience(view, request, numbers, most);
  if (observations.length < fewestResults)
    return { params: byChance ?? donor.params, note: "by chance: too few results for a model" };

  // Choices by PBT's rule, which decides what numbers there are; the numbers by the model.
  const base = firstFeasible(view, () =>
    varied(view, donor.params, rng, (parameter, value) =>
      isNumeric(parameter) ? value : perturbed(parameter, value, perturbation, rng),
    ),
  );
  if (base === undefined) return { params: donor.params };
  const bound = upperBound(observations, pending, forgetting);
  const standing = place(donor, step);
  const score = (params: Params): number =>
    bound({ time: step + interval, at: pointOf(numbers, params, standing) }).bound;
  let best = { params: base, score: score(base) };
  const attempt = (params: Params): void => {
    if (view.isFeasible?.(params) === false) return;
    const own = score(params);
    if (own > best.score) best = { params, score: own };
  };
  for (let i = 0; i < draws; i++) attempt(withNumbers(view, base, (parameter) => fromUnit(parameter, rng.next())));
  for (let round = 0, deviation = firstStep; round < rounds; round++, deviation /= 3) {
    const from = best.params;
    for (let i = 0; i < near; i++)
      attempt(
        withNumbers(view, from, (parameter, value) =>
          fromUnit(parameter, toUnit(parameter, value) + deviation * rng.normal()),
        ),
      );
  }
  return {
    params: best.params,
    note: `upper bound ${formatNumber(best.score)} deviations of the gain of a step, ${observations.length} results`,
  };
}

/** The configuration with new numbers in the place of those that may change; the same parameters are active. */
function withNumbers(
  view: ScheduleView,
  params: Params,
  change: (parameter: NumericParameter, value: ParamValue) => ParamValue,
): Params {
  const out: Record<string, ParamValue> = { ...params };
  for (const parameter of view.space) {
    const own = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    // A number that decides about others keeps its value: the model compares like with like.
    const decides = view.space.some(({ when }) => when !== undefined && Object.hasOwn(when, parameter.name));
    if (own === undefined || !isNumeric(parameter) || !isMutable(view, parameter) || decides) continue;
    setOwn(out, parameter.name, change(parameter, own));
  }
  return out;
}

/** Where a training stands, and its numbers in the unit cube; the middle for one that is not active. */
function pointOf(numbers: readonly NumericParameter[], params: Params, standing: number): Float64Array {
  const point = Float64Array.from({ length: numbers.length + 1 }, () => 0.5);
  point[0] = standing;
  numbers.forEach((parameter, k) => {
    const own = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    if (own !== undefined) point[k + 1] = toUnit(parameter, own);
  });
  return point;
}

/** What the population has learnt: the gain of each interval of each training, and what is under way. O(trials intervals). */
function experience(
  view: ScheduleView,
  { relatives, interval }: ExploreRequest,
  numbers: readonly NumericParameter[],
  most: number,
): {
  observations: Observation[];
  pending: ModelPoint[];
  /** Where a training stands at a step, as a share of the range of all. */
  place: (trial: ScheduledTrial, step: number) => number;
} {
  const { direction } = view.objective;
  const lossAt = (trial: ScheduledTrial, step: number): number => {
    const value = valueThrough(view, trial, step);
    return value === undefined ? Number.NaN : lossOf(value, direction);
  };
  const seen: { trial: ScheduledTrial; from: number; to: number; before: number; after: number }[] = [];
  for (const trial of relatives) {
    const first = trial.parent?.step ?? 0;
    const last = trial.reports.at(-1)?.step ?? 0;
    for (let from = first; ;) {
      const to = (Math.floor(from / interval) + 1) * interval;
      if (to > last) break;
      const [before, after] = [from === 0 ? Number.NaN : lossAt(trial, from), lossAt(trial, to)];
      if (Number.isFinite(before) && Number.isFinite(after)) seen.push({ trial, from, to, before, after });
      from = to;
    }
  }
  seen.sort((a, b) => a.to - b.to || a.trial.number - b.trial.number);
  const newest = seen.slice(-most);
  let [low, high] = [Infinity, -Infinity];
  for (const { before } of newest) [low, high] = [Math.min(low, before), Math.max(high, before)];
  const share = (loss: number): number =>
    high > low && Number.isFinite(loss) ? Math.max(0, Math.min(1, (loss - low) / (high - low))) : 0.5;
  const place = (trial: ScheduledTrial, step: number): number => share(lossAt(trial, step));
  const underway = relatives.filter(({ state }) => !isFinal(state) && state !== "paused").slice(-mostPending);
  return {
    observations: newest.map(({ trial, from, to, before, after }) => ({
      time: to,
      at: pointOf(numbers, trial.params, share(before)),
      gain: (before - after) / (to - from),
    })),
    pending: underway.map((trial) => {
      const from = stepOf(trial);
      return { time: from + interval, at: pointOf(numbers, trial.params, place(trial, from)) };
    }),
    place,
  };
}

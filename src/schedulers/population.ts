/**
 * Populations: members train side by side in intervals; at the end of one, a member that is among the worst goes on as a copy of
 * one of the best, with changed parameters. The part that PBT and PB2 share.
 * Source: M. Jaderberg et al., "Population Based Training of Neural Networks" (2017), asynchronous with truncation selection.
 * A member is compared at its own step or, as long as fewer than half of the others have come there, at the latest interval's end
 * that half of them have come to: always at equal steps, for a longer training would beat any shorter one.
 * A member that crashed is the worst: a copy takes its place. Synchronous, all wait for each other at the end of an interval, and
 * the worst are replaced there.
 * Invariant: the least advanced member that rests goes on first, so members stay within an interval of each other as far as
 * slots and speeds allow, and one slot makes a fixed order; who belongs to a population follows from numbers and parents.
 */
import { formatNumber } from "../core/format.ts";
import { rngForKey, type Rng } from "../core/rng.ts";
import type { Params } from "../core/space/parameter.ts";
import { isFinal } from "../core/trial.ts";
import { changesText } from "./explore.ts";
import { intervalViews, untilAfter } from "./intervals.ts";
import { populationIndex, type Population } from "./populationIndex.ts";
import {
  counted,
  goesBefore,
  lossOf,
  ordinal,
  reportFrom,
  stepOf,
  stopNotANumber,
  withoutCheckpoint,
} from "./rungs.ts";
import type { Decision, NextAction, ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

export interface PopulationOptions {
  /** Members; undefined: as many as the budget, four a slot without one, within `populationBounds`. */
  readonly size: number | undefined;
  /** Steps between two comparisons. */
  readonly interval: number;
  /** Share of the members that counts as worst, and as best. */
  readonly quantile: number;
  /** Everybody waits at the end of an interval until all have come there. */
  readonly synchronous: boolean;
  /** The configuration of a copy. */
  readonly explore: (
    view: ScheduleView,
    request: ExploreRequest,
  ) => { readonly params: Params; readonly note?: string };
}

export interface ExploreRequest {
  /** The one that is copied. */
  readonly donor: ScheduledTrial;
  /** Step of its checkpoint. */
  readonly step: number;
  /** Everybody who belongs, or has belonged, to the population. */
  readonly relatives: readonly ScheduledTrial[];
  readonly interval: number;
  readonly rng: Rng;
}

const populationBounds = [4, 50] as const;
/** Members that may break for each founder before their places stay empty: what breaks every copy must come to an end. */
const mostBroken = 2;

interface Result {
  readonly trial: ScheduledTrial;
  readonly number: number;
  readonly loss: number;
  readonly value: number;
}

export function populationScheduler(options: PopulationOptions): Scheduler {
  const { interval, quantile, synchronous, explore } = options;
  const populationsOf = populationIndex();
  const sizeOf = ({ maxTrials, parallel }: ScheduleView): number => {
    const [least, most] = populationBounds;
    return options.size ?? Math.min(most, Math.max(least, maxTrials ?? 4 * parallel));
  };

  function next(view: ScheduleView): NextAction {
    const size = sizeOf(view);
    const populations = populationsOf(view, size);
    const begun = populations.reduce((sum, { founders }) => sum + founders, 0);
    const open = view.maxTrials === undefined || begun < view.maxTrials;
    const last = populations.at(-1);
    const fresh = (count: number): NextAction => ({
      action: "new",
      untilStep: untilAfter(0, interval, view.maxSteps),
      reason: `${ordinal(count)} of ${size} members of a population`,
    });
    for (const population of populations) {
      if (population.founders < size && open) return fresh(population.founders + 1);
      const action = synchronous
        ? afterBarrier(view, population)
        : (refill(view, population) ?? onward(view, population));
      if (action !== undefined) return action;
    }
    if (open) return fresh(1);
    const training = (last?.members ?? []).filter(({ state }) => state === "running" || state === "waiting").length;
    return {
      action: "wait",
      reason:
        training > 0
          ? `${counted(training, "member")} of the population in training, none rests`
          : `the budget of ${counted(view.maxTrials ?? begun, "trial")} is used and every member has come to its end`,
    };
  }

  /** The least advanced member that rests goes on; undefined when none rests. */
  function onward(view: ScheduleView, { members }: Population): NextAction | undefined {
    const paused = members.filter(({ state }) => state === "paused");
    if (paused.length === 0) return undefined;
    const trial = paused.reduce((a, b) =>
      stepOf(b) < stepOf(a) || (stepOf(b) === stepOf(a) && b.number < a.number) ? b : a,
    );
    const untilStep = untilAfter(stepOf(trial), interval, view.maxSteps);
    return {
      action: "resume",
      number: trial.number,
      untilStep,
      reason: `the least advanced member that rests (step ${stepOf(trial)}), goes on to step ${untilStep}${withoutCheckpoint(trial)}`,
    };
  }

  /** A copy of one of the best in the place of a member that is missing; undefined when nobody is, or nobody can be copied. */
  function refill(view: ScheduleView, population: Population, best?: readonly Result[]): NextAction | undefined {
    const { founders, members, relatives, failed, broken } = population;
    const isOver = members.every(({ state }) => isFinal(state));
    if (isOver || members.length >= founders || failed + broken > mostBroken * founders) return undefined;
    const at = commonStep(members, Infinity, interval, Math.max(1, Math.ceil(members.length / 2)));
    const ranked = best ?? ranking(view, members, at);
    const copy = copied(
      view,
      best ?? ranked.slice(0, Math.ceil(ranked.length * quantile)),
      relatives,
      `refill ${relatives.length}`,
    );
    if (copy === undefined) return undefined;
    const { text, ...child } = copy;
    return { action: "copy", ...child, reason: `a member is missing; ${text}` };
  }

  /** At the end of an interval: the worst end, copies of the best take their places, and all go on. */
  function afterBarrier(view: ScheduleView, population: Population): NextAction | undefined {
    const { members, relatives } = population;
    const open = members.filter(({ state }) => !isFinal(state));
    const paused = open.filter(({ state }) => state === "paused");
    const step = paused.reduce((least, trial) => Math.min(least, stepOf(trial)), Infinity);
    // Somebody is still on the way here.
    const coming = open.some((trial) => trial.state !== "paused" && (trial.untilStep ?? Infinity) <= step);
    if (step === Infinity || coming) return undefined;
    const results = ranking(
      view,
      relatives.filter(({ parent }) => (parent?.step ?? 0) < step),
      step,
    );
    const few = Math.min(Math.ceil(results.length * quantile), Math.floor(results.length / 2));
    const donors = usable(view, results.slice(0, few));
    for (const [place, { trial, loss, value }] of results.entries()) {
      const isWorst = place >= results.length - few && donors.some((donor) => donor.loss < loss);
      if (!isWorst || trial.state !== "paused" || stepOf(trial) !== step) continue;
      return {
        action: "drop",
        number: trial.number,
        reason: `step ${step}: ${formatNumber(value)} is ${ordinal(place + 1)} of ${results.length}; a copy of one of the best ${few} takes its place`,
      };
    }
    return refill(view, population, results.slice(0, Math.max(few, 1))) ?? onward(view, population);
  }

  function judge(view: ScheduleView, trial: ScheduledTrial, step: number, value: number): Decision {
    const size = sizeOf(view);
    const own = populationsOf(view, size).find(({ members }) => members.includes(trial));
    const shown = `step ${step}: ${formatNumber(value)}`;
    if (synchronous) return { decision: "pause", reason: `${shown}, waits for the other members` };
    if (own === undefined) return { decision: "pause", reason: `${shown}, waits for its turn` };
    // Before half of the population has come somewhere, the worst of few may still be one of the best.
    const needed = Math.max(2, Math.ceil((size - own.failed) / 2));
    const at = commonStep(own.members, step, interval, needed);
    const results = ranking(view, own.members, at);
    const place = results.findIndex(({ number }) => number === trial.number);
    if (at === 0 || place < 0)
      return { decision: "pause", reason: `${shown}, the first to come so far, waits for its turn` };
    const rank = `${ordinal(place + 1)} of ${results.length}`;
    const standing =
      at === step
        ? `${shown} is ${rank}`
        : `${shown}; its ${formatNumber(results[place]!.value)} at step ${at} is ${rank}`;
    // Copies come ahead of the others, and copies of copies could keep a single slot for ever.
    if (trial.parent !== undefined && step - trial.parent.step <= interval)
      return { decision: "pause", reason: `${standing}, a fresh copy, waits for its turn` };
    const few = Math.min(Math.ceil(results.length * quantile), Math.floor(results.length / 2));
    if (place < results.length - few) return { decision: "pause", reason: `${standing}, waits for its turn` };
    const best = results.slice(0, few).filter(({ loss }) => loss < results[place]!.loss);
    if (best.length === 0) return { decision: "pause", reason: `${standing}, but none is better; waits for its turn` };
    return (
      replaced(view, trial, step, best, own.relatives, standing) ?? {
        decision: "pause",
        reason: `${standing}, but the best have no checkpoint that a copy could go on from; waits for its turn`,
      }
    );
  }

  /** A member that has come to no number: the best go on in its place, but not in that of a copy that broke at once. */
  function rescue(view: ScheduleView, trial: ScheduledTrial, step: number): Decision | undefined {
    if (trial.parent !== undefined && step - trial.parent.step <= interval) return undefined;
    const own = populationsOf(view, sizeOf(view)).find(({ members }) => members.includes(trial));
    const others = (own?.members ?? []).filter((member) => member !== trial);
    const at = commonStep(others, step, interval, Math.max(1, Math.ceil(others.length / 2)));
    const results = ranking(view, others, at);
    const best = results.slice(0, Math.ceil(results.length * quantile));
    return replaced(view, trial, step, best, own?.relatives ?? [], `step ${step}: the value is not a number`);
  }

  /** A copy of one of the best in the place of a trial; undefined when none of them has a checkpoint to go on from. */
  function replaced(
    view: ScheduleView,
    trial: ScheduledTrial,
    step: number,
    best: readonly Result[],
    relatives: readonly ScheduledTrial[],
    standing: string,
  ): Decision | undefined {
    const copy = copied(view, best, relatives, `${trial.number} exploit at ${step}`);
    if (copy === undefined) return undefined;
    const { text, ...child } = copy;
    return { decision: "exploit", ...child, reason: `${standing}; ${text}` };
  }

  /** A copy of one of these, at random; undefined when none of them has a checkpoint to go on from. */
  function copied(
    view: ScheduleView,
    best: readonly Result[],
    relatives: readonly ScheduledTrial[],
    purpose: string,
  ): { readonly from: number; readonly params: Params; readonly untilStep: number; readonly text: string } | undefined {
    const donors = usable(view, best);
    if (donors.length === 0) return undefined;
    const rng = rngForKey(`${view.seed}:${purpose}`);
    const donor = rng.choice(donors);
    const step = donor.trial.checkpointStep!;
    const { params, note } = explore(view, { donor: donor.trial, step, relatives, interval, rng });
    const noted = note === undefined ? "" : ` (${note})`;
    return {
      from: donor.number,
      params,
      untilStep: untilAfter(step, interval, view.maxSteps),
      text: `a copy of trial ${donor.number} (${formatNumber(donor.value)}) goes on in its place from step ${step}: ${changesText(donor.trial.params, params)}${noted}`,
    };
  }

  return {
    next,
    onReport(view, number, report) {
      const trial = view.trials.get(number);
      const { step } = report;
      const broken = stopNotANumber(report);
      if (broken !== undefined)
        return (trial === undefined || synchronous ? undefined : rescue(view, trial, step)) ?? broken;
      if (trial === undefined || step >= (view.maxSteps ?? Infinity)) return { decision: "continue" };
      const before = trial.reports.at(-2)?.step ?? trial.parent?.step ?? 0;
      const until = trial.untilStep ?? untilAfter(before, interval, view.maxSteps);
      return step < until ? { decision: "continue" } : judge(view, trial, step, report.value);
    },
    brackets: (view) =>
      populationsOf(view, sizeOf(view)).map(({ relatives }, at) => ({
        label: `Population ${at + 1}`,
        rungs: intervalViews(view, relatives, interval),
      })),
  };
}

/** What a training has reported at a step, over the trials it was copied from; undefined when it has not come there. O(copies log). */
export function valueThrough(view: ScheduleView, trial: ScheduledTrial, step: number): number | undefined {
  let at = trial;
  while (at.parent !== undefined && step <= at.parent.step) {
    const parent = view.trials.get(at.parent.number);
    if (parent === undefined) return undefined;
    at = parent;
  }
  return reportFrom(at.reports, step)?.value;
}

/** Those a copy could go on from. One that has not trained yet is its parent once more. */
function usable(view: ScheduleView, results: readonly Result[]): readonly Result[] {
  return results.filter(({ trial: { checkpointStep, reports, state } }) => {
    const isThere = state !== "pruned" && state !== "failed" && reports.length > 0;
    return isThere && checkpointStep !== undefined && checkpointStep < (view.maxSteps ?? Infinity);
  });
}

/** Trials that have come to a step, best first. O(trials log). */
function ranking(view: ScheduleView, trials: readonly ScheduledTrial[], step: number): Result[] {
  return trials.flatMap((trial) => resultAt(view, trial, step) ?? []).sort((a, b) => (goesBefore(a, b) ? -1 : 1));
}

/** The step at which a member that has come to `step` is compared: so many have come there; 0 when nowhere. O(members log). */
function commonStep(members: readonly ScheduledTrial[], step: number, interval: number, needed: number): number {
  const reached = members.map(stepOf).sort((a, b) => b - a)[needed - 1] ?? 0;
  return reached >= step ? step : Math.floor(reached / interval) * interval;
}

/** A member's result at a step; undefined when it has none there. */
function resultAt(view: ScheduleView, trial: ScheduledTrial, step: number): Result | undefined {
  if (step === 0 || stepOf(trial) < step) return undefined;
  const value = valueThrough(view, trial, step);
  if (value === undefined || Number.isNaN(value)) return undefined;
  return { trial, number: trial.number, value, loss: lossOf(value, view.objective.direction) };
}

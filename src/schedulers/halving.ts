/**
 * Synchronous successive halving over cohorts: the trials of a cohort all train to its first rung and pause; when the last one
 * has arrived, the best go on to the next rung from their checkpoints and the others are pruned. Cohorts are filled one after
 * the other in the order of trial numbers; a slot that a cohort can only wait with begins the next one.
 * Sources: K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification" (AISTATS 2016); L. Li et al., "Hyperband" (JMLR 2018).
 * Invariant: who belongs to a cohort follows from trial numbers, and who goes on from what the whole rung has shown, so the
 * number of slots changes neither.
 */
import type { BracketView, RungEntry } from "../core/brackets.ts";
import { formatNumber } from "../core/format.ts";
import { isFinal } from "../core/trial.ts";
import {
  climb,
  counted,
  founders,
  goesBefore,
  headingTo,
  isBegun,
  ordinal,
  stopNotANumber,
  valueAt,
  withoutCheckpoint,
} from "./rungs.ts";
import type { NextAction, ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

/** A cohort as planned. */
export interface CohortPlan {
  /** What tells it from the others, for the panel: "s = 3". */
  readonly note?: string;
  /** Steps of the rungs, increasing. */
  readonly steps: readonly number[];
  /** Trials planned for each of them. */
  readonly sizes: readonly number[];
}

/** The cohorts of a study of this length, in order; after the last the first comes again. One at least. */
export type Plan = (maxSteps: number) => readonly CohortPlan[];

interface Cohort extends CohortPlan {
  /** For people: "bracket 2". */
  readonly label: string;
  readonly members: readonly ScheduledTrial[];
  /** Losses at the rungs each member has come to. */
  readonly losses: readonly (readonly number[])[];
}

interface Place {
  readonly trial: ScheduledTrial;
  readonly losses: readonly number[];
}

interface Standing {
  readonly place: Place;
  readonly number: number;
  readonly loss: number;
}

/** One rung of a cohort, as far as it is known who comes to it. */
interface RungState {
  /** Best first; those that are still on their way are last. */
  readonly entrants: readonly Standing[];
  /** Everyone who will come has come. */
  readonly closed: boolean;
  /** Who goes on, best first; undefined as long as it is open. */
  readonly winners: readonly Standing[] | undefined;
}

export function synchronousHalving(plan: Plan, eta: number): Scheduler {
  let planned: { readonly maxSteps: number; readonly cohorts: readonly CohortPlan[] } | undefined;
  const cohortPlans = (maxSteps: number): readonly CohortPlan[] => {
    if (planned?.maxSteps !== maxSteps) planned = { maxSteps, cohorts: plan(maxSteps) };
    return planned.cohorts;
  };

  /** How many of a study's first cohorts are full and over: nothing of them changes any more. */
  let over: { readonly trials: ScheduleView["trials"]; readonly maxSteps: number; cohorts: number } | undefined;

  /**
   * All cohorts that have members; the last one may have places left. O(trials).
   * @param skipped of so many first cohorts only the members are counted
   */
  function cohortsOf(view: ScheduleView, maxSteps: number, skipped = 0): Cohort[] {
    const plans = cohortPlans(maxSteps);
    const { direction } = view.objective;
    const limit = limitOf(view);
    const cohorts: Cohort[] = [];
    let open: { plan: CohortPlan; members: ScheduledTrial[]; losses: number[][] } | undefined;
    let begun = 0;
    for (const trial of founders(view)) {
      if (open === undefined || open.members.length === open.plan.sizes[0]) {
        const plan = limited(plans[cohorts.length % plans.length]!, begun, limit, eta);
        open = { plan, members: [], losses: [] };
        cohorts.push({ ...plan, members: open.members, losses: open.losses, label: labelOf(cohorts.length) });
      }
      open.members.push(trial);
      if (cohorts.length > skipped) open.losses.push(climb(trial, open.plan.steps, direction));
      begun += 1;
    }
    return cohorts;
  }

  function next(view: ScheduleView): NextAction {
    const { maxSteps, maxTrials } = view;
    if (maxSteps === undefined) return { action: "new" };
    if (over?.trials !== view.trials || over.maxSteps !== maxSteps)
      over = { trials: view.trials, maxSteps, cohorts: 0 };
    const cohorts = cohortsOf(view, maxSteps, over.cohorts);
    const begun = cohorts.reduce((sum, { members }) => sum + members.length, 0);
    const spent = maxTrials !== undefined && begun >= maxTrials;
    let running: string | undefined;
    for (const [at, cohort] of cohorts.entries()) {
      if (at < over.cohorts) continue;
      const isOver = cohort.members.length === cohort.sizes[0] && cohort.members.every(({ state }) => isFinal(state));
      if (isOver && at === over.cohorts) over.cohorts += 1;
      const action = isOver ? undefined : inside(cohort, view.objective.direction);
      if (action?.action === "wait") running ??= action.reason;
      else if (action !== undefined) return action;
    }
    if (spent) {
      const reason = `the budget of ${counted(maxTrials, "trial")} is used and every rung is decided`;
      return { action: "wait", reason: running ?? reason };
    }
    const plans = cohortPlans(maxSteps);
    const { steps, sizes } = limited(plans[cohorts.length % plans.length]!, begun, maxTrials, eta);
    return { action: "new", untilStep: steps[0]!, reason: `1st of ${sizes[0]!} of ${labelOf(cohorts.length)}` };
  }

  return {
    next,
    onReport(view, number, report) {
      const broken = stopNotANumber(report);
      const { maxSteps } = view;
      if (broken !== undefined || maxSteps === undefined) return broken ?? { decision: "continue" };
      const trial = view.trials.get(number);
      if (trial === undefined || report.step < (trial.untilStep ?? 0)) return { decision: "continue" };
      const { label, steps } = cohortOf(view, cohortPlans(maxSteps), number, eta);
      const rung = headingTo(trial, steps);
      if (rung === steps.length - 1 || report.step < steps[rung]!) return { decision: "continue" };
      return {
        decision: "pause",
        reason: `step ${report.step}: ${formatNumber(report.value)}, waits at rung ${rung + 1} of ${label}`,
      };
    },
    *brackets(view) {
      const { maxSteps, objective } = view;
      if (maxSteps === undefined) return;
      for (const cohort of cohortsOf(view, maxSteps, Infinity)) {
        const losses = cohort.members.map((trial) => climb(trial, cohort.steps, objective.direction));
        yield viewOf({ ...cohort, losses });
      }
    },
  };
}

function labelOf(index: number): string {
  return `bracket ${index + 1}`;
}

/** Trials that may begin. A budget that was lowered below those that have begun changes nothing for them. O(trials). */
function limitOf(view: ScheduleView): number | undefined {
  if (view.maxTrials === undefined) return undefined;
  let begun = 0;
  for (const trial of view.trials.values()) if (trial.parent === undefined && isBegun(trial)) begun += 1;
  return Math.max(view.maxTrials, begun);
}

/** A plan of which the budget allows only so many trials: fewer begin, and one goes on from each rung at least. */
function limited(plan: CohortPlan, begun: number, maxTrials: number | undefined, eta: number): CohortPlan {
  const first = Math.min(plan.sizes[0]!, (maxTrials ?? Infinity) - begun);
  if (first === plan.sizes[0] || first < 1) return plan;
  const sizes: number[] = [];
  for (const size of plan.sizes) {
    const before = sizes.at(-1);
    sizes.push(before === undefined ? first : Math.min(size, Math.max(1, Math.floor(before / eta))));
  }
  return { ...plan, sizes };
}

/** The cohort of one trial. O(trials). */
function cohortOf(
  view: ScheduleView,
  plans: readonly CohortPlan[],
  number: number,
  eta: number,
): CohortPlan & { readonly label: string } {
  let before = 0;
  for (const trial of founders(view)) {
    if (trial.number === number) break;
    before += 1;
  }
  const limit = limitOf(view);
  let begun = 0;
  for (let at = 0; ; at++) {
    const plan = limited(plans[at % plans.length]!, begun, limit, eta);
    begun += plan.sizes[0]!;
    if (before < begun) return { ...plan, label: labelOf(at) };
  }
}

/** Rungs from the lowest up to the first that is open. */
function* rungsOf({ members, losses, sizes }: Cohort): Iterable<RungState> {
  let places = members.map((trial, i): Place => ({ trial, losses: losses[i]! }));
  let whole = members.length === sizes[0];
  for (let rung = 0; rung < sizes.length; rung++) {
    const entrants = places
      .map((place): Standing => ({ place, number: place.trial.number, loss: place.losses[rung] ?? Number.NaN }))
      .sort((a, b) => (goesBefore(a, b) ? -1 : 1));
    const closed = whole && places.every(({ trial, losses }) => losses.length > rung || isFinal(trial.state));
    const going = closed
      ? entrants.filter(({ loss }) => !Number.isNaN(loss)).slice(0, sizes[rung + 1] ?? 0)
      : undefined;
    yield { entrants, closed, winners: going };
    if (going === undefined) return;
    places = going.map(({ place }) => place);
    whole = true;
  }
}

/** What a slot can do for a cohort; undefined when all of it is decided. O(members log members). */
function inside(cohort: Cohort, direction: "minimize" | "maximize"): NextAction | undefined {
  const { label, steps, sizes, members } = cohort;
  let rung = 0;
  for (const { entrants, closed, winners } of rungsOf(cohort)) {
    if (rung > 0) {
      // They have won the rung below.
      for (const [place, { place: entrant, number }] of entrants.entries()) {
        const { trial, losses } = entrant;
        if (trial.state !== "paused" || losses.length !== rung) continue;
        const value = formatNumber(direction === "maximize" ? -losses[rung - 1]! : losses[rung - 1]!);
        return {
          action: "resume",
          number,
          untilStep: steps[rung]!,
          reason: `${ordinal(placeAt(cohort, rung - 1, number) ?? place + 1)} of ${sizes[rung - 1]!} at rung ${rung} of ${label} (step ${steps[rung - 1]!}: ${value}), goes on to step ${steps[rung]!}${withoutCheckpoint(trial)}`,
        };
      }
    }
    if (!closed) {
      if (rung === 0 && members.length < sizes[0]!) {
        return {
          action: "new",
          untilStep: steps[0]!,
          reason: `${ordinal(members.length + 1)} of ${sizes[0]!} of ${label}`,
        };
      }
      const missing = entrants.filter(({ place }) => place.losses.length <= rung && !isFinal(place.trial.state)).length;
      return { action: "wait", reason: `rung ${rung + 1} of ${label} waits for ${counted(missing, "trial")}` };
    }
    const going = new Set(winners!.map(({ number }) => number));
    for (const [place, { place: entrant, number }] of entrants.entries()) {
      const { trial, losses } = entrant;
      if (going.has(number) || trial.state !== "paused" || losses.length !== rung + 1) continue;
      const value = formatNumber(direction === "maximize" ? -losses[rung]! : losses[rung]!);
      return {
        action: "drop",
        number,
        reason: `step ${steps[rung]!}: ${value} is ${ordinal(place + 1)} of ${entrants.length} at rung ${rung + 1} of ${label}, ${going.size === 1 ? "the best goes" : `the best ${going.size} go`} on`,
      };
    }
    rung += 1;
  }
  return undefined;
}

/** The place of a trial at a rung that is decided, from 1. */
function placeAt(cohort: Cohort, rung: number, number: number): number | undefined {
  let at = 0;
  for (const { entrants } of rungsOf(cohort)) {
    if (at++ === rung) return entrants.findIndex((entrant) => entrant.number === number) + 1;
  }
  return undefined;
}

function viewOf(cohort: Cohort): BracketView {
  const { label, note, steps, sizes } = cohort;
  const states = [...rungsOf(cohort)];
  return {
    label: `B${label.slice(1)}${note === undefined ? "" : ` (${note})`}`,
    rungs: steps.map((step, rung) => {
      const state = states[rung];
      const going = new Set(state?.winners?.map(({ number }) => number));
      const outcome = ({ place: { trial, losses }, number, loss }: Standing): RungEntry["outcome"] => {
        const { state: own } = trial;
        if (losses.length <= rung) return isFinal(own) ? "failed" : "running";
        if (own === "complete" && rung === steps.length - 1) return "complete";
        if (going.has(number)) return "promoted";
        if (own === "failed") return "failed";
        if (own === "complete") return "complete";
        if (own === "pruned" || Number.isNaN(loss) || state?.closed === true) return "stopped";
        return rung === steps.length - 1 ? "running" : "waiting";
      };
      return {
        step,
        capacity: sizes[rung]!,
        entries: (state?.entrants ?? []).map((entrant): RungEntry => {
          const { trial, losses } = entrant.place;
          const value = losses.length <= rung ? Number.NaN : valueAt(trial, step);
          return { number: entrant.number, value, outcome: outcome(entrant) };
        }),
      };
    }),
  };
}

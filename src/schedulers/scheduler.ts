/**
 * The contract of a scheduler: how long each trial may run, and whether to start, resume, drop or wait.
 * Life cycle: one instance per study run; `next` when a slot is free, `onReport` on every intermediate value of the first
 * objective. Invariant: everything an instance knows follows from the `ScheduleView`, so it can be rebuilt after a crash;
 * every decision but "continue" carries a reason a person can read.
 *
 * How a trial moves: `next` starts it with `untilStep`, the step (epoch) at which it will be judged. At that step `onReport`
 * answers "continue" (it trains on), "pause" (its checkpoint is kept), "stop" (pruned) or "exploit". A paused trial goes on
 * when `next` resumes it with a later `untilStep`, or is pruned when `next` drops it. A trial that reaches `untilStep`
 * without an answer but "continue" while more steps are left is paused by the engine.
 */
import type { BracketView } from "../core/brackets.ts";
import type { Objective } from "../core/objective.ts";
import type { Params, Space } from "../core/space/parameter.ts";
import type { Parent, Report, TrialState } from "../core/trial.ts";

export type { Parent };

/** One trial as a scheduler sees it. `reports` are those of the first objective, by increasing step. */
export interface ScheduledTrial {
  readonly number: number;
  readonly state: TrialState;
  readonly params: Params;
  readonly reports: readonly Report[];
  /** Step of its newest checkpoint; undefined = a resumed trial begins again. */
  readonly checkpointStep: number | undefined;
  /** Where it was last told to stop; undefined = at its end, or nobody has asked for it yet. */
  readonly untilStep: number | undefined;
  /** Set when it was made by "exploit". */
  readonly parent: Parent | undefined;
}

export interface ScheduleView {
  readonly objective: Objective;
  readonly objectives: readonly [Objective, ...Objective[]];
  readonly space: Space;
  readonly seed: number;
  /** Steps (epochs) of a full training, if known. */
  readonly maxSteps?: number;
  /** Trials the budget allows, children of "exploit" not counted; undefined = no limit. */
  readonly maxTrials?: number;
  /** Slots. */
  readonly parallel: number;
  /** All trials by number. Live: reads are current, never copied. */
  readonly trials: ReadonlyMap<number, ScheduledTrial>;
  /** Reports of any metric of a trial, by increasing step; empty where there is none. O(1) after the first call. */
  readonly reportsOf: (number: number, metric: string) => readonly Report[];
  /** Whether changing the parameter makes trained weights useless (layers, units ...). */
  readonly isStructural: (parameter: string) => boolean;
  /** Whether a configuration satisfies the constraints of the study; absent when there are none. */
  readonly isFeasible?: (params: Params) => boolean;
  /** Lets others have a turn, between two parts of a long computation; absent where nobody waits. */
  readonly breathe?: () => Promise<void>;
}

/** "continue" | stop for good as pruned | stop but keep for later | replace by a copy of another trial (populations). */
export type Decision =
  | { readonly decision: "continue" }
  | { readonly decision: "stop"; readonly reason: string }
  | { readonly decision: "pause"; readonly reason: string }
  /**
   * The trial ends as pruned; a new one with `params` and a copy of the newest checkpoint of `from` (weights, optimizer,
   * hypergradient state) waits in its place and will be judged at `untilStep`.
   */
  | {
      readonly decision: "exploit";
      readonly from: number;
      readonly params: Params;
      readonly untilStep?: number;
      readonly reason: string;
    };

export type NextAction =
  | { readonly action: "new"; readonly untilStep?: number; readonly reason?: string }
  | { readonly action: "resume"; readonly number: number; readonly untilStep?: number; readonly reason: string }
  /**
   * A new trial with `params` waits for this slot with a copy of the newest checkpoint of `from`, as after "exploit": in the place
   * of one that has failed or was dropped. The budget does not count it.
   */
  | {
      readonly action: "copy";
      readonly from: number;
      readonly params: Params;
      readonly untilStep?: number;
      readonly reason: string;
    }
  /** A paused trial will not go on: it ends as pruned, and `next` is asked again. */
  | { readonly action: "drop"; readonly number: number; readonly reason: string }
  /** Nothing for this slot now. When nothing runs either, the study is over. */
  | { readonly action: "wait"; readonly reason: string };

export interface Scheduler {
  /** What a free slot should do. `view` is up to date. */
  next(view: ScheduleView): NextAction | Promise<NextAction>;
  /** Called after `report` of trial `number` has been stored (it is the last of its reports). NaN is reported as NaN. */
  onReport(view: ScheduleView, number: number, report: Report): Decision;
  /**
   * The rungs and who stands where, for the panel; absent for methods without rungs. O(trials) in all. Brackets may be worked
   * out one at a time, each as the view is when it is asked for, so that thousands of trials need not be one piece of work.
   */
  brackets?(view: ScheduleView): Iterable<BracketView>;
}

/**
 * The contract of a scheduler: how long each trial may run, and whether to start, resume or wait.
 * Life cycle: one instance per study run; `next` when a slot is free, `onReport` on every intermediate value of the first
 * objective. Invariant: everything an instance knows follows from the `ScheduleView`, so it can be rebuilt after a crash;
 * every decision but "continue" carries a reason a person can read.
 */
import type { Objective } from "../core/objective.ts";
import type { Params } from "../core/space/parameter.ts";
import type { Report, TrialState } from "../core/trial.ts";

/** One trial as a scheduler sees it. `reports` are those of the first objective, by increasing step. */
export interface ScheduledTrial {
  readonly number: number;
  readonly state: TrialState;
  readonly params: Params;
  readonly reports: readonly Report[];
  readonly hasCheckpoint: boolean;
}

export interface ScheduleView {
  readonly objective: Objective;
  readonly seed: number;
  /** Steps (epochs) of a full training, if known. */
  readonly maxSteps?: number;
  /** All trials by number. Live: reads are current, never copied. */
  readonly trials: ReadonlyMap<number, ScheduledTrial>;
}

/** "continue" | stop for good as pruned | stop but keep for later | replace by another trial's state (populations). */
export type Decision =
  | { readonly decision: "continue" }
  | { readonly decision: "stop"; readonly reason: string }
  | { readonly decision: "pause"; readonly reason: string }
  | { readonly decision: "exploit"; readonly from: number; readonly params: Params; readonly reason: string };

export type NextAction =
  | { readonly action: "new"; readonly untilStep?: number; readonly reason?: string }
  | { readonly action: "resume"; readonly number: number; readonly untilStep?: number; readonly reason: string }
  | { readonly action: "wait"; readonly reason: string };

export interface Scheduler {
  /** What a free slot should do. `view` is up to date. */
  next(view: ScheduleView): NextAction;
  /** Called after `report` of trial `number` has been stored (it is the last of its reports). NaN is reported as NaN. */
  onReport(view: ScheduleView, number: number, report: Report): Decision;
}

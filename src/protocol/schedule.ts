/**
 * What the panel shows of scheduling: rungs, decisions with their reasons, lineage, and who ran where and when.
 * Invariant: everything here is stored or follows from what is stored; nothing is estimated but where it says so.
 */
import type { BracketView } from "../core/brackets.ts";

/** One decision of a scheduler, in the order in which they were made. */
export interface DecisionRow {
  readonly at: number;
  readonly number: number;
  /** Step of the report that was judged; -1 for what happened between reports. */
  readonly step: number;
  readonly decision: "promote" | "pause" | "stop" | "exploit" | "drop";
  readonly reason: string;
}

/** A trial that began with another one's checkpoint. */
export interface LineageRow {
  readonly number: number;
  readonly parent: number;
  /** Step of the checkpoint it was given. */
  readonly step: number;
}

/** Every attempt of every trial, as columns: attempt i of a trial from start to end in a slot. */
export interface AttemptColumns {
  readonly number: Int32Array;
  readonly attempt: Int32Array;
  readonly slot: Int32Array;
  /** Milliseconds since 1970; the end is NaN while it runs. */
  readonly startedAt: Float64Array;
  readonly endedAt: Float64Array;
  /** Steps it began after and got to; NaN if unknown. */
  readonly fromStep: Float64Array;
  readonly toStep: Float64Array;
  /** Index into `attemptOutcomes`. */
  readonly outcome: Uint8Array;
}

/** The order is on the wire: append, never reorder. */
export const attemptOutcomes = ["running", "complete", "pruned", "paused", "failed", "interrupted"] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export interface ScheduleReport {
  readonly revision: number;
  readonly scheduler: string;
  /** Steps of a full training, if known. */
  readonly maxSteps?: number;
  /** Steps that were trained, those trained again after a restart included. */
  readonly trainedSteps: number;
  /** Steps that all trials started so far would have taken without a scheduler; undefined if unknown. */
  readonly fullSteps?: number;
  readonly brackets: readonly BracketView[];
  /** The newest 2,000, oldest first. */
  readonly decisions: readonly DecisionRow[];
  readonly lineage: readonly LineageRow[];
  readonly attempts: AttemptColumns;
}

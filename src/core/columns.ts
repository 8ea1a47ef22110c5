/**
 * Trials as columns: how many trials travel from engine to panel. No row objects; index i is the same trial in every column.
 * Invariant: all columns of one `TrialColumns` have `count` entries and belong to one revision.
 */
import type { Direction } from "./objective.ts";
import type { ParamValue } from "./space/parameter.ts";

export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  readonly scale: "linear" | "log";
  readonly integer: boolean;
  /** Domain of the parameter, in its own unit. */
  readonly low: number;
  readonly high: number;
  /** NaN where the parameter is not active. */
  readonly values: Float64Array;
}

export interface CategoryColumn {
  readonly kind: "category";
  readonly name: string;
  readonly categories: readonly ParamValue[];
  /** Index into `categories`; -1 where the parameter is not active. */
  readonly codes: Int32Array;
}

export type ParamColumn = NumberColumn | CategoryColumn;

export interface ObjectiveColumn {
  readonly metric: string;
  readonly direction: Direction;
  /** NaN unless the trial is complete (or pruned: the last report of the first objective is in `last`). */
  readonly values: Float64Array;
}

export interface MetricColumn {
  readonly metric: string;
  /** Last reported or final value; NaN where never reported. */
  readonly values: Float64Array;
}

export interface TrialColumns {
  readonly studyId: number;
  readonly revision: number;
  readonly count: number;
  /** Increasing. */
  readonly number: Int32Array;
  /** Index into `trialStates`. */
  readonly state: Uint8Array;
  readonly objectives: readonly ObjectiveColumn[];
  /** In the order of the study file; constants left out. */
  readonly params: readonly ParamColumn[];
  /** Other metrics, objectives left out. */
  readonly metrics: readonly MetricColumn[];
  /** Last intermediate value of the first objective and its step; NaN if none. */
  readonly lastValue: Float64Array;
  readonly lastStep: Float64Array;
  /** Milliseconds since 1970; NaN if it has not happened. */
  readonly startedAt: Float64Array;
  readonly finishedAt: Float64Array;
  /** Slot it ran in; -1 if none. */
  readonly slot: Int32Array;
}

/** Learning curves of several trials, flattened: trial i owns entries offsets[i] .. offsets[i + 1]. */
export interface CurveColumns {
  readonly studyId: number;
  readonly revision: number;
  readonly metric: string;
  readonly number: Int32Array;
  readonly offsets: Int32Array;
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Trials that have reports but were left out because the answer would be too large. */
  readonly omitted: number;
}

/**
 * What the engine and the thread of a heavy sampler say to each other: plain data that survives structured cloning.
 * Invariant: the thread answers every request with its `id`; finished trials are said once and in order, paused ones as often as
 * they change, so both hold the same.
 */
import { BasinError, type BasinErrorCode } from "../../core/errors.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import type { Suggestion } from "../../samplers/sampler.ts";

export type ToThread =
  /** The study, before anything else; again when its budget has changed. */
  | { readonly type: "study"; readonly definition: StudyDefinition }
  /** Trials that finished since the last ones. */
  | { readonly type: "finished"; readonly trials: readonly FinishedTrial[] }
  /** Paused trials that have reported since the last ones, and those that are paused no more. */
  | { readonly type: "paused"; readonly trials: readonly PendingTrial[]; readonly gone: readonly number[] }
  | {
      readonly type: "suggest";
      readonly id: number;
      readonly number: number;
      readonly untilStep?: number;
      readonly maxSteps?: number;
      /** But for those said to be paused. */
      readonly pending: readonly PendingTrial[];
    };

export type FromThread =
  | { readonly id: number; readonly suggestion: Suggestion }
  | { readonly id: number; readonly error: ErrorData };

/** An error as data. */
export interface ErrorData {
  /** Only of a BasinError. */
  readonly code?: BasinErrorCode;
  readonly hint?: string;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

export function errorData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  const own = stack === undefined ? { name, message } : { name, message, stack };
  return error instanceof BasinError ? { ...own, code: error.code, hint: error.hint } : own;
}

/** The error that `errorData` was made of, for all that matters; its stack is that of the other thread. */
export function errorOf(data: ErrorData): Error {
  const error = data.code === undefined ? new Error(data.message) : new BasinError(data.code, data.message, data.hint);
  error.name = data.name;
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

/** The parts of a trial that samplers may look at, as plain data. */
export function finishedData(trial: FinishedTrial): FinishedTrial {
  const { number, state, params, values, last, untilStep, curve, gradient } = trial;
  return {
    number,
    state,
    params,
    values,
    ...(last === undefined ? {} : { last }),
    ...(untilStep === undefined ? {} : { untilStep }),
    ...(curve === undefined ? {} : { curve }),
    ...(gradient === undefined ? {} : { gradient }),
  };
}

export function pendingData({ number, state, params, last, untilStep, curve }: PendingTrial): PendingTrial {
  return {
    number,
    state,
    params,
    ...(last === undefined ? {} : { last }),
    ...(untilStep === undefined ? {} : { untilStep }),
    ...(curve === undefined ? {} : { curve: [...curve] }),
  };
}

/**
 * Every attempt of every trial as columns: who ran where and when, over which steps.
 * Invariant: read from the store when somebody first asks; from then on every change that was stored is written here, too.
 */
import type { AttemptEnd } from "../core/trial.ts";
import { type AttemptColumns, attemptOutcomes } from "../protocol/schedule.ts";
import type { AttemptSteps, StoredAttempt, TrialStore } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import type { Spent } from "./budget.ts";
import { GrowingColumns } from "./growingColumns.ts";

const pageSize = 200;

export type AttemptsSpent = Omit<Spent, "gpuMs">;

export class AttemptLog {
  readonly #store: TrialStore;
  readonly #studyId: number;
  readonly #columns = new GrowingColumns();
  readonly #number = this.#columns.ints();
  readonly #attempt = this.#columns.ints();
  readonly #slot = this.#columns.ints();
  readonly #startedAt = this.#columns.doubles();
  readonly #endedAt = this.#columns.doubles();
  readonly #fromStep = this.#columns.doubles();
  readonly #toStep = this.#columns.doubles();
  readonly #outcome = this.#columns.bytes();
  /** Row of the attempt of a trial that runs. */
  readonly #running = new Map<number, number>();
  readonly #begun = new Set<number>();
  #count = 0;
  /** Trials below it have been read. */
  #read = 0;
  #trained = 0;
  #busyMs = 0;
  /** What the store says, as long as nothing changes. */
  #stored: AttemptsSpent | undefined;
  #loading: Promise<void> | undefined;

  constructor(store: TrialStore, studyId: number) {
    this.#store = store;
    this.#studyId = studyId;
  }

  /** Reads the store once. O(attempts), in pages. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    for (;;) {
      const to = Math.min(this.#read + pageSize, this.#store.trialCount(this.#studyId));
      for (const attempt of this.#store.attempts(this.#studyId, this.#read, to)) this.#add(attempt);
      this.#read = to;
      if (to >= this.#store.trialCount(this.#studyId)) {
        // Trials that come from here on are written by whoever starts them.
        this.#read = Number.POSITIVE_INFINITY;
        return;
      }
      await breathe();
    }
  }

  /** An attempt that has just been stored. */
  start(attempt: StoredAttempt): void {
    this.#stored = undefined;
    if (attempt.number < this.#read) this.#add(attempt);
  }

  /** The end of a trial's attempt, if one runs, has just been stored. */
  end(number: number, at: number | undefined, steps: AttemptSteps | undefined, outcome: AttemptEnd): void {
    this.#stored = undefined;
    const row = this.#running.get(number);
    if (row === undefined) return;
    this.#running.delete(number);
    this.#endedAt.data[row] = at ?? this.#startedAt.data[row] ?? Number.NaN;
    if (steps?.from !== undefined) this.#fromStep.data[row] = steps.from;
    this.#toStep.data[row] = steps?.to ?? Number.NaN;
    this.#outcome.data[row] = attemptOutcomes.indexOf(outcome);
    this.#countSteps(row);
  }

  #add(attempt: StoredAttempt): void {
    const row = this.#count;
    this.#count += 1;
    this.#columns.reserve(this.#count);
    this.#number.data[row] = attempt.number;
    this.#attempt.data[row] = attempt.attempt;
    this.#slot.data[row] = attempt.slot;
    this.#startedAt.data[row] = attempt.startedAt;
    this.#endedAt.data[row] = attempt.endedAt ?? Number.NaN;
    this.#fromStep.data[row] = attempt.fromStep ?? Number.NaN;
    this.#toStep.data[row] = attempt.toStep ?? Number.NaN;
    this.#outcome.data[row] = attemptOutcomes.indexOf(attempt.outcome);
    this.#begun.add(attempt.number);
    if (attempt.endedAt === undefined) this.#running.set(attempt.number, row);
    else this.#countSteps(row);
  }

  #countSteps(row: number): void {
    const steps = (this.#toStep.data[row] ?? Number.NaN) - (this.#fromStep.data[row] ?? Number.NaN);
    if (steps > 0) this.#trained += steps;
    const busy = (this.#endedAt.data[row] ?? Number.NaN) - (this.#startedAt.data[row] ?? Number.NaN);
    if (busy > 0) this.#busyMs += busy;
  }

  /** What attempts that have ended took, and how many trials were begun. O(1), or O(attempts) once while it is not loaded. */
  get spent(): AttemptsSpent {
    if (this.#read === Number.POSITIVE_INFINITY)
      return { busyMs: this.#busyMs, steps: this.#trained, begun: this.#begun.size };
    this.#stored ??= this.#store.spent(this.#studyId);
    return this.#stored;
  }

  /** Trials that have been started at least once. */
  get begun(): ReadonlySet<number> {
    return this.#begun;
  }

  /** Copies of all columns. @param live steps of attempts under way, by trial. O(attempts), a move of memory. */
  columns(live: ReadonlyMap<number, { readonly from: number; readonly to: number }>): AttemptColumns {
    const count = this.#count;
    const fromStep = this.#fromStep.data.slice(0, count);
    const toStep = this.#toStep.data.slice(0, count);
    for (const [number, { from, to }] of live) {
      const row = this.#running.get(number);
      if (row === undefined) continue;
      fromStep[row] = from;
      toStep[row] = to;
    }
    return {
      number: this.#number.data.slice(0, count),
      attempt: this.#attempt.data.slice(0, count),
      slot: this.#slot.data.slice(0, count),
      startedAt: this.#startedAt.data.slice(0, count),
      endedAt: this.#endedAt.data.slice(0, count),
      fromStep,
      toStep,
      outcome: this.#outcome.data.slice(0, count),
    };
  }
}

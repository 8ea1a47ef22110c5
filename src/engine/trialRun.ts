/**
 * One attempt of one trial, from its start to the end of its process.
 * Invariant: `settled` once the trial has left `running` in the store; from then on its events are dropped, so what a trainer
 * says after a decision cannot change a result. From `pause` on only its checkpoint is waited for.
 */
import type { RunningTrial } from "../executors/executor.ts";
import type { StoredDecision, StoredReport } from "../storage/trialStore.ts";

/** A pause that has been decided on and stored; the trial stays `running` until its checkpoint is there. */
export interface DecidedPause {
  readonly step: number;
  readonly reason: string;
  /** The trial is at the step it was to be judged at: if its trainer says that it is done there, it is. */
  readonly mayComplete: boolean;
}

export interface TrialRunOptions {
  readonly number: number;
  readonly slot: number;
  readonly attempt: number;
  readonly startedAt: number;
  readonly owner?: unknown;
  /** Where it is to stop; undefined = at its end. */
  readonly untilStep?: number | undefined;
  /** Step of what it begins with, as far as is known. */
  readonly fromStep: number;
  /** Step of the parent's checkpoint. */
  readonly parentStep?: number | undefined;
}

export class TrialRun {
  readonly number: number;
  readonly slot: number;
  readonly attempt: number;
  readonly startedAt: number;
  /** Who asked for the trial, when it is driven from outside. */
  readonly owner: unknown;
  /** Last value of every metric, and the step it was for. */
  readonly latest = new Map<string, number>();
  readonly steps = new Map<string, number>();
  process: RunningTrial | undefined;
  placement: string | undefined;
  /** Steps the trainer plans. */
  planned: number | undefined;
  exited = false;
  readonly untilStep: number | undefined;
  /** Reports of this step and earlier ones are the parent's; -1 without one. */
  readonly floor: number;
  pause: DecidedPause | undefined;
  /** What was decided about the last report, for a trial driven from outside; undefined: it goes on. */
  decision: StoredDecision | undefined;
  /** Ends the wait for a process that has said all. */
  cancelLinger: (() => void) | undefined;
  /** Things worth one line in the log, not one a step. */
  readonly told = new Set<string>();

  #settled = false;
  readonly #whenSettled: (() => void)[] = [];
  readonly #fromStep: number;
  #first: number | undefined;
  #furthest: number | undefined;
  /** Last step that earlier attempts have reported. */
  #before = -1;

  constructor(options: TrialRunOptions) {
    this.number = options.number;
    this.slot = options.slot;
    this.attempt = options.attempt;
    this.startedAt = options.startedAt;
    this.owner = options.owner;
    this.untilStep = options.untilStep;
    this.floor = options.parentStep ?? -1;
    this.#fromStep = options.fromStep;
  }

  get settled(): boolean {
    return this.#settled;
  }

  settle(): void {
    this.#settled = true;
    for (const resolve of this.#whenSettled.splice(0)) resolve();
  }

  /** Resolves when the trial has left `running`. */
  get settlement(): Promise<void> {
    return this.#settled ? Promise.resolve() : new Promise((resolve) => this.#whenSettled.push(resolve));
  }

  /** A step has been trained, whether its report counts or not. */
  trained(step: number): void {
    this.#first = Math.min(step, this.#first ?? step);
    this.#furthest = Math.max(step, this.#furthest ?? step);
  }

  /** Steps that the attempt began after and has got to. */
  get trainedSteps(): { readonly from: number; readonly to: number } {
    const known = this.#fromStep;
    if (this.#first === undefined || this.#furthest === undefined) return { from: known, to: known };
    const begun = this.#first - 1;
    // It may have begun earlier than thought, or with a checkpoint that nobody was told of; else steps are just not all reported.
    return { from: begun < known || begun <= this.#before ? begun : known, to: this.#furthest };
  }

  /** Takes over what earlier attempts have reported */
  resume(reports: readonly StoredReport[]): void {
    for (const report of reports) {
      this.#before = Math.max(this.#before, report.step);
      if (report.step < (this.steps.get(report.metric) ?? -1)) continue;
      this.latest.set(report.metric, report.value);
      this.steps.set(report.metric, report.step);
    }
  }

  /** The last step of any metric. */
  get step(): number | undefined {
    let step: number | undefined;
    for (const value of this.steps.values()) if (step === undefined || value > step) step = value;
    return step;
  }
}

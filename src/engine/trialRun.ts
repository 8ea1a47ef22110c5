/**
 * One attempt of one trial, from its start to the end of its process.
 * Invariant: `settled` once the trial has left `running` in the store; from then on its events are dropped, so what a trainer
 * says after a decision cannot change a result.
 */
import type { RunningTrial } from "../executors/executor.ts";
import type { Decision } from "../schedulers/scheduler.ts";
import type { StoredReport } from "../storage/trialStore.ts";

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
  settled = false;
  exited = false;
  /** What the scheduler said last, for a trial driven from outside. */
  decision: Decision = { decision: "continue" };
  /** Ends the wait for a process that has said all. */
  cancelLinger: (() => void) | undefined;
  /** Things worth one line in the log, not one a step. */
  readonly told = new Set<string>();

  constructor(options: { number: number; slot: number; attempt: number; startedAt: number; owner?: unknown }) {
    this.number = options.number;
    this.slot = options.slot;
    this.attempt = options.attempt;
    this.startedAt = options.startedAt;
    this.owner = options.owner;
  }

  /** Takes over what earlier attempts have reported. */
  resume(reports: readonly StoredReport[]): void {
    for (const report of reports) {
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

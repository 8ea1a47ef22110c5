/**
 * The way of reports from trainers into the store, the scheduler and the columns, in small batches.
 * Invariant: reports are judged one by one in the order of their arrival, as if each had been stored by itself; what comes
 * after a decision to pause or end the trial is dropped, so batching and timing change no result. A decision is stored together
 * with the reports it follows from. Memory runs ahead of the store only within one `flush`.
 */
import type { Report } from "../core/trial.ts";
import type { StoredDecision, StoredReport } from "../storage/trialStore.ts";
import type { Clock } from "./clock.ts";
import type { TrialBook } from "./trialBook.ts";
import type { TrialRun } from "./trialRun.ts";

const flushMs = 20;

export interface ReportFlowOptions {
  readonly book: TrialBook;
  readonly clock: Clock;
  /** Metric of the first objective. */
  readonly objective: string;
  /** What is to happen after the last report of a trial; undefined: it goes on. */
  readonly decide: (run: TrialRun, report: Report) => StoredDecision | undefined;
  /** The decision and the reports up to it are stored. */
  readonly apply: (run: TrialRun, decision: StoredDecision) => void;
  /** A trial that is to pause has (again) reported the step of its pause, or a later one. */
  readonly overdue: (run: TrialRun) => void;
  readonly warn: (run: TrialRun, message: string) => void;
  /** Something was stored, and what follows from it has been done. */
  readonly stored: () => void;
  /** A timed flush failed. */
  readonly failed: (error: unknown) => void;
}

interface Pending {
  readonly run: TrialRun;
  readonly at: number;
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export class ReportFlow {
  readonly #options: ReportFlowOptions;
  #buffer: Pending[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: ReportFlowOptions) {
    this.#options = options;
  }

  push(run: TrialRun, step: number, metrics: Readonly<Record<string, number>>): void {
    if (run.settled) return;
    const { clock, failed } = this.#options;
    this.#buffer.push({ run, at: clock.now(), step, metrics });
    this.#cancel ??= clock.after(flushMs, () => {
      try {
        this.flush();
      } catch (error) {
        failed(error);
      }
    });
  }

  /** Stores and judges all that has come. Called before anything that depends on it. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#buffer.length === 0) return;
    const pending = this.#buffer;
    this.#buffer = [];
    const { book, objective, decide, apply, overdue, stored } = this.#options;
    const accepted = new Map<TrialRun, StoredReport[]>();
    const decisions = new Map<TrialRun, StoredDecision>();
    const late = new Set<TrialRun>();
    for (const entry of pending) {
      const { run, step } = entry;
      if (run.settled || decisions.has(run)) continue;
      if (run.pause !== undefined) {
        if (step >= run.pause.step) late.add(run);
        continue;
      }
      let list = accepted.get(run);
      if (list === undefined) accepted.set(run, (list = []));
      const before = list.length;
      const judged = this.#accept(entry, list);
      // All metrics of a report are known before the first objective's is judged.
      book.note(run.number, list.slice(before));
      if (!judged) continue;
      const decision = decide(run, { step, value: run.latest.get(objective) ?? Number.NaN });
      if (decision !== undefined) decisions.set(run, decision);
    }
    for (const [run, reports] of accepted) {
      if (reports.length > 0) book.report(run.number, reports, run.latest, decisions.get(run));
    }
    for (const [run, decision] of decisions) apply(run, decision);
    for (const run of late) overdue(run);
    stored();
  }

  /** Takes what is new of one report into `list`; true when it is a new value of the first objective. */
  #accept({ run, at, step, metrics }: Pending, list: StoredReport[]): boolean {
    const { book, objective, warn } = this.#options;
    let judged = false;
    for (const [metric, value] of Object.entries(metrics)) {
      const last = run.steps.get(metric) ?? run.floor;
      if (step <= last) {
        // A later attempt repeats what an earlier one has said.
        if (run.attempt === 1 && run.floor < 0 && !run.told.has("order")) {
          run.told.add("order");
          warn(
            run,
            `${metric} was reported for step ${step} after step ${last}: steps must increase, so it is ignored.`,
          );
        }
        continue;
      }
      if (!book.admitsMetric(metric)) {
        if (!run.told.has("metrics")) {
          run.told.add("metrics");
          warn(run, `The study has too many metrics; "${metric}" and further new ones are not kept.`);
        }
        continue;
      }
      run.steps.set(metric, step);
      run.latest.set(metric, value);
      list.push({ step, metric, value, at });
      if (metric === objective) judged = true;
    }
    return judged;
  }
}

/**
 * The trials of a study while it is worked on: every change of a trial goes through here, first into the store, then into
 * the memory that samplers, schedulers and panels read.
 * Invariant: memory never knows more than the store; history is in the order of finishing, as the store has it, so a resumed
 * study sees what an uninterrupted one would have seen.
 */
import type { Params } from "../core/space/parameter.ts";
import type { FinishedTrial, OpenState, PendingTrial, Report, TrialState } from "../core/trial.ts";
import { gradientOf, isFinal } from "../core/trial.ts";
import type { Parent, ScheduledTrial } from "../schedulers/scheduler.ts";
import type { StoredReport, Suspension, TrialFinish, TrialRecord, TrialStore } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import type { StudyIndex } from "./studyIndex.ts";

const pageSize = 200;
const orderPage = 5000;
/** Distinct metrics a study keeps; a program that makes up a name per step must not fill the memory. */
export const maxMetrics = 200;

export interface BookOptions {
  readonly store: TrialStore;
  readonly studyId: number;
  readonly index: StudyIndex;
  /** Metric of the first objective. */
  readonly objective: string;
  /** Read all reports of the objective at the start: the scheduler will want them. */
  readonly wantsReports: boolean;
  /** What the sampler wants to see of finished trials beside their values. */
  readonly needs?: "curves" | "gradients";
}

/** One trial as all readers see it: sampler, scheduler and runner. */
export interface BookTrial extends ScheduledTrial {
  readonly attempt: number;
  readonly interruptions: number;
  readonly values: readonly number[];
  readonly last?: Report;
}

class Entry implements BookTrial {
  readonly number: number;
  readonly params: Params;
  state: TrialState;
  attempt: number;
  interruptions: number;
  untilStep: number | undefined;
  values: readonly number[];
  last?: Report;
  checkpointStep: number | undefined;
  readonly parent: Parent | undefined;
  known: Report[] | undefined;
  curve?: readonly Report[];
  gradient?: Readonly<Record<string, number>>;
  readonly #read: (number: number) => Report[];

  constructor(record: TrialRecord, read: (number: number) => Report[]) {
    this.number = record.number;
    this.params = record.params;
    this.state = record.state;
    this.attempt = record.attempt;
    this.interruptions = record.interruptions;
    this.untilStep = record.untilStep;
    this.values = record.values;
    if (record.last !== undefined) this.last = record.last;
    this.checkpointStep = record.checkpoint?.step;
    this.parent = undefined;
    this.#read = read;
  }

  /** Reports of the first objective, read when somebody asks. */
  get reports(): readonly Report[] {
    this.known ??= this.#read(this.number);
    return this.known;
  }
}

export class TrialBook {
  readonly #store: TrialStore;
  readonly #studyId: number;
  readonly #index: StudyIndex;
  readonly #objective: string;
  readonly #wantsReports: boolean;
  readonly #needs: BookOptions["needs"];
  readonly #trials = new Map<number, Entry>();
  readonly #open = new Map<number, Entry>();
  readonly #history: Entry[] = [];
  #evidence: FinishedTrial[] = this.#history as FinishedTrial[];
  readonly #metrics: Set<string>;
  #loading: Promise<void> | undefined;

  constructor(options: BookOptions) {
    this.#store = options.store;
    this.#studyId = options.studyId;
    this.#index = options.index;
    this.#objective = options.objective;
    this.#wantsReports = options.wantsReports || options.needs === "curves";
    this.#needs = options.needs;
    this.#metrics = new Set(options.store.reportedMetrics(options.studyId));
  }

  /** Reads the store once, in pages. Must be awaited before anything else. O(trials). */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    await this.#index.load();
    const read = (number: number): Report[] => this.#readReports(number, number + 1).get(number) ?? [];
    for (;;) {
      const from = this.#trials.size;
      const page = this.#store.trials(this.#studyId, from, pageSize);
      const reports = this.#wantsReports ? this.#readReports(from, from + page.length) : undefined;
      for (const record of page) {
        const entry = new Entry(record, read);
        if (reports !== undefined) entry.known = reports.get(record.number) ?? [];
        this.#trials.set(record.number, entry);
        if (isFinal(record.state)) this.#enrich(entry, record.metrics);
        else this.#open.set(record.number, entry);
      }
      if (page.length < pageSize) break;
      await breathe();
    }
    for (;;) {
      const page = this.#store.finishOrder(this.#studyId, this.#history.length, orderPage);
      for (const number of page) this.#history.push(this.#entry(number));
      if (page.length < orderPage) break;
      await breathe();
    }
  }

  /** Finished trials in the order of finishing; the array lives and grows. */
  get history(): readonly FinishedTrial[] {
    return this.#history as readonly Entry[] as readonly FinishedTrial[];
  }

  /** What samplers learn from: trials of earlier studies, then `history`; lives and grows. */
  get evidence(): readonly FinishedTrial[] {
    return this.#evidence;
  }

  /** Puts trials of earlier studies before those of this one, in place of any that were put there before. O(trials). */
  adopt(earlier: readonly FinishedTrial[]): void {
    const own = this.#history as FinishedTrial[];
    this.#evidence = earlier.length === 0 ? own : [...earlier, ...own];
  }

  /** Whether the sampler asks trainers for derivatives by hyperparameters. */
  get wantsGradients(): boolean {
    return this.#needs === "gradients";
  }

  /** All trials by number; lives. */
  get trials(): ReadonlyMap<number, BookTrial> {
    return this.#trials;
  }

  get count(): number {
    return this.#trials.size;
  }

  /** Trials that are not final, by number. */
  open(...states: readonly OpenState[]): BookTrial[] {
    const found = [...this.#open.values()].filter(
      (trial) => states.length === 0 || states.includes(trial.state as OpenState),
    );
    return found.sort((a, b) => a.number - b.number);
  }

  /** The same as samplers want it. */
  pending(): PendingTrial[] {
    return this.open() as (BookTrial & { state: OpenState })[];
  }

  trial(number: number): BookTrial | undefined {
    return this.#trials.get(number);
  }

  /** Whether one more metric of this name may be kept. */
  admitsMetric(metric: string): boolean {
    return this.#metrics.has(metric) || this.#metrics.size < maxMetrics;
  }

  /** Adds a waiting trial: it is stored before anything runs. */
  add(params: Params, because: string, at: number): BookTrial {
    const record = this.#store.addTrial(this.#studyId, params, because, at);
    const entry = new Entry(record, (number) => this.#readReports(number, number + 1).get(number) ?? []);
    entry.known = [];
    this.#trials.set(record.number, entry);
    this.#open.set(record.number, entry);
    this.#index.add(record);
    return entry;
  }

  start(number: number, run: { slot: number; marker: string; at: number; untilStep?: number }): BookTrial {
    const record = this.#store.startTrial(this.#studyId, number, run);
    const entry = this.#entry(number);
    entry.state = "running";
    entry.attempt = record.attempt;
    entry.untilStep = record.untilStep;
    this.#index.change(number, { state: "running", startedAt: run.at, slot: run.slot });
    return entry;
  }

  /** Stores reports of one trial; `last` is what they make the trial's last report of the first objective, if they do. */
  report(number: number, reports: readonly StoredReport[], latest: ReadonlyMap<string, number>): void {
    this.#store.addReports(this.#studyId, number, reports);
    const entry = this.#entry(number);
    for (const report of reports) this.#metrics.add(report.metric);
    this.#index.change(number, { metrics: latest, ...(entry.last === undefined ? {} : { last: entry.last }) });
  }

  /**
   * Lets memory know a report of the first objective that `report` is about to store: a scheduler decides on it, and its
   * decision is stored together with it.
   */
  note(number: number, report: Report): void {
    const entry = this.#entry(number);
    if (entry.known === undefined) entry.known = [...entry.reports];
    entry.known.push(report);
    entry.last = report;
  }

  checkpoint(number: number, step: number, path: string): void {
    this.#store.addCheckpoint(this.#studyId, number, step, path);
    this.#entry(number).checkpointStep = step;
  }

  suspend(number: number, state: "paused" | "waiting", reason: string, suspension: Suspension = {}): void {
    this.#store.suspendTrial(this.#studyId, number, state, reason, suspension);
    const entry = this.#entry(number);
    entry.state = state;
    if (suspension.interrupted === true) entry.interruptions += 1;
    this.#index.change(number, { state });
  }

  finish(number: number, finish: TrialFinish): void {
    this.#store.finishTrial(this.#studyId, number, finish);
    const entry = this.#entry(number);
    entry.state = finish.state;
    entry.values = finish.values;
    this.#enrich(entry, finish.metrics);
    this.#open.delete(number);
    this.#history.push(entry);
    if (this.#evidence !== this.#history) this.#evidence.push(entry as FinishedTrial & Entry);
    this.#index.change(number, {
      finishedAt: finish.at,
      values: finish.values,
      metrics: finish.metrics,
      state: finish.state,
    });
  }

  /** Adds to a finished trial what the sampler asks for. */
  #enrich(entry: Entry, metrics: Readonly<Record<string, number>>): void {
    if (this.#needs === "curves") entry.curve = [...entry.reports];
    const gradient = this.#needs === "gradients" ? gradientOf(metrics) : undefined;
    if (gradient !== undefined) entry.gradient = gradient;
  }

  #entry(number: number): Entry {
    const entry = this.#trials.get(number);
    if (entry === undefined) throw new RangeError(`trial ${number} is not in the book`);
    return entry;
  }

  #readReports(from: number, to: number): Map<number, Report[]> {
    const byTrial = new Map<number, Report[]>();
    for (const { number, step, value } of this.#store.reportsBetween(this.#studyId, this.#objective, from, to)) {
      const list = byTrial.get(number);
      if (list === undefined) byTrial.set(number, [{ step, value }]);
      else list.push({ step, value });
    }
    return byTrial;
  }
}

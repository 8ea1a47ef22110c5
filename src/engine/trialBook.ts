/**
 * The trials of a study while it is worked on: every change of a trial goes through here, first into the store, then into
 * the memory that samplers, schedulers and panels read.
 * Invariant: memory never knows more than the store; history is in the order of finishing, as the store has it, so a resumed
 * study sees what an uninterrupted one would have seen.
 */
import type { Params } from "../core/space/parameter.ts";
import type { FinishedTrial, OpenState, Parent, PendingTrial, Report, TrialState } from "../core/trial.ts";
import { gradientOf, isFinal } from "../core/trial.ts";
import type { ScheduledTrial } from "../schedulers/scheduler.ts";
import type {
  MetricsChange,
  StoredDecision,
  StoredReport,
  Suspension,
  TrialFinish,
  TrialRecord,
  TrialStart,
  TrialStore,
} from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import type { AttemptLog } from "./attemptLog.ts";
import type { StudyIndex } from "./studyIndex.ts";

const pageSize = 200;
const orderPage = 5000;
/** Distinct metrics a study keeps; a program that makes up a name per step must not fill the memory. */
export const maxMetrics = 200;

export interface BookOptions {
  readonly store: TrialStore;
  readonly studyId: number;
  readonly index: StudyIndex;
  readonly attempts: AttemptLog;
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
  /** A scheduler has asked for it; false for what a person has enqueued and nobody has begun. */
  readonly scheduled: boolean;
  readonly values: readonly number[];
  readonly last?: Report;
}

/** A report of any metric. */
export type NotedReport = Pick<StoredReport, "metric" | "step" | "value">;

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
  parent: Parent | undefined;
  scheduled: boolean;
  /** Reports by metric, once somebody has asked for them. */
  readonly series = new Map<string, Report[]>();
  curve?: readonly Report[];
  gradient?: Readonly<Record<string, number>>;
  /** Noted and not stored yet, in the order of their coming. */
  unstored: NotedReport[] = [];
  readonly #read: (entry: Entry) => Report[];

  constructor(record: TrialRecord, read: (entry: Entry) => Report[]) {
    this.number = record.number;
    this.params = record.params;
    this.state = record.state;
    this.attempt = record.attempt;
    this.interruptions = record.interruptions;
    this.untilStep = record.untilStep;
    this.values = record.values;
    if (record.last !== undefined) this.last = record.last;
    this.checkpointStep = record.checkpoint?.step;
    this.parent = record.parent;
    this.scheduled = record.scheduled;
    this.#read = read;
  }

  /** Reports of the first objective, read when somebody asks. */
  get reports(): readonly Report[] {
    return this.#read(this);
  }
}

export class TrialBook {
  readonly #store: TrialStore;
  readonly #studyId: number;
  readonly #index: StudyIndex;
  readonly #attempts: AttemptLog;
  readonly #objective: string;
  readonly #wantsReports: boolean;
  readonly #needs: BookOptions["needs"];
  readonly #trials = new Map<number, Entry>();
  readonly #open = new Map<number, Entry>();
  readonly #children: Entry[] = [];
  readonly #history: Entry[] = [];
  #evidence: FinishedTrial[] = this.#history as FinishedTrial[];
  readonly #metrics: Set<string>;
  #loading: Promise<void> | undefined;

  constructor(options: BookOptions) {
    this.#store = options.store;
    this.#studyId = options.studyId;
    this.#index = options.index;
    this.#attempts = options.attempts;
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
    for (;;) {
      const from = this.#trials.size;
      const page = this.#store.trials(this.#studyId, from, pageSize);
      const reports = this.#wantsReports ? this.#readReports(from, from + page.length) : undefined;
      for (const record of page) {
        const entry = this.#keep(record);
        if (reports !== undefined) entry.series.set(this.#objective, reports.get(record.number) ?? []);
        if (!isFinal(record.state)) continue;
        this.#open.delete(record.number);
        this.#enrich(entry, record.metrics);
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
  warmStart(earlier: readonly FinishedTrial[]): void {
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

  /** Trials that count against the budget: those that took no other one's place. */
  get given(): number {
    return this.#trials.size - this.#children.length;
  }

  /** Trials that took another one's place, by number. */
  get children(): readonly BookTrial[] {
    return this.#children;
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
    const open = this.open() as (BookTrial & { state: OpenState })[];
    return open.map((trial) => {
      const wanted = trial.state === "paused" ? this.#needs === "curves" : this.#wantsReports;
      if (!wanted || trial.last === undefined) return trial;
      const { number, state, params, last, untilStep, reports } = trial;
      return { number, state, params, last, untilStep, curve: reports };
    });
  }

  trial(number: number): BookTrial | undefined {
    return this.#trials.get(number);
  }

  /** Whether one more metric of this name may be kept. */
  admitsMetric(metric: string): boolean {
    return this.#metrics.has(metric) || this.#metrics.size < maxMetrics;
  }

  /**
   * Adds a waiting trial: it is stored before anything runs.
   * @param plan what the scheduler has said of it; without it, it was enqueued
   */
  add(
    params: Params,
    because: string,
    at: number,
    plan?: { readonly untilStep?: number; readonly parent?: Parent },
  ): BookTrial {
    const record = this.#store.addTrial(this.#studyId, params, because, at, plan);
    const entry = this.#keep(record);
    entry.series.set(this.#objective, []);
    this.#index.add(record);
    return entry;
  }

  #keep(record: TrialRecord): Entry {
    const entry = new Entry(record, (of) => this.#seriesOf(of, this.#objective));
    this.#trials.set(record.number, entry);
    this.#open.set(record.number, entry);
    if (record.parent !== undefined) this.#children.push(entry);
    return entry;
  }

  start(number: number, run: TrialStart): BookTrial {
    const record = this.#store.startTrial(this.#studyId, number, run);
    const entry = this.#entry(number);
    entry.state = "running";
    entry.attempt = record.attempt;
    entry.untilStep = record.untilStep;
    entry.scheduled = true;
    this.#attempts.start({
      number,
      attempt: record.attempt,
      slot: run.slot,
      startedAt: run.at,
      outcome: "running",
      ...(run.fromStep === undefined ? {} : { fromStep: run.fromStep }),
    });
    this.#index.change(number, { state: "running", startedAt: run.at, slot: run.slot });
    return entry;
  }

  /**
   * Stores reports of one trial, and the decision they led to with them.
   * @param latest last value of every metric
   */
  report(
    number: number,
    reports: readonly StoredReport[],
    latest: ReadonlyMap<string, number>,
    decision?: StoredDecision,
  ): void {
    this.#store.addReports(this.#studyId, number, reports, decision);
    const entry = this.#entry(number);
    entry.unstored = [];
    for (const report of reports) this.#metrics.add(report.metric);
    this.#index.change(number, { metrics: latest, ...(entry.last === undefined ? {} : { last: entry.last }) });
  }

  /**
   * Lets memory know reports that `report` is about to store: a scheduler decides on them, and its decision is stored
   * together with them.
   */
  note(number: number, reports: readonly NotedReport[]): void {
    const entry = this.#entry(number);
    for (const report of reports) {
      const { metric, step, value } = report;
      entry.unstored.push(report);
      entry.series.get(metric)?.push({ step, value });
      if (metric === this.#objective) entry.last = { step, value };
    }
  }

  /** Reports of a metric of a trial by increasing step; they live. O(1) after the first call. */
  reportsOf(number: number, metric: string): readonly Report[] {
    const entry = this.#trials.get(number);
    return entry === undefined ? [] : this.#seriesOf(entry, metric);
  }

  #seriesOf(entry: Entry, metric: string): Report[] {
    const known = entry.series.get(metric);
    if (known !== undefined) return known;
    const series = this.#readReports(entry.number, entry.number + 1, metric).get(entry.number) ?? [];
    for (const report of entry.unstored)
      if (report.metric === metric) series.push({ step: report.step, value: report.value });
    entry.series.set(metric, series);
    return series;
  }

  checkpoint(number: number, step: number, path: string): void {
    this.#store.addCheckpoint(this.#studyId, number, step, path);
    this.#entry(number).checkpointStep = step;
  }

  /** What a child will begin with: the copy of its parent's checkpoint, or nothing. */
  adopt(number: number, copy: { step: number; path: string } | undefined): void {
    this.#store.adoptCheckpoint(this.#studyId, number, copy);
    const entry = this.#entry(number);
    entry.checkpointStep = copy?.step;
    if (entry.parent !== undefined) entry.parent = { ...entry.parent, step: copy?.step ?? 0 };
  }

  suspend(number: number, state: "paused" | "waiting", reason: string, suspension: Suspension = {}): void {
    this.#store.suspendTrial(this.#studyId, number, state, reason, suspension);
    this.#attempts.end(number, suspension.at, suspension.steps, state === "paused" ? "paused" : "interrupted");
    const entry = this.#entry(number);
    entry.state = state;
    if (suspension.interrupted === true) entry.interruptions += 1;
    this.#index.change(number, { state });
  }

  /** Ends a trial for good. The trial that takes its place, if there is one, waits then. */
  finish(number: number, finish: TrialFinish): BookTrial | undefined {
    const record = this.#store.finishTrial(this.#studyId, number, finish);
    this.#attempts.end(number, finish.at, finish.steps, finish.state);
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
    if (record === undefined) return undefined;
    const child = this.#keep(record);
    child.series.set(this.#objective, []);
    this.#index.add(record);
    return child;
  }

  /** Adds metrics to finished trials. */
  amend(changes: readonly MetricsChange[]): void {
    if (changes.length === 0) return;
    this.#store.amendMetrics(this.#studyId, changes);
    for (const { number, metrics } of changes) {
      for (const metric of Object.keys(metrics)) this.#metrics.add(metric);
      this.#index.change(number, { metrics });
    }
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

  #readReports(from: number, to: number, metric = this.#objective): Map<number, Report[]> {
    const byTrial = new Map<number, Report[]>();
    for (const { number, step, value } of this.#store.reportsBetween(this.#studyId, metric, from, to)) {
      const list = byTrial.get(number);
      if (list === undefined) byTrial.set(number, [{ step, value }]);
      else list.push({ step, value });
    }
    return byTrial;
  }
}

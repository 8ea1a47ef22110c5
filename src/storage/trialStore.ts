/**
 * The contract of the store of studies and trials. The engine is its only user; every method is one transaction and returns
 * after it is committed. Invariant: what a method has returned survives SIGKILL of any process; a trial in a final state,
 * and power loss too, is never lost. Numbers of a study's trials are 0, 1, 2 ... without a gap or a repeat.
 */
import type { Params } from "../core/space/parameter.ts";
import type { AttemptEnd, FinalState, Parent, Report, TrialState } from "../core/trial.ts";

export type StudyState = "created" | "running" | "paused" | "complete" | "stopped" | "failed";

export interface StudyRecord {
  readonly id: number;
  readonly name: string;
  /** Absolute path of the study file. */
  readonly path: string;
  /** 1 for the first study of this file and name, 2 after a change of what is searched, and so on. */
  readonly generation: number;
  /** Text of the study file as it was started (latest budget). */
  readonly text: string;
  readonly format: "yaml" | "json";
  readonly state: StudyState;
  /** Why it is in this state, for a person; empty if there is nothing to say. */
  readonly reason: string;
  readonly createdAt: number;
  /** Milliseconds spent running, pauses excluded, up to the last change of state. */
  readonly elapsedMs: number;
  /** When it last entered `running` (or was last counted, see `tickStudy`), if it is running. */
  readonly runningSince?: number;
  /** Metric of the first objective. */
  readonly objective: string;
}

export interface TrialRecord {
  readonly studyId: number;
  readonly number: number;
  readonly state: TrialState;
  readonly params: Params;
  /** One per objective when complete, else empty. */
  readonly values: readonly number[];
  /** All final metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly attempt: number;
  /** Why this configuration (sampler), for a person. */
  readonly suggestedBecause: string;
  /** Why it was pruned, paused, failed or put back; empty otherwise. */
  readonly reason: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly slot?: number;
  /** "wasm, 1 thread", "GPU 0" ... as the trainer or executor said. */
  readonly placement?: string;
  /** Process group of the last attempt and its marker, until it is known to be gone. */
  readonly pid?: number;
  readonly marker?: string;
  /** How often an engine was killed while this trial ran. */
  readonly interruptions: number;
  /** Where a scheduler wants the trial to stop; undefined = at its end. */
  readonly untilStep?: number;
  /** A scheduler has asked for it (or a slot has taken it); false for what a person has enqueued and nobody has begun. */
  readonly scheduled: boolean;
  /** The trial whose checkpoint it began with, and the step of that. */
  readonly parent?: Parent;
  readonly checkpoint?: { readonly step: number; readonly path: string };
  /** Last report of the first objective. */
  readonly last?: Report;
}

/** What columns, lists and ranks are made of. */
export type IndexedTrial = Pick<
  TrialRecord,
  "number" | "state" | "params" | "values" | "metrics" | "startedAt" | "finishedAt" | "slot" | "last" | "parent"
>;

/** What counts and the best trial are made of. */
export type TrialOutcome = Pick<TrialRecord, "number" | "state" | "values"> & { readonly isChild: boolean };

/** A decision of a scheduler as it is stored, in the order in which they were made. */
export interface StoredDecision {
  readonly at: number;
  readonly number: number;
  /** Step of the report that was judged; -1 for what happened between reports. */
  readonly step: number;
  readonly decision: "promote" | "pause" | "stop" | "exploit" | "drop";
  readonly reason: string;
  /** Of `exploit`: the child that takes the trial's place. */
  readonly child?: NewChild;
}

/** A trial that will begin with another one's checkpoint. */
export interface NewChild {
  readonly params: Params;
  readonly because: string;
  readonly parent: Parent;
  readonly untilStep?: number;
}

/** One attempt of one trial: from start to end in a slot. */
export interface StoredAttempt {
  readonly number: number;
  readonly attempt: number;
  readonly slot: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Steps it began after and got to, if known. */
  readonly fromStep?: number;
  readonly toStep?: number;
  readonly outcome: AttemptEnd;
}

/** Steps that an attempt began after and got to; undefined = unknown. */
export interface AttemptSteps {
  readonly from?: number;
  readonly to?: number;
}

export interface StoredReport {
  readonly step: number;
  readonly metric: string;
  readonly value: number;
  readonly at: number;
}

export interface NewStudy {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly format: "yaml" | "json";
  readonly createdAt: number;
  /** Metric of the first objective: its reports become `last` of the trials. */
  readonly objective: string;
}

export interface TrialFinish {
  readonly state: FinalState;
  readonly values: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly at: number;
  /** The process may still live: keep its pid until `clearTrialProcess`. */
  readonly processLeft?: boolean;
  readonly steps?: AttemptSteps;
  /** Stored with it. */
  readonly decision?: StoredDecision;
  /** A trial that takes its place. */
  readonly child?: NewChild;
}

/** How an attempt of a trial begins. */
export interface TrialStart {
  readonly slot: number;
  readonly marker: string;
  readonly at: number;
  readonly untilStep?: number;
  /** Step of what it begins with. */
  readonly fromStep?: number;
  /** Stored with it. */
  readonly decision?: StoredDecision;
}

/** How a trial left `running` without an end. */
export interface Suspension {
  /** Milliseconds since 1970; default: when it started. */
  readonly at?: number;
  readonly steps?: AttemptSteps;
  /** Stored with it. */
  readonly decision?: StoredDecision;
  /** The process may still live: keep its pid until `clearTrialProcess`. */
  readonly processLeft?: boolean;
  /** The engine was killed: raises `interruptions`. */
  readonly interrupted?: boolean;
}

/** A line of a study's log, as `StudyLogLine` of the engine protocol. */
export interface LogLine {
  readonly at: number;
  readonly level: "info" | "warning" | "error";
  readonly source: "sampler" | "scheduler" | "runner" | "trainer";
  readonly number?: number;
  readonly message: string;
}

/** Metrics of a finished trial; those it has beside them stay. */
export interface MetricsChange {
  readonly number: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface TrialStore {
  createStudy(study: NewStudy): StudyRecord;
  /** Latest generation for this file and name. */
  findStudy(path: string, name: string): StudyRecord | undefined;
  study(id: number): StudyRecord | undefined;
  studies(): StudyRecord[];
  updateStudyText(id: number, text: string): void;
  /** Also keeps `elapsedMs` and `runningSince` right. */
  setStudyState(id: number, state: StudyState, reason: string, at: number): void;
  /** Counts the running time up to `at`, so that a killed engine loses no more than since the last call. */
  tickStudy(id: number, at: number): void;
  /** Hides the study at once; `purgeDeleted` frees its rows piece by piece. */
  deleteStudy(id: number): void;
  /** Removes some rows of deleted studies (some milliseconds of work); false when there is nothing left. */
  purgeDeleted(): boolean;

  /**
   * Adds a trial in `waiting` with the next number.
   * @param plan what its scheduler has said; without it, it was enqueued and waits to be asked for
   */
  addTrial(
    studyId: number,
    params: Params,
    suggestedBecause: string,
    at: number,
    plan?: { readonly untilStep?: number; readonly parent?: Parent },
  ): TrialRecord;
  /** waiting | paused -> running; raises `attempt`. */
  startTrial(studyId: number, number: number, run: TrialStart): TrialRecord;
  setTrialProcess(studyId: number, number: number, process: { pid?: number; placement?: string }): void;
  /** The process of a trial's last attempt is gone. Any state. */
  clearTrialProcess(studyId: number, number: number): void;
  /** Reports of the current attempt; a step reported twice keeps the first value. Returns after commit. */
  addReports(studyId: number, number: number, reports: readonly StoredReport[], decision?: StoredDecision): void;
  /** Of a trial that is not final. */
  addCheckpoint(studyId: number, number: number, step: number, path: string): void;
  /** What a child will really begin with: a copy of its parent's checkpoint, or nothing (its parent's step is then 0). */
  adoptCheckpoint(studyId: number, number: number, copy: { step: number; path: string } | undefined): void;
  /** running -> paused | waiting (interrupted, keeps number, params and reports). */
  suspendTrial(
    studyId: number,
    number: number,
    state: "paused" | "waiting",
    reason: string,
    suspension?: Suspension,
  ): void;
  /** Durable against power loss when it returns. The record of the child, if there is one. */
  finishTrial(studyId: number, number: number, finish: TrialFinish): TrialRecord | undefined;

  /** Adds metrics to finished trials, or puts others in their place: what is computed of a trial after its end. */
  amendMetrics(studyId: number, changes: readonly MetricsChange[]): void;

  trial(studyId: number, number: number): TrialRecord | undefined;
  /** By number, from `from`, at most `limit`. For pages: 100,000 trials are never read in one go. */
  trials(studyId: number, from: number, limit: number): TrialRecord[];
  /** The same page with less of each trial: three times as fast as `trials`. */
  indexedTrials(studyId: number, from: number, limit: number): IndexedTrial[];
  /** The same page with least of each trial: ten times as fast as `trials`. */
  outcomes(studyId: number, from: number, limit: number): TrialOutcome[];
  trialCount(studyId: number): number;
  /** All metrics' reports of one trial (all attempts merged, by metric then step). */
  reports(studyId: number, number: number): StoredReport[];
  /** Reports of one metric for trials from <= number < to, ordered by number, then step. */
  reportsBetween(
    studyId: number,
    metric: string,
    from: number,
    to: number,
  ): { number: number; step: number; value: number }[];
  /** Numbers in the order in which the trials finished; `from` skips as many, at most `limit` of them. */
  finishOrder(studyId: number, from?: number, limit?: number): number[];
  /** Trials that run, by number. */
  runningTrials(studyId: number): TrialRecord[];
  /** Trials that are not final, by number; a scheduler may have paused thousands. */
  openTrials(studyId: number): TrialRecord[];
  /** Attempts whose process may still live, of all studies; pid 0 when it was killed before the pid was known. */
  leftProcesses(): { studyId: number; number: number; pid: number; marker: string }[];
  /** Metrics that were reported, in the order in which they first were. */
  reportedMetrics(studyId: number): string[];
  /** The newest `limit` decisions, oldest first. */
  decisions(studyId: number, limit: number): StoredDecision[];
  /** The last decision about a trial. */
  lastDecision(studyId: number, number: number): StoredDecision | undefined;
  /** Attempts of trials from <= number < to, by number and attempt. */
  attempts(studyId: number, from: number, to: number): StoredAttempt[];
  /** What attempts that have ended took, summed over slots, and trials that were begun. O(attempts), a scan of rows. */
  spent(studyId: number): { readonly busyMs: number; readonly steps: number; readonly begun: number };
  /** Appends to the study's log, which keeps the last 1,000 lines or so. */
  addLog(studyId: number, lines: readonly LogLine[]): void;
  /** The last `limit` lines, oldest first. */
  log(studyId: number, limit: number): LogLine[];
  close(): void;
}

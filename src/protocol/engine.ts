/**
 * Everything that is said between an engine and its clients (windows, CLI): JSON-RPC over a local socket, bodies in
 * MessagePack so that columns travel as binary. Invariant: `initialize` comes first and fails with `protocol-mismatch`
 * unless both sides speak the same `engineProtocolVersion`; every request may fail with a `BasinError` and be cancelled.
 */
import type { CurveColumns, TrialColumns } from "../core/columns.ts";
import type { BasinErrorCode } from "../core/errors.ts";
import type { FlatnessResult } from "../core/flatness.ts";
import type { Objective } from "../core/objective.ts";
import type { Params, Space } from "../core/space/parameter.ts";
import type { TrialState } from "../core/trial.ts";
import type { FlatnessJob, FlatnessQuestion } from "./flatness.ts";
import type { ScheduleReport } from "./schedule.ts";
import type { TopologyRequests } from "./topology.ts";

export const engineProtocolVersion = 1;

export type StudyStateName = "created" | "running" | "paused" | "complete" | "stopped" | "failed";

export interface TrialRef {
  readonly studyId: number;
  readonly number: number;
}

export interface BestTrial {
  readonly number: number;
  readonly values: readonly number[];
  readonly params: Params;
}

export interface SlotStatus {
  readonly slot: number;
  readonly number: number;
  readonly startedAt: number;
  readonly step?: number;
  readonly steps?: number;
  readonly placement?: string;
}

export interface StudySummary {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly generation: number;
  readonly state: StudyStateName;
  /** Why it is in this state ("target reached", "time is up", an error); empty if nothing to say. */
  readonly reason: string;
  readonly revision: number;
  readonly objectives: readonly Objective[];
  readonly counts: Readonly<Record<TrialState, number>>;
  /** Trials that took another one's place with a copy of a third, if any: they do not count against the budget. */
  readonly children?: number;
  /** budget.trials, if set. */
  readonly budgetTrials?: number;
  /** budget.time in ms, if set. */
  readonly budgetMs?: number;
  readonly parallel: number;
  readonly createdAt: number;
  /** Running time, pauses excluded, ms, now. */
  readonly elapsedMs: number;
  /** Expected ms to the end of the budget, once it can be told. */
  readonly etaMs?: number;
  /** What trials took so far: steps trained, ms summed over slots, ms for which they held GPUs summed over GPUs. */
  readonly spent?: { readonly steps: number; readonly busyMs: number; readonly gpuMs: number };
  /** The same of GPUs for what is still to come, an estimate. */
  readonly leftGpuMs?: number;
  /** Best complete trial by the first objective (several objectives: the front has `paretoSize` trials). */
  readonly best?: BestTrial;
  readonly paretoSize?: number;
  readonly slots: readonly SlotStatus[];
  /** What a sampler that chooses for itself has chosen and why, in one line ("auto: Gaussian process ..."). */
  readonly samplerChoice?: string;
}

export interface StudyDetail extends StudySummary {
  readonly space: Space;
  readonly text: string;
  readonly format: "yaml" | "json";
  readonly trainerKind: "tfjs" | "command" | "none";
  readonly sampler: string;
  readonly scheduler: string;
  /** Metrics with reports (learning curves), the first objective's first. */
  readonly curveMetrics: readonly string[];
}

/** A line of the study's log: what the sampler, scheduler and runner did and why. */
export interface StudyLogLine {
  readonly at: number;
  readonly level: "info" | "warning" | "error";
  readonly source: "sampler" | "scheduler" | "runner" | "trainer";
  readonly number?: number;
  readonly message: string;
}

/** A trial for a tree or a list: one row. */
export interface TrialRow {
  readonly number: number;
  readonly state: TrialState;
  readonly params: Params;
  readonly values: readonly number[];
  readonly last?: { readonly step: number; readonly value: number };
  readonly steps?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly reason: string;
}

export interface TrialDetail extends TrialRow {
  readonly metrics: Readonly<Record<string, number>>;
  readonly attempt: number;
  readonly suggestedBecause: string;
  readonly placement?: string;
  readonly slot?: number;
  readonly checkpoint?: { readonly step: number; readonly path: string };
  /** Absolute path of the trainer's log, if there is one. */
  readonly logPath?: string;
  /** Last lines of it (at most 50 lines, 16 kB). */
  readonly logTail: readonly string[];
  readonly curves: readonly {
    readonly metric: string;
    readonly steps: readonly number[];
    readonly values: readonly number[];
  }[];
}

export interface TrialQuery {
  readonly studyId: number;
  /** best: by the first objective, unfinished and failed last; number: newest first. */
  readonly sort: "best" | "number";
  readonly states?: readonly TrialState[];
  readonly offset: number;
  readonly limit: number;
}

export interface StartResult {
  readonly studyId: number;
  /** How the text was taken: a new study, a known one going on, or a known one whose budget is spent. */
  readonly how: "created" | "continued" | "already-running" | "already-complete";
  /** For a person: "Continues digits-mlp #2 at 31 of 50 trials". */
  readonly message: string;
}

/** A trial handed to a program outside. */
export interface AskedTrial {
  readonly number: number;
  readonly params: Params;
  /** It was handed out before. */
  readonly resumed: boolean;
  /** Step after whose report the scheduler wants it to wait; absent = at its end. */
  readonly untilStep?: number;
  /** The trial whose weights it begins with, as they were after that step. */
  readonly parent?: { readonly number: number; readonly step: number };
}

/** Requests: name -> [params, result]. */
export interface EngineRequests extends TopologyRequests {
  initialize: [
    { protocolVersion: number; client: string; pid: number },
    { protocolVersion: number; engineVersion: string; pid: number; workspace: string },
  ];
  "engine.status": [
    Record<string, never>,
    { pid: number; uptimeMs: number; rssBytes: number; clients: number; runningStudies: number; revision: number },
  ];
  /** Stops taking requests, puts running trials back to waiting, ends. */
  "engine.shutdown": [Record<string, never>, null];
  "study.list": [Record<string, never>, readonly StudySummary[]];
  "study.get": [{ studyId: number }, StudyDetail];
  /** `continue`: go on with the stored study when only the budget changed; `fresh`: always a new generation. */
  "study.start": [{ path: string; text: string; mode: "continue" | "fresh" }, StartResult];
  /** Running trials are put back (they resume from a checkpoint if they have one); nothing new starts. */
  "study.pause": [{ studyId: number }, null];
  "study.resume": [{ studyId: number }, null];
  /** Ends the study; running trials are put back, so that a later start goes on. */
  "study.stop": [{ studyId: number }, null];
  "study.delete": [{ studyId: number }, null];
  "study.log": [{ studyId: number; limit: number }, readonly StudyLogLine[]];
  "study.export": [{ studyId: number; format: "csv" | "json" }, { text: string }];
  /** Rungs, decisions, lineage and attempts. */
  "study.schedule": [{ studyId: number }, ScheduleReport];
  "trial.rows": [TrialQuery, { revision: number; total: number; rows: readonly TrialRow[] }];
  "trial.columns": [{ studyId: number }, TrialColumns];
  "trial.curves": [{ studyId: number; metric: string; numbers?: readonly number[]; maxTrials: number }, CurveColumns];
  "trial.get": [TrialRef, TrialDetail];
  /** Ends a running or waiting trial as failed, reason "stopped by user". */
  "trial.stop": [TrialRef, null];
  /** Adds a configuration to be run next; missing parameters are drawn by the sampler, unknown or out-of-domain ones refused. */
  "trial.enqueue": [{ studyId: number; params: Params }, { number: number }];
  /**
   * Sharpness or a landscape of a trial's newest weights, computed in a process of its own, one after the other; a result that is
   * there comes back as done. Ends and progress raise the study's revision.
   */
  "flatness.compute": [{ studyId: number; number: number; request: FlatnessQuestion }, FlatnessJob];
  /** All of a study, oldest first. */
  "flatness.list": [{ studyId: number }, readonly FlatnessJob[]];
  /** Fails with `wrong-state` unless the job is done. */
  "flatness.result": [{ studyId: number; id: string }, FlatnessResult];
  "flatness.cancel": [{ studyId: number; id: string }, null];
  /** Driven from outside (`basin ask-tell`). Trials asked before and never told are handed out again first. */
  ask: [{ studyId: number; count: number }, { trials: readonly AskedTrial[] }];
  tell: [
    { studyId: number; number: number; values?: readonly number[]; state?: "complete" | "pruned" | "failed" },
    null,
  ];
  report: [
    { studyId: number; number: number; step: number; value: number },
    { decision: "continue" | "stop" | "pause"; reason: string },
  ];
}

export type EngineMethod = keyof EngineRequests;
export type EngineParams<M extends EngineMethod> = EngineRequests[M][0];
export type EngineResult<M extends EngineMethod> = EngineRequests[M][1];

/** Notifications engine -> client: name -> params. */
export interface EngineNotifications {
  /** Something changed; clients pull what they show. At most 10 a second. */
  changed: {
    readonly revision: number;
    readonly studies: readonly { readonly id: number; readonly revision: number }[];
  };
  /** A study left `running` by itself (budget spent, target reached, failed). */
  "study.ended": {
    readonly studyId: number;
    readonly name: string;
    readonly state: StudyStateName;
    readonly reason: string;
    readonly best?: BestTrial;
  };
}

/** `data` of a JSON-RPC error made of a BasinError. */
export interface EngineErrorData {
  readonly code: BasinErrorCode;
  readonly hint: string;
}

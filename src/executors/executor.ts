/**
 * The contract of an executor: where and how a trainer process runs. Local first; clusters come behind the same interface.
 * Invariant: exactly one `exit` callback per started trial, after the last `event`, whatever happens to the process; when it
 * has been called nothing of the trial can write any more: no process of its tree is left, or the one that is left has
 * finished the trial in order, left nothing of it behind and waits for the next one.
 */
import type { FlatnessResult } from "../core/flatness.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import type { Params } from "../core/space/parameter.ts";
import type { DiagnoseOrder } from "../trainers/diagnoseProtocol.ts";
import type { TrainerCommand, TrainerEvent } from "../trainers/protocol.ts";

export interface TrialJob {
  readonly studyId: number;
  readonly study: StudyDefinition;
  /** Absolute folder of the study file. */
  readonly studyFolder: string;
  readonly number: number;
  /** 1 for the first run of the trial, 2 after one interruption, and so on. */
  readonly attempt: number;
  readonly params: Params;
  /** Seed of the trial's training, derived from the study's. */
  readonly seed: number;
  /** Stop here (a scheduler's rung); undefined = to the end. */
  readonly untilStep?: number;
  /** The metric that the study's sampler would like the derivatives of; undefined = none. */
  readonly gradientOf?: string;
  /** Absolute folder for params.json, trainer.log and checkpoints of this trial; exists. */
  readonly trialFolder: string;
  /** Absolute folder for prepared data, shared by all trials of the workspace; need not exist. */
  readonly cacheFolder?: string;
  /** Slot index in [0, parallel). */
  readonly slot: number;
  /** By which `Executor.reap` finds every process of the trial; default `markerOf(job)` of executors/marker.ts. */
  readonly marker?: string;
}

export type TrialExit =
  /** The process ended by itself; `done` or `failed` may have been sent before. */
  | { readonly kind: "exited"; readonly code: number }
  /** Killed by a signal we did not send. */
  | { readonly kind: "signal"; readonly signal: string }
  /** We ended it: on request, or because a limit was passed. */
  | {
      readonly kind: "killed";
      readonly cause: "requested" | "timeout" | "heartbeat" | "log-limit" | "memory";
      /** What the limit was and how it was passed, where the study's own limits do not say it. */
      readonly detail?: string;
    }
  /** It never started. */
  | { readonly kind: "spawn-failed"; readonly message: string };

export interface TrialCallbacks {
  /** A valid event of the trainer. */
  event(event: TrainerEvent): void;
  /** A line for the trial's problem list: malformed event, log cut off, value that is not a number ... */
  warning(message: string): void;
  exit(exit: TrialExit): void;
}

export interface RunningTrial {
  /** Process group leader, for the record; one process may serve several trials in turn. */
  readonly pid: number | undefined;
  /** What it runs on, for the record: "2 threads", "GPU 0". */
  readonly placement: string;
  send(command: TrainerCommand): void;
  /** Ask to stop (command `stop`), then SIGTERM, then SIGKILL to the whole process tree; resolves when nothing is left. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL to the whole tree, now. */
  kill(): Promise<void>;
}

/** A look at a trained model of the built-in trainer: sharpness or a landscape. */
export interface DiagnoseJob extends Pick<
  TrialJob,
  "studyId" | "study" | "studyFolder" | "number" | "params" | "seed" | "trialFolder" | "cacheFolder"
> {
  readonly order: DiagnoseOrder;
}

export type DiagnoseOutcome =
  | { readonly kind: "done"; readonly result: FlatnessResult }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "cancelled" };

export interface DiagnoseCallbacks {
  /** In [0, 1]. */
  progress(fraction: number): void;
  /** Exactly once, when no process of it is left. */
  ended(outcome: DiagnoseOutcome): void;
}

export interface RunningDiagnosis {
  /** Ends it; resolves after `ended`. */
  cancel(): Promise<void>;
}

export interface Executor {
  /** Resolves when GPUs and the Node for trainers have been looked up; `start` before that works, but may block briefly. */
  readonly ready?: Promise<void>;
  start(job: TrialJob, callbacks: TrialCallbacks): RunningTrial;
  /**
   * Computes in a process of its own; it holds no slot. Absent = this executor cannot.
   * @throws BasinError "trainer" when it cannot be started at all
   */
  diagnose?(job: DiagnoseJob, callbacks: DiagnoseCallbacks): RunningDiagnosis;
  /** GPUs that one trial of the study holds on this machine, a fraction where they are shared; absent = none. */
  gpusOf?(study: StudyDefinition): number;
  /** End what a killed engine left behind: only processes that carry this trial's marker. Resolves when they are gone. */
  reap(pid: number, marker: string): Promise<void>;
  /** Let go of what waits for further trials; all trials have ended before. */
  close?(): Promise<void>;
}

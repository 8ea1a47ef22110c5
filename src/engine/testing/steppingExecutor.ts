/**
 * An executor without processes whose trainers train one step a turn of the event loop, write checkpoints and go on from them.
 * Invariant: as executors/executor.ts says; the value of a step follows from the configuration and the step alone, so what a
 * trial reports does not depend on how often it was interrupted. No clock, no chance.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Executor, RunningTrial, TrialCallbacks, TrialJob } from "../../executors/executor.ts";
import type { TrainerCommand } from "../../trainers/protocol.ts";
import { trialEnd } from "./trialEnd.ts";

export interface SteppingOptions {
  /** Steps of a full training. */
  readonly steps: number;
  readonly metric: string;
  readonly value: (job: TrialJob, step: number) => number;
  /** Whether a trial crashes before its first step; default never. */
  readonly crashes?: (job: TrialJob) => boolean;
  /** Writes a checkpoint at each step it stops at; default true. */
  readonly saves?: boolean;
  /** Stops by itself at `untilStep`; default true. */
  readonly heedsUntil?: boolean;
  /** Does what it is told; default true. Otherwise it goes on until it is killed. */
  readonly heedsCommands?: boolean;
}

/** What an attempt trained: steps from + 1 to `to`. */
export interface TrainedPiece {
  readonly number: number;
  readonly from: number;
  to: number;
}

export interface SteppingExecutor extends Executor {
  readonly jobs: readonly TrialJob[];
  readonly pieces: readonly TrainedPiece[];
}

/** The newest checkpoint in a folder, as the step it is of. */
function newestStep(folder: string): number {
  if (!existsSync(folder)) return 0;
  return Math.max(0, ...readdirSync(folder).map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0)));
}

export function createSteppingExecutor(options: SteppingOptions): SteppingExecutor {
  const { steps, metric, value, saves = true, heedsUntil = true, heedsCommands = true } = options;
  const jobs: TrialJob[] = [];
  const pieces: TrainedPiece[] = [];
  return {
    jobs,
    pieces,
    start(job: TrialJob, callbacks: TrialCallbacks): RunningTrial {
      jobs.push(job);
      const folder = path.join(job.trialFolder, "checkpoints");
      let step = saves ? newestStep(folder) : 0;
      const piece: TrainedPiece = { number: job.number, from: step, to: step };
      pieces.push(piece);
      let stopping = false;
      const ending = trialEnd((exit) => callbacks.exit(exit));
      const save = (): void => {
        if (!saves) return;
        const file = path.join(folder, `step-${step}`);
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, String(step));
        callbacks.event({ type: "checkpoint", step, path: file });
      };
      const turn = (): void => {
        if (ending.isOver) return;
        if (options.crashes?.(job) === true) {
          callbacks.event({ type: "failed", reason: "crashed, as planned" });
          return ending.end({ kind: "exited", code: 1 });
        }
        if (step >= steps) {
          callbacks.event({ type: "done", metrics: {} });
          return ending.end({ kind: "exited", code: 0 });
        }
        if (stopping || (heedsUntil && job.untilStep !== undefined && step >= job.untilStep)) {
          save();
          return ending.end({ kind: "exited", code: 0 });
        }
        step += 1;
        piece.to = step;
        callbacks.event({ type: "report", step, metrics: { [metric]: value(job, step) } });
        setImmediate(turn);
      };
      setImmediate(turn);
      const send = (command: TrainerCommand): void => {
        if (heedsCommands && command.type === "stop") stopping = true;
      };
      return {
        pid: 1_000_000 + jobs.length,
        placement: "fake",
        send,
        stop: () => {
          send({ type: "stop", reason: "" });
          return heedsCommands ? ending.left : ending.kill();
        },
        kill: ending.kill,
      };
    },
    reap: () => Promise.resolve(),
  };
}

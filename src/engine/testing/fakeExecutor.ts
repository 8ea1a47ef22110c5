/**
 * An executor without processes for tests: each trial plays a script of steps, one per turn of the event loop.
 * Invariant: as executors/executor.ts says (one `exit`, after the last event); no clock, no chance.
 */
import type { Executor, RunningTrial, TrialCallbacks, TrialExit, TrialJob } from "../../executors/executor.ts";
import type { TrainerEvent } from "../../trainers/protocol.ts";
import { trialEnd } from "./trialEnd.ts";

/** What a trial does: events, an exit (default: code 0 at the end), or "hang" until it is stopped. */
export type Script = readonly (TrainerEvent | { readonly exit: TrialExit } | "hang")[];

export interface FakeExecutor extends Executor {
  /** Jobs in the order of their start. */
  readonly jobs: readonly TrialJob[];
  readonly reaped: readonly { readonly pid: number; readonly marker: string }[];
  /** Trials that run now. */
  readonly running: number;
  /** Most trials that ran at once. */
  readonly peak: number;
}

/** @param script for each job; called when it starts */
export function createFakeExecutor(script: (job: TrialJob) => Script): FakeExecutor {
  const jobs: TrialJob[] = [];
  const reaped: { pid: number; marker: string }[] = [];
  let running = 0;
  let peak = 0;
  return {
    jobs,
    reaped,
    get running() {
      return running;
    },
    get peak() {
      return peak;
    },
    start(job: TrialJob, callbacks: TrialCallbacks): RunningTrial {
      jobs.push(job);
      running += 1;
      peak = Math.max(peak, running);
      const steps = script(job);
      let position = 0;
      const ending = trialEnd((exit) => {
        running -= 1;
        callbacks.exit(exit);
      });
      const turn = (): void => {
        if (ending.isOver) return;
        const step = steps[position];
        position += 1;
        if (step === undefined) return ending.end({ kind: "exited", code: 0 });
        if (step === "hang") return;
        if ("exit" in step) return ending.end(step.exit);
        callbacks.event(step);
        setImmediate(turn);
      };
      setImmediate(turn);
      const { kill } = ending;
      return { pid: 1_000_000 + jobs.length, placement: "fake", send: () => undefined, stop: kill, kill };
    },
    reap(pid, marker) {
      reaped.push({ pid, marker });
      return Promise.resolve();
    },
  };
}

/** Reports of `metric` for steps 1, 2 ... and the last of them as the result. */
export function curve(metric: string, values: readonly number[]): Script {
  const reports: TrainerEvent[] = values.map((value, i) => ({
    type: "report",
    step: i + 1,
    metrics: { [metric]: value },
  }));
  return [...reports, { type: "done", metrics: {} }];
}

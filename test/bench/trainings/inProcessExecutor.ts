/**
 * An executor for benchmarks: the built-in trainer's own trials in this process, one after the other, data and back end loaded
 * once. So a whole study (engine, store, sampler, scheduler, diagnostics) costs little more than its training.
 * Invariant: as executors/executor.ts says; a trial gets the environment that a process of its own would get.
 */
import { errorText } from "../../../src/core/errors.ts";
import type { Executor, RunningTrial, TrialExit, TrialJob } from "../../../src/executors/executor.ts";
import { prepareTrial, writeTrainerFile } from "../../../src/executors/local/launchPlan.ts";
import { trialEnvironment } from "../../../src/trainers/environment.ts";
import { keptResources } from "../../../src/trainers/tfjs/resources.ts";
import type { Session } from "../../../src/trainers/tfjs/session.ts";
import { runTrial } from "../../../src/trainers/tfjs/trial.ts";

export interface InProcessExecutor extends Executor {
  /** Processor seconds spent in trials so far; those of the engine between their turns are among them. */
  readonly cpuSeconds: number;
}

/** Every epoch that is trained, in order; metrics as the trainer reports them. */
export type EpochListener = (
  job: Pick<TrialJob, "studyId" | "study" | "number">,
  step: number,
  metrics: Metrics,
) => void;
type Metrics = Readonly<Record<string, number>>;

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function environmentOf(job: TrialJob): Record<string, string> {
  const { trainer } = job.study;
  if (trainer.kind !== "tfjs") throw new Error("Only the built-in trainer runs in this process.");
  const trainerFile = writeTrainerFile(job, trainer);
  const trial = prepareTrial(job, { marker: "bench", threads: 1, visibleGpus: undefined });
  return trialEnvironment({ ...trial, trainerFile }, {}, {});
}

export function createInProcessExecutor(listener?: EpochListener): InProcessExecutor {
  const resources = keptResources();
  let last: Promise<unknown> = Promise.resolve();
  let cpuSeconds = 0;
  return {
    get cpuSeconds() {
      return cpuSeconds;
    },
    start(job, callbacks): RunningTrial {
      let stopping = false;
      let checkpointAsked = false;
      const session: Session = {
        send: (event) => {
          callbacks.event(event);
          if (event.type === "report" && event.repeated !== true) listener?.(job, event.step, event.metrics);
        },
        log: () => undefined,
        alive: () => undefined,
        get stopping() {
          return stopping;
        },
        takeCheckpointRequest: () => {
          const asked = checkpointAsked;
          checkpointAsked = false;
          return asked;
        },
        breathe: turn,
        flush: turn,
      };
      const run = async (): Promise<TrialExit> => {
        await turn();
        if (stopping) return { kind: "killed", cause: "requested" };
        const begun = process.cpuUsage();
        try {
          return { kind: "exited", code: await runTrial(environmentOf(job), session, resources) };
        } catch (error) {
          callbacks.event({ type: "failed", reason: errorText(error) });
          return { kind: "exited", code: 1 };
        } finally {
          const { user, system } = process.cpuUsage(begun);
          cpuSeconds += (user + system) / 1e6;
        }
      };
      const over = last.then(run).then((exit) => callbacks.exit(exit));
      last = over.catch(() => undefined);
      const stop = (): Promise<void> => {
        stopping = true;
        return over;
      };
      return {
        pid: undefined,
        placement: "this process",
        send: (command) => {
          if (command.type === "stop") stopping = true;
          else checkpointAsked = true;
        },
        stop,
        kill: stop,
      };
    },
    reap: () => Promise.resolve(),
  };
}

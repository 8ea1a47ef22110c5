/**
 * Trials as processes of this machine: slots, GPUs, threads.
 * Invariant: as executors/executor.ts says; a GPU dealt to a trial is free again when its `exit` is called.
 */
import { availableParallelism } from "node:os";
import { errorText } from "../../core/errors.ts";
import { inheritedEnvironment } from "../../trainers/environment.ts";
import type { Executor, RunningTrial, TrialCallbacks, TrialJob } from "../executor.ts";
import { findGpus, findGpusSync, GpuPool, type GpuLease } from "./gpus.ts";
import { planLaunch, type LaunchPlan } from "./launchPlan.ts";
import { LocalTrial } from "./localTrial.ts";
import { chooseNode, chooseNodeSync, type NodeChoice, type NodeQuestion } from "./nodePath.ts";
import { endProcesses, markedFinder } from "./processTree.ts";

export interface LocalExecutorOptions {
  /** Absolute folder of the bundles: trainer.cjs and python/. */
  readonly distFolder: string;
  /** The setting basin.nodePath; empty or undefined = look for one. */
  readonly nodePath?: string | undefined;
  readonly log?: (message: string) => void;
  /** Environment to inherit; default this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** GPU ids to deal instead of asking nvidia-smi. */
  readonly gpus?: readonly string[];
  /** Cores to share out; default all this process may use. */
  readonly cores?: number;
  /** A trial that prints more than this in all is ended; default 4 GiB. */
  readonly maxOutputBytes?: number;
  /** Between SIGTERM and SIGKILL; default 2000 ms. */
  readonly termGraceMs?: number;
  /** For descendants left when a trainer has ended by itself; default 1000 ms. */
  readonly strayGraceMs?: number;
}

export interface LocalExecutor extends Executor {
  readonly ready: Promise<void>;
  /** Ids of the GPUs that are dealt, once `ready`. */
  gpus(): readonly string[];
}

export function createLocalExecutor(options: LocalExecutorOptions): LocalExecutor {
  const env = options.env ?? process.env;
  const log = options.log ?? (() => undefined);
  const cores = options.cores ?? availableParallelism();
  const question: NodeQuestion = {
    nodePath: options.nodePath,
    env,
    execPath: process.execPath,
    electron: process.versions["electron"] !== undefined,
  };
  let node: NodeChoice | undefined;
  let gpuIds: readonly string[] | undefined = options.gpus;
  let pool: GpuPool | undefined;

  const lookUp = async (): Promise<void> => {
    const [choice, ids] = await Promise.all([chooseNode(question), gpuIds ?? findGpus(env)]);
    node ??= choice;
    gpuIds ??= ids;
    log(`Trainer Node: ${node.path} (${node.because}); GPUs: ${gpuIds.length === 0 ? "none" : gpuIds.join(", ")}`);
  };
  const ready = lookUp();

  const gpus = (): readonly string[] => (gpuIds ??= findGpusSync(env));

  const lease = (job: TrialJob): GpuLease => {
    pool ??= new GpuPool(gpus());
    return pool.take(job.study.limits.gpus);
  };

  return {
    ready,
    gpus,
    start(job: TrialJob, callbacks: TrialCallbacks): RunningTrial {
      const { trainer, budget } = job.study;
      const fixed = trainer.kind === "tfjs" ? trainer.threads : 0;
      const threads = fixed > 0 ? fixed : Math.max(1, Math.floor(cores / Math.max(1, budget.parallel)));
      const gpu = lease(job);
      const cpu = threads === 1 ? "1 thread" : `${threads} threads`;
      const placement = gpu.label === "" ? cpu : `${gpu.label}, ${cpu}`;
      let plan: LaunchPlan;
      try {
        plan = planLaunch(job, {
          distFolder: options.distFolder,
          node: () => (node ??= chooseNodeSync(question)),
          threads,
          visibleGpus: gpu.visible,
          baseEnv: inheritedEnvironment(env),
        });
      } catch (error) {
        gpu.release();
        return failedStart(placement, errorText(error), callbacks);
      }
      log(`Trial ${job.number} of study ${job.studyId}, attempt ${job.attempt}: ${plan.program} (${placement})`);
      return new LocalTrial(job, plan, callbacks, {
        placement,
        maxOutputBytes: options.maxOutputBytes ?? 4 * 1024 ** 3,
        termGraceMs: options.termGraceMs ?? 2_000,
        strayGraceMs: options.strayGraceMs ?? 1_000,
        released: () => gpu.release(),
      });
    },
    async reap(_pid, marker) {
      if (marker === "") return;
      const left = await endProcesses(markedFinder(marker), 0);
      if (left.length > 0) log(`Processes of an earlier engine could not be ended: ${left.join(", ")}`);
    },
  };
}

/** A trial that never became a process. `exit` comes later, as with any other. */
function failedStart(placement: string, message: string, callbacks: TrialCallbacks): RunningTrial {
  queueMicrotask(() => callbacks.exit({ kind: "spawn-failed", message }));
  return {
    pid: undefined,
    placement,
    send: () => undefined,
    stop: () => Promise.resolve(),
    kill: () => Promise.resolve(),
  };
}

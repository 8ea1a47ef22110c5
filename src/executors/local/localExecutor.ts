/**
 * Trials as processes of this machine: slots, GPUs, threads.
 * Invariant: as executors/executor.ts says; a GPU dealt to a trial is free again when its `exit` is called.
 */
import { availableParallelism } from "node:os";
import { errorText } from "../../core/errors.ts";
import { inheritedEnvironment } from "../../trainers/environment.ts";
import type { Executor, RunningTrial, TrialCallbacks, TrialJob } from "../executor.ts";
import { findGpus, findGpusSync, GpuPool, type GpuLease } from "./gpus.ts";
import { ownProcess } from "./carrier.ts";
import { planLaunch, type LaunchPlan, type SharedPlan } from "./launchPlan.ts";
import { startDiagnosis } from "./localDiagnosis.ts";
import { LocalTrial } from "./localTrial.ts";
import type { MachineMemory } from "./machineMemory.ts";
import { MemoryWatch } from "./memoryWatch.ts";
import { ProcessPool } from "./processPool.ts";
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
  /** How long a process of the built-in trainer waits for its slot's next trial; default 10 s. */
  readonly idleMs?: number;
  /** Trials that one process of the built-in trainer serves; default 100. */
  readonly maxTurns?: number;
  /** Reads how much memory is left; default from the system, where it tells. */
  readonly machineMemory?: () => Promise<MachineMemory | undefined>;
}

export interface LocalExecutor extends Executor {
  readonly ready: Promise<void>;
  close(): Promise<void>;
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
  const strayGraceMs = options.strayGraceMs ?? 1_000;
  const processes = new ProcessPool({
    strayGraceMs,
    idleMs: options.idleMs ?? 10_000,
    maxTurns: options.maxTurns ?? 100,
    maxGrowth: 512 * 1024 ** 2,
    log,
  });
  const memory = new MemoryWatch({
    log,
    ...(options.machineMemory === undefined ? {} : { read: options.machineMemory }),
  });
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
      let plan: LaunchPlan | SharedPlan;
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
      const trial = new LocalTrial(job, plan, callbacks, {
        placement,
        maxOutputBytes: options.maxOutputBytes ?? 4 * 1024 ** 3,
        termGraceMs: options.termGraceMs ?? 2_000,
        board: (passenger) =>
          "turnEnv" in plan ? processes.carry(plan, passenger) : ownProcess(plan, passenger, { strayGraceMs }),
        released: () => {
          memory.forget(trial);
          gpu.release();
        },
      });
      memory.watch(trial);
      return trial;
    },
    diagnose(job, callbacks) {
      const { trainer } = job.study;
      const fixed = trainer.kind === "tfjs" ? trainer.threads : 0;
      pool ??= new GpuPool(gpus());
      const gpu = pool.take(job.study.limits.gpus);
      try {
        return startDiagnosis(
          job,
          {
            distFolder: options.distFolder,
            node: () => (node ??= chooseNodeSync(question)),
            threads: fixed > 0 ? fixed : cores,
            visibleGpus: gpu.visible,
            baseEnv: inheritedEnvironment(env),
          },
          callbacks,
          () => gpu.release(),
        );
      } catch (error) {
        gpu.release();
        throw error;
      }
    },
    gpusOf({ limits, budget }) {
      const count = gpuIds?.length ?? 0;
      // Trials share GPUs when there are not enough.
      return Math.min(limits.gpus, count, count / budget.parallel);
    },
    close: () => processes.close(),
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

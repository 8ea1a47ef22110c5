/**
 * Threads for the project's WebAssembly kernels: workers that share the heap and take tasks of one job at a time.
 * Invariant: when `run` returns, every task has been done exactly once, or has been done again alone after a worker failed; a
 * worker never keeps the process alive, and none is left when it ends.
 */
import { Worker } from "node:worker_threads";
import { errorText } from "../../../core/errors.ts";

/** A job: function number, address of its arguments, number of tasks. Tasks may be repeated without harm. */
export interface ThreadPool {
  /** The caller included. */
  readonly threads: number;
  run(functionIndex: number, job: number, tasks: number): void;
  end(): Promise<void>;
}

type Kernel = (job: number, task: number, thread: number) => void;

/** Most tasks that are shared out: the count shares a word with the job's number. */
const mostTasks = 0xffff;

/** Words of the control block. `ticket` = number of the job * 65536 + tasks not yet taken; a job is taken from by compare-exchange. */
const ticket = 0;
const functionWord = 1;
const jobWord = 2;
const doneWord = 3;
const failedWord = 4;
const tasksWord = 5;

/** A worker says "ready", then sleeps on the ticket. Kept free of imports: it is handed over as text. */
const workerSource = `
const { parentPort, workerData: { module, memory, names, control, thread } } = require("node:worker_threads");
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const kernels = names.map((name) => exports[name]);
parentPort.postMessage("ready");
for (;;) {
  const seen = Atomics.load(control, ${ticket});
  const left = seen & ${mostTasks};
  if (left === 0) {
    Atomics.wait(control, ${ticket}, seen);
    continue;
  }
  const kernel = kernels[Atomics.load(control, ${functionWord})];
  const job = Atomics.load(control, ${jobWord});
  if (Atomics.compareExchange(control, ${ticket}, seen, seen - 1) !== seen) continue;
  try {
    kernel(job, left - 1, thread);
  } catch {
    Atomics.store(control, ${failedWord}, 1);
  }
  if (Atomics.add(control, ${doneWord}, 1) + 1 === Atomics.load(control, ${tasksWord})) Atomics.notify(control, ${doneWord});
}
`;

export interface PoolOptions {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Names of the functions, by number. */
  readonly names: readonly string[];
  readonly threads: number;
  /** Told in words when fewer threads are used than were asked for. */
  readonly log: (message: string) => void;
  /** Milliseconds a worker may take to start. */
  readonly startLimitMs?: number;
  /** Milliseconds without a finished task after which the workers count as dead. */
  readonly stallLimitMs?: number;
  /** What workers run; tests give broken ones. */
  readonly source?: string;
}

function started(worker: Worker, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`it was not ready after ${limitMs / 1000} s`)), limitMs);
    const settle = (act: () => void) => () => {
      clearTimeout(limit);
      act();
    };
    worker.once("message", settle(resolve));
    worker.once("error", (error) => settle(() => reject(error))());
    worker.once(
      "exit",
      settle(() => reject(new Error("it ended at once"))),
    );
  });
}

/** Starts `threads - 1` workers. Never throws: with none of them, the caller computes alone. */
export async function startThreads(options: PoolOptions): Promise<ThreadPool> {
  const { module, memory, names, log, startLimitMs = 20_000, stallLimitMs = 120_000 } = options;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name] as Kernel);
  const control = new Int32Array(new SharedArrayBuffer(64));
  const workers: Worker[] = [];
  const forget = (worker: Worker): void => {
    worker.removeAllListeners();
    worker.on("error", () => undefined);
    void worker.terminate();
  };
  let useless = "";
  const attempts = Array.from({ length: Math.max(0, options.threads - 1) }, async (_, i) => {
    let worker: Worker | undefined;
    try {
      worker = new Worker(options.source ?? workerSource, {
        eval: true,
        execArgv: [],
        workerData: { module, memory, names, control, thread: i + 1 },
      });
      await started(worker, startLimitMs);
      worker.removeAllListeners();
      worker.unref();
      workers.push(worker);
    } catch (error) {
      if (worker !== undefined) forget(worker);
      useless = errorText(error);
    }
  });
  await Promise.all(attempts);
  if (workers.length + 1 < options.threads)
    log(
      `WebAssembly computes with ${workers.length + 1} of ${options.threads} threads: a worker thread did not start (${useless}).`,
    );
  let lost = false;
  for (const worker of workers) {
    const die = (): void => {
      lost = true;
    };
    worker.on("error", die);
    worker.on("exit", die);
  }
  let number = 0;

  const alone = (functionIndex: number, job: number, tasks: number): void => {
    for (let task = 0; task < tasks; task++) kernels[functionIndex]!(job, task, 0);
  };

  return {
    get threads() {
      return lost ? 1 : workers.length + 1;
    },
    run(functionIndex, job, tasks) {
      if (tasks === 1 || tasks > mostTasks || lost || workers.length === 0) {
        alone(functionIndex, job, tasks);
        return;
      }
      Atomics.store(control, functionWord, functionIndex);
      Atomics.store(control, jobWord, job);
      Atomics.store(control, doneWord, 0);
      Atomics.store(control, tasksWord, tasks);
      number = (number + 1) & 0xffff;
      Atomics.store(control, ticket, (number << 16) | tasks);
      Atomics.notify(control, ticket, Math.min(workers.length, tasks - 1));
      for (;;) {
        const seen = Atomics.load(control, ticket);
        const left = seen & mostTasks;
        if (left === 0) break;
        if (Atomics.compareExchange(control, ticket, seen, seen - 1) !== seen) continue;
        try {
          kernels[functionIndex]!(job, left - 1, 0);
        } catch {
          Atomics.store(control, failedWord, 1);
        }
        Atomics.add(control, doneWord, 1);
      }
      for (;;) {
        const done = Atomics.load(control, doneWord);
        if (done === tasks) break;
        if (Atomics.wait(control, doneWord, done, stallLimitMs) === "timed-out") {
          lost = true;
          throw new Error(
            `A thread of WebAssembly has not answered for ${stallLimitMs / 1000} s. Set "threads: 1" under trainer to do without.`,
          );
        }
      }
      if (Atomics.load(control, failedWord) !== 0) {
        lost = true;
        log("WebAssembly goes on with one thread: a worker thread failed.");
        // A failure of the kernel itself shows again here, and is thrown.
        alone(functionIndex, job, tasks);
      }
    },
    async end() {
      lost = true;
      await Promise.all(
        workers.map((worker) => {
          worker.removeAllListeners();
          return worker.terminate();
        }),
      );
    },
  };
}

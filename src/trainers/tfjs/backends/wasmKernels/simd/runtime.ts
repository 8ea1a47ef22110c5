/**
 * Runs jobs of the project's WebAssembly kernels on the back end's heap, with as many threads as there are.
 * Invariant: jobs run one at a time; what `room` gives is freed by its caller.
 */
import type { ThreadPool } from "../../wasmThreads.ts";
import { functionNames, type KernelName } from "./binary.ts";

export interface SimdRuntime {
  readonly threads: number;
  /** Runs tasks 0 .. tasks - 1 of a kernel and returns when all are done. */
  run(kernel: KernelName, args: readonly number[], tasks: number): void;
  /** Address of fresh memory. */
  room(bytes: number): number;
  release(address: number): void;
  /** Address of a table of words, valid until the next call. */
  table(values: readonly number[]): number;
}

export interface Heap {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Words kept for the arguments of a job, and for one table. */
const argumentWords = 64;
const tableWords = 4096;

export function createRuntime(heap: Heap, pool: ThreadPool): SimdRuntime {
  const args = heap._malloc(4 * (argumentWords + tableWords)) >>> 0;
  const put = (at: number, values: readonly number[]): number => {
    new Int32Array(heap.HEAPU8.buffer, at, values.length).set(values);
    return at;
  };
  return {
    get threads() {
      return pool.threads;
    },
    run(kernel, values, tasks) {
      if (tasks > 0) pool.run(functionNames.indexOf(kernel), put(args, values), tasks);
    },
    room: (bytes) => heap._malloc(Math.max(16, bytes)) >>> 0,
    release: (address) => heap._free(address),
    table(values) {
      if (values.length > tableWords) throw new Error(`A filter of ${values.length} cells is too large.`);
      return put(args + 4 * argumentWords, values);
    },
  };
}

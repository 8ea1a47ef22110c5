/**
 * The WebAssembly back end with the project's own training kernels: the embedded default, npm only.
 * Invariant: running out of its 4 GiB heap is an error that is thrown, never a wrong number or an abort.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Tensor } from "../tf.ts";
import { BackendUnavailable, type Backend, type LoadedBackend, type LoadOptions } from "./backend.ts";
import { bundledTf } from "./bundledTf.ts";
import { HeapFull } from "./heapFull.ts";
import { registerWasmKernels } from "./wasmKernels/register.ts";
import { compileKernels, functionNames } from "./wasmKernels/simd/binary.ts";
import { createRuntime, type Heap } from "./wasmKernels/simd/runtime.ts";
import { registerWasmModule } from "./wasmModule.ts";
import { startThreads, type ThreadPool } from "./wasmThreads.ts";

/** Emscripten adds handlers that end the process on any unhandled error; the trainer has its own. */
async function withoutForeignHandlers<T>(load: () => Promise<T>): Promise<T> {
  const errors = new Set(process.listeners("uncaughtException"));
  const rejections = new Set(process.listeners("unhandledRejection"));
  try {
    return await load();
  } finally {
    for (const listener of process.listeners("uncaughtException")) {
      if (!errors.has(listener)) process.removeListener("uncaughtException", listener);
    }
    for (const listener of process.listeners("unhandledRejection")) {
      if (!rejections.has(listener)) process.removeListener("unhandledRejection", listener);
    }
  }
}

/** Where the heap ends, and what is kept of it for small needs: those of the binary itself abort the process when unmet. */
const heapBytes = 4 * 1024 ** 3;
const reserve = 64 * 1024 ** 2;

/** `malloc` answers 0 when the heap is full, and upstream would go on with that address. */
function guardHeap(backend: BackendWasm): void {
  const module = backend.wasm as unknown as Heap;
  // Emscripten's functions replace themselves in the module at their first call: that must have happened.
  module._free(module._malloc(16));
  const malloc = module._malloc.bind(module);
  module._malloc = (bytes: number): number => {
    const offset = malloc(bytes);
    if (offset === 0 && bytes > 0) throw new HeapFull(bytes);
    if (bytes > 65_536 && (offset >>> 0) + bytes > heapBytes - reserve) {
      module._free(offset);
      throw new HeapFull(bytes);
    }
    return offset;
  };
}

/** The one that runs in this process: the kernel registry is the process's own. */
let current: { readonly threads: number; readonly loaded: LoadedBackend; readonly pool: ThreadPool } | undefined;

async function start(threads: number): Promise<{ loaded: LoadedBackend; pool: ThreadPool }> {
  const shared = threads > 1;
  const tf = await bundledTf();
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  const heapOf = await registerWasmModule(tf, wasm, shared);
  const ready = await withoutForeignHandlers(async () => {
    const set = await tf.setBackend("wasm");
    await tf.ready();
    return set;
  });
  if (!ready) throw new BackendUnavailable("wasm", "The WebAssembly binary did not start.");
  const backend = tf.backend() as unknown as BackendWasm;
  guardHeap(backend);
  const pool = await startThreads({
    module: compileKernels(shared).module,
    memory: heapOf(),
    names: functionNames,
    threads,
    log: (message) => process.stderr.write(`${message}\n`),
  });
  const heap = backend.wasm as unknown as Heap;
  registerWasmKernels(tf, backend, createRuntime(heap, pool));
  const loaded: LoadedBackend = {
    tf,
    name: "wasm",
    device: "CPU, WebAssembly SIMD",
    threads: pool.threads,
    // Of the 4 GiB heap: the rest is for data, weights, packed weights and fragmentation.
    activationBudget: 1.5 * 1024 ** 3,
    host: {
      view: (tensor: Tensor): Float32Array => {
        const values = backend.typedArrayFromHeap(tensor);
        return values instanceof Float32Array ? values : Float32Array.from(values);
      },
    },
  };
  return { loaded, pool };
}

export const wasmBackend: Backend = {
  name: "wasm",
  threaded: true,
  async load({ threads }: LoadOptions): Promise<LoadedBackend> {
    const wanted = Math.max(1, threads);
    if (current?.threads === wanted) {
      await current.loaded.tf.setBackend("wasm");
      return current.loaded;
    }
    await current?.pool.end();
    current = undefined;
    const { loaded, pool } = await start(wanted);
    current = { threads: wanted, loaded, pool };
    return loaded;
  },
};

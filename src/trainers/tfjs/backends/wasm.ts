/**
 * The WebAssembly back end (XNNPACK) with the training kernels it lacks: the embedded default, npm only.
 * Invariant: running out of its 4 GiB heap is an error that is thrown, never a wrong number or an abort.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Tensor } from "../tf.ts";
import { BackendUnavailable, type Backend, type LoadedBackend, type LoadOptions } from "./backend.ts";
import { bundledTf } from "./bundledTf.ts";
import { wasmFile } from "./distFiles.ts";
import { registerWasmKernels } from "./wasmKernels/register.ts";
import { registerThreadedWasm } from "./wasmThreads.ts";

const binaries = [
  "tfjs-backend-wasm.wasm",
  "tfjs-backend-wasm-simd.wasm",
  "tfjs-backend-wasm-threaded-simd.wasm",
] as const;

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

/** `malloc` answers 0 when the heap is full, and upstream would go on with that address. */
function guardHeap(backend: BackendWasm): void {
  const module = backend.wasm as unknown as { _malloc(bytes: number): number };
  const malloc = module._malloc.bind(module);
  module._malloc = (bytes: number): number => {
    const offset = malloc(bytes);
    if (offset === 0 && bytes > 0) {
      throw new Error(
        `The WebAssembly heap (4 GiB) is full: ${Math.ceil(bytes / 1024 ** 2)} MiB more do not fit. Use a smaller batchSize or a smaller model.`,
      );
    }
    return offset;
  };
}

export const wasmBackend: Backend = {
  name: "wasm",
  threaded: true,
  async load({ threads }: LoadOptions): Promise<LoadedBackend> {
    const tf = await bundledTf();
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    const paths = Object.fromEntries(binaries.map((name) => [name, wasmFile(name, "dist")]));
    const ready = await withoutForeignHandlers(async () => {
      if (threads > 1) await registerThreadedWasm(tf, wasm, threads);
      else wasm.setWasmPaths(paths);
      const set = await tf.setBackend("wasm");
      await tf.ready();
      return set;
    });
    if (!ready) throw new BackendUnavailable("wasm", "The WebAssembly binary did not start.");
    const backend = tf.backend() as unknown as BackendWasm;
    guardHeap(backend);
    registerWasmKernels(tf, backend);
    return {
      tf,
      name: "wasm",
      device: "CPU, WebAssembly SIMD",
      threads: wasm.getThreadsCount(),
      // Of the 4 GiB heap: the rest is for data, weights, packed weights and fragmentation.
      activationBudget: 1.5 * 1024 ** 3,
      host: {
        view: (tensor: Tensor): Float32Array => {
          const values = backend.typedArrayFromHeap(tensor);
          return values instanceof Float32Array ? values : Float32Array.from(values);
        },
      },
    };
  },
};

/**
 * Starts TensorFlow.js's WebAssembly binary so that its heap is at hand, private or shared between threads. Its own thread pool
 * is left out: the project's kernels bring theirs (see wasmThreads). Invariant: globals touched while loading are restored.
 */
import { readFile } from "node:fs/promises";
import type * as wasmPackage from "@tensorflow/tfjs-backend-wasm";
import type { Tf } from "../tf.ts";
import { wasmFile } from "./distFiles.ts";

type WasmPackage = typeof wasmPackage;
type WasmModule = ConstructorParameters<WasmPackage["BackendWasm"]>[0];

/** What an Emscripten factory takes and gives, as far as it is used here. */
interface EmscriptenModule {
  cwrap(name: string, result: string | null, args: readonly string[]): (...args: number[]) => number;
  tfjs?: Record<string, (...args: number[]) => number>;
}
type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
type Factory = (options: {
  locateFile(name: string): string;
  instantiateWasm(imports: WebAssembly.Imports, receive: Receive): object;
  onAbort(reason: unknown): void;
  wasmMemory?: WebAssembly.Memory;
  mainScriptUrlOrBlob?: string;
}) => Promise<EmscriptenModule>;

function factoryOf(module: unknown): Factory {
  const inner = typeof module === "object" && module !== null && "default" in module ? module.default : module;
  if (typeof inner !== "function") throw new Error("The WebAssembly module of TensorFlow.js has an unexpected form.");
  return inner as Factory;
}

/**
 * Stands in for the eight workers that the threaded binary starts whether they are needed or not: says that it has loaded, and
 * is never asked for more, since that binary's own pool is set to one thread.
 */
class IdleWorker {
  onmessage: ((event: { data: object }) => void) | undefined;

  postMessage(message: { cmd?: string }): void {
    if (message.cmd === "load") setImmediate(() => this.onmessage?.({ data: { cmd: "loaded" } }));
  }

  on(): void {
    // Nothing ever happens here.
  }

  unref(): void {
    // It keeps nothing alive.
  }

  terminate(): void {
    // There is nothing to end.
  }
}

/** Runs `load` while `globalThis.Worker` is the stand-in, whatever assigns to it. */
async function withIdleWorkers<T>(load: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  Object.defineProperty(globalThis, "Worker", {
    configurable: true,
    get: () => IdleWorker,
    set() {
      // The binary's own assignment is passed over.
    },
  });
  try {
    return await load();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, "Worker");
    else Object.defineProperty(globalThis, "Worker", before);
  }
}

/**
 * Replaces the factory of the back end "wasm" by one whose heap is known; the next `tf.setBackend("wasm")` starts it.
 * @returns what gives that heap, once the back end has started
 */
export async function registerWasmModule(
  tf: Tf,
  wasm: WasmPackage,
  shared: boolean,
): Promise<() => WebAssembly.Memory> {
  const factory = factoryOf(
    shared
      ? await import("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js")
      : await import("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js"),
  );
  const binary = await readFile(
    wasmFile(shared ? "tfjs-backend-wasm-threaded-simd.wasm" : "tfjs-backend-wasm-simd.wasm", "dist"),
  );
  let memory: WebAssembly.Memory | undefined;
  if (shared) memory = new WebAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });

  wasm.setThreadsCount(1);
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", async () => {
    const start = (): Promise<EmscriptenModule> =>
      new Promise((resolve, reject) => {
        const fail = (reason: unknown): void =>
          reject(reason instanceof Error ? reason : new Error(`WebAssembly did not start: ${String(reason)}`));
        factory({
          locateFile: (name) => name,
          ...(memory === undefined ? {} : { wasmMemory: memory }),
          // Asked for by the stand-ins' set-up, and never read.
          mainScriptUrlOrBlob: "",
          instantiateWasm(imports, receive) {
            void (async () => {
              try {
                const { instance, module } = await WebAssembly.instantiate(binary, imports);
                memory ??= Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
                receive(instance, module);
              } catch (error) {
                fail(error);
              }
            })();
            return {};
          },
          onAbort: fail,
        }).then(resolve, fail);
      });
    const module = await (shared ? withIdleWorkers(start) : start());
    module.tfjs = {
      init: module.cwrap("init", null, []),
      initWithThreadsCount: module.cwrap("init_with_threads_count", null, ["number"]),
      getThreadsCount: module.cwrap("get_threads_count", "number", []),
      registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
      disposeData: module.cwrap("dispose_data", null, ["number"]),
      dispose: module.cwrap("dispose", null, []),
    };
    return new wasm.BackendWasm(module as unknown as WasmModule);
  });
  return () => {
    if (memory === undefined) throw new Error("The heap of the WebAssembly back end was not found.");
    return memory;
  };
}

/**
 * Threads for the WebAssembly back end in Node: upstream switches them off there, though its threaded binary runs on worker
 * threads once it is told where its scripts are. Invariant: globals touched while loading are restored.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
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
type Factory = (options: {
  locateFile(name: string): string;
  mainScriptUrlOrBlob: string;
  onAbort(reason: unknown): void;
}) => Promise<EmscriptenModule>;

function factoryOf(module: unknown): Factory {
  const inner = typeof module === "object" && module !== null && "default" in module ? module.default : module;
  if (typeof inner !== "function") throw new Error("The threaded WebAssembly module has an unexpected form.");
  return inner as Factory;
}

/**
 * Replaces the factory of the back end "wasm" by one that uses `threads` threads (2 or more).
 * The next `tf.setBackend("wasm")` starts it.
 */
export async function registerThreadedWasm(tf: Tf, wasm: WasmPackage, threads: number): Promise<void> {
  const factory = factoryOf(await import("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js"));
  const workerModule: unknown =
    await import("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js");
  const binary = wasmFile("tfjs-backend-wasm-threaded-simd.wasm", "dist");
  const main = wasmFile("tfjs-backend-wasm-threaded-simd.js", "wasm-out");
  const folder = mkdtempSync(path.join(os.tmpdir(), "basin-wasm-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const workerFile = path.join(folder, "worker.cjs");
  writeFileSync(workerFile, workerSource(workerModule));

  wasm.setThreadsCount(threads);
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", async () => {
    // The thread pool is sized once, as half of the cores it believes in, four at most.
    const cpus = os.cpus;
    const first = cpus()[0];
    os.cpus = () => Array.from({ length: 2 * threads }, () => first).filter((cpu) => cpu !== undefined);
    try {
      const module = await new Promise<EmscriptenModule>((resolve, reject) => {
        factory({
          locateFile: (name) => (name.endsWith(".worker.js") ? workerFile : name.endsWith(".wasm") ? binary : name),
          mainScriptUrlOrBlob: main,
          onAbort: (reason) => reject(new Error(`WebAssembly threads did not start: ${String(reason)}`)),
        }).then(resolve, reject);
      });
      module.tfjs = {
        init: module.cwrap("init", null, []),
        initWithThreadsCount: module.cwrap("init_with_threads_count", null, ["number"]),
        getThreadsCount: module.cwrap("get_threads_count", "number", []),
        registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
        disposeData: module.cwrap("dispose_data", null, ["number"]),
        dispose: module.cwrap("dispose", null, []),
      };
      return new wasm.BackendWasm(module as unknown as WasmModule);
    } finally {
      os.cpus = cpus;
    }
  });
}

function workerSource(module: unknown): string {
  const seen = [
    module,
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined,
  ];
  for (const candidate of seen) {
    if (typeof candidate === "object" && candidate !== null && "wasmWorkerContents" in candidate) {
      // The text is itself the inside of a string literal, one level of escapes short.
      return String(candidate.wasmWorkerContents).replaceAll("\n", "\\n");
    }
  }
  throw new Error("The script of WebAssembly's worker threads is missing from its package.");
}

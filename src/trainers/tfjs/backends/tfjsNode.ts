/**
 * TensorFlow.js on libtensorflow, CPU: the package @tensorflow/tfjs-node, where it is installed with its native part.
 */
import type { Backend, LoadedBackend, LoadOptions } from "./backend.ts";
import { loadNative, startNative } from "./nativeModule.ts";

export const tfjsNodeBackend: Backend = {
  name: "tfjs-node",
  threaded: true,
  async load({ threads }: LoadOptions): Promise<LoadedBackend> {
    const used = Math.max(1, threads);
    // Read when the native library starts.
    process.env["TF_NUM_INTRAOP_THREADS"] = String(used);
    process.env["TF_NUM_INTEROP_THREADS"] = "1";
    process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
    const tf = loadNative("@tensorflow/tfjs-node", "tfjs-node");
    await startNative(tf, "tfjs-node");
    return { tf, name: "tfjs-node", device: "CPU, libtensorflow", threads: used, activationBudget: 4 * 1024 ** 3 };
  },
};

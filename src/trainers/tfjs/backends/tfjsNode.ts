/**
 * TensorFlow.js on libtensorflow, CPU: the package @tensorflow/tfjs-node, where it is installed with its native part.
 */
import type { Backend, LoadedBackend, LoadOptions } from "./backend.ts";
import { findNative, libraryText, loadNative, nativeIdentity, startNative } from "./nativeModule.ts";

export const tfjsNodeBackend: Backend = {
  name: "tfjs-node",
  threaded: true,
  identity: () => nativeIdentity(findNative("cpu")),
  async load({ threads }: LoadOptions): Promise<LoadedBackend> {
    const used = Math.max(1, threads);
    // Read once, when the native library starts. Operations run one after another, so one thread between them is enough.
    process.env["TF_NUM_INTRAOP_THREADS"] = String(used);
    process.env["TF_NUM_INTEROP_THREADS"] = "1";
    process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
    const tf = loadNative("cpu", "tfjs-node");
    const backend = await startNative(tf, "tfjs-node");
    return {
      tf,
      name: "tfjs-node",
      device: `CPU, ${libraryText(backend)}`,
      threads: used,
      activationBudget: 4 * 1024 ** 3,
    };
  },
};

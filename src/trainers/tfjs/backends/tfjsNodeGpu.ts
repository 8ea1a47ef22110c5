/**
 * TensorFlow.js on libtensorflow with CUDA: the package @tensorflow/tfjs-node-gpu, where it loads AND uses a GPU.
 * Invariant: without a GPU it counts as unavailable, so that nobody trains on the CPU believing otherwise.
 */
import { BackendUnavailable, type Backend, type LoadedBackend } from "./backend.ts";
import { loadNative, startNative } from "./nativeModule.ts";

export const tfjsNodeGpuBackend: Backend = {
  name: "tfjs-node-gpu",
  threaded: false,
  async load(): Promise<LoadedBackend> {
    process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
    // Several trials may share a GPU; without this the first one takes all of its memory.
    process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
    const tf = loadNative("@tensorflow/tfjs-node-gpu", "tfjs-node-gpu");
    const backend = await startNative(tf, "tfjs-node-gpu");
    if (backend.isUsingGpuDevice !== true) {
      throw new BackendUnavailable(
        "tfjs-node-gpu",
        "TensorFlow loads but sees no GPU: check the NVIDIA driver, CUDA, cuDNN and CUDA_VISIBLE_DEVICES.",
      );
    }
    return {
      tf,
      name: "tfjs-node-gpu",
      device: `GPU ${process.env["CUDA_VISIBLE_DEVICES"] ?? "0"}, CUDA`,
      threads: 1,
      activationBudget: 8 * 1024 ** 3,
    };
  },
};

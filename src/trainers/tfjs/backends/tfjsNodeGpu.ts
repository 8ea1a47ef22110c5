/**
 * TensorFlow.js on libtensorflow with CUDA: the package @tensorflow/tfjs-node-gpu, where it loads AND uses a GPU.
 * Invariant: without a GPU it counts as unavailable, so that nobody trains on the CPU believing otherwise.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { BackendUnavailable, type Backend, type LoadedBackend } from "./backend.ts";
import { findNative, libraryText, loadNative, nativeIdentity, startNative } from "./nativeModule.ts";

/** What the NVIDIA driver tells of its GPUs on Linux, one folder each, named by their place on the bus. */
const driverFolder = "/proc/driver/nvidia/gpus";

/**
 * The model of the GPU that CUDA calls first: "NVIDIA H100". Undefined where the driver does not tell, or GPUs are named by
 * their UUID.
 * @param visible CUDA_VISIBLE_DEVICES, in the order of the bus
 */
export function gpuModel(visible: string | undefined, folder = driverFolder): string | undefined {
  const index = Number((visible ?? "0").split(",")[0]);
  if (!Number.isInteger(index)) return undefined;
  try {
    const place = readdirSync(folder).toSorted()[index];
    if (place === undefined) return undefined;
    const text = readFileSync(path.join(folder, place, "information"), "utf8");
    return /^Model:\s*(.+?)\s*$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether CUDA_VISIBLE_DEVICES leaves no GPU. */
function isHidden(visible: string | undefined): boolean {
  return visible !== undefined && (visible.trim() === "" || visible.trim().startsWith("-"));
}

export const tfjsNodeGpuBackend: Backend = {
  name: "tfjs-node-gpu",
  threaded: false,
  identity: () => (isHidden(process.env["CUDA_VISIBLE_DEVICES"]) ? undefined : nativeIdentity(findNative("gpu"))),
  async load(): Promise<LoadedBackend> {
    const visible = process.env["CUDA_VISIBLE_DEVICES"];
    if (isHidden(visible))
      throw new BackendUnavailable("tfjs-node-gpu", "This trial was given no GPU (CUDA_VISIBLE_DEVICES is empty).");
    process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
    // Several trials may share a GPU; without this the first one takes all of its memory.
    process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
    const tf = loadNative("gpu", "tfjs-node-gpu");
    const backend = await startNative(tf, "tfjs-node-gpu");
    if (backend.isUsingGpuDevice !== true) {
      throw new BackendUnavailable(
        "tfjs-node-gpu",
        "TensorFlow loads but sees no GPU: check the NVIDIA driver (nvidia-smi), CUDA, cuDNN and CUDA_VISIBLE_DEVICES.",
      );
    }
    const model = gpuModel(visible);
    return {
      tf,
      name: "tfjs-node-gpu",
      device: `GPU ${visible ?? "0"}${model === undefined ? "" : ` (${model})`}, CUDA, ${libraryText(backend)}`,
      threads: 1,
      activationBudget: 8 * 1024 ** 3,
      readsLate: true,
    };
  },
};

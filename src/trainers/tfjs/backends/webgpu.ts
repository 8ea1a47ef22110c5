/**
 * TensorFlow.js on any vendor's GPU through WebGPU: no CUDA, no libtensorflow, only the graphics driver and the npm package
 * `webgpu`. Invariant: hardware only, real Node only; reading back is asynchronous, and a failed device fails every read.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { BackendUnavailable, type Backend, type LoadedBackend } from "./backend.ts";
import { bundledTf } from "./bundledTf.ts";
import { binaryIdentity } from "./nativeModule.ts";
import { deviceText, findAdapter, requestDevice } from "./webgpuDawn.ts";
import { guardDevice } from "./webgpuGuard.ts";
import { registerWebgpuKernels } from "./webgpuKernels/register.ts";

/** WebGPU does not tell how much memory a GPU has; cards with less than twice this are rare where people train. */
const activationBytes = 3 * 1024 ** 3;

let started: Promise<LoadedBackend> | undefined;

async function start(): Promise<LoadedBackend> {
  const { dawn, adapter, info } = await findAdapter();
  const tf = await bundledTf();
  // Before `navigator.gpu` is there, so that the package does not register a back end of its own making.
  const { WebGPUBackend: Implementation } = await import("@tensorflow/tfjs-backend-webgpu");
  Object.assign(globalThis, dawn.globals);
  const navigator: object = globalThis.navigator ?? {};
  Object.defineProperty(navigator, "gpu", { value: dawn.gpu, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true, writable: true });

  const device = await requestDevice(adapter);
  let backend: WebGPUBackend | undefined;
  // Of a start that failed half-way.
  if (tf.findBackendFactory("webgpu") !== null) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => (backend = new Implementation(device, info)));
  if (!(await tf.setBackend("webgpu")) || backend === undefined)
    throw new BackendUnavailable("webgpu", "TensorFlow.js does not start on this GPU.");
  guardDevice(device, backend);
  registerWebgpuKernels(tf, backend);
  const largest = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  return {
    tf,
    name: "webgpu",
    device: deviceText(info),
    threads: 1,
    // A sample's bytes are at least three times its largest activation, so each single tensor fits into a binding, too.
    activationBudget: Math.min(activationBytes, 3 * largest),
    largestTensor: largest,
    readsLate: true,
  };
}

export const webgpuBackend: Backend = {
  name: "webgpu",
  threaded: false,
  identity() {
    const binaries = binaryIdentity("webgpu");
    // With a software adapter allowed, what was refused may work.
    return binaries === undefined ? undefined : `${binaries}; ${process.env["BASIN_WEBGPU_SOFTWARE"] ?? ""}`;
  },
  async load(): Promise<LoadedBackend> {
    // A process has one device: making another would strand the tensors of the first.
    started ??= start();
    try {
      const loaded = await started;
      await loaded.tf.setBackend("webgpu");
      return loaded;
    } catch (error) {
      started = undefined;
      throw error;
    }
  },
};

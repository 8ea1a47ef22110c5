/**
 * Puts the project's kernels into the WebGPU back end where upstream's are missing or wrong. Adding one: a file beside this
 * one and a line here.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tf } from "../../tf.ts";

export function registerWebgpuKernels(_tf: Tf, _backend: WebGPUBackend): void {
  return;
}

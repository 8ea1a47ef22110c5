/**
 * Puts the project's kernels into the WebGPU back end where upstream's are missing, wrong or slow. Adding one: a file beside
 * this one and a line here.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tf } from "../../tf.ts";
import { registerBatchNormGradient } from "../wasmKernels/fusedBatchNormGradient.ts";
import { adamMove, runningMean } from "./adam.ts";
import { argMax, argMin } from "./argExtreme.ts";
import { conv2dBackpropFilter } from "./conv2dBackpropFilter.ts";
import { conv2dBackpropInput } from "./conv2dBackpropInput.ts";
import { cumulativeProduct, cumulativeSum } from "./cumulative.ts";
import { kernelContext, registerKernel, type WebgpuKernel } from "./kernel.ts";
import { maxPoolGrad } from "./maxPoolGrad.ts";
import { pad } from "./pad.ts";

const kernels: readonly WebgpuKernel[] = [
  maxPoolGrad,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  cumulativeSum,
  cumulativeProduct,
  argMax,
  argMin,
  pad,
  runningMean,
  adamMove,
];

/** Registers every kernel, once a process: there is one device, and the kernel registry is the process's own. */
export function registerWebgpuKernels(tf: Tf, backend: WebGPUBackend): void {
  const context = kernelContext(tf, backend);
  for (const kernel of kernels) registerKernel(context, kernel);
  registerBatchNormGradient(tf);
}

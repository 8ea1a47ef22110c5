/**
 * Puts the project's training kernels into the WebAssembly back end. Adding one: a file beside this one and a line here.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelConfig } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";
import { batchMatMul, fusedMatMul } from "./batchMatMul.ts";
import { conv2d, fusedConv2d } from "./conv2d.ts";
import { conv2dBackpropFilter } from "./conv2dBackpropFilter.ts";
import { conv2dBackpropInput } from "./conv2dBackpropInput.ts";
import { depthwiseBackpropFilter } from "./depthwiseBackpropFilter.ts";
import { depthwiseBackpropInput } from "./depthwiseBackpropInput.ts";
import { depthwiseConv2d, fusedDepthwiseConv2d } from "./depthwiseConv2d.ts";
import { einsum, registerEinsumGradient } from "./einsum.ts";
import { fusedBatchNorm } from "./fusedBatchNorm.ts";
import { registerBatchNormGradient } from "./fusedBatchNormGradient.ts";
import { gather } from "./gather.ts";
import { kernelContext, registerKernel, type WasmKernel } from "./kernel.ts";
import { leadingMean, leadingSum } from "./leadingSum.ts";
import { maxPoolGrad } from "./maxPoolGrad.ts";
import { cast, identity } from "./sharing.ts";
import type { SimdRuntime } from "./simd/runtime.ts";
import { registerTrainBatchNorm } from "./trainBatchNorm.ts";
import { unsortedSegmentSum } from "./unsortedSegmentSum.ts";

export const wasmKernels: readonly WasmKernel[] = [
  batchMatMul,
  fusedMatMul,
  conv2d,
  fusedConv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  leadingSum,
  leadingMean,
  maxPoolGrad,
  fusedBatchNorm,
  identity,
  cast,
  gather,
  depthwiseConv2d,
  fusedDepthwiseConv2d,
  depthwiseBackpropInput,
  depthwiseBackpropFilter,
  unsortedSegmentSum,
  einsum,
];

/** Upstream's own, kept for back ends that are started later in the same process. */
const upstream = new Map<string, KernelConfig | undefined>();

/** Registers every kernel for this back end. The kernel registry is the process's own, shared by all namespaces. */
export function registerWasmKernels(tf: Tf, backend: BackendWasm, simd: SimdRuntime): void {
  const context = kernelContext(tf, backend, simd);
  for (const kernel of wasmKernels) {
    const present = tf.getKernel(kernel.name, "wasm");
    if (!upstream.has(kernel.name)) upstream.set(kernel.name, present);
    if (present !== undefined) tf.unregisterKernel(kernel.name, "wasm");
    const original = upstream.get(kernel.name);
    // Binds it to this binary: TensorFlow.js does so only for kernels that are registered when a back end starts.
    original?.setupFunc?.(backend);
    registerKernel(context, kernel, original?.kernelFunc);
  }
  registerBatchNormGradient(tf);
  registerTrainBatchNorm(context);
  registerEinsumGradient(context);
}

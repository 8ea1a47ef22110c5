/**
 * Puts the project's training kernels into the WebAssembly back end. Adding one: a file beside this one and a line here.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Tf } from "../../tf.ts";
import { batchMatMul } from "./batchMatMul.ts";
import { conv2dBackpropFilter } from "./conv2dBackpropFilter.ts";
import { conv2dBackpropInput } from "./conv2dBackpropInput.ts";
import { conv2dPadding, fusedConv2dPadding } from "./conv2dPadding.ts";
import { registerBatchNormGradient } from "./fusedBatchNormGradient.ts";
import { kernelContext, registerKernel, type WasmKernel } from "./kernel.ts";
import { leadingMean, leadingSum } from "./leadingSum.ts";
import { maxPoolGrad } from "./maxPoolGrad.ts";

export const wasmKernels: readonly WasmKernel[] = [
  batchMatMul,
  conv2dPadding,
  fusedConv2dPadding,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  leadingSum,
  leadingMean,
  maxPoolGrad,
];

const registered = new WeakSet<BackendWasm>();

/** Registers every kernel, once a back end. The kernel registry is the process's own, shared by all namespaces. */
export function registerWasmKernels(tf: Tf, backend: BackendWasm): void {
  if (registered.has(backend)) return;
  registered.add(backend);
  const context = kernelContext(tf, backend);
  for (const kernel of wasmKernels) registerKernel(context, kernel);
  registerBatchNormGradient(tf);
}

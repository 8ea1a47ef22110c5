/**
 * What the project's WebAssembly kernels share: running the back end's own kernels on raw tensor infos, and seeing the heap.
 * Invariant: a kernel frees every intermediate it makes; views of the heap are taken after the last allocation, since growing
 * the heap detaches them.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelFunc, NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo, Tf } from "../../tf.ts";

/** Runs a kernel of the back end and gives its only output. */
export type RunKernel = (name: string, inputs: Readonly<Record<string, TensorInfo>>, attrs?: object) => TensorInfo;

export interface KernelContext {
  readonly tf: Tf;
  readonly backend: BackendWasm;
  readonly run: RunKernel;
  /** The same values under another shape; shares the data and needs no freeing. */
  readonly view: (tensor: TensorInfo, shape: readonly number[]) => TensorInfo;
  readonly free: (...tensors: readonly TensorInfo[]) => void;
  /** The values of a float32 tensor, not a copy. */
  readonly values: (tensor: TensorInfo) => Float32Array;
  /** Room for a float32 tensor, its values undefined. */
  readonly make: (shape: readonly number[]) => TensorInfo;
}

/** A kernel of the project: what upstream registered under the name (if anything) may serve the cases it leaves alone. */
export type KernelMaker = (
  context: KernelContext,
  upstream: KernelFunc | undefined,
) => (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo;

export interface WasmKernel {
  readonly name: string;
  readonly make: KernelMaker;
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function only(result: TensorInfo | TensorInfo[]): TensorInfo {
  return Array.isArray(result) ? result[0]! : result;
}

/** Calls upstream's kernel; throws where there is none. */
export function callUpstream(
  context: KernelContext,
  upstream: KernelFunc | undefined,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap,
): TensorInfo {
  if (upstream === undefined) throw new Error("The WebAssembly back end has no kernel for this case.");
  return only(upstream({ inputs, attrs, backend: context.backend }));
}

export function kernelContext(tf: Tf, backend: BackendWasm): KernelContext {
  return {
    tf,
    backend,
    run(name, inputs, attrs = {}) {
      const kernel = tf.getKernel(name, "wasm");
      if (kernel === undefined) throw new Error(`The WebAssembly back end has no kernel ${name}.`);
      return only(kernel.kernelFunc({ inputs: { ...inputs }, attrs: { ...attrs }, backend }));
    },
    view: (tensor, shape) => ({ dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype }),
    free: (...tensors) => {
      for (const tensor of tensors) backend.disposeData(tensor.dataId);
    },
    values: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
    make: (shape) => backend.makeOutput([...shape], "float32"),
  };
}

/** Puts `kernel` in upstream's place. */
export function registerKernel(context: KernelContext, kernel: WasmKernel): void {
  const { tf } = context;
  const upstream = tf.getKernel(kernel.name, "wasm");
  if (upstream !== undefined) tf.unregisterKernel(kernel.name, "wasm");
  const compute = kernel.make(context, upstream?.kernelFunc);
  tf.registerKernel({
    kernelName: kernel.name,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => compute(inputs, attrs ?? {}),
  });
}

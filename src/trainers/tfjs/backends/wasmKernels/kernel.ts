/**
 * What the project's WebAssembly kernels share: running the back end's own kernels on raw tensor infos, and seeing the heap.
 * Invariant: a kernel frees every intermediate it makes; views of the heap are taken after the last allocation, since growing
 * the heap detaches them.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { DataType, KernelFunc, NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo, Tf } from "../../tf.ts";
import type { Heap, SimdRuntime } from "./simd/runtime.ts";

/** Runs a kernel of the back end and gives its only output. */
export type RunKernel = (name: string, inputs: Readonly<Record<string, TensorInfo>>, attrs?: object) => TensorInfo;

export interface KernelContext {
  readonly tf: Tf;
  readonly backend: BackendWasm;
  /** The project's own WebAssembly functions. */
  readonly simd: SimdRuntime;
  readonly run: RunKernel;
  /** The same values under another shape; shares the data and needs no freeing. */
  readonly view: (tensor: TensorInfo, shape: readonly number[]) => TensorInfo;
  readonly free: (...tensors: readonly TensorInfo[]) => void;
  /** The values of a float32 tensor, not a copy. */
  readonly values: (tensor: TensorInfo) => Float32Array;
  /** The heap as it is now; growing it detaches this. */
  readonly heap: () => Uint8Array;
  /** Where the values lie in the heap. */
  readonly address: (tensor: TensorInfo) => number;
  /** Room for a tensor (float32 unless said otherwise), its values undefined. */
  readonly make: (shape: readonly number[], dtype?: DataType) => TensorInfo;
  /** Runs a kernel; when it throws, everything that it and the kernels it called have made is freed. */
  readonly tidily: <T>(compute: () => T) => T;
  /** One more owner of the same values, under this shape. */
  readonly share: (tensor: TensorInfo, shape?: readonly number[]) => TensorInfo;
}

/** A kernel of the project: what upstream registered under the name (if anything) may serve the cases it leaves alone. */
export type KernelMaker = (
  context: KernelContext,
  upstream: KernelFunc | undefined,
) => (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo | TensorInfo[];

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

export function kernelContext(tf: Tf, backend: BackendWasm, simd: SimdRuntime): KernelContext {
  let depth = 0;
  /** What the outermost kernel under way has made; some of it is freed already. */
  let made: TensorInfo[] = [];
  const noted = (tensor: TensorInfo): TensorInfo => {
    made.push(tensor);
    return tensor;
  };
  return {
    tf,
    tidily(compute) {
      depth++;
      try {
        return compute();
      } catch (error) {
        if (depth === 1) for (const tensor of made) backend.disposeData(tensor.dataId);
        throw error;
      } finally {
        depth--;
        if (depth === 0) made = [];
      }
    },
    backend,
    simd,
    run(name, inputs, attrs = {}) {
      const kernel = tf.getKernel(name, "wasm");
      if (kernel === undefined) throw new Error(`The WebAssembly back end has no kernel ${name}.`);
      return noted(only(kernel.kernelFunc({ inputs: { ...inputs }, attrs: { ...attrs }, backend })));
    },
    view: (tensor, shape) => ({ dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype }),
    free: (...tensors) => {
      for (const tensor of tensors) backend.disposeData(tensor.dataId);
    },
    values: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
    heap: () => (backend.wasm as unknown as Heap).HEAPU8,
    address: (tensor) => backend.getMemoryOffset(tensor.dataId) >>> 0,
    make: (shape, dtype = "float32") => noted(backend.makeOutput([...shape], dtype)),
    share: (tensor, shape = tensor.shape) => {
      backend.incRef(tensor.dataId);
      return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
    },
  };
}

/** Registers `kernel`; `upstream` is what it stands in for. */
export function registerKernel(context: KernelContext, kernel: WasmKernel, upstream: KernelFunc | undefined): void {
  const compute = kernel.make(context, upstream);
  context.tf.registerKernel({
    kernelName: kernel.name,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => context.tidily(() => compute(inputs, attrs ?? {})),
  });
}

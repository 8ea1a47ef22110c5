/**
 * What the project's WebGPU kernels share: running the back end's own kernels on raw tensor infos, and small programs.
 * Invariant: a kernel frees every intermediate it makes; every constant in a shader's text is part of its key, since compiled
 * shaders are found again by key and by the ranks and types of their tensors, not by shapes.
 */
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import type { DataType, KernelFunc, NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo, Tf } from "../../tf.ts";

/** Runs a kernel of the back end and gives its only output. */
export type RunKernel = (name: string, inputs: Readonly<Record<string, TensorInfo>>, attrs?: object) => TensorInfo;

/** A value of a shader's uniforms, in the order in which the program declares them. */
export interface Uniform {
  readonly type: "int32" | "float32";
  readonly data: number[];
}

export const int = (...data: number[]): Uniform => ({ type: "int32", data });

export interface KernelContext {
  readonly tf: Tf;
  readonly backend: WebGPUBackend;
  readonly run: RunKernel;
  readonly shade: (
    program: WebGPUProgram,
    inputs: readonly TensorInfo[],
    type: DataType,
    uniforms: readonly Uniform[],
  ) => TensorInfo;
  /** The same values under another shape; shares the data and needs no freeing. */
  readonly view: (tensor: TensorInfo, shape: readonly number[]) => TensorInfo;
  readonly free: (...tensors: readonly TensorInfo[]) => void;
}

/** A kernel of the project: what upstream registered under the name (if anything) may serve the cases it leaves alone. */
export interface WebgpuKernel {
  readonly name: string;
  readonly make: (
    context: KernelContext,
    upstream: (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo,
  ) => (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo;
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function only(result: TensorInfo | TensorInfo[]): TensorInfo {
  return Array.isArray(result) ? result[0]! : result;
}

export function kernelContext(tf: Tf, backend: WebGPUBackend): KernelContext {
  return {
    tf,
    backend,
    run(name, inputs, attrs = {}) {
      const kernel = tf.getKernel(name, "webgpu");
      if (kernel === undefined) throw new Error(`The WebGPU back end has no kernel ${name}.`);
      return only(kernel.kernelFunc({ inputs: { ...inputs }, attrs: { ...attrs }, backend }));
    },
    shade: (program, inputs, type, uniforms) => backend.runWebGPUProgram(program, [...inputs], type, [...uniforms]),
    view: (tensor, shape) => ({ dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype }),
    free: (...tensors) => {
      for (const tensor of tensors) backend.disposeData(tensor.dataId);
    },
  };
}

const threads = 64;

/** A program with one thread a cell of its output; `body` is WGSL and sees the cell's number as `index`. */
export function cellProgram(options: {
  readonly key: string;
  readonly inputs: readonly string[];
  readonly outputShape: readonly number[];
  readonly uniforms: string;
  readonly body: string;
}): WebGPUProgram {
  const { outputShape } = options;
  return {
    shaderKey: options.key,
    variableNames: [...options.inputs],
    outputShape: [...outputShape],
    uniforms: options.uniforms,
    workgroupSize: [threads, 1, 1],
    size: true,
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(product(outputShape) / threads), 1, 1],
    getUserCode: () => `fn main(index : i32) { if (index < uniforms.size) { ${options.body} } }`,
  };
}

/** Puts `kernel` in upstream's place. */
export function registerKernel(context: KernelContext, kernel: WebgpuKernel): void {
  const { tf, backend } = context;
  const upstream: KernelFunc | undefined = tf.getKernel(kernel.name, "webgpu")?.kernelFunc;
  if (upstream !== undefined) tf.unregisterKernel(kernel.name, "webgpu");
  const compute = kernel.make(context, (inputs, attrs) => {
    if (upstream === undefined) throw new Error(`The WebGPU back end has no kernel ${kernel.name} for this case.`);
    return only(upstream({ inputs, attrs, backend }));
  });
  tf.registerKernel({
    kernelName: kernel.name,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs }) => compute(inputs, attrs ?? {}),
  });
}

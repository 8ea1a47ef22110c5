/**
 * Activations that are asked for together with a convolution or a product: `relu` is part of the project's kernels, the
 * others follow as kernels of their own.
 */
import type { NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { KernelContext } from "./kernel.ts";

const kernels: Readonly<Record<string, string>> = { relu6: "Relu6", elu: "Elu", sigmoid: "Sigmoid" };

/** Whether the result is to be cut off below 0. */
export function isRelu(attrs: NamedAttrMap): boolean {
  return attrs["activation"] === "relu";
}

/** Applies what is left to do after the kernel, and frees `result` where another takes its place. */
export function activate(
  { run, free }: KernelContext,
  result: TensorInfo,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap,
): TensorInfo {
  const { activation } = attrs as { activation?: string | null };
  if (activation === undefined || activation === null || activation === "linear" || activation === "relu")
    return result;
  let next: TensorInfo;
  if (activation === "prelu") next = run("Prelu", { x: result, alpha: inputs["preluActivationWeights"]! });
  else if (activation === "leakyrelu") next = run("LeakyRelu", { x: result }, { alpha: attrs["leakyreluAlpha"] });
  else {
    const name = kernels[activation];
    if (name === undefined) throw new Error(`There is no activation "${activation}".`);
    next = run(name, { x: result });
  }
  free(result);
  return next;
}

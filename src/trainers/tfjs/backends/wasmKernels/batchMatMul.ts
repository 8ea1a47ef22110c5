/**
 * Matrix products with transposed operands: upstream falls into a scalar loop for them; transposing first and then taking
 * its fast product is many times faster. Batched operands keep their batch dimensions.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { callUpstream, product, type KernelContext, type WasmKernel } from "./kernel.ts";

function transposed({ run, view }: KernelContext, matrix: TensorInfo): TensorInfo {
  const outer = matrix.shape.slice(0, -2);
  const [rows, columns] = matrix.shape.slice(-2) as [number, number];
  const batch = product(outer);
  const result =
    batch === 1
      ? run("Transpose", { x: view(matrix, [rows, columns]) }, { perm: [1, 0] })
      : run("Transpose", { x: view(matrix, [batch, rows, columns]) }, { perm: [0, 2, 1] });
  result.shape = [...outer, columns, rows];
  return result;
}

export const batchMatMul: WasmKernel = {
  name: "BatchMatMul",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const a = inputs["a"]!;
      const b = inputs["b"]!;
      const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
      if ((!transposeA && !transposeB) || a.dtype !== "float32" || b.dtype !== "float32")
        return callUpstream(context, upstream, inputs, attrs);
      const left = transposeA ? transposed(context, a) : a;
      const right = transposeB ? transposed(context, b) : b;
      const result = callUpstream(context, upstream, { a: left, b: right }, { transposeA: false, transposeB: false });
      if (transposeA) context.free(left);
      if (transposeB) context.free(right);
      return result;
    },
};

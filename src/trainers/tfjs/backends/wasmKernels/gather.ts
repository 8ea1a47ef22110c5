/**
 * Rows of a tensor by number, as mini-batches and embeddings take them: one copy a row. Upstream goes value by value.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { callUpstream, product, type WasmKernel } from "./kernel.ts";

export const gather: WasmKernel = {
  name: "GatherV2",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const { tf, make, address } = context;
      const x = inputs["x"]!;
      const indices = inputs["indices"]!;
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims?: number };
      const parsed = tf.util.parseAxisParam(axis, x.shape)[0];
      if (parsed !== 0 || (batchDims ?? 0) !== 0 || x.dtype === "string" || indices.dtype !== "int32")
        return callUpstream(context, upstream, inputs, attrs);
      const row = tf.util.bytesPerElement(x.dtype) * product(x.shape.slice(1));
      const result = make([...indices.shape, ...x.shape.slice(1)], x.dtype);
      const heap = context.heap();
      const [from, to] = [address(x), address(result)];
      const numbers = new Int32Array(heap.buffer, address(indices), product(indices.shape));
      for (let i = 0; i < numbers.length; i++) {
        const number = numbers[i]!;
        if (number < 0 || number >= x.shape[0]!)
          throw new Error(`Row ${number} is asked for, but there are ${x.shape[0]} (counted from 0).`);
        heap.copyWithin(to + i * row, from + number * row, from + (number + 1) * row);
      }
      return result;
    },
};

/**
 * Sums of the rows that carry the same number, which upstream lacks: the gradient of embeddings and of `gather`.
 * Rows whose number is not among the segments are left out, as the reference back end does.
 */
import type { WasmKernel } from "./kernel.ts";
import { product } from "./kernel.ts";

export const unsortedSegmentSum: WasmKernel = {
  name: "UnsortedSegmentSum",
  make:
    ({ make, backend, values }) =>
    (inputs, attrs) => {
      const x = inputs["x"]!;
      const ids = inputs["segmentIds"]!;
      const { numSegments } = attrs as unknown as { numSegments: number };
      const rowShape = x.shape.slice(ids.shape.length);
      const row = product(rowShape);
      const result = make([numSegments, ...rowShape], x.dtype === "int32" ? "int32" : "float32");
      const from = backend.typedArrayFromHeap(x);
      const to = values(result).fill(0);
      const numbers = backend.typedArrayFromHeap(ids);
      for (let i = 0; i < numbers.length; i++) {
        const number = numbers[i]!;
        if (number < 0 || number >= numSegments) continue;
        for (let j = 0; j < row; j++) to[number * row + j]! += from[i * row + j]!;
      }
      return result;
    },
};

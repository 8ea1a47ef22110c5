/**
 * Padding of tensors with more than four axes, which upstream's shader cannot index: axis by axis, with what lies before and
 * behind an axis taken as one each.
 */
import type { TensorInfo } from "../../tf.ts";
import { product, type WebgpuKernel } from "./kernel.ts";

interface Attributes {
  readonly paddings: readonly (readonly [number, number])[];
  readonly constantValue: number;
}

export const pad: WebgpuKernel = {
  name: "PadV2",
  make: ({ run, view, free }, upstream) => {
    return (inputs, attrs): TensorInfo => {
      const x = inputs["x"]!;
      if (x.shape.length <= 4) return upstream(inputs, attrs);
      const { paddings, constantValue } = attrs as unknown as Attributes;
      const shape = [...x.shape];
      let current: TensorInfo | undefined;
      paddings.forEach(([before, after], axis) => {
        if (before === 0 && after === 0) return;
        const folded = [product(shape.slice(0, axis)), shape[axis]!, product(shape.slice(axis + 1))];
        const padded = upstream(
          { x: view(current ?? x, folded) },
          {
            paddings: [
              [0, 0],
              [before, after],
              [0, 0],
            ],
            constantValue,
          },
        );
        if (current !== undefined) free(current);
        current = padded;
        shape[axis]! += before + after;
      });
      return current === undefined ? run("Identity", { x }) : view(current, shape);
    };
  },
};

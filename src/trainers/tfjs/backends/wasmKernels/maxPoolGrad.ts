/**
 * Gradient of max pooling, right for overlapping windows and ties: upstream's is not. Each output cell hands its gradient to
 * the first largest cell of its window, in row order, as the reference back end does. O(outputs * window).
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { WasmKernel } from "./kernel.ts";
import { poolGradientJob } from "./simd/poolGradient.ts";

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

export const maxPoolGrad: WasmKernel = {
  name: "MaxPoolGrad",
  make:
    ({ tf, simd, make, address }) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const dy = inputs["dy"]!;
      const input = inputs["input"]!;
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
      const shape = input.shape as [number, number, number, number];
      const pool = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const [samples, height, width, channels] = shape;
      const result = make(shape);
      const args = poolGradientJob.pack({
        x: address(input),
        dy: address(dy),
        dx: address(result),
        height,
        width,
        channels,
        outRows: pool.outHeight,
        outColumns: pool.outWidth,
        rows: pool.filterHeight,
        columns: pool.filterWidth,
        rowStride: pool.strideHeight,
        columnStride: pool.strideWidth,
        top: pool.padInfo.top,
        left: pool.padInfo.left,
      });
      if (!shape.includes(0)) simd.run("poolGradient", args, samples);
      return result;
    },
};

/**
 * Gradient of a convolution by its filter, which upstream lacks:
 *
 *   dW[a, b, ci, co] = sum over n, i, j of x[n, i s + a - p, j s + b - p, ci] * dy[n, i, j, co]
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { WasmKernel } from "./kernel.ts";
import { filterGradient } from "./simd/products.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape: [number, number, number, number];
  readonly dataFormat?: string;
}

export const conv2dBackpropFilter: WasmKernel = {
  name: "Conv2DBackpropFilter",
  make:
    ({ tf, simd, make, values, address }) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const x = inputs["x"]!;
      const dy = inputs["dy"]!;
      const { strides, pad, dimRoundingMode, filterShape, dataFormat } = attrs as unknown as Attributes;
      if (dataFormat !== undefined && dataFormat !== "NHWC")
        throw new Error(`Convolutions in the format ${dataFormat} cannot be trained on WebAssembly; use channelsLast.`);
      const conv = tf.backend_util.computeConv2DInfo(
        x.shape as [number, number, number, number],
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const result = make(filterShape);
      if (x.shape.includes(0) || dy.shape.includes(0)) {
        values(result).fill(0);
        return result;
      }
      filterGradient(
        simd,
        {
          x: address(x),
          dy: address(dy),
          images: conv.batchSize,
          height: conv.inHeight,
          width: conv.inWidth,
          inputs: conv.inChannels,
          outHeight: conv.outHeight,
          outWidth: conv.outWidth,
          outputs: conv.outChannels,
          filter: [conv.filterHeight, conv.filterWidth],
          strides: [conv.strideHeight, conv.strideWidth],
          top: conv.padInfo.top,
          left: conv.padInfo.left,
        },
        address(result),
      );
      return result;
    },
};

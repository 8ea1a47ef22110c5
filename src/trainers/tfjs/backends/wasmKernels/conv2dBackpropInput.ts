/**
 * Gradient of a convolution by its input: a convolution of dy (spread out by the strides) with the filter turned by 180
 * degrees and its channels swapped. Upstream's own is a scalar loop.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { WasmKernel } from "./kernel.ts";
import { multiplyWindows } from "./simd/products.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly inputShape: [number, number, number, number];
  readonly dataFormat?: string;
}

export const conv2dBackpropInput: WasmKernel = {
  name: "Conv2DBackpropInput",
  make:
    ({ tf, simd, make, address }) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const dy = inputs["dy"]!;
      const filter = inputs["filter"]!;
      const { strides, pad, dimRoundingMode, inputShape, dataFormat } = attrs as unknown as Attributes;
      if (dataFormat !== undefined && dataFormat !== "NHWC")
        throw new Error(`Convolutions in the format ${dataFormat} cannot be trained on WebAssembly; use channelsLast.`);
      const [rows, columns, inChannels, outChannels] = filter.shape as [number, number, number, number];
      const conv = tf.backend_util.computeConv2DInfo(
        inputShape,
        [rows, columns, inChannels, outChannels],
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const result = make(inputShape);
      if (inputShape.includes(0)) return result;
      multiplyWindows(
        simd,
        {
          address: address(dy),
          images: conv.batchSize,
          height: conv.outHeight,
          width: conv.outWidth,
          channels: outChannels,
          spread: [conv.strideHeight, conv.strideWidth],
          top: rows - 1 - conv.padInfo.top,
          left: columns - 1 - conv.padInfo.left,
          filter: [rows, columns],
          strides: [1, 1],
          dilations: [1, 1],
          outHeight: conv.inHeight,
          outWidth: conv.inWidth,
        },
        {
          // The filter's cells from the last to the first: each one lies together, its outputs being the depth.
          address: address(filter) + 4 * (rows * columns - 1) * inChannels * outChannels,
          segments: rows * columns,
          segmentLength: outChannels,
          segmentStep: -inChannels * outChannels,
          depthStep: 1,
          columnStep: outChannels,
          columns: inChannels,
          bias: 0,
        },
        address(result),
        false,
      );
      return result;
    },
};

/**
 * Convolutions, with bias and activation or without. Upstream's take about twice as long, and leave the padding "same" to a
 * library that gives zeros where the stride is larger than the filter.
 */
import type { NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { activate, isRelu } from "./activation.ts";
import { callUpstream, product, type KernelContext, type WasmKernel } from "./kernel.ts";
import { multiplyWindows } from "./simd/products.ts";

type Shape = [number, number, number, number];
type Pad = "valid" | "same" | number | [[number, number], [number, number], [number, number], [number, number]];

interface Attributes {
  readonly strides: [number, number] | number;
  readonly dilations: [number, number] | number;
  readonly pad: Pad;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: string;
}

/** The convolution of `x` with `filter`; the caller owns the result. */
function convolve(
  { tf, simd, make, address }: KernelContext,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  { strides, dilations, pad, dimRoundingMode }: Attributes,
  relu: boolean,
): TensorInfo {
  const conv = tf.backend_util.computeConv2DInfo(
    x.shape as Shape,
    filter.shape as Shape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
  const result = make(conv.outShape);
  if (conv.outShape.includes(0)) return result;
  const { filterHeight, filterWidth, inChannels, outChannels, dilationHeight, dilationWidth } = conv;
  const rows = dilationWidth === 1;
  multiplyWindows(
    simd,
    {
      address: address(x),
      images: conv.batchSize,
      height: conv.inHeight,
      width: conv.inWidth,
      channels: inChannels,
      spread: [1, 1],
      top: conv.padInfo.top,
      left: conv.padInfo.left,
      filter: [filterHeight, filterWidth],
      strides: [conv.strideHeight, conv.strideWidth],
      dilations: [dilationHeight, dilationWidth],
      outHeight: conv.outHeight,
      outWidth: conv.outWidth,
    },
    {
      address: address(filter),
      segments: rows ? filterHeight : filterHeight * filterWidth,
      segmentLength: rows ? filterWidth * inChannels : inChannels,
      segmentStep: (rows ? filterWidth * inChannels : inChannels) * outChannels,
      depthStep: outChannels,
      columnStep: 1,
      columns: outChannels,
      bias: bias === undefined ? 0 : address(bias),
    },
    address(result),
    relu,
  );
  return result;
}

function ours(inputs: NamedTensorInfoMap, { dataFormat }: Attributes): boolean {
  const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
  return (
    (dataFormat === undefined || dataFormat === "NHWC") &&
    x.dtype === "float32" &&
    filter.dtype === "float32" &&
    x.shape[3] === filter.shape[2]
  );
}

export const conv2d: WasmKernel = {
  name: "Conv2D",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const attributes = attrs as unknown as Attributes;
      if (!ours(inputs, attributes)) return callUpstream(context, upstream, inputs, attrs);
      return convolve(context, inputs["x"]!, inputs["filter"]!, undefined, attributes, false);
    },
};

export const fusedConv2d: WasmKernel = {
  name: "FusedConv2D",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const attributes = attrs as unknown as Attributes;
      const bias = inputs["bias"];
      const plainBias = bias === undefined || product(bias.shape) === inputs["filter"]!.shape[3];
      if (!plainBias || !ours(inputs, attributes)) return callUpstream(context, upstream, inputs, attrs);
      const result = convolve(context, inputs["x"]!, inputs["filter"]!, bias, attributes, isRelu(attrs));
      return activate(context, result, inputs, attrs);
    },
};

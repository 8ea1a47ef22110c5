/**
 * Forward convolutions with padding "same": upstream leaves the padding to XNNPACK, which gives zeros where the stride is
 * larger than the filter and no padding is needed. Here the padding is worked out first and handed over as numbers.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { callUpstream, type WasmKernel } from "./kernel.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly dilations: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dataFormat?: string;
}

type Shape = [number, number, number, number];

function withExplicitPadding(name: string): WasmKernel {
  return {
    name,
    make:
      (context, upstream) =>
      (inputs, attrs: NamedAttrMap): TensorInfo => {
        const { strides, dilations, pad, dataFormat } = attrs as unknown as Attributes;
        if (pad !== "same" || (dataFormat !== undefined && dataFormat !== "NHWC")) {
          return callUpstream(context, upstream, inputs, attrs);
        }
        const conv = context.tf.backend_util.computeConv2DInfo(
          inputs["x"]!.shape as Shape,
          inputs["filter"]!.shape as Shape,
          strides,
          dilations,
          pad,
        );
        const { top, bottom, left, right } = conv.padInfo;
        const explicit = [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ];
        return callUpstream(context, upstream, inputs, { ...attrs, pad: explicit });
      },
  };
}

export const conv2dPadding = withExplicitPadding("Conv2D");
export const fusedConv2dPadding = withExplicitPadding("FusedConv2D");

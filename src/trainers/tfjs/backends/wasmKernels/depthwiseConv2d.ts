/**
 * Depthwise convolutions with padding "same": upstream leaves the padding to XNNPACK, which gives zeros where the stride is
 * larger than the filter and no padding is needed. Here the padding is worked out first and handed over as numbers.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { depthwiseSizes, type Shape } from "./depthwiseWindows.ts";
import { callUpstream, type WasmKernel } from "./kernel.ts";

function withExplicitPadding(name: string): WasmKernel {
  return {
    name,
    make:
      (context, upstream) =>
      (inputs, attrs: NamedAttrMap): TensorInfo => {
        if (attrs["pad"] !== "same") return callUpstream(context, upstream, inputs, attrs);
        const [x, filter] = [inputs["x"]!, inputs["filter"]!];
        const { padInfo } = depthwiseSizes(context.tf, x.shape as Shape, filter.shape as Shape, attrs);
        const pad = [
          [0, 0],
          [padInfo.top, padInfo.bottom],
          [padInfo.left, padInfo.right],
          [0, 0],
        ];
        return callUpstream(context, upstream, inputs, { ...attrs, pad });
      },
  };
}

export const depthwiseConv2d = withExplicitPadding("DepthwiseConv2dNative");
export const fusedDepthwiseConv2d = withExplicitPadding("FusedDepthwiseConv2D");

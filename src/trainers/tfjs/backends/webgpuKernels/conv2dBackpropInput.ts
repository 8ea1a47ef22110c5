/**
 * Gradient of a convolution towards its input, at stride 1: itself a convolution, of the output's gradient with the filter
 * turned by 180 degrees and its channels exchanged, so that upstream's tiled kernel does it. Upstream's own gradient kernel
 * reads the filter from global memory for every cell; it stays for the other cases.
 */
import type { backend_util, NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { WebgpuKernel } from "./kernel.ts";

interface Attributes {
  readonly inputShape: [number, number, number, number];
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

export const conv2dBackpropInput: WebgpuKernel = {
  name: "Conv2DBackpropInput",
  make:
    ({ tf, run, free }, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const dy = inputs["dy"]!;
      const filter = inputs["filter"]!;
      const { inputShape, strides, pad, dataFormat, dimRoundingMode } = attrs as unknown as Attributes;
      if (dataFormat !== "NHWC") return upstream(inputs, attrs);
      const conv = tf.backend_util.computeConv2DInfo(
        inputShape,
        filter.shape as [number, number, number, number],
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const top = conv.filterHeight - 1 - conv.padInfo.top;
      const left = conv.filterWidth - 1 - conv.padInfo.left;
      const bottom = conv.inHeight - conv.outHeight + conv.filterHeight - 1 - top;
      const right = conv.inWidth - conv.outWidth + conv.filterWidth - 1 - left;
      if (conv.strideHeight !== 1 || conv.strideWidth !== 1 || Math.min(top, left, bottom, right) < 0)
        return upstream(inputs, attrs);
      const turned = run("Reverse", { x: filter }, { dims: [0, 1] });
      const exchanged = run("Transpose", { x: turned }, { perm: [0, 1, 3, 2] });
      free(turned);
      const result = run(
        "Conv2D",
        { x: dy, filter: exchanged },
        {
          strides: [1, 1],
          pad: [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ],
          dataFormat: "NHWC",
          dilations: [1, 1],
        },
      );
      free(exchanged);
      return result;
    },
};

/**
 * Gradient of a convolution by its input: a convolution of dy (spread out by the strides) with the filter turned by 180
 * degrees and its channels swapped. Upstream's own is a scalar loop, which serves the few cases left alone here.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { callUpstream, type KernelContext, type WasmKernel } from "./kernel.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly inputShape: [number, number, number, number];
  readonly dataFormat?: string;
}

/** dy with zeros between its rows and columns, so that a convolution of stride 1 can follow. O(result). */
function spread(
  { make, values }: KernelContext,
  dy: TensorInfo,
  strideHeight: number,
  strideWidth: number,
): TensorInfo {
  const [samples, height, width, channels] = dy.shape as [number, number, number, number];
  const tall = (height - 1) * strideHeight + 1;
  const wide = (width - 1) * strideWidth + 1;
  const result = make([samples, tall, wide, channels]);
  const from = values(dy);
  const to = values(result).fill(0);
  let at = 0;
  for (let n = 0; n < samples; n++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++, at += channels) {
        to.set(from.subarray(at, at + channels), ((n * tall + i * strideHeight) * wide + j * strideWidth) * channels);
      }
    }
  }
  return result;
}

export const conv2dBackpropInput: WasmKernel = {
  name: "Conv2DBackpropInput",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const { tf, run, view, free } = context;
      const dy = inputs["dy"]!;
      const filter = inputs["filter"]!;
      const { strides, pad, dimRoundingMode, inputShape, dataFormat } = attrs as unknown as Attributes;
      const [rows, columns, inputs1, outputs] = filter.shape as [number, number, number, number];
      const conv = tf.backend_util.computeConv2DInfo(
        inputShape,
        [rows, columns, inputs1, outputs],
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const { strideHeight, strideWidth, outHeight, outWidth, inHeight, inWidth } = conv;
      const top = rows - 1 - conv.padInfo.top;
      const left = columns - 1 - conv.padInfo.left;
      const bottom = inHeight - ((outHeight - 1) * strideHeight + 1) - top + rows - 1;
      const right = inWidth - ((outWidth - 1) * strideWidth + 1) - left + columns - 1;
      if ((dataFormat !== undefined && dataFormat !== "NHWC") || Math.min(top, left, bottom, right) < 0)
        return callUpstream(context, upstream, inputs, attrs);

      const reversed = run("Reverse", { x: view(filter, [rows * columns, inputs1 * outputs]) }, { dims: [0] });
      const turned = run("Transpose", { x: view(reversed, [rows * columns, inputs1, outputs]) }, { perm: [0, 2, 1] });
      free(reversed);
      const strided = strideHeight > 1 || strideWidth > 1;
      const image = strided ? spread(context, dy, strideHeight, strideWidth) : dy;
      const result = run(
        "Conv2D",
        { x: image, filter: view(turned, [rows, columns, outputs, inputs1]) },
        {
          strides: [1, 1],
          dilations: [1, 1],
          pad: [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ],
          dataFormat: "NHWC",
        },
      );
      free(turned);
      if (strided) free(image);
      return result;
    },
};

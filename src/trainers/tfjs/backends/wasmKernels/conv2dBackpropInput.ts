/**
 * Gradient of a convolution by its input: a convolution of dy (spread out by the strides) with the filter turned by 180
 * degrees and its channels swapped. Upstream's own is a scalar loop.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { KernelContext, WasmKernel } from "./kernel.ts";

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
    (context) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const { tf, run, view, free, make, values } = context;
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
      if (dataFormat !== undefined && dataFormat !== "NHWC") {
        throw new Error(`Convolutions in the format ${dataFormat} cannot be trained on WebAssembly; use channelsLast.`);
      }
      const tall = (outHeight - 1) * strideHeight + 1;
      const wide = (outWidth - 1) * strideWidth + 1;
      const top = rows - 1 - conv.padInfo.top;
      const left = columns - 1 - conv.padInfo.left;
      const bottom = inHeight - tall - top + rows - 1;
      const right = inWidth - wide - left + columns - 1;
      // Where the padding is wider than the filter, the outermost cells of dy belong to windows of padding alone.
      const height = tall + Math.min(top, 0) + Math.min(bottom, 0);
      const width = wide + Math.min(left, 0) + Math.min(right, 0);
      if (height <= 0 || width <= 0) {
        const zeros = make(inputShape);
        values(zeros).fill(0);
        return zeros;
      }
      let image = view(dy, dy.shape);
      const own: TensorInfo[] = [];
      if (strideHeight > 1 || strideWidth > 1) own.push((image = spread(context, dy, strideHeight, strideWidth)));
      if (height < tall || width < wide) {
        const begin = [0, Math.max(-top, 0), Math.max(-left, 0), 0];
        own.push((image = run("Slice", { x: image }, { begin, size: [conv.batchSize, height, width, outputs] })));
      }

      const reversed = run("Reverse", { x: view(filter, [rows * columns, inputs1 * outputs]) }, { dims: [0] });
      const turned = run("Transpose", { x: view(reversed, [rows * columns, inputs1, outputs]) }, { perm: [0, 2, 1] });
      free(reversed);
      const result = run(
        "Conv2D",
        { x: image, filter: view(turned, [rows, columns, outputs, inputs1]) },
        {
          strides: [1, 1],
          dilations: [1, 1],
          pad: [
            [0, 0],
            [Math.max(top, 0), Math.max(bottom, 0)],
            [Math.max(left, 0), Math.max(right, 0)],
            [0, 0],
          ],
          dataFormat: "NHWC",
        },
      );
      free(turned, ...own);
      return result;
    },
};

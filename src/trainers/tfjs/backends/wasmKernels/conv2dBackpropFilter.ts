/**
 * Gradient of a convolution by its filter, which upstream lacks: one more XNNPACK convolution, on transposed operands.
 *
 *   dW[a, b, ci, co] = sum over n, i, j of x[n, i s + a - p, j s + b - p, ci] * dy[n, i, j, co]
 *
 * is, with ci as the batch, n as the channel, dy as the filter and s as its dilation, a convolution whose output has a, b as
 * its rows and columns. Cost: that of the forward convolution, plus transposing x and dy.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { WasmKernel } from "./kernel.ts";

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
    ({ tf, run, view, free, make, values }) =>
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
      const [rows, columns, inputs1, outputs] = filterShape;
      const { batchSize, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth } = conv;

      // Pad so that exactly rows x columns results come out; rows of x that the strides never reached are cut off.
      const { top, left } = conv.padInfo;
      const bottom = (outHeight - 1) * strideHeight + rows - inHeight - top;
      const right = (outWidth - 1) * strideWidth + columns - inWidth - left;
      const height = inHeight + Math.min(bottom, 0);
      const width = inWidth + Math.min(right, 0);
      if (height <= 0 || width <= 0) {
        // Every window lies in the padding.
        const zeros = make(filterShape);
        values(zeros).fill(0);
        return zeros;
      }

      // x as [channel, height, width, sample]: [N, HWC] -> [HWC, N] -> [C, HW, N].
      const turned = run("Transpose", { x: view(x, [batchSize, inHeight * inWidth * inputs1]) }, { perm: [1, 0] });
      let image = turned;
      if (inputs1 > 1) {
        image = run("Transpose", { x: view(turned, [inHeight * inWidth, inputs1, batchSize]) }, { perm: [1, 0, 2] });
        free(turned);
      }
      const filter = run("Transpose", { x: view(dy, [batchSize, outHeight * outWidth, outputs]) }, { perm: [1, 0, 2] });

      let used = view(image, [inputs1, inHeight, inWidth, batchSize]);
      if (height < inHeight || width < inWidth) {
        const cut = run("Slice", { x: used }, { begin: [0, 0, 0, 0], size: [inputs1, height, width, batchSize] });
        free(image);
        image = cut;
        used = cut;
      }
      const result = run(
        "Conv2D",
        { x: used, filter: view(filter, [outHeight, outWidth, batchSize, outputs]) },
        {
          strides: [1, 1],
          dilations: [strideHeight, strideWidth],
          pad: [
            [0, 0],
            [top, Math.max(bottom, 0)],
            [left, Math.max(right, 0)],
            [0, 0],
          ],
          dataFormat: "NHWC",
        },
      );
      const gradient = run("Transpose", { x: view(result, [inputs1, rows * columns, outputs]) }, { perm: [1, 0, 2] });
      free(image, filter, result);
      gradient.shape = [...filterShape];
      return gradient;
    },
};

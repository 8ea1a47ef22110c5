/**
 * Gradient of a depthwise convolution by its filter, which upstream lacks. Summed in float64.
 */
import type { WasmKernel } from "./kernel.ts";
import { depthwiseSizes, overWindows, type Shape } from "./depthwiseWindows.ts";

export const depthwiseBackpropFilter: WasmKernel = {
  name: "DepthwiseConv2dNativeBackpropFilter",
  make:
    ({ tf, make, values }) =>
    (inputs, attrs) => {
      const x = inputs["x"]!;
      const { filterShape } = attrs as unknown as { filterShape: Shape };
      const sizes = depthwiseSizes(tf, x.shape as Shape, filterShape, attrs);
      const { inChannels, outChannels } = sizes;
      const multiplier = outChannels / inChannels;
      const result = make(filterShape);
      const [image, dy] = [values(x), values(inputs["dy"]!)];
      const sums = new Float64Array(sizes.filterHeight * sizes.filterWidth * outChannels);
      overWindows(sizes, (input, output, cell) => {
        for (let c = 0, at = 0; c < inChannels; c++) {
          const value = image[input + c]!;
          for (let d = 0; d < multiplier; d++, at++) sums[cell + at]! += value * dy[output + at]!;
        }
      });
      values(result).set(sums);
      return result;
    },
};

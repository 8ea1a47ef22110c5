/**
 * Gradient of a depthwise convolution by its input, which upstream lacks: every output hands its gradient, times the filter,
 * back to the cells of its window.
 */
import type { WasmKernel } from "./kernel.ts";
import { depthwiseSizes, overWindows, type Shape } from "./depthwiseWindows.ts";

export const depthwiseBackpropInput: WasmKernel = {
  name: "DepthwiseConv2dNativeBackpropInput",
  make:
    ({ tf, make, values }) =>
    (inputs, attrs) => {
      const filter = inputs["filter"]!;
      const { inputShape } = attrs as unknown as { inputShape: Shape };
      const sizes = depthwiseSizes(tf, inputShape, filter.shape as Shape, attrs);
      const { inChannels } = sizes;
      const multiplier = sizes.outChannels / inChannels;
      const result = make(inputShape);
      const [dx, dy, w] = [values(result).fill(0), values(inputs["dy"]!), values(filter)];
      overWindows(sizes, (input, output, cell) => {
        if (multiplier === 1) {
          for (let c = 0; c < inChannels; c++) dx[input + c]! += dy[output + c]! * w[cell + c]!;
          return;
        }
        for (let c = 0, at = 0; c < inChannels; c++) {
          let sum = 0;
          for (let d = 0; d < multiplier; d++, at++) sum += dy[output + at]! * w[cell + at]!;
          dx[input + c]! += sum;
        }
      });
      return result;
    },
};

/**
 * The gradient of a convolution's filter gradient, which TensorFlow.js lacks. With C(x, w) the convolution, bilinear in both:
 *   F(x, dy) = dC/dw applied backwards to dy is bilinear too, and for an upstream U of the filter's shape
 *   <U, F(x, dy)> = <C(x, U), dy>   so   dF/d(dy) = C(x, U),   dF/dx = the input gradient of C(., U) at dy.
 * The other one (of the input gradient) TensorFlow.js has, and it is right.
 */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { SecondOrderGradient } from "./gradient.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

export const conv2dFilterGradient: SecondOrderGradient = {
  kernelName: "Conv2DBackpropFilter",
  inputsToSave: ["x", "dy"],
  gradient: (tf, upstream, saved, attrs) => {
    const [x, dy] = saved as [Tensor4D, Tensor4D];
    const filter = upstream as Tensor4D;
    const { strides, pad, dataFormat, dimRoundingMode } = attrs as unknown as Attributes;
    return {
      x: () =>
        tf.engine().runKernel(
          "Conv2DBackpropInput",
          { dy, filter },
          // The kernel takes no undefined attribute on some back ends.
          {
            strides,
            pad,
            dataFormat,
            inputShape: x.shape,
            ...(dimRoundingMode === undefined ? {} : { dimRoundingMode }),
          },
        ),
      dy: () => tf.conv2d(x, filter, strides, pad, dataFormat, 1, dimRoundingMode),
    };
  },
};

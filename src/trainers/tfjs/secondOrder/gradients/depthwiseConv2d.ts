/**
 * The gradients of a depthwise convolution's two gradients, by the same bilinear identities as in conv2d.ts: with D(x, w) the
 * convolution, the input gradient's upstream U (of x's shape) gives D(U, w) and the filter gradient of (U, dy); the filter
 * gradient's upstream U (of w's shape) gives the input gradient of (dy, U) and D(x, U). Back ends that lack the kernels say so.
 */
import type { NamedAttrMap, Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";
import type { SecondOrderGradient } from "./gradient.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dilations: [number, number] | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

const forward = (tf: Tf, x: Tensor, filter: Tensor, attrs: NamedAttrMap): Tensor => {
  const { strides, pad, dilations, dimRoundingMode } = attrs as unknown as Attributes;
  return tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, strides, pad, "NHWC", dilations, dimRoundingMode);
};

const run = (tf: Tf, kernel: string, inputs: Record<string, Tensor>, attrs: NamedAttrMap): Tensor =>
  tf.engine().runKernel(kernel, inputs, attrs);

export const depthwiseInputGradient: SecondOrderGradient = {
  kernelName: "DepthwiseConv2dNativeBackpropInput",
  inputsToSave: ["dy", "filter"],
  gradient: (tf, upstream, saved, attrs) => {
    const [dy, filter] = saved as [Tensor, Tensor];
    const { inputShape: _, ...shared } = attrs;
    return {
      dy: () => forward(tf, upstream, filter, attrs),
      filter: () =>
        run(tf, "DepthwiseConv2dNativeBackpropFilter", { x: upstream, dy }, { ...shared, filterShape: filter.shape }),
    };
  },
};

export const depthwiseFilterGradient: SecondOrderGradient = {
  kernelName: "DepthwiseConv2dNativeBackpropFilter",
  inputsToSave: ["x", "dy"],
  gradient: (tf, upstream, saved, attrs) => {
    const [x, dy] = saved as [Tensor, Tensor];
    const { filterShape: _, ...shared } = attrs;
    return {
      x: () =>
        run(tf, "DepthwiseConv2dNativeBackpropInput", { dy, filter: upstream }, { ...shared, inputShape: x.shape }),
      dy: () => forward(tf, x, upstream, attrs),
    };
  },
};

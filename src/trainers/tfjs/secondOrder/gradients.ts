/**
 * The twice-differentiable gradients there are: for operations whose stock gradient is made of kernels that have none
 * themselves, is wrong, or would carry zeros through the second differentiation. What only saves its output (tanh, exp, ...)
 * is right as it is once tape.ts has put the tape in order. Adding one: a file under gradients/ and a line here.
 */
import { avgPoolGradient } from "./gradients/avgPool.ts";
import { batchNormGradient } from "./gradients/batchNorm.ts";
import { comparisonGradients } from "./gradients/comparisons.ts";
import { conv2dFilterGradient } from "./gradients/conv2d.ts";
import { depthwiseFilterGradient, depthwiseInputGradient } from "./gradients/depthwiseConv2d.ts";
import { eluGradient } from "./gradients/elu.ts";
import { maxGradient, minGradient } from "./gradients/extremes.ts";
import type { SecondOrderGradient } from "./gradients/gradient.ts";
import { maxPoolGradGradient, maxPoolGradient } from "./gradients/maxPool.ts";
import { leakyReluGradient, preluGradient, relu6Gradient, reluGradient } from "./gradients/relu.ts";
import { seluGradient } from "./gradients/selu.ts";

export const secondOrderGradients: readonly SecondOrderGradient[] = [
  reluGradient,
  relu6Gradient,
  leakyReluGradient,
  preluGradient,
  eluGradient,
  seluGradient,
  maxGradient,
  minGradient,
  conv2dFilterGradient,
  depthwiseInputGradient,
  depthwiseFilterGradient,
  maxPoolGradient,
  maxPoolGradGradient,
  avgPoolGradient,
  batchNormGradient,
  ...comparisonGradients,
];

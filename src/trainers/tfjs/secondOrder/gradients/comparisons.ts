/**
 * Comparisons and logic: piecewise constant, so their derivative is zero wherever it exists. TensorFlow.js has no gradient for
 * them, but its gradients of maximum, minimum, clipping and others are made with them and put them on the tape.
 */
import type { SecondOrderGradient } from "./gradient.ts";

const binary = ["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr"];

const constant = (kernelName: string, inputs: readonly string[]): SecondOrderGradient => ({
  kernelName,
  inputsToSave: inputs,
  gradient: (tf, _dy, saved) =>
    Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape, "float32")])),
});

export const comparisonGradients: readonly SecondOrderGradient[] = [
  ...binary.map((name) => constant(name, ["a", "b"])),
  constant("LogicalNot", ["x"]),
];

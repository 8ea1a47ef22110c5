/**
 * Fully connected layers with backpropagation, and the multilayer perceptron of two of them.
 * Invariant: `backward` adds to the slopes of the weights and gives the derivatives by the input; it is called with what
 * `forward` was called with.
 */
import type { Rng } from "../../core/rng.ts";
import { uniformTensor, type Tensor } from "./tensor.ts";

export interface Dense {
  readonly tensors: readonly Tensor[];
  /** O(inputs * outputs). */
  forward(input: Float64Array): Float64Array;
  backward(input: Float64Array, byOutput: Float64Array): Float64Array;
}

/** y = W x + b; W uniform within 1 / sqrt(inputs) times `gain`, b = 0. */
export function dense(inputs: number, outputs: number, rng: Rng, gain = 1): Dense {
  const weights = uniformTensor(inputs * outputs, gain / Math.sqrt(Math.max(1, inputs)), rng);
  const bias = uniformTensor(outputs, 0, rng);
  return {
    tensors: [weights, bias],
    forward(input) {
      const { values } = weights;
      const output = bias.values.slice();
      for (let o = 0, at = 0; o < outputs; o++) {
        let sum = output[o]!;
        for (let i = 0; i < inputs; i++, at++) sum += values[at]! * input[i]!;
        output[o] = sum;
      }
      return output;
    },
    backward(input, byOutput) {
      const { values, slopes } = weights;
      const byInput = new Float64Array(inputs);
      for (let o = 0; o < outputs; o++) {
        const slope = byOutput[o]!;
        if (slope === 0) continue;
        bias.slopes[o]! += slope;
        for (let i = 0, at = o * inputs; i < inputs; i++, at++) {
          slopes[at]! += slope * input[i]!;
          byInput[i]! += slope * values[at]!;
        }
      }
      return byInput;
    },
  };
}

export interface Perceptron {
  readonly tensors: readonly Tensor[];
  forward(input: Float64Array): { readonly hidden: Float64Array; readonly output: number };
  /** @param hidden of the forward pass */
  backward(input: Float64Array, hidden: Float64Array, byOutput: number): Float64Array;
}

/** One hidden layer of tanh, one linear output. */
export function perceptron(inputs: number, width: number, rng: Rng): Perceptron {
  const first = dense(inputs, width, rng);
  const second = dense(width, 1, rng);
  return {
    tensors: [...first.tensors, ...second.tensors],
    forward(input) {
      const hidden = first.forward(input).map(Math.tanh);
      return { hidden, output: second.forward(hidden)[0]! };
    },
    backward(input, hidden, byOutput) {
      const byHidden = second.backward(hidden, Float64Array.of(byOutput));
      return first.backward(
        input,
        byHidden.map((slope, i) => slope * (1 - hidden[i]! * hidden[i]!)),
      );
    },
  };
}

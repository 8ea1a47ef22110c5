/**
 * The small network whose last hidden layer is the basis of a linear regression: three layers of tanh and a linear output.
 * Source: J. Snoek et al., "Scalable Bayesian Optimization Using Deep Neural Networks" (ICML 2015), section 3; trained by Adam.
 * Invariant: a network is a function of its stream of randomness and of what it was trained on; `features` changes nothing.
 */
import { dot } from "../../core/linalg/vectors.ts";
import type { Rng } from "../../core/rng.ts";
import { adam, copyWeights, uniformTensor, type Tensor } from "../learned/tensor.ts";

/** Units of each hidden layer. */
export const width = 50;
const hiddenLayers = 3;

export interface Network {
  /** Weights and offsets of each layer, then of the output. */
  readonly tensors: readonly Tensor[];
  /** The last hidden layer at each input: `width` numbers in (-1, 1). O(inputs width^2). */
  features(inputs: readonly Float64Array[]): readonly Float64Array[];
  /** The derivatives by the input of the sum of the features weighted by `cotangent`. O(width^2). */
  pullBack(input: Float64Array, cotangent: Float64Array): Float64Array;
  /** Half the mean squared error; its derivatives by all weights are added to the slopes. O(inputs width^2). */
  addSlopes(inputs: readonly Float64Array[], targets: readonly number[]): number;
}

/** tanh by the exponential: within 1e-16, at half the cost. */
function tanh(x: number): number {
  return 1 - 2 / (Math.exp(2 * x) + 1);
}

/** out = offsets + W x for one x, four rows of W at a time: a sum by itself would wait for itself. */
function product(weights: Float64Array, offsets: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  let o = 0;
  for (; o + 3 < out.length; o += 4) {
    let a = offsets[o]!;
    let b = offsets[o + 1]!;
    let c = offsets[o + 2]!;
    let d = offsets[o + 3]!;
    for (let i = 0, at = o * n; i < n; i++, at++) {
      const own = x[i]!;
      a += weights[at]! * own;
      b += weights[at + n]! * own;
      c += weights[at + 2 * n]! * own;
      d += weights[at + 3 * n]! * own;
    }
    out[o] = a;
    out[o + 1] = b;
    out[o + 2] = c;
    out[o + 3] = d;
  }
  for (; o < out.length; o++) out[o] = offsets[o]! + dot(weights.subarray(o * n, o * n + n), x);
}

/** out[at + i] += the sum over k of factors[k] rows[k][i], four rows at a time, so that `out` is read and written less. */
function addRows(out: Float64Array, at: number, factors: Float64Array, rows: readonly Float64Array[]): void {
  const n = rows[0]!.length;
  let k = 0;
  for (; k + 3 < rows.length; k += 4) {
    const [p, q, r, s] = [rows[k]!, rows[k + 1]!, rows[k + 2]!, rows[k + 3]!];
    const a = factors[k]!;
    const b = factors[k + 1]!;
    const c = factors[k + 2]!;
    const d = factors[k + 3]!;
    for (let i = 0; i < n; i++) out[at + i]! += a * p[i]! + b * q[i]! + (c * r[i]! + d * s[i]!);
  }
  for (; k < rows.length; k++) {
    const row = rows[k]!;
    const factor = factors[k]!;
    for (let i = 0; i < n; i++) out[at + i]! += factor * row[i]!;
  }
}

/** A network with random weights: uniform within sqrt(3 / inputs of the layer), so that signals keep their size. */
export function createNetwork(inputs: number, rng: Rng): Network {
  const tensors: Tensor[] = [];
  for (let layer = 0; layer <= hiddenLayers; layer++) {
    const from = layer === 0 ? inputs : width;
    const to = layer === hiddenLayers ? 1 : width;
    tensors.push(uniformTensor(from * to, Math.sqrt(3 / Math.max(1, from)), rng), uniformTensor(to, 0.1, rng));
  }

  /** What each layer gives at each input, the inputs first. */
  const forward = (inputRows: readonly Float64Array[]): (readonly Float64Array[])[] => {
    const layers: (readonly Float64Array[])[] = [inputRows];
    for (let layer = 0; layer < hiddenLayers; layer++) {
      const weights = tensors[2 * layer]!.values;
      const offsets = tensors[2 * layer + 1]!.values;
      layers.push(
        layers[layer]!.map((x) => {
          const out = new Float64Array(width);
          product(weights, offsets, x, out);
          for (let o = 0; o < width; o++) out[o] = tanh(out[o]!);
          return out;
        }),
      );
    }
    return layers;
  };

  /** From the slopes by the features down to those by the inputs; on the way, slopes by the weights are added where wanted. */
  const backward = (
    layers: readonly (readonly Float64Array[])[],
    byFeatures: readonly Float64Array[],
    adds: boolean,
  ): readonly Float64Array[] => {
    let byOut = byFeatures;
    for (let layer = hiddenLayers - 1; layer >= 0; layer--) {
      const before = layers[layer]!;
      const from = before[0]!.length;
      const weights = tensors[2 * layer]!;
      const offsets = tensors[2 * layer + 1]!;
      const rows = Array.from({ length: width }, (_, o) => weights.values.subarray(o * from, o * from + from));
      const slopes = layers[layer + 1]!.map((out, s) => byOut[s]!.map((slope, o) => slope * (1 - out[o]! * out[o]!)));
      if (adds) {
        const ofUnit = new Float64Array(slopes.length);
        for (let o = 0; o < width; o++) {
          for (let s = 0; s < slopes.length; s++) {
            ofUnit[s] = slopes[s]![o]!;
            offsets.slopes[o]! += ofUnit[s]!;
          }
          addRows(weights.slopes, o * from, ofUnit, before);
        }
      }
      byOut = slopes.map((own) => {
        const byIn = new Float64Array(from);
        addRows(byIn, 0, own, rows);
        return byIn;
      });
    }
    return byOut;
  };

  return {
    tensors,
    features: (batch) => (batch.length === 0 ? [] : forward(batch)[hiddenLayers]!),
    pullBack: (input, cotangent) => backward(forward([input]), [cotangent], false)[0]!,
    addSlopes(batch, targets) {
      const layers = forward(batch);
      const [weights, offset] = [tensors[2 * hiddenLayers]!, tensors[2 * hiddenLayers + 1]!];
      let loss = 0;
      const byFeatures = layers[hiddenLayers]!.map((features, s) => {
        const error = dot(weights.values, features) + offset.values[0]! - targets[s]!;
        const slope = error / batch.length;
        loss += 0.5 * error * slope;
        offset.slopes[0]! += slope;
        for (let i = 0; i < width; i++) weights.slopes[i]! += slope * features[i]!;
        return weights.values.map((weight) => slope * weight);
      });
      backward(layers, byFeatures, true);
      return loss;
    },
  };
}

export interface Training {
  /** Steps of Adam. */
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  /** Weight of half the sum of the squared weights in the loss. */
  readonly decay: number;
}

/** Trains on shuffled batches. O(steps (batch width^2)). */
export function train(
  network: Network,
  inputs: readonly Float64Array[],
  targets: Float64Array,
  { steps, batch, rate, decay }: Training,
  rng: Rng,
): void {
  const optimizer = adam(network.tensors, rate);
  const size = Math.min(batch, inputs.length);
  let order: readonly number[] = [];
  for (let step = 0; step < steps; step++) {
    if (order.length < size) order = rng.shuffle([...inputs.keys()]);
    const rows = order.slice(0, size);
    order = order.slice(size);
    network.addSlopes(
      rows.map((row) => inputs[row]!),
      rows.map((row) => targets[row]!),
    );
    for (const { values, slopes } of network.tensors)
      for (let i = 0; i < values.length; i++) slopes[i]! += decay * values[i]!;
    optimizer.step();
  }
}

/** A network of the same make with the same weights. */
export function copyOf(network: Network, inputs: number, rng: Rng): Network {
  const copy = createNetwork(inputs, rng);
  copyWeights(network.tensors, copy.tensors);
  return copy;
}

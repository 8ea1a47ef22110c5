/**
 * For tests: the networks of referenceNet.ts as models of TensorFlow.js layers, with a loss per micro-batch.
 */
import type { layers } from "@tensorflow/tfjs-layers";
import { trainableVariables, type TrainableModel } from "../../models/trainable.ts";
import type { Scalar, Tensor, Tf, Variable } from "../../tf.ts";
import { tensorLoss } from "../../training/tensorHead.ts";
import type { ReferenceLayer, ReferenceProblem } from "./referenceNet.ts";

function inputShape(layer: ReferenceLayer): number[] {
  switch (layer.kind) {
    case "dense":
      return [layer.inputs];
    case "conv2d":
    case "maxPool2d":
    case "averagePool2d":
      return [layer.input.height, layer.input.width, layer.input.channels];
    case "batchNorm":
    case "activation":
      break;
  }
  throw new Error("The first layer has a shape of its own.");
}

function buildLayer(tf: Tf, layer: ReferenceLayer): layers.Layer {
  switch (layer.kind) {
    case "dense":
      return tf.layers.dense({ units: layer.units, useBias: layer.bias });
    case "conv2d":
      return tf.layers.conv2d({
        filters: layer.filters,
        kernelSize: layer.kernel,
        strides: layer.stride,
        padding: layer.padding,
        useBias: layer.bias,
      });
    case "maxPool2d":
      return tf.layers.maxPooling2d({ poolSize: layer.size, strides: layer.stride, padding: layer.padding });
    case "averagePool2d":
      return tf.layers.averagePooling2d({ poolSize: layer.size, strides: layer.stride, padding: layer.padding });
    case "batchNorm":
      return tf.layers.batchNormalization({ epsilon: layer.epsilon });
    case "activation":
      break;
  }
  return tf.layers.activation({ activation: layer.activation });
}

/** Writes a flattened vector into variables, one after another. */
export function assignFlat(tf: Tf, variables: readonly Variable[], flat: Float64Array): void {
  let at = 0;
  for (const variable of variables) {
    const part = flat.subarray(at, (at += variable.size));
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(part), variable.shape)));
  }
  if (at !== flat.length) throw new Error(`The model has ${at} weights, not ${flat.length}.`);
}

export interface LayersProblem {
  readonly trainable: TrainableModel;
  readonly variables: Variable[];
  /** Micro-batches of `rowsPerPart` samples. */
  readonly parts: number;
  /** Share of the micro-batch in the mean loss. */
  readonly lossOf: (part: number) => Scalar;
  dispose(): void;
}

export function layersProblem(
  tf: Tf,
  problem: ReferenceProblem,
  weights: Float64Array,
  rowsPerPart: number = problem.targets.length,
): LayersProblem {
  const shape = inputShape(problem.layers[0]!);
  const input = tf.input({ shape });
  let output = input;
  for (const layer of problem.layers) {
    if (layer.kind === "dense" && output.shape.length > 2) output = tf.layers.flatten().apply(output) as typeof input;
    const built = buildLayer(tf, layer);
    output = built.apply(output) as typeof input;
    if (layer.kind === "batchNorm") {
      const [mean, variance] = built.nonTrainableWeights;
      tf.tidy(() => {
        mean!.write(tf.tensor1d([...layer.mean]));
        variance!.write(tf.tensor1d([...layer.variance]));
      });
    }
  }
  const model = tf.model({ inputs: input, outputs: output });
  const variables = trainableVariables(model);
  assignFlat(tf, variables, weights);
  const rows = problem.targets.length;
  const width = output.shape.at(-1)!;
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    trainable: { model, output: problem.output },
    variables,
    parts: Math.ceil(rows / rowsPerPart),
    lossOf(part) {
      const from = part * rowsPerPart;
      const to = Math.min(rows, from + rowsPerPart);
      const features = Float32Array.from(problem.features.subarray(from * size, to * size));
      const logits = model.apply(tf.tensor(features, [to - from, ...shape]), { training: false }) as Tensor;
      const targets = Float32Array.from(problem.targets.slice(from, to));
      const head = { output: problem.output, width, labelSmoothing: problem.labelSmoothing ?? 0 };
      return tf.mul(tensorLoss(tf, logits, targets, head), (to - from) / rows);
    },
    dispose: () => model.dispose(),
  };
}

/**
 * Turns a model's description into a TensorFlow.js layers model.
 * Invariant: equal description and seed give equal initial weights on every back end.
 */
import type { layers } from "@tensorflow/tfjs-layers";
import type { LayersModel, Tf } from "../tf.ts";
import type { TrainingRandomness } from "../training/randomness.ts";
import type { LayerDescription, ModelDescription } from "./description.ts";
import { seededDropout } from "./dropout.ts";

function buildLayer(tf: Tf, layer: LayerDescription, index: number, random: TrainingRandomness): layers.Layer {
  switch (layer.kind) {
    case "dense":
      return tf.layers.dense({
        units: layer.units,
        useBias: layer.bias,
        kernelInitializer: tf.initializers[layer.init]({ seed: random.initSeed(index) }),
      });
    case "conv2d":
      return tf.layers.conv2d({
        filters: layer.filters,
        kernelSize: layer.kernel,
        padding: "same",
        useBias: layer.bias,
        kernelInitializer: tf.initializers[layer.init]({ seed: random.initSeed(index) }),
      });
    case "maxPool2d":
      return tf.layers.maxPooling2d({ poolSize: layer.size, strides: layer.size });
    case "flatten":
      return tf.layers.flatten();
    case "activation":
      return tf.layers.activation({ activation: layer.activation });
    case "batchNorm":
      // The stock momentum of 0.99 needs hundreds of steps to follow; trials are often shorter.
      return tf.layers.batchNormalization({ momentum: 0.9 });
    case "dropout":
      break;
  }
  return seededDropout(tf, layer.rate, index, random);
}

export function buildModel(tf: Tf, description: ModelDescription, random: TrainingRandomness): LayersModel {
  const input = tf.input({ shape: [...description.inputShape] });
  let output = input;
  description.layers.forEach((layer, index) => {
    output = buildLayer(tf, layer, index, random).apply(output) as typeof input;
  });
  return tf.model({ inputs: input, outputs: output });
}

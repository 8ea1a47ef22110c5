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
  // Names of our own: the stock ones count on from model to model, and weights on disk are found by name.
  const name = `${layer.kind}${index}`;
  switch (layer.kind) {
    case "dense":
      return tf.layers.dense({
        name,
        units: layer.units,
        useBias: layer.bias,
        kernelInitializer: tf.initializers[layer.init]({ seed: random.initSeed(index) }),
      });
    case "conv2d":
      return tf.layers.conv2d({
        name,
        filters: layer.filters,
        kernelSize: layer.kernel,
        padding: layer.padding,
        useBias: layer.bias,
        kernelInitializer: tf.initializers[layer.init]({ seed: random.initSeed(index) }),
      });
    case "pool2d": {
      const config = { name, poolSize: layer.size, strides: layer.size };
      return layer.take === "max" ? tf.layers.maxPooling2d(config) : tf.layers.averagePooling2d(config);
    }
    case "flatten":
      return tf.layers.flatten({ name });
    case "activation":
      return tf.layers.activation({ name, activation: layer.activation });
    case "batchNorm":
      // The stock momentum of 0.99 needs hundreds of steps to follow; trials are often shorter.
      return tf.layers.batchNormalization({ name, momentum: 0.9 });
    case "dropout":
      break;
  }
  return seededDropout(tf, layer.rate, index, random, name);
}

export function buildModel(tf: Tf, description: ModelDescription, random: TrainingRandomness): LayersModel {
  const input = tf.input({ shape: [...description.inputShape] });
  let output = input;
  description.layers.forEach((layer, index) => {
    output = buildLayer(tf, layer, index, random).apply(output) as typeof input;
  });
  return tf.model({ inputs: input, outputs: output });
}

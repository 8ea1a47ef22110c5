/**
 * What a model makes of the probe's samples on the way: the input of its final dense layer, or the output of a named layer.
 * Invariant: inference mode; one row a sample, in the probe's order; no tensor is left behind.
 */
import type { layers } from "@tensorflow/tfjs-layers";
import { BasinError } from "../../../core/errors.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Batches } from "../data/batches.ts";
import type { TrainableModel } from "../models/trainable.ts";
import type { LayersModel, Tensor, Tf } from "../tf.ts";
import { activationBytes, microBatchSize } from "../training/microBatch.ts";

export interface EmbeddingValues {
  /** [samples, width]. */
  readonly shape: readonly [number, number];
  /** Row-major. */
  readonly values: Float32Array;
}

type Symbolic = LayersModel["inputs"][number];

/** Layers that change nothing of what has been learnt on the way to the head, in inference mode. */
const passedOver = new Set(["Dropout", "BasinDropout", "GaussianNoise", "GaussianDropout"]);

function onlyInput(layer: layers.Layer, why: string): Symbolic {
  let input: layers.Layer["input"] | undefined;
  try {
    input = layer.input;
  } catch {
    // A layer that is used more than once has no input of its own.
  }
  if (input === undefined || Array.isArray(input))
    throw new BasinError(
      "invalid-argument",
      `The embedding cannot be taken: ${why}.`,
      "Name the layer to look at: `diagnostics: { rtd: { layer: NAME } }`.",
    );
  return input;
}

/** The input of the last dense layer; of a flattened feature map the map itself, whose positions are averaged. */
function headInput({ outputs }: LayersModel): Symbolic {
  let layer: layers.Layer = outputs[0]!.sourceLayer;
  while (layer.getClassName() !== "Dense")
    layer = onlyInput(layer, "the model has no final dense layer that a single chain of layers leads to").sourceLayer;
  let input = onlyInput(layer, "the model's last dense layer has several inputs");
  while (passedOver.has(input.sourceLayer.getClassName()))
    input = onlyInput(input.sourceLayer, "it has several inputs");
  if (input.sourceLayer.getClassName() !== "Flatten") return input;
  const map = onlyInput(input.sourceLayer, "its feature map has several inputs");
  // Flattened samples are no features: a model without a layer before its head is looked at as it is.
  return map.shape.length > 2 && map.sourceLayer.getClassName() !== "InputLayer" ? map : input;
}

function outputOfLayer(model: LayersModel, name: string): Symbolic {
  const layer = model.layers.find((one) => one.name === name);
  if (layer === undefined)
    throw new BasinError(
      "invalid-argument",
      `The model has no layer \`${name}\`.`,
      `Its layers are ${model.layers.map((one) => one.name).join(", ")}.`,
    );
  const { output } = layer;
  if (Array.isArray(output)) throw new BasinError("invalid-argument", `The layer \`${name}\` has several outputs.`);
  return output;
}

/** Made once a model and layer: each would hang another node on its layers. */
const bodies = new WeakMap<LayersModel, Map<string, LayersModel>>();

function bodyOf(tf: Tf, model: LayersModel, layer: string | undefined): LayersModel {
  let known = bodies.get(model);
  if (known === undefined) bodies.set(model, (known = new Map()));
  const key = layer ?? "";
  let body = known.get(key);
  if (body === undefined) {
    const outputs = layer === undefined ? headInput(model) : outputOfLayer(model, layer);
    body = tf.model({ inputs: model.inputs, outputs });
    known.set(key, body);
  }
  return body;
}

/** Mean over all axes between the samples and the last one: the global average pool of a feature map. */
function pooled(tf: Tf, values: Tensor): Tensor {
  if (values.rank === 1) return tf.reshape(values, [-1, 1]);
  return values.rank === 2
    ? values
    : tf.mean(
        values,
        Array.from({ length: values.rank - 2 }, (_, i) => i + 1),
      );
}

/**
 * @param layer name of the layer whose output is wanted; undefined = what the last dense layer gets
 * @throws BasinError "invalid-argument" when there is no such layer, or no final dense layer
 */
export async function embeddingOf(
  backend: LoadedBackend,
  { model }: TrainableModel,
  probe: Batches,
  layer: string | undefined,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<EmbeddingValues> {
  const { tf } = backend;
  const body = bodyOf(tf, model, layer);
  const rows = microBatchSize(Math.max(1, probe.rows), activationBytes(model), backend.activationBudget);
  let values = new Float32Array();
  let width = 0;
  for (let from = 0; from < probe.rows; from += rows) {
    const to = Math.min(probe.rows, from + rows);
    const { features } = probe.slice(from, to);
    const result = tf.tidy(() => pooled(tf, body.apply(features, { training: false }) as Tensor));
    try {
      if (width === 0) {
        width = result.shape[1] ?? 1;
        values = new Float32Array(probe.rows * width);
      }
      values.set(await result.data(), from * width);
    } finally {
      tf.dispose([features, result]);
    }
    await breathe();
  }
  return { shape: [probe.rows, width], values };
}

/**
 * What the measures of the last layer need from a model: the input A of its final dense layer, that layer's kernel W, and the
 * probabilities P, for the rows of a probe.
 * Invariant: inference mode; no tensor is left behind; a model whose head is not one dense layer is refused in words.
 */
import type { layers } from "@tensorflow/tfjs-layers";
import { BasinError } from "../../../core/errors.ts";
import { squaredErrorScale, type LastLayerBatch, type LastLayerOptions } from "../../../flatness/lastLayer.ts";
import { matrix } from "../../../flatness/matrix.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Batches } from "../data/batches.ts";
import type { TrainableModel } from "../models/trainable.ts";
import type { LayersModel, Tensor, Tf } from "../tf.ts";
import { activationBytes, microBatchSize } from "../training/microBatch.ts";

export interface LastLayer extends LastLayerBatch {
  /** The kind of head, and the factor of this trainer's loss (mean squared error without 1/2 for values). */
  readonly options: LastLayerOptions;
  /** Whether the layer has a bias; pass `bias: true` to count it in the exact measures. */
  readonly hasBias: boolean;
}

function noHead(what: string): BasinError {
  return new BasinError(
    "invalid-argument",
    `The measures of the last layer are not defined for this model: ${what}.`,
    "Use a measure of the whole network, or let the model end in one dense layer.",
  );
}

/** The final dense layer; a softmax or linear activation may follow it as a layer of its own. */
function headOf({ model, output }: TrainableModel): layers.Layer {
  let layer: layers.Layer = model.outputs[0]!.sourceLayer;
  let softmax = false;
  for (;;) {
    const kind = layer.getClassName();
    const activation = layer.getConfig()["activation"];
    softmax ||= kind === "Softmax" || activation === "softmax";
    if (kind === "Dense") {
      if (activation !== "linear" && activation !== "softmax")
        throw noHead(`its last dense layer ends in ${JSON.stringify(activation)}`);
      break;
    }
    if (kind !== "Softmax" && !(kind === "Activation" && (activation === "softmax" || activation === "linear")))
      throw noHead(`its last layer is ${kind}`);
    layer = inputOf(layer).sourceLayer;
  }
  if (inputOf(layer).shape.length !== 2) throw noHead("its last dense layer works on sequences");
  if (softmax !== (output === "probabilities"))
    throw noHead(
      softmax ? "its last layer is a softmax, yet it gives no probabilities" : "its probabilities come from no softmax",
    );
  return layer;
}

function inputOf(layer: layers.Layer): LayersModel["inputs"][number] {
  let input: layers.Layer["input"];
  try {
    input = layer.input;
  } catch {
    throw noHead("its last layer is used more than once");
  }
  if (Array.isArray(input)) throw noHead("its last layer has several inputs");
  return input;
}

interface Head {
  readonly layer: layers.Layer;
  /** From the model's input to the head's. */
  readonly body: LayersModel;
}

/** Made once a model: each would hang another node on its layers. */
const heads = new WeakMap<LayersModel, Head>();

function headWithBody(tf: Tf, trainable: TrainableModel): Head {
  const { model } = trainable;
  const known = heads.get(model);
  if (known !== undefined) return known;
  const layer = headOf(trainable);
  const made = { layer, body: tf.model({ inputs: model.inputs, outputs: inputOf(layer) }) };
  heads.set(model, made);
  return made;
}

/** Softmax of each row in float64, in place. */
function softmaxRows(values: Float64Array, width: number): void {
  for (let from = 0; from < values.length; from += width) {
    const to = from + width;
    let largest = values[from]!;
    for (let c = from + 1; c < to; c++) largest = Math.max(largest, values[c]!);
    let total = 0;
    for (let c = from; c < to; c++) total += values[c] = Math.exp(values[c]! - largest);
    for (let c = from; c < to; c++) values[c]! /= total;
  }
}

/**
 * A, W and P of all rows of the probe, in order.
 * @throws BasinError "invalid-argument" when the model does not end in one dense layer
 */
export async function lastLayerActivations(
  backend: LoadedBackend,
  trainable: TrainableModel,
  probe: Batches,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<LastLayer> {
  const { tf } = backend;
  const { model, output } = trainable;
  const { layer, body } = headWithBody(tf, trainable);
  const [kernel, bias] = layer.getWeights();
  const [units, outputs] = kernel!.shape as [number, number];
  const weights = matrix(units, outputs, Float64Array.from(await kernel!.data()));
  const activations = new Float64Array(probe.rows * units);
  const results = new Float64Array(probe.rows * outputs);
  const rows = microBatchSize(Math.max(1, probe.rows), activationBytes(model), backend.activationBudget);
  for (let from = 0; from < probe.rows; from += rows) {
    const to = Math.min(probe.rows, from + rows);
    const { features } = probe.slice(from, to);
    const { hidden, result } = tf.tidy(() => {
      const hidden = body.apply(features, { training: false }) as Tensor;
      // The head's own arithmetic rather than a second pass through the body.
      const product: Tensor = tf.matMul(hidden, kernel!);
      return { hidden, result: bias === undefined ? product : tf.add<Tensor>(product, bias) };
    });
    try {
      activations.set(await hidden.data(), from * units);
      results.set(await result.data(), from * outputs);
    } finally {
      tf.dispose([features, hidden, result]);
    }
    await breathe();
  }
  if (output !== "value") softmaxRows(results, outputs);
  return {
    activations: matrix(probe.rows, units, activations),
    weights,
    probabilities: matrix(probe.rows, outputs, results),
    options: output === "value" ? { head: "linear", lossScale: squaredErrorScale(outputs) } : { head: "softmax" },
    hasBias: bias !== undefined,
  };
}

/**
 * A model ready for training: what the loop needs to know, whoever built it.
 */
import type { LayersModel, Variable } from "../tf.ts";
import type { OutputKind } from "../training/head.ts";

export interface TrainableModel {
  readonly model: LayersModel;
  readonly output: OutputKind;
}

/** Variables that gradients are taken of, in the model's order. */
export function trainableVariables(model: LayersModel): Variable[] {
  return model.trainableWeights.map((weight) => weight.read() as Variable);
}

/** Every variable, moving averages of batch norm included. */
export function allVariables(model: LayersModel): Variable[] {
  return model.weights.map((weight) => weight.read() as Variable);
}

/**
 * A model ready for training: what the loop needs to know, whoever built it.
 */
import type { LayersModel, Variable } from "../tf.ts";
import type { OutputKind } from "../training/head.ts";

export interface TrainableModel {
  readonly model: LayersModel;
  readonly output: OutputKind;
  /** What the weights mean, as text (`architectureOf`); undefined for a user's module. */
  readonly architecture?: string;
}

/** Variables that gradients are taken of, in the model's order. */
export function trainableVariables(model: LayersModel): Variable[] {
  return model.trainableWeights.map((weight) => weight.read() as Variable);
}

/** Every variable, moving averages of batch norm included. */
export function allVariables(model: LayersModel): Variable[] {
  return model.weights.map((weight) => weight.read() as Variable);
}

/** Trainable numbers of the model. */
export function trainableCount(model: LayersModel): number {
  return trainableVariables(model).reduce((sum, variable) => sum + variable.size, 0);
}

/**
 * The built-in multilayer perceptron: `depth` hidden layers of dense, [batch norm], activation, [dropout]; then the output.
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { initializerFor, type LayerDescription, type ModelDescription } from "./description.ts";

/** @param inputShape of one sample; an image is flattened first */
export function describeMlp(h: Hyperparameters, inputShape: readonly number[], outputs: number): ModelDescription {
  const layers: LayerDescription[] = [];
  if (inputShape.length > 1) layers.push({ kind: "flatten" });
  const init = initializerFor(h.init, h.activation);
  for (let i = 0; i < h.depth; i++) {
    // Batch norm has a shift of its own, so a bias before it would do nothing.
    layers.push({ kind: "dense", units: h.numbered.width[i] ?? h.width, bias: !h.batchNorm, init });
    if (h.batchNorm) layers.push({ kind: "batchNorm" });
    if (h.activation !== "linear") layers.push({ kind: "activation", activation: h.activation });
    if (h.dropout > 0) layers.push({ kind: "dropout", rate: h.dropout });
  }
  layers.push({ kind: "dense", units: outputs, bias: true, init: initializerFor(h.init, "linear") });
  return { inputShape, layers };
}

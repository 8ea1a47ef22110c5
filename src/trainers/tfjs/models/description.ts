/**
 * A model as plain data: a chain of layers. Independent of TensorFlow.js, so that other back ends can build the same model.
 * Invariant: the last layer gives logits (classification) or the value itself (regression), without an activation.
 */
import type { ActivationName, InitializerName } from "../hyperparameterTable.ts";

export type LayerDescription =
  | {
      readonly kind: "dense";
      readonly units: number;
      readonly bias: boolean;
      readonly init: Exclude<InitializerName, "auto">;
    }
  | {
      readonly kind: "conv2d";
      readonly filters: number;
      readonly kernel: number;
      readonly padding: "same" | "valid";
      readonly bias: boolean;
      readonly init: Exclude<InitializerName, "auto">;
    }
  /** Square, not overlapping; rows and columns left over at the edge are dropped. */
  | { readonly kind: "pool2d"; readonly size: number; readonly take: "max" | "average" }
  | { readonly kind: "flatten" }
  | { readonly kind: "activation"; readonly activation: ActivationName }
  | { readonly kind: "batchNorm" }
  | { readonly kind: "dropout"; readonly rate: number };

export interface ModelDescription {
  /** Shape of one sample. */
  readonly inputShape: readonly number[];
  readonly layers: readonly LayerDescription[];
}

/** The initialiser that suits an activation (He et al. 2015, Klambauer et al. 2017, Glorot and Bengio 2010). */
export function initializerFor(init: InitializerName, activation: ActivationName): Exclude<InitializerName, "auto"> {
  if (init !== "auto") return init;
  if (activation === "relu" || activation === "elu" || activation === "softplus") return "heNormal";
  return activation === "selu" ? "leCunNormal" : "glorotUniform";
}

/** What one layer makes of one sample. */
export interface LayerShape {
  /** Shape of the layer's output; a size below 1 says that the layer cannot be built there. */
  readonly shape: readonly number[];
  /** Trainable numbers of the layer. */
  readonly parameters: number;
}

/** Shape and parameters of each layer, in order. O(layers). */
export function layerShapes(description: ModelDescription): LayerShape[] {
  let shape = description.inputShape;
  return description.layers.map((layer) => {
    const last = shape.at(-1) ?? 1;
    let parameters = 0;
    switch (layer.kind) {
      case "dense":
        parameters = (last + (layer.bias ? 1 : 0)) * layer.units;
        shape = [...shape.slice(0, -1), layer.units];
        break;
      case "conv2d": {
        const lost = layer.padding === "valid" ? layer.kernel - 1 : 0;
        parameters = (last * layer.kernel ** 2 + (layer.bias ? 1 : 0)) * layer.filters;
        shape = [...shape.slice(0, -1).map((size) => size - lost), layer.filters];
        break;
      }
      case "pool2d":
        shape = [...shape.slice(0, -1).map((size) => Math.floor(size / layer.size)), last];
        break;
      case "flatten":
        shape = [shape.reduce((product, size) => product * size, 1)];
        break;
      case "batchNorm":
        parameters = 2 * last;
        break;
      case "activation":
      case "dropout":
        break;
    }
    return { shape, parameters };
  });
}

/** Trainable numbers of the whole model. */
export function parameterCount(description: ModelDescription): number {
  return layerShapes(description).reduce((sum, { parameters }) => sum + parameters, 0);
}

/**
 * What a model's weights mean, as text: models with equal text can take over each other's weights. Dropout and initial
 * values do not count.
 */
export function architectureOf(description: ModelDescription): string {
  const layers = description.layers.flatMap((layer) => {
    if (layer.kind === "dropout") return [];
    const { init: _, ...rest } = { init: undefined, ...layer };
    return [rest];
  });
  return JSON.stringify({ inputShape: description.inputShape, layers });
}

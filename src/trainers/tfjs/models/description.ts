/**
 * A model as plain data: a chain of layers. Independent of TensorFlow.js, so that other back ends can build the same model.
 * Invariant: the last layer gives logits (classification) or the value itself (regression), without an activation.
 */
import type { ActivationName, InitializerName } from "../hyperparameters.ts";

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
      readonly bias: boolean;
      readonly init: Exclude<InitializerName, "auto">;
    }
  | { readonly kind: "maxPool2d"; readonly size: number }
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

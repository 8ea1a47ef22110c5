/**
 * The contract of what applies optimizer updates to a model's variables and keeps their slots.
 * Invariant: every implementation computes the same rule (`optimizer.ts`), to rounding; no tensor but the slots outlives `apply`.
 */
import type { Tensor, Variable } from "../tf.ts";

export interface Updater {
  /** One step. `gradients` are in the order of the variables and stay the caller's; undefined = the loss does not depend on it. */
  apply(gradients: readonly (Tensor | undefined)[], learningRate: number): void;
  /** Updates done so far. */
  readonly time: number;
  /** Slots, variable by variable (all slots of the first one, then of the second ...). */
  save(): Promise<Float32Array[]>;
  restore(slots: readonly Float32Array[], time: number): void;
  dispose(): void;
}

/** Kernels are decayed, biases and batch norm are not. */
export function decaysWeights(variable: Variable): boolean {
  return variable.rank >= 2;
}

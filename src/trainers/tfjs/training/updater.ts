/**
 * The contract of what applies optimizer updates to a model's variables and keeps their slots.
 * Invariant: every implementation computes the same rule (`optimizer.ts`), to rounding; no tensor but the slots outlives `apply`.
 */
import type { Tensor, Variable } from "../tf.ts";
import type { Rates } from "./hypergradient.ts";

export interface Updater {
  /**
   * One step. `gradients` are in the order of the variables and stay the caller's; undefined = the loss does not depend on it.
   * @param learningRate not used where hypergradients set it
   */
  apply(gradients: readonly (Tensor | undefined)[], learningRate: number): void;
  /** Another momentum (`beta1` of Adam) from the next step on; rules without one ignore it. */
  setMomentum(momentum: number): void;
  /** Steps done so far. */
  readonly time: number;
  /** The rates of the last step where hypergradients set them, else undefined. */
  rates(): Promise<Rates | undefined>;
  /** Slots, variable by variable (all slots of the first one, then of the second ...). */
  save(): Promise<Float32Array[]>;
  /** @param rates as `rates()` gave them */
  restore(slots: readonly Float32Array[], time: number, rates?: Rates): void;
  dispose(): void;
}

/** Kernels are decayed, biases and batch norm are not. */
export function decaysWeights(variable: Variable): boolean {
  return variable.rank >= 2;
}

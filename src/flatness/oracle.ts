/**
 * A loss as the measures see it: value, gradient and Hessian-vector product at any weights, whoever computes them.
 * Invariant: every call with equal weights sees the same fixed probe of samples (the full probe, never a random batch), so
 * that measures of different trials can be compared.
 */
import { BasinError } from "../core/errors.ts";

export interface LossOracle {
  /** Number of weights. */
  readonly dimension: number;
  /** Mean loss of the probe at `w`. */
  loss(w: Float64Array): Promise<number>;
  gradient(w: Float64Array): Promise<Float64Array>;
  /** H(w) v, exact. */
  hessianVector(w: Float64Array, v: Float64Array): Promise<Float64Array>;
}

/** What every measure over an oracle takes beside its own settings. */
export interface RunOptions {
  /** Ends the computation between two calls of the oracle with a BasinError "cancelled". */
  readonly signal?: AbortSignal;
  /** Told after each unit of work; `total` is the most there can be, the end may come earlier. */
  readonly progress?: (done: number, total: number) => void;
}

/** @throws BasinError "cancelled" when the signal says so */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new BasinError("cancelled", "The sharpness computation was stopped.");
}

/** Reports a unit of work done, then stops if that is wanted. */
export function step(options: RunOptions, done: number, total: number): void {
  options.progress?.(done, total);
  throwIfAborted(options.signal);
}

/** @throws BasinError "invalid-argument" unless the vector has the oracle's dimension */
export function checkDimension(oracle: Pick<LossOracle, "dimension">, vector: Float64Array, name = "weights"): void {
  if (vector.length !== oracle.dimension)
    throw new BasinError(
      "invalid-argument",
      `The ${name} have ${vector.length} values, but the loss has ${oracle.dimension} weights.`,
    );
}

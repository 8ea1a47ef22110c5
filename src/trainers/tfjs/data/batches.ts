/**
 * Mini-batches of one part of the data: features as a tensor, targets as plain numbers.
 * Invariant: at most one tensor (all features, on the back end) lives between calls, and `dispose` frees it; a batch depends
 * on the rows and the stream of randomness alone, not on where the rows lie.
 */
import type { Rng } from "../../../core/rng.ts";
import type { Tensor, Tf } from "../tf.ts";
import type { Part } from "./dataset.ts";

export interface Batch {
  /** [rows, ...inputShape]; the caller disposes of it. */
  readonly features: Tensor;
  readonly targets: Float32Array;
}

export interface Batches {
  readonly rows: number;
  /**
   * The rows with these numbers, in this order. With a stream of randomness the part's augmentation is applied, if it has
   * one.
   */
  gather(rows: Int32Array, rng?: Pick<Rng, "next">): Batch;
  /** Rows from <= row < to, never augmented. */
  slice(from: number, to: number): Batch;
  dispose(): void;
}

/** Larger parts stay in JavaScript memory and are copied batch by batch. */
const residentBytes = 512 * 1024 ** 2;

/** @param largestTensor bytes that one tensor of the back end can hold at most */
export function createBatches(
  tf: Tf,
  part: Part,
  inputShape: readonly number[],
  largestTensor = Number.POSITIVE_INFINITY,
): Batches {
  const { augment, features, targets } = part;
  const shape = (rows: number): number[] => [rows, ...inputShape];
  const width = inputShape.reduce((product, size) => product * size, 1);
  // Augmented batches are made on the host; a copy on the back end would serve nothing.
  const resident =
    features instanceof Float32Array &&
    features.byteLength <= Math.min(residentBytes, largestTensor) &&
    augment === undefined
      ? tf.tensor(features, shape(part.rows))
      : undefined;
  const targetsOf = (rows: Int32Array): Float32Array => {
    const chosen = new Float32Array(rows.length);
    for (let i = 0; i < rows.length; i++) chosen[i] = targets[rows[i]!]!;
    return chosen;
  };
  const valuesOf = (rows: Int32Array): Float32Array => {
    const values = new Float32Array(rows.length * width);
    if (features instanceof Float32Array) {
      for (let i = 0; i < rows.length; i++)
        values.set(features.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    } else features.gather(rows, values);
    return values;
  };
  return {
    rows: part.rows,
    gather(rows, rng) {
      if (resident !== undefined) {
        const gathered = tf.tidy(() => tf.gather(resident, tf.tensor1d(rows, "int32")));
        return { features: gathered, targets: targetsOf(rows) };
      }
      const values = valuesOf(rows);
      if (augment !== undefined && rng !== undefined) augment(values, rows.length, rng);
      return { features: tf.tensor(values, shape(rows.length)), targets: targetsOf(rows) };
    },
    slice(from, to) {
      const sliced = targets.subarray(from, to);
      if (resident !== undefined) {
        const part = tf.slice(resident, [from, ...inputShape.map(() => 0)], shape(to - from));
        return { features: part, targets: sliced };
      }
      const rows = Int32Array.from({ length: to - from }, (_, i) => from + i);
      return { features: tf.tensor(valuesOf(rows), shape(to - from)), targets: sliced };
    },
    dispose: () => resident?.dispose(),
  };
}

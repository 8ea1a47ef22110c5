/**
 * Mini-batches of one part of the data: features as a tensor, targets as plain numbers.
 * Invariant: at most one tensor (all features, on the back end) lives between calls, and `dispose` frees it.
 */
import type { Tensor, Tf } from "../tf.ts";
import type { Part } from "./dataset.ts";

export interface Batch {
  /** [rows, ...inputShape]; the caller disposes of it. */
  readonly features: Tensor;
  readonly targets: Float32Array;
}

export interface Batches {
  readonly rows: number;
  /** The rows with these numbers, in this order. */
  gather(rows: Int32Array): Batch;
  /** Rows from <= row < to. */
  slice(from: number, to: number): Batch;
  dispose(): void;
}

/** Larger parts stay in JavaScript memory and are copied batch by batch. */
const residentBytes = 512 * 1024 ** 2;

export function createBatches(tf: Tf, part: Part, inputShape: readonly number[]): Batches {
  const columns = part.rows === 0 ? 0 : part.features.length / part.rows;
  const shape = (rows: number): number[] => [rows, ...inputShape];
  const resident = part.features.byteLength <= residentBytes ? tf.tensor(part.features, shape(part.rows)) : undefined;
  const targetsOf = (rows: Int32Array): Float32Array => {
    const targets = new Float32Array(rows.length);
    for (let i = 0; i < rows.length; i++) targets[i] = part.targets[rows[i]!]!;
    return targets;
  };
  return {
    rows: part.rows,
    gather(rows) {
      if (resident !== undefined) {
        const features = tf.tidy(() => tf.gather(resident, tf.tensor1d(rows, "int32")));
        return { features, targets: targetsOf(rows) };
      }
      const values = new Float32Array(rows.length * columns);
      for (let i = 0; i < rows.length; i++)
        values.set(part.features.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
      return { features: tf.tensor(values, shape(rows.length)), targets: targetsOf(rows) };
    },
    slice(from, to) {
      const targets = part.targets.subarray(from, to);
      if (resident !== undefined) {
        const features = tf.slice(resident, [from, ...inputShape.map(() => 0)], shape(to - from));
        return { features, targets };
      }
      return { features: tf.tensor(part.features.slice(from * columns, to * columns), shape(to - from)), targets };
    },
    dispose: () => resident?.dispose(),
  };
}

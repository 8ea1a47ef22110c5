/**
 * Standardisation fitted on the training part only, applied to every part.
 * Invariant: a column that is constant in the training part keeps scale 1, so that nothing is divided by zero; the numbers do
 * not depend on whether the rows lie in memory or in a file.
 */
import type { RowStore } from "./rowStore.ts";

/** value -> (value - mean) / scale, for each of several interleaved groups of columns. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

/** Leaves values as they are. */
export const unscaled: Scaling = { mean: Float64Array.of(0), scale: Float64Array.of(1) };

/** Bytes of pictures as 0 to 1. */
export const unitBytes: Scaling = { mean: Float64Array.of(0), scale: Float64Array.of(255) };

/** Rows read at once. */
function blockRows({ width }: RowStore): number {
  return Math.max(1, Math.floor((1 << 18) / width));
}

function scaleOf(sums: Float64Array, count: number): Float64Array {
  return sums.map((sum) => {
    const deviation = Math.sqrt(sum / count);
    return deviation > 1e-12 ? deviation : 1;
  });
}

/**
 * Mean and standard deviation of each of `groups` interleaved columns over the given rows: with groups = width every column
 * is its own, with groups = channels all pixels of a channel share one scale. Float64. O(rows * width); bytes are counted in
 * one pass, float32 needs two.
 */
export function fitScaling(store: RowStore, groups: number, rows: Int32Array): Scaling {
  return store.type === "uint8" ? fitBytes(store, groups, rows) : fitFloats(store, groups, rows);
}

function fitBytes(store: RowStore, groups: number, rows: Int32Array): Scaling {
  const { width } = store;
  const step = blockRows(store);
  const counts = new Float64Array(groups * 256);
  const block = new Uint8Array(step * width);
  for (let from = 0; from < rows.length; from += step) {
    const part = rows.subarray(from, from + step);
    store.read(part, block.subarray(0, part.length * width));
    for (let g = 0; g < groups; g++) {
      const place = g << 8;
      for (let at = g; at < part.length * width; at += groups) counts[place | block[at]!]!++;
    }
  }
  const mean = new Float64Array(groups);
  const square = new Float64Array(groups);
  const count = (rows.length * width) / groups;
  for (let g = 0; g < groups; g++) {
    for (let value = 0; value < 256; value++) mean[g]! += value * counts[(g << 8) | value]!;
    mean[g]! /= count;
    for (let value = 0; value < 256; value++) square[g]! += counts[(g << 8) | value]! * (value - mean[g]!) ** 2;
  }
  return { mean, scale: scaleOf(square, count) };
}

function fitFloats(store: RowStore, groups: number, rows: Int32Array): Scaling {
  const { width } = store;
  const step = blockRows(store);
  const block = new Float32Array(step * width);
  const pass = (visit: (value: number, group: number) => void): void => {
    for (let from = 0; from < rows.length; from += step) {
      const part = rows.subarray(from, from + step);
      store.read(part, block.subarray(0, part.length * width));
      for (let at = 0; at < part.length * width; at += groups)
        for (let g = 0; g < groups; g++) visit(block[at + g]!, g);
    }
  };
  const mean = new Float64Array(groups);
  const square = new Float64Array(groups);
  const count = (rows.length * width) / groups;
  pass((value, g) => (mean[g]! += value));
  for (let g = 0; g < groups; g++) mean[g]! /= count;
  pass((value, g) => (square[g]! += (value - mean[g]!) ** 2));
  return { mean, scale: scaleOf(square, count) };
}

/** Writes (value - mean) / scale into the start of `out`. */
export type Scaler = (values: Uint8Array | Float32Array, out: Float32Array) => void;

/** Tables for bytes take a kilobyte a group; beyond so many the division itself is cheaper. */
const mostTables = 64;

/** The scaling as a function of whole rows. O(n). */
export function scalerFor({ mean, scale }: Scaling, type: RowStore["type"]): Scaler {
  const groups = mean.length;
  if (type === "uint8" && groups <= mostTables) {
    const tables = Array.from({ length: groups }, (_, g) =>
      Float32Array.from({ length: 256 }, (_, value) => (value - mean[g]!) / scale[g]!),
    );
    return (values, out) => scaleBytes(values as Uint8Array, tables, out);
  }
  return (values, out) => {
    for (let at = 0; at < values.length; at += groups)
      for (let g = 0; g < groups; g++) out[at + g] = (values[at + g]! - mean[g]!) / scale[g]!;
  };
}

/** One look-up a byte: the part of streaming that costs most, so one and three channels have loops of their own. */
function scaleBytes(values: Uint8Array, tables: readonly Float32Array[], out: Float32Array): void {
  const [first, second, third] = tables;
  const { length } = values;
  if (tables.length === 1) for (let at = 0; at < length; at++) out[at] = first![values[at]!]!;
  else if (tables.length === 3) {
    for (let at = 0; at < length; at += 3) {
      out[at] = first![values[at]!]!;
      out[at + 1] = second![values[at + 1]!]!;
      out[at + 2] = third![values[at + 2]!]!;
    }
  } else {
    const groups = tables.length;
    tables.forEach((table, g) => {
      for (let at = g; at < length; at += groups) out[at] = table[values[at]!]!;
    });
  }
}

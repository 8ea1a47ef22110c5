/**
 * What a model of the trials is fitted to: one value a trial, several objectives scalarised, and which trials and when.
 * Source of the scalarisation: J. Knowles, "ParEGO" (2006).
 * Invariant: everything is a function of its arguments, so models are the same in every process.
 */
import { z } from "zod";
import type { Objective } from "../../core/objective.ts";
import type { Rng } from "../../core/rng.ts";

/** Models are fitted again after so many more trials at the latest. */
const fitEvery = 50;
/** Share of ParEGO's sum beside its maximum. */
const sumShare = 0.05;

/** The largest length up to `count` at which hyperparameters are fitted: from `first` on, growing by a tenth. */
export function fitLength(count: number, first: number): number {
  return grownLength(count, first, 1.1, fitEvery);
}

/** The largest of some lengths up to `count`: from `first` on, each `factor` times the one before, or `most` more. */
export function grownLength(count: number, first: number, factor: number, most = Infinity): number {
  let length = Math.max(2, first);
  for (;;) {
    const next = Math.max(length + 1, Math.min(Math.floor(length * factor), length + most));
    if (next > count) return Math.min(length, count);
    length = next;
  }
}

/**
 * One value a trial. Infinite losses become the worst finite one. Several objectives, each scaled to [0, 1]: the augmented
 * Chebyshev norm of ParEGO with these weights, equal ones if none are given.
 */
export function combined(
  observations: readonly { readonly losses: readonly number[] }[],
  objectives: readonly Objective[],
  weights: readonly number[] | undefined,
): Float64Array {
  const columns = objectives.map((_, k) => {
    const own = Float64Array.from(observations, ({ losses }) => losses[k]!);
    const finite = own.filter(Number.isFinite);
    const worst = finite.reduce((most, value) => Math.max(most, value), -Infinity);
    return own.map((value) => (Number.isFinite(value) ? value : worst));
  });
  if (columns.length === 1) return columns[0]!;
  const scaled = columns.map((column) => {
    const low = column.reduce((least, value) => Math.min(least, value), Infinity);
    const high = column.reduce((most, value) => Math.max(most, value), -Infinity);
    return column.map((value) => (high > low ? (value - low) / (high - low) : 0));
  });
  return Float64Array.from(observations, (_, row) => {
    const weighted = scaled.map((column, k) => column[row]! * (weights?.[k] ?? 1 / scaled.length));
    return Math.max(...weighted) + sumShare * weighted.reduce((sum, value) => sum + value, 0);
  });
}

/** Uniform on the simplex. */
export function randomWeights(count: number, rng: Rng): number[] {
  const draws = Array.from({ length: count }, () => -Math.log(1 - rng.next()));
  const total = draws.reduce((sum, value) => sum + value, 0);
  return draws.map((value) => value / total);
}

/** Mean 0 and standard deviation 1; zeros where all values are equal. */
export function standardised(values: Float64Array): Float64Array {
  // From the least one on: where all lie close together these differences are exact, and the mean of the values is not.
  const least = values.reduce((low, value) => Math.min(low, value), Infinity);
  const above = values.map((value) => value - least);
  const mean = above.reduce((sum, value) => sum + value, 0) / above.length;
  const variance = above.reduce((sum, value) => sum + (value - mean) ** 2, 0) / above.length;
  const deviation = Math.sqrt(variance);
  return above.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
}

/** How many trials `chosenRows` chooses, for people. @param most that may be asked for @param usual the default @param cost of more */
export function chosenTrialsOption(most: number, usual: number, cost = "") {
  return z
    .int()
    .min(20)
    .max(most)
    .default(usual)
    .describe(`Trials in the model at most: half of them the best, half the latest. ${cost}`.trim());
}

/** All rows, or where there are more than `most` the best half and the latest half, in order. */
export function chosenRows(values: Float64Array, most: number): number[] {
  const rows = Array.from(values.keys());
  if (rows.length <= most) return rows;
  const half = Math.floor(most / 2);
  const chosen = new Set(rows.toSorted((a, b) => values[a]! - values[b]! || a - b).slice(0, half));
  for (let row = rows.length - 1; chosen.size < most; row--) chosen.add(row);
  return [...chosen].toSorted((a, b) => a - b);
}

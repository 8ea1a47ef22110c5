/**
 * Random subsets of embeddings, as RTD takes them of large ones.
 * Invariant: a subset is a function of sizes, seed and number; its rows ascend.
 */
import { rngForKey } from "../core/rng.ts";
import type { PointCloud } from "./pointCloud.ts";

/** `size` of `count` points without replacement, in ascending order: a function of its arguments alone. O(count). */
export function randomSubset(count: number, size: number, seed: number, trial: number): Int32Array {
  const rng = rngForKey(`rtd:${seed}:${trial}`);
  const all = Int32Array.from({ length: count }, (_, k) => k);
  for (let k = 0; k < size; k++) {
    const other = k + rng.int(count - k);
    const taken = all[other]!;
    all[other] = all[k]!;
    all[k] = taken;
  }
  return all.slice(0, size).sort();
}

/** Rows of a cloud as a cloud. */
export function takeRows({ points, width }: PointCloud, rows: Int32Array): PointCloud {
  const taken = new Float64Array(rows.length * width);
  let at = 0;
  for (const row of rows) for (let k = row * width; k < (row + 1) * width; k++) taken[at++] = points[k]!;
  return { points: taken, count: rows.length, width };
}

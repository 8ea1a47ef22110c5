/**
 * Random subsets of embeddings, as RTD takes them of large ones, and their preparations.
 * Invariant: the preparation of a subset is the same whether its distances are computed or picked from those of all points.
 */
import { rngForKey } from "../core/rng.ts";
import { pairCount } from "./condensed.ts";
import type { OrderedDistances } from "./kernel.ts";
import type { PointCloud } from "./pointCloud.ts";
import { orderedDistancesOf, prepare, prepareOrdered, squaredNorms, type Preparation } from "./preparation.ts";

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
  rows.forEach((row, k) => taken.set(points.subarray(row * width, (row + 1) * width), k * width));
  return { points: taken, count: rows.length, width };
}

/** Makes the preparations of a cloud's subsets, each of `size` ascending rows. @param subsets how many there will be */
export function subsetPreparer(cloud: PointCloud, size: number, subsets: number): (rows: Int32Array) => Preparation {
  // Picking from all distances costs less than computing each subset's as long as there are not many more of them.
  if (pairCount(cloud.count) > subsets * pairCount(size)) return (rows) => prepare(takeRows(cloud, rows));
  const all = orderedDistancesOf(cloud);
  const norms = squaredNorms(cloud);
  return (rows) =>
    prepareOrdered(
      pick(all, cloud.count, rows),
      size,
      rows.reduce((sum, row) => sum + norms[row]!, 0),
    );
}

/** The pairs among the given rows, which ascend: so pairs of equal distance stay in order. O(n^2). */
function pick(all: OrderedDistances, count: number, rows: Int32Array): OrderedDistances {
  const { pairs: allPairs, sorted: allSorted } = all;
  const places = new Int32Array(count).fill(-1);
  rows.forEach((row, k) => (places[row] = k));
  const total = pairCount(rows.length);
  const distances = new Float64Array(total);
  const sorted = new Float64Array(total);
  const pairs = new Uint32Array(total);
  // Every pair is written, and the place moves on behind those that count: a branch here could not be foreseen.
  for (let at = 0, k = 0; k < total; at++) {
    const pair = allPairs[at]!;
    const i = places[pair >>> 16]!;
    const j = places[pair & 0xffff]!;
    sorted[k] = allSorted[at]!;
    pairs[k] = (i << 16) | j;
    k += 1 + ((i | j) >> 31);
  }
  for (let k = 0; k < total; k++) {
    const i = pairs[k]! >>> 16;
    distances[((i * (i - 1)) >> 1) + (pairs[k]! & 0xffff)] = sorted[k]!;
  }
  return { distances, sorted, pairs };
}

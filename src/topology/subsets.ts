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
  let at = 0;
  for (const row of rows) for (let k = row * width; k < (row + 1) * width; k++) taken[at++] = points[k]!;
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

/** The distances among the given rows, which ascend: so pairs of equal distance stay in order. O(n^2). */
function pick(all: OrderedDistances, count: number, rows: Int32Array): OrderedDistances {
  const distances = distancesAmong(all.distances, rows);
  const pairs = pairsAmong(all.pairs, count, rows);
  const sorted = new Float64Array(pairs.length);
  for (let k = 0; k < sorted.length; k++) {
    const i = pairs[k]! >>> 16;
    sorted[k] = distances[((i * (i - 1)) >> 1) + (pairs[k]! & 0xffff)]!;
  }
  return { distances, sorted, pairs };
}

function distancesAmong(all: Float64Array, rows: Int32Array): Float64Array {
  const distances = new Float64Array(pairCount(rows.length));
  for (let i = 1, at = 0; i < rows.length; i++) {
    const row = (rows[i]! * (rows[i]! - 1)) >> 1;
    for (let j = 0; j < i; j++) distances[at++] = all[row + rows[j]!]!;
  }
  return distances;
}

function pairsAmong(all: Uint32Array, count: number, rows: Int32Array): Uint32Array {
  const places = new Int32Array(count).fill(-1);
  rows.forEach((row, k) => (places[row] = k));
  const pairs = new Uint32Array(pairCount(rows.length));
  // Every pair is written, and the place moves on behind those that count: a branch here could not be foreseen.
  for (let at = 0, k = 0; k < pairs.length; at++) {
    const pair = all[at]!;
    const i = places[pair >>> 16]!;
    const j = places[pair & 0xffff]!;
    pairs[k] = (i << 16) | j;
    k += 1 + ((i | j) >> 31);
  }
  return pairs;
}

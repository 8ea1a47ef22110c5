/**
 * Euclidean distances of a cloud, and the scale they are measured in.
 * Invariant: equal points have distance 0 exactly (differences are squared, no dot products).
 */
import { pairCount } from "./condensed.ts";
import type { PointCloud } from "./pointCloud.ts";

/** Distances of all pairs, condensed. O(n^2 width). */
export function euclideanDistances({ points, count, width }: PointCloud): Float64Array {
  const out = new Float64Array(pairCount(count));
  let at = 0;
  for (let i = 1; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let a = i * width;
      let b = j * width;
      // Two sums at once: each would wait for its last addition.
      let even = 0;
      let odd = 0;
      for (let k = 1; k < width; k += 2) {
        const p = points[a++]! - points[b++]!;
        const q = points[a++]! - points[b++]!;
        even += p * p;
        odd += q * q;
      }
      if (width % 2 === 1) even += (points[a]! - points[b]!) ** 2;
      out[at++] = Math.sqrt(even + odd);
    }
  }
  return out;
}

/** The quantile that distances are divided by. */
const level = 0.9;

/**
 * The 0.9-quantile over the whole n x n matrix, zero diagonal included, between order statistics linearly as NumPy does it:
 * what the reference implementation of RTD divides by.
 * @param sorted the condensed distances in ascending order
 */
export function distanceScale(sorted: Float64Array, count: number): number {
  // In order: n zeros of the diagonal, then every distance twice.
  const place = level * (count * count - 1);
  const below = Math.floor(place);
  const entry = (rank: number): number => (rank < count ? 0 : sorted[(rank - count) >> 1]!);
  const low = entry(below);
  const high = entry(Math.min(below + 1, count * count - 1));
  return low + (place - below) * (high - low);
}

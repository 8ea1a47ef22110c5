/**
 * What one embedding brings to every comparison it takes part in: its distances in units of their 0.9-quantile, in order.
 * Invariant: depends on this embedding alone, so it is made once and kept (about 20 bytes a pair of points).
 */
import { BasinError } from "../core/errors.ts";
import { distanceScale, euclideanDistances } from "./distances.ts";
import { pairOrder } from "./pairOrder.ts";
import type { PointCloud } from "./pointCloud.ts";

export interface Preparation {
  readonly count: number;
  /** Condensed, divided by `scale`. */
  readonly distances: Float64Array;
  /** The same in ascending order, and the pairs they belong to (`i << 16 | j`). */
  readonly sorted: Float64Array;
  readonly pairs: Uint32Array;
  /** The 0.9-quantile of the distances. */
  readonly scale: number;
}

/** A cloud whose points are this close together, against their own size, has collapsed to one point. */
const collapsedShare = 1e-6;

/** Whether the points are one point but for rounding: all that their distances show is noise. */
export function isCollapsed({ points, count }: PointCloud, scale: number): boolean {
  let squares = 0;
  for (const value of points) squares += value * value;
  return scale <= collapsedShare * Math.sqrt(squares / count);
}

/** Distances, order and scale of a cloud. O(n^2 width). @throws BasinError `invalid-argument` when nearly all points are equal */
export function prepare(cloud: PointCloud): Preparation {
  return prepareDistances(euclideanDistances(cloud), cloud.count);
}

/** The same from distances (condensed, not negative), which need not be a metric's. O(n^2). */
export function prepareDistances(raw: Float64Array, count: number): Preparation {
  const { pairs, sorted } = pairOrder(raw, count);
  const scale = distanceScale(sorted, count);
  if (!(scale > 0)) {
    throw new BasinError(
      "invalid-argument",
      "Nine tenths of the points lie on top of each other: there is no scale to measure their topology in.",
      "The representation has collapsed. Look at the layer that it was taken from.",
    );
  }
  return {
    count,
    distances: raw.map((distance) => distance / scale),
    sorted: sorted.map((distance) => distance / scale),
    pairs,
    scale,
  };
}

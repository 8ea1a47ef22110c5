/**
 * What one embedding brings to every comparison it takes part in: its distances in units of their 0.9-quantile, in order.
 * Invariant: depends on this embedding alone, so it is made once and kept (`bytesOf` says how much it takes).
 */
import { pairCount } from "./condensed.ts";
import { distanceScale, euclideanDistances } from "./distances.ts";
import { bytesAPair, sharedKernel, type OrderedDistances } from "./kernel.ts";
import { pairOrder } from "./pairOrder.ts";
import { requireCount, type PointCloud } from "./pointCloud.ts";
import { treeLength } from "./spanningTree.ts";

export interface Preparation {
  readonly count: number;
  /** Condensed, divided by `scale`. */
  readonly distances: Float64Array;
  /** The same in ascending order, and the pairs they belong to (`i << 16 | j`). */
  readonly sorted: Float64Array;
  readonly pairs: Uint32Array;
  /** The 0.9-quantile of the distances. */
  readonly scale: number;
  /** Length of the minimum spanning tree, divided by `scale`. */
  readonly treeLength: number;
  /** Whether the points are one point but for rounding: then distances are zero, and every divergence is. */
  readonly isCollapsed: boolean;
}

/** A cloud whose points are this close together, against their own size, has collapsed to one point. */
const collapsedShare = 1e-6;

/**
 * Distances, order and scale of a cloud. O(n^2 width).
 * @throws BasinError `invalid-argument` for more than `mostPoints` points
 */
export function prepare(cloud: PointCloud): Preparation {
  return preparationOf(orderedDistancesOf(cloud), cloud.count, collapsedShare * sizeOf(cloud));
}

/** The same from distances (condensed, not negative), which need not be a metric's. O(n^2). */
export function prepareDistances(distances: Float64Array, count: number): Preparation {
  const order = sharedKernel()?.pairOrder(distances, count) ?? pairOrder(distances, count);
  return preparationOf({ distances: distances.slice(), ...order }, count, 0);
}

/** Bytes that the preparation of so many points takes. */
export function bytesOf(count: number): number {
  return 20 * pairCount(count);
}

/** Bytes that it takes to compare two embeddings of so many points, their preparations included. */
export function bytesToCompare(count: number): number {
  return 2 * bytesOf(count) + bytesAPair * pairCount(count);
}

/** Distances not yet divided by anything, in order. @throws BasinError as `prepare` */
function orderedDistancesOf(cloud: PointCloud): OrderedDistances {
  requireCount(cloud.count);
  const byKernel = sharedKernel()?.orderedDistances(cloud);
  if (byKernel !== undefined) return byKernel;
  const distances = euclideanDistances(cloud);
  return { distances, ...pairOrder(distances, cloud.count) };
}

/** Root mean square of the points' norms. */
function sizeOf({ points, count }: PointCloud): number {
  let squares = 0;
  for (let k = 0; k < points.length; k++) squares += points[k]! * points[k]!;
  return Math.sqrt(squares / count);
}

/** Distances in units of their scale, in place. @param least a scale that is smaller tells that the points are one point */
function preparationOf(ordered: OrderedDistances, count: number, least: number): Preparation {
  const scale = distanceScale(ordered.sorted, count);
  const isCollapsed = scale === 0 || scale < least;
  divide(ordered.distances, isCollapsed ? Infinity : scale);
  divide(ordered.sorted, isCollapsed ? Infinity : scale);
  const edges = { count, ...ordered };
  return { ...edges, scale, treeLength: treeLength(edges), isCollapsed };
}

function divide(values: Float64Array, by: number): void {
  for (let k = 0; k < values.length; k++) values[k]! /= by;
}

/**
 * Random inputs for the properties: distances with ties, zeros and no triangle inequality, and clouds.
 * Invariant: matrices are symmetric with a zero diagonal.
 */
import { array, constantFrom, integer, tuple, type Arbitrary } from "fast-check";
import type { Rng } from "../../core/rng.ts";
import { condensedOf } from "../condensed.ts";
import { pairOrder } from "../pairOrder.ts";
import { pointCloud, type PointCloud } from "../pointCloud.ts";
import type { Preparation } from "../preparation.ts";
import { treeLength } from "../spanningTree.ts";

export type Matrix = readonly (readonly number[])[];

/** Two symmetric matrices of small whole numbers, of 3 to `most` points. */
export function matrices(most: number): Arbitrary<readonly [Matrix, Matrix]> {
  return integer({ min: 3, max: most }).chain((n) => {
    const pairs = (n * (n - 1)) / 2;
    const one = constantFrom(2, 4, 12, 1000).chain((values) =>
      array(integer({ min: 0, max: values }), { minLength: pairs, maxLength: pairs }).map((list) => fullOf(list, n)),
    );
    return tuple(one, one);
  });
}

/** A condensed list as a full matrix. */
function fullOf(list: readonly number[], n: number): number[][] {
  const entry = (i: number, j: number): number => (i === j ? 0 : i > j ? list[(i * (i - 1)) / 2 + j]! : entry(j, i));
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => entry(i, j)));
}

/** Distances that are used as they are: no quantile is divided by, so brute force has the very same numbers. */
export function asIs(matrix: Matrix): Preparation {
  const distances = condensedOf(matrix);
  const edges = { count: matrix.length, ...pairOrder(distances, matrix.length) };
  return { ...edges, distances, scale: 1, treeLength: treeLength(edges), isCollapsed: false };
}

export function cloudOf(rows: Matrix): PointCloud {
  return pointCloud(Float64Array.from(rows.flat()), rows.length, rows[0]!.length);
}

export function gaussianCloud(count: number, width: number, rng: Rng): PointCloud {
  return pointCloud(
    Float64Array.from({ length: count * width }, () => rng.normal()),
    count,
    width,
  );
}

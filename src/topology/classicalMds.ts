/**
 * Classical multidimensional scaling (W. Torgerson 1952; J. Gower 1966): points in the plane whose distances are close to those
 * given. Double centring turns squared distances into inner products, whose leading eigenvectors are the coordinates.
 * Invariant: a function of the distances alone; the first axis carries the most, and each axis's largest coordinate is positive.
 */
import { BasinError } from "../core/errors.ts";
import { symmetricEigen, type SymmetricEigen } from "../core/linalg/symmetricEigen.ts";

export interface PlaneLayout {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Kruskal's stress-1: sqrt(sum (d - |p - q|)^2 / sum d^2) over all pairs; 0 when there is nothing to lay out. */
  readonly stress: number;
}

/**
 * Places of n items in the plane. O(n^3): 200 items cost 80 million operations.
 * @param distances n x n, row by row, symmetric, 0 on the diagonal; need not be a metric's
 * @throws BasinError `invalid-argument` for another size, or a distance that is negative, NaN or infinite
 */
export function classicalMds(distances: ArrayLike<number>, n: number): PlaneLayout {
  if (!Number.isInteger(n) || n < 0 || distances.length !== n * n)
    throw new BasinError("invalid-argument", `${distances.length} distances are no matrix of ${n} items.`);
  for (let i = 0; i < distances.length; i++)
    if (!(distances[i]! >= 0) || distances[i] === Number.POSITIVE_INFINITY)
      throw new BasinError("invalid-argument", "A layout needs distances that are numbers and not negative.");
  const eigen = symmetricEigen(doubleCentred(distances, n), n);
  const [x, y] = [axisOf(eigen, 0), axisOf(eigen, 1)];
  return { x, y, stress: stressOf(distances, x, y, n) };
}

/** B = -1/2 J D^2 J with J = I - 11'/n. */
function doubleCentred(distances: ArrayLike<number>, n: number): Float64Array {
  const b = new Float64Array(n * n);
  const means = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      b[i * n + j] = distances[i * n + j]! ** 2;
      means[i]! += b[i * n + j]! / n;
    }
  }
  const all = means.reduce((sum, mean) => sum + mean, 0) / Math.max(1, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) b[i * n + j] = -0.5 * (b[i * n + j]! - means[i]! - means[j]! + all);
  return b;
}

/** Coordinates along the eigenvector of the `rank`-th largest eigenvalue; zeros where that is not positive. */
function axisOf({ values, vectors }: SymmetricEigen, rank: number): Float64Array {
  const n = values.length;
  const at = n - 1 - rank;
  if (at < 0) return new Float64Array(n);
  const vector = vectors.subarray(at * n, (at + 1) * n);
  // An eigenvalue of rounding's size is none: its vector would be noise.
  const root = values[at]! > 1e-12 * Math.max(...values.map(Math.abs)) ? Math.sqrt(values[at]!) : 0;
  let turn = 0;
  // The first of nearly equal ones decides, so that rounding cannot turn the picture over.
  for (const x of vector) if (Math.abs(x) > Math.abs(turn) + 1e-9) turn = x;
  return vector.map((x) => (turn < 0 ? -x : x) * root);
}

function stressOf(distances: ArrayLike<number>, x: Float64Array, y: Float64Array, n: number): number {
  let wrong = 0;
  let all = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const given = distances[i * n + j]!;
      wrong += (given - Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!)) ** 2;
      all += given ** 2;
    }
  }
  return all > 0 ? Math.sqrt(wrong / all) : 0;
}

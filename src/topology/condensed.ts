/**
 * Symmetric matrices as lists of their pairs: the pair of points i > j lies at i (i - 1) / 2 + j.
 * Invariant: pure arithmetic; a pair as one number is `i << 16 | j`, so there are at most 2^15 points.
 */

export function pairCount(points: number): number {
  return (points * (points - 1)) / 2;
}

/** Place of the pair of two different points, in either order. */
export function pairIndex(i: number, j: number): number {
  return i > j ? ((i * (i - 1)) >> 1) + j : ((j * (j - 1)) >> 1) + i;
}

/** A full matrix's lower triangle. */
export function condensedOf(matrix: readonly ArrayLike<number>[]): Float64Array {
  const out = new Float64Array(pairCount(matrix.length));
  for (let i = 1, at = 0; i < matrix.length; i++) for (let j = 0; j < i; j++) out[at++] = matrix[i]![j]!;
  return out;
}

/**
 * The QL iteration with implicit shifts on a symmetric tridiagonal matrix (G. Golub and C. Van Loan, Matrix Computations, 8.3;
 * Golub and Welsch 1969). Invariant: rotations are taken into `basis` alone, so its rows stay as orthonormal as they were.
 */

const mostSweeps = 60;

/**
 * Overwrites `d` by the eigenvalues, in no order, and row i of `basis` by what belongs to eigenvalue i.
 * @param d the diagonal, n values @param e the values beside it; its last one, of n, is of no account
 * @param basis n rows of equally many values: the identity for whole eigenvectors, its first column for their first components
 * @param isNegligible whether e[i] counts as zero
 * @returns whether it converged; it does not where entries are not finite. O(n^2) rotations of two rows
 */
export function implicitQl(
  d: Float64Array,
  e: Float64Array,
  basis: Float64Array,
  isNegligible: (i: number) => boolean,
): boolean {
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < n - 1 && !isNegligible(m)) m++;
      if (m === l) break;
      if (sweep === mostSweeps || Number.isNaN(d[l]!)) return false;
      chase(d, e, basis, basis.length / n, l, m);
    }
  }
  return true;
}

/** Indices of the eigenvalues from the smallest to the largest. */
export function ascending(values: Float64Array): number[] {
  return Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
}

/** One implicit QL step on rows l..m, with the shift of Wilkinson: a bulge is chased from the bottom to the top. */
function chase(d: Float64Array, e: Float64Array, basis: Float64Array, width: number, l: number, m: number): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const root = Math.hypot(half, 1);
  let g = d[m]! - d[l]! + e[l]! / (half + (half < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The matrix fell apart here: start again on the parts.
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const t = (d[i]! - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    for (let k = 0; k < width; k++) {
      const upper = basis[(i + 1) * width + k]!;
      const lower = basis[i * width + k]!;
      basis[(i + 1) * width + k] = s * lower + c * upper;
      basis[i * width + k] = c * lower - s * upper;
    }
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

/**
 * Eigenvalues of a symmetric tridiagonal matrix with the first component of each eigenvector, by the QL iteration with implicit
 * shifts (Golub and Welsch 1969: exactly what Gauss quadrature needs). Invariant: eigenvalues ascend.
 */
import { BasinError } from "../core/errors.ts";

export interface TridiagonalEigen {
  readonly values: Float64Array;
  /** First components of the unit eigenvectors. */
  readonly first: Float64Array;
}

const mostSweeps = 60;

/**
 * @param diagonal n values
 * @param off n - 1 values beside the diagonal
 * @throws BasinError "internal" when an eigenvalue does not converge (entries that are not finite)
 */
export function tridiagonalEigen(diagonal: ArrayLike<number>, off: ArrayLike<number>): TridiagonalEigen {
  const n = diagonal.length;
  const d = Float64Array.from(diagonal);
  const e = new Float64Array(n);
  e.set(Float64Array.from(off));
  const z = new Float64Array(n);
  if (n > 0) z[0] = 1;
  // What is this small beside the largest entries counts as zero.
  const largest = Math.max(0, ...d.map(Math.abs), ...e.map(Math.abs));
  const negligible = Math.max(Number.EPSILON * largest, 1e-290);
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < n - 1 && !(Math.abs(e[m]!) <= negligible)) m++;
      if (m === l) break;
      if (sweep === mostSweeps || Number.isNaN(d[l]!))
        throw new BasinError("internal", "The eigenvalues of the Lanczos matrix do not converge.");
      rotate(d, e, z, l, m);
    }
  }
  const order = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  return { values: Float64Array.from(order, (i) => d[i]!), first: Float64Array.from(order, (i) => z[i]!) };
}

/** One implicit QL sweep over rows l to m, with the shift of Wilkinson. */
function rotate(d: Float64Array, e: Float64Array, z: Float64Array, l: number, m: number): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The matrix has split; the sweep ends early.
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    const upper = z[i + 1]!;
    z[i + 1] = s * z[i]! + c * upper;
    z[i] = c * z[i]! - s * upper;
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

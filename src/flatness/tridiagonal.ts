/**
 * Eigenvalues of a symmetric tridiagonal matrix with the first component of each eigenvector, by the QL iteration with implicit
 * shifts (Golub and Welsch 1969: exactly what Gauss quadrature needs). Invariant: eigenvalues ascend.
 */
import { BasinError } from "../core/errors.ts";
import { ascending, implicitQl } from "../core/linalg/implicitQl.ts";

export interface TridiagonalEigen {
  readonly values: Float64Array;
  /** First components of the unit eigenvectors. */
  readonly first: Float64Array;
}

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
  if (!implicitQl(d, e, z, (i) => Math.abs(e[i]!) <= negligible))
    throw new BasinError("internal", "The eigenvalues of the Lanczos matrix do not converge.");
  const order = ascending(d);
  return { values: Float64Array.from(order, (i) => d[i]!), first: Float64Array.from(order, (i) => z[i]!) };
}

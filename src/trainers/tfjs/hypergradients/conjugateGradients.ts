/**
 * Conjugate gradients for (A + damping I) x = b with a symmetric A that is known by its products alone, in the form of Lanczos
 * (Golub and Van Loan, Matrix Computations, 11.3): the basis is kept, so that the damping can follow from all of the curvature
 * that was seen. No damping where A is positive definite on it; else twice the most negative curvature.
 * Invariant: at most `maxProducts` products; x is finite, and 0 only where b is.
 */
import { BasinError } from "../../../core/errors.ts";
import { dot } from "../../../core/linalg/vectors.ts";
import { tridiagonalEigen } from "../../../flatness/tridiagonal.ts";

export interface SolveOptions {
  /** The residual to reach, as a share of |b|. */
  readonly tolerance: number;
  /** Products with A; at least 1. */
  readonly maxProducts: number;
}

export interface Solution {
  readonly x: Float64Array;
  /** |b - (A + damping I) x| / |b|. */
  readonly residual: number;
  readonly damping: number;
  readonly products: number;
}

/** Curvature below this share of the largest one is rounding: products come from float32. */
const flat = 1e-6;
/** A damping is at least this share of the largest curvature: a smaller one would leave the system all but singular. */
const leastDamping = 1e-3;

/**
 * @param product A v for a unit vector v. O(products * cost of a product + products^2 n); 4 * products * n bytes.
 * @throws BasinError "trainer" when a product is not finite
 */
export async function solveDamped(
  product: (v: Float64Array) => Promise<Float64Array>,
  b: Float64Array,
  { tolerance, maxProducts }: SolveOptions,
): Promise<Solution> {
  const n = b.length;
  const length = Math.sqrt(dot(b, b));
  if (!(length > 0)) return { x: new Float64Array(n), residual: 0, damping: 0, products: 0 };
  const basis: Float32Array[] = [];
  const diagonal: number[] = [];
  const off: number[] = [];
  let v = b.map((value) => value / length);
  for (;;) {
    basis.push(Float32Array.from(v));
    const u = (await product(v)).slice();
    diagonal.push(dot(v, u));
    const size = Math.sqrt(dot(u, u));
    if (!Number.isFinite(size))
      throw new BasinError("trainer", "The second derivative is not finite at these weights.");
    // Twice is enough (Giraud et al. 2005) to keep the basis orthogonal to rounding.
    for (let pass = 0; pass < 2; pass++)
      for (const one of basis) {
        const share = dot(one, u);
        for (let i = 0; i < n; i++) u[i]! -= share * one[i]!;
      }
    const beta = Math.sqrt(dot(u, u));
    const { values } = tridiagonalEigen(diagonal, off);
    const least = values[0]!;
    const largest = Math.max(Math.abs(least), Math.abs(values.at(-1)!));
    const damping = least > flat * largest ? 0 : Math.max(-2 * least, largest > 0 ? leastDamping * largest : 1);
    const y = solveTridiagonal(diagonal, off, damping);
    const residual = beta * Math.abs(y.at(-1)!);
    const exhausted = !(beta > 1e-7 * size) || basis.length === n;
    if (residual <= tolerance || exhausted || basis.length >= maxProducts) {
      const x = new Float64Array(n);
      basis.forEach((one, k) => {
        for (let i = 0; i < n; i++) x[i]! += length * y[k]! * one[i]!;
      });
      return { x, residual: exhausted ? 0 : residual, damping, products: basis.length };
    }
    off.push(beta);
    v = u.map((value) => value / beta);
  }
}

/** y of (T + shift I) y = e1 for a positive definite T + shift I, by elimination. O(n). */
function solveTridiagonal(diagonal: readonly number[], off: readonly number[], shift: number): Float64Array {
  const n = diagonal.length;
  const pivots = new Float64Array(n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const above = i === 0 ? 0 : off[i - 1]! / pivots[i - 1]!;
    pivots[i] = diagonal[i]! + shift - (i === 0 ? 0 : above * off[i - 1]!);
    y[i] = i === 0 ? 1 : -above * y[i - 1]!;
  }
  for (let i = n - 1; i >= 0; i--) y[i] = (y[i]! - (i + 1 < n ? off[i]! * y[i + 1]! : 0)) / pivots[i]!;
  return y;
}

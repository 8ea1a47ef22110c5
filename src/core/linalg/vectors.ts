/**
 * Operations on vectors as plain typed arrays. Invariant: sums run by increasing index in float64, whatever the arrays hold.
 */

/** Inner product of two vectors of `a`'s length. */
export function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Euclidean norm; the Frobenius norm of a matrix's values. */
export function norm(a: Float32Array | Float64Array): number {
  return Math.sqrt(dot(a, a));
}

/** y += factor * x. */
export function axpy(factor: number, x: Float32Array | Float64Array, y: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += factor * x[i]!;
}

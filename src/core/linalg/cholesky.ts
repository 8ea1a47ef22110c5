/**
 * Cholesky factors of symmetric positive definite matrices on plain typed arrays.
 * Matrices are row-major n x n Float64Arrays of which only the lower triangle is read and written.
 * Invariant: a factor that is given back is finite with a positive diagonal.
 */

/**
 * Overwrites the lower triangle of `matrix` by L with L L^T = matrix. O(n^3 / 3).
 * @returns whether the matrix was positive definite; if not, its contents are no longer of use
 */
export function choleskyInPlace(matrix: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[row + k]! * matrix[other + k]!;
      if (j < i) matrix[row + j] = sum / matrix[other + j]!;
      else {
        if (!(sum > 0) || sum === Infinity) return false;
        matrix[row + i] = Math.sqrt(sum);
      }
    }
  }
  return true;
}

/** Solves L x = b in place. O(n^2). */
export function solveLower(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * b[k]!;
    b[i] = sum / factor[i * n + i]!;
  }
  return b;
}

/** Solves L^T x = b in place. O(n^2). */
export function solveUpper(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / factor[i * n + i]!;
    b[i] = x;
    for (let k = 0; k < i; k++) b[k]! -= factor[i * n + k]! * x;
  }
  return b;
}

/** L x. O(n^2). */
export function timesLower(factor: Float64Array, n: number, x: Float64Array): Float64Array {
  return Float64Array.from(x, (_, i) => {
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += factor[i * n + k]! * x[k]!;
    return sum;
  });
}

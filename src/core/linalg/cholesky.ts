/**
 * Cholesky factors of symmetric positive definite matrices on plain typed arrays, in tiles (dots.ts).
 * Matrices are row-major n x n Float64Arrays of which only the lower triangle is read and written.
 * Invariant: a factor that is given back is finite with a positive diagonal.
 */
import { dotRange, dotTile, tile } from "./dots.ts";

const scratch = new Float64Array(tile * tile);

/** Dot products of `high` rows with `wide` others into `scratch`; at an edge of the matrix there are fewer than a tile has. */
function dotBlock(
  matrixA: Float64Array,
  a: number,
  strideA: number,
  high: number,
  matrixB: Float64Array,
  b: number,
  strideB: number,
  wide: number,
  from: number,
  to: number,
): void {
  if (high === tile && wide === tile) {
    dotTile(matrixA, a, strideA, matrixB, b, strideB, from, to, scratch);
    return;
  }
  for (let r = 0; r < high; r++)
    for (let c = 0; c < wide; c++)
      scratch[r * tile + c] = dotRange(matrixA, a + r * strideA, matrixB, b + c * strideB, from, to);
}

/**
 * Overwrites the lower triangle of `matrix` by L with L L^T = matrix. O(n^3 / 6) multiplications.
 * @returns whether the matrix was positive definite; if not, its contents are no longer of use
 */
export function choleskyInPlace(matrix: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i += tile) {
    // Four rows, left of their square on the diagonal, solve L x = their entries; then the square itself.
    const rows = Math.min(tile, n - i);
    solveRowsLower(matrix, n, i, matrix, n, rows, { factorAt: 0, rowsAt: i * n });
    dotBlock(matrix, i * n, n, rows, matrix, i * n, n, rows, 0, i);
    for (let r = i; r < i + rows; r++) {
      const row = r * n;
      for (let j = i; j <= r; j++) {
        const other = j * n;
        let rest = matrix[row + j]! - scratch[(r - i) * tile + j - i]!;
        for (let k = i; k < j; k++) rest -= matrix[row + k]! * matrix[other + k]!;
        if (j < r) matrix[row + j] = rest / matrix[other + j]!;
        else {
          if (!(rest > 0) || rest === Infinity) return false;
          matrix[row + r] = Math.sqrt(rest);
        }
      }
    }
  }
  return true;
}

/**
 * Solves L x = b in place for many right-hand sides, each a row. O(count * n^2 / 2).
 * @param stride from one row of the factor to the next @param n unknowns
 * @param rows right-hand sides, `count` of them, `rowStride` apart
 * @param at where factor and rows begin in their arrays
 */
export function solveRowsLower(
  factor: Float64Array,
  stride: number,
  n: number,
  rows: Float64Array,
  rowStride: number,
  count: number,
  { factorAt, rowsAt }: { readonly factorAt: number; readonly rowsAt: number } = { factorAt: 0, rowsAt: 0 },
): void {
  // A chunk of right-hand sides stays in the cache while the factor passes by once.
  const chunk = 32;
  for (let first = 0; first < count; first += chunk) {
    const end = Math.min(count, first + chunk);
    for (let i = 0; i < n; i += tile) {
      const block = Math.min(tile, n - i);
      for (let c = first; c < end; c += tile) {
        const wide = Math.min(tile, end - c);
        const begin = rowsAt + c * rowStride;
        const corner = factorAt + i * stride;
        dotBlock(rows, begin, rowStride, wide, factor, corner, stride, block, 0, i);
        for (let r = 0; r < wide; r++) {
          const row = begin + r * rowStride;
          for (let t = 0; t < block; t++) {
            const line = corner + t * stride;
            let rest = rows[row + i + t]! - scratch[r * tile + t]!;
            for (let k = i; k < i + t; k++) rest -= factor[line + k]! * rows[row + k]!;
            rows[row + i + t] = rest / factor[line + i + t]!;
          }
        }
      }
    }
  }
}

/** Solves L x = b in place. O(n^2 / 2). */
export function solveLower(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  let i = 0;
  for (; i + tile <= n; i += tile) {
    const r0 = i * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < i; k++) {
      const x = b[k]!;
      s0 += factor[r0 + k]! * x;
      s1 += factor[r1 + k]! * x;
      s2 += factor[r2 + k]! * x;
      s3 += factor[r3 + k]! * x;
    }
    const x0 = (b[i]! - s0) / factor[r0 + i]!;
    const x1 = (b[i + 1]! - s1 - factor[r1 + i]! * x0) / factor[r1 + i + 1]!;
    const x2 = (b[i + 2]! - s2 - factor[r2 + i]! * x0 - factor[r2 + i + 1]! * x1) / factor[r2 + i + 2]!;
    const rest = b[i + 3]! - s3 - factor[r3 + i]! * x0 - factor[r3 + i + 1]! * x1 - factor[r3 + i + 2]! * x2;
    b[i] = x0;
    b[i + 1] = x1;
    b[i + 2] = x2;
    b[i + 3] = rest / factor[r3 + i + 3]!;
  }
  for (; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * b[k]!;
    b[i] = sum / factor[i * n + i]!;
  }
  return b;
}

/** Solves L^T x = b in place. O(n^2 / 2). */
export function solveUpper(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  let i = n - 1;
  for (; i >= tile - 1; i -= tile) {
    const r0 = i * n;
    const r1 = r0 - n;
    const r2 = r1 - n;
    const r3 = r2 - n;
    const x0 = b[i]! / factor[r0 + i]!;
    const x1 = (b[i - 1]! - factor[r0 + i - 1]! * x0) / factor[r1 + i - 1]!;
    const x2 = (b[i - 2]! - factor[r0 + i - 2]! * x0 - factor[r1 + i - 2]! * x1) / factor[r2 + i - 2]!;
    const rest = b[i - 3]! - factor[r0 + i - 3]! * x0 - factor[r1 + i - 3]! * x1 - factor[r2 + i - 3]! * x2;
    const x3 = rest / factor[r3 + i - 3]!;
    b[i] = x0;
    b[i - 1] = x1;
    b[i - 2] = x2;
    b[i - 3] = x3;
    for (let k = 0; k <= i - tile; k++) {
      b[k]! -= factor[r0 + k]! * x0 + factor[r1 + k]! * x1 + factor[r2 + k]! * x2 + factor[r3 + k]! * x3;
    }
  }
  for (; i >= 0; i--) {
    const x = b[i]! / factor[i * n + i]!;
    b[i] = x;
    for (let k = 0; k < i; k++) b[k]! -= factor[i * n + k]! * x;
  }
  return b;
}

/**
 * The lower triangle of (L L^T)^-1. O(n^3 / 3) multiplications.
 * Row j of the inverse of L, transposed, solves L x = e_j and begins at column j; the inverse is the Gram matrix of these rows.
 */
export function invertFactored(factor: Float64Array, n: number): Float64Array {
  const rows = new Float64Array(n * n);
  for (let j = 0; j < n; j++) rows[j * n + j] = 1;
  for (let j = 0; j < n; j += tile) {
    const at = { factorAt: j * (n + 1), rowsAt: j * (n + 1) };
    solveRowsLower(factor, n, n - j, rows, n, Math.min(tile, n - j), at);
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i += tile) {
    const high = Math.min(tile, n - i);
    for (let j = 0; j <= i; j += tile) {
      const wide = Math.min(tile, n - j);
      // Left of column i some of the four rows are zero; they hold nothing else there.
      dotBlock(rows, i * n, n, high, rows, j * n, n, wide, i, n);
      for (let r = 0; r < high; r++)
        for (let c = 0; c < wide && j + c <= i + r; c++) inverse[(i + r) * n + j + c] = scratch[r * tile + c]!;
    }
  }
  return inverse;
}

/** L x. O(n^2). */
export function timesLower(factor: Float64Array, n: number, x: Float64Array): Float64Array {
  return Float64Array.from(x, (_, i) => {
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += factor[i * n + k]! * x[k]!;
    return sum;
  });
}

/**
 * Row-major matrices as plain typed arrays, and the few operations on them that the measures need.
 * Invariant: sums are taken in float64 whatever the arrays hold.
 */
import { BasinError } from "../core/errors.ts";

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** rows * columns values, row by row. */
  readonly values: Float32Array | Float64Array;
}

/** @throws BasinError "invalid-argument" when the values do not fill the shape */
export function matrix(rows: number, columns: number, values: ArrayLike<number>): Matrix {
  if (values.length !== rows * columns)
    throw new BasinError(
      "invalid-argument",
      `A matrix of ${rows} x ${columns} cannot hold ${values.length} values.`,
      "Pass rows * columns values.",
    );
  const kept = values instanceof Float32Array || values instanceof Float64Array ? values : Float64Array.from(values);
  return { rows, columns, values: kept };
}

/** Rows `from` (included) to `to` (excluded), not a copy. */
export function rowsOf(m: Matrix, from: number, to: number): Matrix {
  return { rows: to - from, columns: m.columns, values: m.values.subarray(from * m.columns, to * m.columns) };
}

/** With a last column of ones, which stands for the bias. */
export function withOnes(m: Matrix): Matrix {
  const values = new Float64Array(m.rows * (m.columns + 1));
  for (let i = 0; i < m.rows; i++) {
    values.set(m.values.subarray(i * m.columns, (i + 1) * m.columns), i * (m.columns + 1));
    values[(i + 1) * (m.columns + 1) - 1] = 1;
  }
  return { rows: m.rows, columns: m.columns + 1, values };
}

/** Inner product of row i of `a` with row j of `b`, which have equally many columns. */
export function rowDot(a: Matrix, i: number, b: Matrix, j: number): number {
  const n = a.columns;
  let sum = 0;
  for (let p = i * n, q = j * n, end = p + n; p < end; p++, q++) sum += a.values[p]! * b.values[q]!;
  return sum;
}

/** out[j] = row i . row j for j from 0 to i. Four rows at a time share the loads of row i, which is three times as fast. */
export function gramRow(a: Matrix, i: number, out: Float64Array): void {
  const { columns: n, values } = a;
  const start = i * n;
  let j = 0;
  for (; j + 4 <= i + 1; j += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let p = j * n;
    for (let q = start; q < start + n; q++, p++) {
      const x = values[q]!;
      s0 += x * values[p]!;
      s1 += x * values[p + n]!;
      s2 += x * values[p + 2 * n]!;
      s3 += x * values[p + 3 * n]!;
    }
    out[j] = s0;
    out[j + 1] = s1;
    out[j + 2] = s2;
    out[j + 3] = s3;
  }
  for (; j <= i; j++) out[j] = rowDot(a, i, a, j);
}

/**
 * The rows i and i + 1 of the Gram matrix, each from 0 to its diagonal, as `gramRow` gives them. Two by four products share
 * their loads, which is half as fast again.
 * @param first receives row i, of at least i + 2 values: the one beyond the diagonal may be written, too
 */
export function gramRows(a: Matrix, i: number, first: Float64Array, second: Float64Array): void {
  const { columns: n, values } = a;
  const start = i * n;
  let j = 0;
  for (; j + 4 <= i + 2; j += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let t0 = 0;
    let t1 = 0;
    let t2 = 0;
    let t3 = 0;
    let p = j * n;
    for (let q = start; q < start + n; q++, p++) {
      const x = values[q]!;
      const y = values[q + n]!;
      const v0 = values[p]!;
      const v1 = values[p + n]!;
      const v2 = values[p + 2 * n]!;
      const v3 = values[p + 3 * n]!;
      s0 += x * v0;
      s1 += x * v1;
      s2 += x * v2;
      s3 += x * v3;
      t0 += y * v0;
      t1 += y * v1;
      t2 += y * v2;
      t3 += y * v3;
    }
    first[j] = s0;
    first[j + 1] = s1;
    first[j + 2] = s2;
    first[j + 3] = s3;
    second[j] = t0;
    second[j + 1] = t1;
    second[j + 2] = t2;
    second[j + 3] = t3;
  }
  for (; j <= i + 1; j++) {
    first[j] = rowDot(a, i, a, j);
    second[j] = rowDot(a, i + 1, a, j);
  }
}

/**
 * Sums over the rows of a matrix on the heap, and lines of arithmetic a column, with threads where it pays.
 * Invariant: float64 beyond a few hundred rows, the same for every number of threads.
 */
import { columnLinesJob, columnSumsJob } from "./simd/columns.ts";
import type { KernelContext } from "./kernel.ts";

const rowsATask = 256;
/** More would cost more than they save. */
const mostTasks = 2048;

export interface Matrix {
  readonly address: number;
  readonly rows: number;
  readonly columns: number;
}

function partialSums(
  { simd, heap }: KernelContext,
  kernel: "columnSum" | "columnMoments" | "columnProducts",
  count: number,
  x: Matrix,
  y: number,
  shift: number,
): Float64Array[] {
  const { rows, columns } = x;
  const padded = 4 * Math.ceil(columns / 4);
  const rowsEach = Math.max(rowsATask, Math.ceil(rows / mostTasks));
  const tasks = Math.ceil(rows / rowsEach);
  const partialBytes = 4 * padded * count;
  const partial = simd.room(tasks * partialBytes);
  try {
    const args = { x: x.address, y, shift, rows, rowsATask: rowsEach, columns, partial, partialBytes };
    simd.run(kernel, columnSumsJob.pack(args), tasks);
    const values = new Float32Array(heap().buffer, partial, tasks * padded * count);
    return Array.from({ length: count }, (_, which) => {
      const sums = new Float64Array(columns);
      for (let task = 0; task < tasks; task++) {
        const from = (task * count + which) * padded;
        for (let column = 0; column < columns; column++) sums[column]! += values[from + column]!;
      }
      return sums;
    });
  } finally {
    simd.release(partial);
  }
}

/** Sums over the rows. O(rows * columns). */
export function sumRows(context: KernelContext, x: Matrix): Float64Array {
  return partialSums(context, "columnSum", 1, x, 0, 0)[0]!;
}

/** Address of one row of float32 values that the kernels may read in fours; freed by the caller. */
export function columnVector({ simd, heap }: KernelContext, values: ArrayLike<number>): number {
  const address = simd.room(4 * (values.length + 3));
  new Float32Array(heap().buffer, address, values.length).set(values);
  return address;
}

/** Mean and variance (over all rows) of the columns, around the first row, so that a large mean costs no digits. */
export function moments(context: KernelContext, x: Matrix): { mean: Float64Array; variance: Float64Array } {
  const first = new Float32Array(context.heap().buffer, x.address, x.columns).slice();
  const shift = columnVector(context, first);
  try {
    const [sums, squares] = partialSums(context, "columnMoments", 2, x, 0, shift) as [Float64Array, Float64Array];
    const mean = sums.map((sum, i) => first[i]! + sum / x.rows);
    const variance = squares.map((square, i) => Math.max(0, square / x.rows - (sums[i]! / x.rows) ** 2));
    // Math.max lets NaN through.
    return { mean, variance };
  } finally {
    context.simd.release(shift);
  }
}

/** Sums over the rows of y, and of y (x - shift). */
export function productSums(
  context: KernelContext,
  x: Matrix,
  y: number,
  shift: number,
): { sums: Float64Array; products: Float64Array } {
  const [sums, products] = partialSums(context, "columnProducts", 2, x, y, shift) as [Float64Array, Float64Array];
  return { sums, products };
}

/** Values a column of `columnLines`; `c` where there are two matrices. */
export interface Lines {
  readonly shift: ArrayLike<number>;
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  readonly c?: ArrayLike<number>;
}

/** result = (x - shift) a + b, or x a + (y - shift) b + c where y is given (not 0). */
export function columnLines(context: KernelContext, x: Matrix, y: number, lines: Lines, result: number): void {
  const { simd } = context;
  const vectors = [lines.shift, lines.a, lines.b, lines.c ?? []].map((values) => columnVector(context, values));
  try {
    const [shift, a, b, c] = vectors as [number, number, number, number];
    const { rows, columns } = x;
    // Around 64 KiB a task.
    const rowsEach = Math.max(1, Math.floor(16_384 / columns), Math.ceil(rows / mostTasks));
    const args = { x: x.address, y, shift, a, b, c, result, rows, rowsATask: rowsEach, columns };
    const kernel = lines.c === undefined ? "columnLine" : "columnLines";
    simd.run(kernel, columnLinesJob.pack(args), Math.ceil(rows / rowsEach));
  } finally {
    vectors.forEach((vector) => simd.release(vector));
  }
}

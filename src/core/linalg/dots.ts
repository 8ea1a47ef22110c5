/**
 * Sixteen dot products at once: four rows of one matrix with four of another. Everything cubic in src/core/linalg is made of
 * them, since each number that is loaded is then used four times: three times the speed of one dot product after the other.
 * Invariant: every sum runs by increasing column, so a result does not depend on which rows share a tile.
 */

/** Rows and columns of a tile. */
export const tile = 4;

/**
 * `out[4 r + c]` becomes the dot product of row `r` at `a` and row `c` at `b`, columns `from` to `to` (exclusive).
 * @param a where the first row begins @param strideA from one row to the next
 */
export function dotTile(
  matrixA: Float64Array,
  a: number,
  strideA: number,
  matrixB: Float64Array,
  b: number,
  strideB: number,
  from: number,
  to: number,
  out: Float64Array,
): void {
  const a1 = a + strideA;
  const a2 = a1 + strideA;
  const a3 = a2 + strideA;
  const b1 = b + strideB;
  const b2 = b1 + strideB;
  const b3 = b2 + strideB;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let k = from; k < to; k++) {
    const x0 = matrixA[a + k]!;
    const x1 = matrixA[a1 + k]!;
    const x2 = matrixA[a2 + k]!;
    const x3 = matrixA[a3 + k]!;
    const y0 = matrixB[b + k]!;
    const y1 = matrixB[b1 + k]!;
    const y2 = matrixB[b2 + k]!;
    const y3 = matrixB[b3 + k]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
    s23 += x2 * y3;
    s30 += x3 * y0;
    s31 += x3 * y1;
    s32 += x3 * y2;
    s33 += x3 * y3;
  }
  out[0] = s00;
  out[1] = s01;
  out[2] = s02;
  out[3] = s03;
  out[4] = s10;
  out[5] = s11;
  out[6] = s12;
  out[7] = s13;
  out[8] = s20;
  out[9] = s21;
  out[10] = s22;
  out[11] = s23;
  out[12] = s30;
  out[13] = s31;
  out[14] = s32;
  out[15] = s33;
}

/** The dot product of a row at `a` and one at `b`, columns `from` to `to` (exclusive). */
export function dotRange(
  matrixA: Float64Array,
  a: number,
  matrixB: Float64Array,
  b: number,
  from: number,
  to: number,
): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += matrixA[a + k]! * matrixB[b + k]!;
  return sum;
}

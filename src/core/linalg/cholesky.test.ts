/** Factors and solves against the products they stand for, on random matrices. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { rngForKey } from "../rng.ts";
import { choleskyInPlace, invertFactored, solveLower, solveRowsLower, solveUpper, timesLower } from "./cholesky.ts";

function randomDefinite(n: number, seed: number): Float64Array {
  const rng = rngForKey(`definite ${seed}`);
  const root = Float64Array.from({ length: n * n }, () => rng.normal());
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 0.1 : 0;
    for (let k = 0; k < n; k++) sum += root[i * n + k]! * root[j * n + k]!;
    return sum;
  });
}

const cases = fc.record({ n: fc.integer({ min: 1, max: 25 }), seed: fc.integer() });

it("gives a factor whose square is the matrix", () => {
  fc.assert(
    fc.property(cases, ({ n, seed }) => {
      const matrix = randomDefinite(n, seed);
      const factor = matrix.slice();
      expect(choleskyInPlace(factor, n)).toBe(true);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let k = 0; k <= j; k++) sum += factor[i * n + k]! * factor[j * n + k]!;
          expect(sum).toBeCloseTo(matrix[i * n + j]!, 9);
        }
      }
    }),
  );
});

it("solves both triangular systems", () => {
  fc.assert(
    fc.property(cases, ({ n, seed }) => {
      const factor = randomDefinite(n, seed);
      choleskyInPlace(factor, n);
      const rng = rngForKey(`right side ${seed}`);
      const x = Float64Array.from({ length: n }, () => rng.normal());
      const back = solveLower(factor, n, timesLower(factor, n, x));
      back.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 6));
      const upper = Float64Array.from(x, (_, i) => {
        let sum = 0;
        for (let k = i; k < n; k++) sum += factor[k * n + i]! * x[k]!;
        return sum;
      });
      solveUpper(factor, n, upper).forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 6));
    }),
  );
});

it("solves for many right-hand sides as for one, wherever they lie", () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 37 }), ({ n, seed }, count) => {
      const factor = randomDefinite(n, seed);
      choleskyInPlace(factor, n);
      const rng = rngForKey(`right sides ${seed}`);
      const [at, stride] = [3, n + 2];
      const rows = Float64Array.from({ length: at + count * stride }, () => rng.normal());
      const before = rows.slice();
      solveRowsLower(factor, n, n, rows, stride, count, { factorAt: 0, rowsAt: at });
      for (let r = 0; r < count; r++) {
        const from = at + r * stride;
        const alone = solveLower(factor, n, before.slice(from, from + n));
        alone.forEach((value, i) => expect(rows[from + i]).toBeCloseTo(value, 6));
        expect(rows.slice(from + n, from + stride)).toEqual(before.slice(from + n, from + stride));
      }
    }),
    { numRuns: 40 },
  );
});

it("inverts a matrix from its factor", () => {
  fc.assert(
    fc.property(cases, ({ n, seed }) => {
      const matrix = randomDefinite(n, seed);
      const factor = matrix.slice();
      choleskyInPlace(factor, n);
      const inverse = invertFactored(factor, n);
      const at = (m: Float64Array, i: number, j: number): number => m[Math.max(i, j) * n + Math.min(i, j)]!;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let k = 0; k < n; k++) sum += at(inverse, i, k) * at(matrix, k, j);
          expect(sum).toBeCloseTo(i === j ? 1 : 0, 5);
        }
      }
    }),
    { numRuns: 40 },
  );
});

it("refuses what is not positive definite", () => {
  expect(choleskyInPlace(Float64Array.of(1, 0, 2, 1), 2)).toBe(false);
  expect(choleskyInPlace(Float64Array.of(0), 1)).toBe(false);
  expect(choleskyInPlace(Float64Array.of(Number.NaN), 1)).toBe(false);
  expect(choleskyInPlace(Float64Array.of(Infinity), 1)).toBe(false);
});

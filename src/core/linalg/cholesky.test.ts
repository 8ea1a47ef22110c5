/** Factors and solves against the products they stand for, on random matrices. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { rngForKey } from "../rng.ts";
import { choleskyInPlace, solveLower, solveUpper, timesLower } from "./cholesky.ts";

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

it("refuses what is not positive definite", () => {
  expect(choleskyInPlace(Float64Array.of(1, 0, 2, 1), 2)).toBe(false);
  expect(choleskyInPlace(Float64Array.of(0), 1)).toBe(false);
  expect(choleskyInPlace(Float64Array.of(Number.NaN), 1)).toBe(false);
  expect(choleskyInPlace(Float64Array.of(Infinity), 1)).toBe(false);
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rngForKey } from "../rng.ts";
import { symmetricEigen } from "./symmetricEigen.ts";

/** Largest entry of |A V - V diag| and of |V'V - I|, against the size of A. */
function errors(matrix: readonly number[], n: number): readonly [number, number] {
  const { values, vectors } = symmetricEigen(matrix, n);
  const size = Math.max(1e-300, ...matrix.map(Math.abs));
  let residual = 0;
  let skew = 0;
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < n; r++) {
      let product = 0;
      let inner = 0;
      for (let c = 0; c < n; c++) {
        product += matrix[r * n + c]! * vectors[i * n + c]!;
        inner += vectors[i * n + c]! * vectors[r * n + c]!;
      }
      residual = Math.max(residual, Math.abs(product - values[i]! * vectors[i * n + r]!) / size);
      skew = Math.max(skew, Math.abs(inner - (i === r ? 1 : 0)));
    }
  }
  return [residual, skew];
}

describe("eigenvalues of a symmetric matrix", () => {
  test("of a known one: the second difference has 2 - 2 cos(k pi / (n + 1))", () => {
    const n = 7;
    const matrix = Array.from({ length: n * n }, (_, at) => {
      const gap = Math.abs(Math.floor(at / n) - (at % n));
      return gap === 0 ? 2 : gap === 1 ? -1 : 0;
    });
    const { values } = symmetricEigen(matrix, n);
    values.forEach((value, k) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 13));
  });

  test("of multiples, zero and empty matrices", () => {
    expect([...symmetricEigen([3, 0, 0, 0, 3, 0, 0, 0, 3], 3).values]).toEqual([3, 3, 3]);
    expect([...symmetricEigen([0, 0, 0, 0], 2).values]).toEqual([0, 0]);
    expect(symmetricEigen([], 0).values).toHaveLength(0);
    expect([...symmetricEigen([-2], 1).values]).toEqual([-2]);
  });

  test("property: A v = lambda v with orthonormal v, also for repeated eigenvalues", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer(), fc.constantFrom(0, 1, 2), (n, seed, rank) => {
        const rng = rngForKey(`eigen:${seed}`);
        const matrix = Array.from({ length: n * n }, () => 0);
        // rank 0: any symmetric matrix; otherwise a sum of that many outer products, so most eigenvalues are 0.
        if (rank === 0) {
          for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = rng.normal();
        } else {
          for (let k = 0; k < rank; k++) {
            const v = Array.from({ length: n }, () => rng.normal());
            for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) matrix[i * n + j]! += v[i]! * v[j]!;
          }
        }
        const [residual, skew] = errors(matrix, n);
        expect(residual).toBeLessThan(1e-12);
        expect(skew).toBeLessThan(1e-12);
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import { dot } from "../../../core/linalg/vectors.ts";
import { solveDamped, type Solution } from "./conjugateGradients.ts";
import { solve } from "./testing/converged.ts";

/** Q diag(eigenvalues) Q' with a random rotation made of reflections. */
function symmetric(key: string, eigenvalues: readonly number[]): Float64Array {
  const n = eigenvalues.length;
  const rng = rngForKey(key);
  let matrix = new Float64Array(n * n);
  eigenvalues.forEach((value, i) => (matrix[i * n + i] = value));
  for (let round = 0; round < 3; round++) {
    const v = Float64Array.from({ length: n }, () => rng.normal());
    const scale = 2 / dot(v, v);
    const reflect = (m: Float64Array): Float64Array =>
      m.map((x, at) => {
        const [row, column] = [Math.floor(at / n), at % n];
        let sum = 0;
        for (let k = 0; k < n; k++) sum += v[k]! * m[k * n + column]!;
        return x - scale * v[row]! * sum;
      });
    const transposed = (m: Float64Array): Float64Array => m.map((_, at) => m[(at % n) * n + Math.floor(at / n)]!);
    matrix = Float64Array.from(transposed(reflect(transposed(reflect(matrix)))));
  }
  return matrix;
}

const times = (matrix: Float64Array, v: Float64Array): Float64Array =>
  v.map((_, i) => dot(matrix.subarray(i * v.length, (i + 1) * v.length), v));

const numbers = (key: string, n: number): Float64Array => {
  const rng = rngForKey(key);
  return Float64Array.from({ length: n }, () => rng.normal());
};

async function solved(matrix: Float64Array, b: Float64Array, tolerance: number, maxProducts = 1000): Promise<Solution> {
  return solveDamped((v) => Promise.resolve(times(matrix, v)), b, { tolerance, maxProducts });
}

const residualOf = (matrix: Float64Array, b: Float64Array, { x, damping }: Solution): number => {
  const r = times(matrix, x).map((value, i) => b[i]! - value - damping * x[i]!);
  return Math.sqrt(dot(r, r) / dot(b, b));
};

describe("conjugate gradients", () => {
  it("solve positive definite systems as elimination does, and no better than asked", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 12 }),
        async (key, eigenvalues) => {
          const matrix = symmetric(String(key), eigenvalues);
          const b = numbers(`b${key}`, eigenvalues.length);
          const exact = await solved(matrix, b, 1e-6);
          expect(exact.damping).toBe(0);
          expect(exact.products).toBeLessThanOrEqual(eigenvalues.length);
          const wanted = solve(matrix, b);
          const off = exact.x.map((value, i) => value - wanted[i]!);
          expect(dot(off, off)).toBeLessThan(1e-8 * dot(wanted, wanted));
          const rough = await solved(matrix, b, 0.3);
          expect(residualOf(matrix, b, rough)).toBeLessThan(0.3 + 1e-5);
          expect(rough.products).toBeLessThanOrEqual(exact.products);
        },
      ),
      { numRuns: 40 },
    );
  });
  it("damp what is not positive definite above its most negative curvature", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.double({ min: -1, max: 10, noNaN: true }), { minLength: 2, maxLength: 12 }),
        async (key, others) => {
          const eigenvalues = [-0.5, ...others];
          const matrix = symmetric(String(key), eigenvalues);
          const b = numbers(`b${key}`, eigenvalues.length);
          const found = await solved(matrix, b, 1e-5);
          expect(found.damping).toBeGreaterThan(0.9);
          expect(found.damping).toBeLessThanOrEqual(2.01);
          expect(residualOf(matrix, b, found)).toBeLessThan(1e-3);
          // Still a direction of descent.
          expect(dot(found.x, b)).toBeGreaterThan(0);
        },
      ),
      { numRuns: 40 },
    );
  });
  it("keep to their budget, and say what is left", async () => {
    const matrix = symmetric(
      "budget",
      Array.from({ length: 30 }, (_, i) => 10 ** (i / 8 - 2)),
    );
    const b = numbers("budget b", 30);
    const found = await solved(matrix, b, 1e-6, 4);
    expect(found.products).toBe(4);
    expect(found.residual).toBeGreaterThan(1e-3);
    expect(found.residual).toBeCloseTo(residualOf(matrix, b, found), 4);
  });
  it("have the answer 0 to 0, and none to what is not finite", async () => {
    const zero = await solved(symmetric("zero", [1, 2]), new Float64Array(2), 0.1);
    expect(zero).toMatchObject({ x: new Float64Array(2), products: 0, residual: 0 });
    const flat = await solved(new Float64Array(9), numbers("flat", 3), 0.1);
    expect(flat.x.every(Number.isFinite)).toBe(true);
    await expect(solved(new Float64Array(4).fill(Number.NaN), numbers("nan", 2), 0.1)).rejects.toMatchObject({
      code: "trainer",
    });
  });
});

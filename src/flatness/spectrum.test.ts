import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hutchinson, signs } from "./hutchinson.ts";
import { rngForKey } from "../core/rng.ts";
import { lanczos, spectralDensity } from "./lanczos.ts";
import { norm } from "../core/linalg/vectors.ts";
import { topEigenvalue } from "./powerIteration.ts";
import { functionOracle, quadratic } from "./testing/functionOracle.ts";
import { tridiagonalEigen } from "./tridiagonal.ts";

const zeros = (n: number): Float64Array => new Float64Array(n);

describe("the power iteration", () => {
  it("finds the eigenvalue of largest magnitude with its sign, which need not be the top", async () => {
    const oracle = quadratic([5, 1, 0.5, -8, 2]);
    const found = await topEigenvalue(oracle, zeros(5), { tolerance: 1e-12, iterations: 500 });
    expect(found.eigenvalue).toBeCloseTo(-8, 9);
    expect(found.converged).toBe(true);
    expect(found.residual).toBeLessThan(1e-4);
    expect(norm(found.vector)).toBeCloseTo(1, 12);
    // Lanczos gives both ends.
    const { smallest, largest } = await lanczos(oracle, zeros(5));
    expect(smallest).toBeCloseTo(-8, 9);
    expect(largest).toBeCloseTo(5, 9);
  });

  it("ends by its relative tolerance, whatever the scale", async () => {
    const counts: number[] = [];
    for (const scale of [1e-9, 1, 1e9]) {
      const oracle = quadratic([4, 2, 1, 0.5].map((x) => x * scale));
      const found = await topEigenvalue(oracle, zeros(4));
      expect(Math.abs(found.eigenvalue / scale - 4)).toBeLessThan(0.02);
      expect(found.iterations).toBe(oracle.calls.product);
      counts.push(found.iterations);
    }
    expect(new Set(counts).size).toBe(1);
  });

  it("says so when it does not converge, and is quick on a flat loss", async () => {
    const pair = await topEigenvalue(quadratic([3, -3, 1]), zeros(3), { iterations: 40, tolerance: 1e-9 });
    expect(pair.residual).toBeGreaterThan(0.1);
    const flat = await topEigenvalue(quadratic([0, 0, 0]), zeros(3));
    expect([flat.eigenvalue, flat.iterations, flat.converged]).toEqual([0, 1, true]);
    const broken = functionOracle(
      2,
      () => 0,
      zeros as never,
      (_, v) => v.map(() => Number.NaN),
    );
    expect((await topEigenvalue(broken, zeros(2))).eigenvalue).toBeNaN();
  });
});

describe("Lanczos", () => {
  it("finds every eigenvalue when it may take as many steps, each once", async () => {
    const eigenvalues = Array.from({ length: 12 }, (_, i) => (i - 4) ** 3 / 10);
    const { runs, products } = await lanczos(quadratic(eigenvalues), zeros(12), { steps: 30 });
    expect(products).toBe(12);
    expect(runs[0]!.values).toHaveLength(12);
    eigenvalues.forEach((value, i) => expect(runs[0]!.values[i]).toBeCloseTo(value, 8));
    expect(runs[0]!.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  it("ends early when the Krylov space does, and then is exact", async () => {
    const { runs, products } = await lanczos(quadratic([2, 2, 2, 7, 7, 7, 7, 7]), zeros(8));
    expect(products).toBe(2);
    expect(runs[0]!.values[0]).toBeCloseTo(2, 9);
    expect(runs[0]!.values[1]).toBeCloseTo(7, 9);
  });

  it("has a density that integrates to 1 and gives each cluster its share", async () => {
    // 90 eigenvalues near 0, 10 at 50: a tenth of the mass.
    const eigenvalues = Array.from({ length: 100 }, (_, i) => (i < 90 ? i / 1000 : 50));
    const result = await lanczos(quadratic(eigenvalues), zeros(100), { starts: 40, steps: 8 });
    const { positions, values, width } = spectralDensity(result, 4001);
    const gap = positions[1]! - positions[0]!;
    const mass = (from: number): number => values.reduce((sum, v, i) => sum + (positions[i]! > from ? v * gap : 0), 0);
    expect(mass(Number.NEGATIVE_INFINITY)).toBeCloseTo(1, 2);
    expect(mass(25)).toBeGreaterThan(0.07);
    expect(mass(25)).toBeLessThan(0.13);
    expect(width).toBeCloseTo(0.5, 2);
    expect(spectralDensity(await lanczos(quadratic([3, 3]), zeros(2))).values.every(Number.isFinite)).toBe(true);
  });

  it("refuses to take no step, and gives NaN for a loss that has no finite product", async () => {
    await expect(lanczos(quadratic([1]), zeros(1), { steps: 0 })).rejects.toThrow(/at least one step/);
    const broken = functionOracle(
      2,
      () => 0,
      zeros as never,
      (_, v) => v.map(() => Number.NaN),
    );
    expect((await lanczos(broken, zeros(2))).largest).toBeNaN();
  });
});

describe("eigenvalues of tridiagonal matrices", () => {
  it("are those of the second difference, 2 - 2 cos(k pi / (n + 1))", () => {
    const n = 15;
    const { values } = tridiagonalEigen(Array<number>(n).fill(2), Array<number>(n - 1).fill(-1));
    values.forEach((value, k) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 12));
  });

  it("keep trace and squares, with first components of an orthogonal matrix", () => {
    const entries = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(entries, entries, (diagonal, rest) => {
        const off = Array.from({ length: diagonal.length - 1 }, (_, i) => rest[i % rest.length]!);
        const { values, first } = tridiagonalEigen(diagonal, off);
        const sum = (xs: Iterable<number>): number => [...xs].reduce((a, b) => a + b, 0);
        expect(sum(values)).toBeCloseTo(sum(diagonal), 9);
        const squares = sum(diagonal.map((x) => x * x)) + 2 * sum(off.map((x) => x * x));
        expect(sum(values.map((x) => x * x))).toBeCloseTo(squares, 8);
        expect(sum(first.map((x) => x * x))).toBeCloseTo(1, 9);
        // e1'T e1 = sum tau^2 theta, e1'T^2 e1 likewise.
        expect(sum(values.map((x, k) => x * first[k]! ** 2))).toBeCloseTo(diagonal[0]!, 9);
        expect(sum(values.map((x, k) => x * x * first[k]! ** 2))).toBeCloseTo(
          diagonal[0]! ** 2 + (off[0] ?? 0) ** 2,
          8,
        );
        expect([...values]).toEqual([...values].sort((x, y) => x - y));
      }),
      { numRuns: 200 },
    );
  });

  it("of entries that are no numbers end in an error", () => {
    expect(() => tridiagonalEigen([Number.NaN, 1], [1])).toThrow(/do not converge/);
  });
});

describe("Hutchinson's estimates", () => {
  const eigenvalues = Array.from({ length: 40 }, (_, i) => Math.sin(i) * 3 + 1);
  const trace = eigenvalues.reduce((a, b) => a + b, 0);
  const frobenius = Math.hypot(...eigenvalues);

  it("are within their standard errors, mostly", async () => {
    let inside = 0;
    let normInside = 0;
    for (let seed = 0; seed < 40; seed++) {
      const found = await hutchinson(quadratic(eigenvalues), zeros(40), { seed, samples: 30, tolerance: 0 });
      if (Math.abs(found.trace - trace) < 2 * found.traceError) inside++;
      if (Math.abs(found.frobenius - frobenius) < 2 * found.frobeniusError) normInside++;
      expect(found.samples).toBe(30);
    }
    // Two standard errors hold about 95%; 30 of 40 is many standard errors away from that.
    expect(inside).toBeGreaterThan(30);
    expect(normInside).toBeGreaterThan(30);
  });

  it("of 10 samples are as uncertain as their error says", async () => {
    const { trace: estimate, traceError } = await hutchinson(quadratic(eigenvalues), zeros(40), { samples: 10 });
    expect(traceError / Math.abs(estimate)).toBeGreaterThan(0.03);
  });

  it("of a diagonal Hessian are exact, so the tolerance ends them at once", async () => {
    const found = await hutchinson(quadratic([1, 2, 3], zeros(3), 0, false), zeros(3));
    expect(found.trace).toBe(6);
    expect(found.traceError).toBe(0);
    expect(found.frobenius).toBeCloseTo(Math.sqrt(14), 14);
    expect(found.samples).toBe(10);
  });

  it("use independent signs", () => {
    const v = signs(rngForKey("signs"), 4099);
    expect(v.every((x) => Math.abs(x) === 1)).toBe(true);
    expect(Math.abs(v.reduce((a, b) => a + b, 0))).toBeLessThan(4 * Math.sqrt(4099));
  });
});

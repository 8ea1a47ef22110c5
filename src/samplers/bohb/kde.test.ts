import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalPdf } from "../../core/normal.ts";
import { rngForKey } from "../../core/rng.ts";
import type { SearchedParameter } from "../../core/space/domain.ts";
import { coordinatesOf, impute, Kde } from "./kde.ts";

const x: SearchedParameter = { name: "x", type: "float", low: 0, high: 1, log: false };
const n: SearchedParameter = { name: "n", type: "int", low: 1, high: 4, log: false };
const c: SearchedParameter = { name: "c", type: "categorical", choices: ["a", "b", "c"] };
const rows = (...values: number[][]): Float64Array[] => values.map((row) => Float64Array.from(row));

describe("kernel density estimate", () => {
  it("takes its bandwidths by the normal reference rule", () => {
    // 1.06 sd n^(-1/(4+d)): sd of .1, .4, .45, .9 is .2858649, n = 4, d = 1.
    const [width] = new Kde(rows([0.1], [0.4], [0.45], [0.9]), [x], 1e-3).bandwidths;
    expect(width).toBeCloseTo(1.06 * 0.28586 * 4 ** -0.2, 4);
    // Two dimensions: the exponent knows of both; a category counts by its index.
    const [a, b] = new Kde(rows([0.1, 0], [0.4, 0], [0.45, 1], [0.9, 1]), [x, c], 1e-3).bandwidths;
    expect(a).toBeCloseTo(1.06 * 0.28586 * 4 ** (-1 / 6), 4);
    expect(b).toBeCloseTo(1.06 * 0.5 * 4 ** (-1 / 6), 10);
  });
  it("keeps bandwidths off zero, and a category's below what would turn it round", () => {
    expect(new Kde(rows([0.5, 1], [0.5, 1]), [x, c], 1e-3).bandwidths).toEqual(Float64Array.of(1e-3, 1e-3));
    const many: SearchedParameter = { ...c, choices: Array.from({ length: 50 }, (_, k) => k) };
    expect(new Kde(rows([0], [49]), [many], 1e-3).bandwidths[0]).toBe(0.98);
  });
  it("is the mean of the products of its kernels", () => {
    const kde = new Kde(rows([0.2, 0], [0.6, 1]), [x, c], 1e-3);
    const [h, lambda] = kde.bandwidths as unknown as [number, number];
    const kernel = (at: number, mu: number): number => normalPdf((at - mu) / h) / h;
    const expected = 0.5 * (kernel(0.3, 0.2) * (1 - lambda) + kernel(0.3, 0.6) * (lambda / 2));
    expect(Math.exp(kde.logDensity(Float64Array.of(0.3, 0)))).toBeCloseTo(expected, 10);
  });
  it("draws inside the domain, on the grid, near its rows", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (at, seed) => {
        const kde = new Kde(rows([at, 0.375, 1], [at, 0.375, 1], [at, 0.625, 1]), [x, n, c], 1e-3);
        const [u, i, k] = kde.sampleAround([x, n, c], 3, rngForKey(String(seed)));
        expect(Math.abs(u! - at)).toBeLessThan(0.03);
        expect([0.125, 0.375, 0.625, 0.875]).toContain(i);
        expect([0, 1, 2]).toContain(k);
      }),
    );
  });
  it("draws with three bandwidths, categories with one", () => {
    const kde = new Kde(rows([0.5, 0], [0.5, 0], [0.52, 1], [0.48, 1]), [x, c], 1e-3);
    const rng = rngForKey("spread");
    const drawn = Array.from({ length: 4000 }, () => kde.sampleAround([x, c], 3, rng));
    const variance = drawn.reduce((sum, [u]) => sum + (u! - 0.5) ** 2, 0) / 4000;
    expect(Math.sqrt(variance)).toBeCloseTo(Math.hypot(3 * kde.bandwidths[0]!, 0.01414), 2);
    // Kept with 1 - bandwidth, else uniform: the third category is never a row's.
    const third = drawn.filter(([, k]) => k === 2).length / 4000;
    expect(Math.abs(third - kde.bandwidths[1]! / 3)).toBeLessThan(0.02);
  });
});

describe("inactive parameters", () => {
  it("have no coordinate", () => {
    expect(coordinatesOf([x, n, c], { x: 0.25, c: "c" })).toEqual(Float64Array.of(0.25, Number.NaN, 2));
  });
  it("take those of a row in which they are active, together", () => {
    const nan = Number.NaN;
    const given = rows([0.1, nan, nan], [0.2, 0.125, 0], [0.3, 0.875, 2]);
    for (let seed = 0; seed < 20; seed++) {
      const [first, ...others] = impute(given, [x, n, c], rngForKey(String(seed)));
      expect(others).toEqual(given.slice(1));
      expect([
        [0.1, 0.125, 0],
        [0.1, 0.875, 2],
      ]).toContainEqual([...first!]);
    }
  });
  it("are drawn uniformly where no row has them", () => {
    const [row] = impute(rows([Number.NaN, 0.5, Number.NaN]), [x, n, c], rngForKey("none"));
    expect(row![0]).toBeGreaterThanOrEqual(0);
    expect(row![0]).toBeLessThan(1);
    expect([0, 1, 2]).toContain(row![2]);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rngForKey } from "./rng.ts";
import { averageRanks, spearman } from "./rankCorrelation.ts";

describe("rank correlation", () => {
  test("as in the documentation of SciPy's spearmanr, ties included", () => {
    expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]).rho).toBeCloseTo(0.8207826816681233, 14);
  });

  test("the interval is that of Bonett and Wright", () => {
    // rho = 0.5 on 28 pairs: artanh(0.5) -+ 1.959964 sqrt(1.125 / 25) = 0.549306 -+ 0.415770.
    const x = Array.from({ length: 28 }, (_, i) => i);
    const rng = rngForKey("interval");
    const y = x.map((value) => value + 16 * rng.normal());
    const { rho, low, high, pairs } = spearman(x, y);
    expect(pairs).toBe(28);
    const half = 1.959964 * Math.sqrt((1 + rho ** 2 / 2) / 25);
    expect(Math.atanh(low)).toBeCloseTo(Math.atanh(rho) - half, 5);
    expect(Math.atanh(high)).toBeCloseTo(Math.atanh(rho) + half, 5);
  });

  test("covers the truth about as often as it says", () => {
    // Normal pairs of correlation r have Spearman's rho = 6/pi asin(r/2) in the population.
    const r = 0.6;
    const truth = (6 / Math.PI) * Math.asin(r / 2);
    let covered = 0;
    const runs = 800;
    for (let run = 0; run < runs; run++) {
      const rng = rngForKey(`coverage:${run}`);
      const x = Array.from({ length: 40 }, () => rng.normal());
      const y = x.map((value) => r * value + Math.sqrt(1 - r * r) * rng.normal());
      const { low, high } = spearman(x, y);
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.925);
    expect(covered / runs).toBeLessThan(0.975);
  });

  test("too few pairs, constants and gaps", () => {
    expect(spearman([1, 2], [1, 2])).toEqual({ rho: Number.NaN, low: Number.NaN, high: Number.NaN, pairs: 2 });
    expect(spearman([1, 1, 1, 1], [1, 2, 3, 4]).rho).toBeNaN();
    expect(spearman([1, Number.NaN, 3, 4, 5], [1, 9, Number.NaN, 4, 5])).toMatchObject({
      rho: 1,
      pairs: 3,
      low: Number.NaN,
    });
    const { rho, low, high } = spearman([1, 2, 3, 4, 5], [1, 2, 3, 4, Number.POSITIVE_INFINITY]);
    expect([rho, low > 0.99, high <= 1]).toEqual([1, true, true]);
  });

  test("property: ranks add up; a rising transformation changes nothing", () => {
    const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer(), (x, seed) => {
        const rng = rngForKey(`${seed}`);
        const y = x.map(() => rng.int(10));
        expect(averageRanks(x).reduce((sum, rank) => sum + rank, 0)).toBeCloseTo((x.length * (x.length + 1)) / 2);
        const { rho } = spearman(x, y);
        expect(
          spearman(
            x.map((v) => Math.exp(v / 10)),
            y,
          ).rho,
        ).toEqual(rho);
        const turned = spearman(
          x.map((v) => -v),
          y,
        ).rho;
        if (Number.isNaN(rho)) expect(turned).toBeNaN();
        else expect(turned).toBeCloseTo(-rho, 12);
      }),
    );
  });
});

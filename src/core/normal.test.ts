import { describe, expect, it } from "vitest";
import { fastLogNormalMass, fastNormalCdf, logNormalMass, normalCdf, normalQuantile } from "./normal.ts";

describe("the normal distribution", () => {
  // Reference values: 50-digit arithmetic.
  it.each([
    [-10, 7.619853024160525e-24],
    [-5, 2.866515718791939e-7],
    [-3, 0.0013498980316300946],
    [-1, 0.15865525393145705],
    [0, 0.5],
    [1.96, 0.9750021048517796],
    [2.9999, 0.998649658717045],
  ])("cdf(%f)", (z, p) => {
    expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-13);
  });

  it("has a quantile that inverts the cdf from 1e-300 to 1 - 1e-12", () => {
    for (const p of [1e-300, 1e-100, 1e-20, 1e-6, 0.01, 0.07, 0.3, 0.5, 0.9, 0.99, 1 - 1e-12]) {
      const z = normalQuantile(p);
      expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-11);
    }
    expect(normalQuantile(0)).toBe(-Infinity);
    expect(normalQuantile(1)).toBe(Infinity);
    expect(normalQuantile(-0.1)).toBeNaN();
  });

  it("has a table within 1e-12 of the exact cdf", () => {
    let worst = 0;
    for (let z = -9; z <= 9; z += 0.00137) worst = Math.max(worst, Math.abs(fastNormalCdf(z) - normalCdf(z)));
    expect(worst).toBeLessThan(1e-12);
  });

  it("has a quick log mass that stays close", () => {
    for (const a of [-40, -12, -8, -6.3, -5.2, -4, -1, 0.3, 5, 7]) {
      for (const width of [0.26, 0.5, 1, 3, 20]) {
        const exact = logNormalMass(a, a + width);
        expect(Math.abs(fastLogNormalMass(a, a + width) - exact), `${a} + ${width}`).toBeLessThan(1e-3);
      }
    }
  });

  it("gives the log mass of intervals, tails included", () => {
    expect(logNormalMass(-1, 1)).toBeCloseTo(Math.log(0.682689492137086), 11);
    expect(logNormalMass(-11, -10)).toBeCloseTo(Math.log(normalCdf(-10) - normalCdf(-11)), 10);
    expect(logNormalMass(10, 11)).toBe(logNormalMass(-11, -10));
    expect(logNormalMass(-3.0001, -3)).toBeCloseTo(-14.6294289030974, 9);
    expect(logNormalMass(-60, -50)).toBeCloseTo(-1254.8313611394, 6);
  });
});

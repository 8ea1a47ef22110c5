/** Power transformations against SciPy's, and the properties any of them must have. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boxCox, fitLambda, logLikelihood, normalised, restored, yeoJohnson } from "./power.ts";

const positive = Float64Array.of(0.12, 0.35, 0.5, 0.81, 1.3, 2.2, 3.9, 7.5, 15, 42);
const mixed = Float64Array.of(-3, -1.2, -0.4, 0, 0.3, 0.9, 1.5, 4, 9, 20);

describe("Box-Cox and Yeo-Johnson", () => {
  it("have SciPy's values, likelihoods and likeliest lambdas", () => {
    [-1.56878679, -0.90057394, -0.62582535].forEach((z, i) =>
      expect(boxCox.apply(0.3, positive[i]!)).toBeCloseTo(z, 7),
    );
    expect(logLikelihood(boxCox, 0.3, positive)).toBeCloseTo(-13.893745814180036, 9);
    expect(fitLambda(boxCox, positive)).toBeCloseTo(-0.05476543299339607, 5);
    [-5.6212137, -1.65910913, -0.45400711, 0, 0.27296583, 0.70781531, 1.05460735, 2.06885532].forEach((z, i) =>
      expect(yeoJohnson.apply(0.3, mixed[i]!)).toBeCloseTo(z, 7),
    );
    expect(logLikelihood(yeoJohnson, 0.3, mixed)).toBeCloseTo(-14.40109835, 7);
    expect(fitLambda(yeoJohnson, mixed)).toBeCloseTo(0.4172964077255596, 5);
    expect(
      fitLambda(
        yeoJohnson,
        mixed.map((y) => -y),
      ),
    ).toBeCloseTo(1.5827035922743655, 5);
  });

  it("have their logarithmic cases", () => {
    expect(boxCox.apply(0, Math.E)).toBeCloseTo(1, 12);
    expect(boxCox.apply(1e-8, 3)).toBeCloseTo(Math.log(3), 7);
    expect(yeoJohnson.apply(0, 2)).toBeCloseTo(1.09861229, 8);
    expect(yeoJohnson.apply(2, -2)).toBeCloseTo(-1.09861229, 8);
    expect(yeoJohnson.apply(2, 2)).toBeCloseTo(4, 12);
  });

  it("increase and can be undone", () => {
    const lambdas = fc.double({ min: -2, max: 4, noNaN: true });
    fc.assert(
      fc.property(lambdas, fc.double({ min: 0.05, max: 20, noNaN: true }), (lambda, y) => {
        expect(boxCox.apply(lambda, y * 1.01)).toBeGreaterThan(boxCox.apply(lambda, y));
        expect(boxCox.invert(lambda, boxCox.apply(lambda, y))).toBeCloseTo(y, 5);
      }),
    );
    fc.assert(
      fc.property(lambdas, fc.double({ min: -10, max: 10, noNaN: true }), (lambda, y) => {
        expect(yeoJohnson.apply(lambda, y + 0.01)).toBeGreaterThan(yeoJohnson.apply(lambda, y));
        expect(yeoJohnson.invert(lambda, yeoJohnson.apply(lambda, y))).toBeCloseTo(y, 5);
      }),
    );
  });
});

describe("normalised", () => {
  it("keeps the order of any values, with mean 0 and deviation 1", () => {
    // Nothing whose square is below the least double.
    const value = fc.oneof(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((y) => (Math.abs(y) < 1e-100 ? 0 : y)),
      fc.double({ min: 1e-12, max: 1, noNaN: true }),
      fc.integer({ min: -3, max: 3 }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (list) => {
        const z = normalised(Float64Array.from(list));
        expect(z.every(Number.isFinite)).toBe(true);
        for (const [i, a] of list.entries())
          for (const [j, b] of list.entries()) if (a < b) expect(z[i]!).toBeLessThanOrEqual(z[j]!);
        const mean = z.reduce((sum, x) => sum + x, 0) / z.length;
        expect(mean).toBeCloseTo(0, 6);
        const deviation = Math.sqrt(z.reduce((sum, x) => sum + x * x, 0) / z.length);
        if (deviation > 0) expect(deviation).toBeCloseTo(1, 6);
      }),
    );
  });

  it("pulls a heavy tail in, whatever the values' sign and scale", () => {
    for (const change of [(y: number) => y, (y: number) => 1e12 * y, (y: number) => 1e-9 * y, (y: number) => y - 5]) {
      const z = normalised(positive.map(change));
      // Standardised as it is, the largest lies 2.9 deviations from the mean.
      expect(Math.max(...z)).toBeLessThan(2.3);
    }
    expect(normalised(Float64Array.of(2, 2, 2, 2, 2))).toEqual(new Float64Array(5));
    expect(normalised(Float64Array.of(1, 2))).toEqual(Float64Array.of(-1, 1));
  });

  it("can be undone, and goes on beyond the data in the same order", () => {
    const z = normalised(positive);
    positive.forEach((y, i) => expect(restored(z[i]!, z, positive)).toBeCloseTo(y, 9));
    let before = -Infinity;
    for (let x = -4; x <= 4; x += 0.1) {
      const y = restored(x, z, positive);
      expect(y).toBeGreaterThan(before);
      before = y;
    }
    expect(restored(-5, Float64Array.of(0), Float64Array.of(3))).toBe(-2);
  });
});

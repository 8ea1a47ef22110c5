/** The warp's shape, its inverse and its slopes. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { spaces } from "../../../test/contract/spaces.ts";
import { featuresOf, inactive } from "../gp/features.ts";
import { kumaraswamy, kumaraswamyInverse, kumaraswamySlopes, warpedPoint } from "./warp.ts";

const exponent = fc.double({ min: 0.25, max: 4, noNaN: true });

it("keeps both ends, increases, and can be undone", () => {
  fc.assert(
    fc.property(exponent, exponent, fc.double({ min: 0.01, max: 0.97, noNaN: true }), (a, b, x) => {
      expect(kumaraswamy(0, a, b)).toBe(0);
      expect(kumaraswamy(1, a, b)).toBe(1);
      expect(kumaraswamy(x + 0.01, a, b)).toBeGreaterThan(kumaraswamy(x, a, b));
      expect(kumaraswamyInverse(kumaraswamy(x, a, b), a, b)).toBeCloseTo(x, 4);
      expect(kumaraswamy(x, 1, 1)).toBeCloseTo(x, 12);
    }),
  );
  expect(kumaraswamy(0.5, 2, 3)).toBeCloseTo(1 - 0.75 ** 3, 12);
});

it("has the slopes it says", () => {
  fc.assert(
    fc.property(exponent, exponent, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, b, x) => {
      const h = 1e-6;
      const { byA, byB } = kumaraswamySlopes(x, a, b);
      const difference = (f: (t: number) => number): number => (f(h) - f(-h)) / (2 * h);
      expect(byA).toBeCloseTo(
        difference((t) => kumaraswamy(x, a * Math.exp(t), b)),
        4,
      );
      expect(byB).toBeCloseTo(
        difference((t) => kumaraswamy(x, a, b * Math.exp(t))),
        4,
      );
    }),
  );
});

it("leaves categories and inactive parameters as they are", () => {
  const features = featuresOf(spaces["conditional"]!);
  const point = features.encode({ model: "svm", c: 1, ["__proto__"]: 0.5 });
  const two = new Float64Array(features.dimension).fill(2);
  const warped = warpedPoint(features, { a: two, b: two }, point);
  features.parameters.forEach((_, k) => {
    const moves = features.numeric[k] === true && point[k] !== inactive;
    expect(warped[k]).toBe(moves ? kumaraswamy(point[k]!, 2, 2) : point[k]);
  });
});

/** The covariance and the bound against published values. */
import { expect, it } from "vitest";
import { confidenceWidth, timeVaryingCovariance } from "./timeVaryingKernel.ts";

const kernel = { forgetting: 0.1, lengthscale: 1, variance: 1 };

it("forgets with time and distance", () => {
  expect(timeVaryingCovariance(kernel, 2, 0.25)).toBeCloseTo(0.7009207047642644, 14);
  expect(timeVaryingCovariance(kernel, -2, 0.25)).toBe(timeVaryingCovariance(kernel, 2, 0.25));
  expect(timeVaryingCovariance({ ...kernel, variance: 3 }, 0, 0)).toBe(3);
});

it("widens with the number of observations, from none", () => {
  expect(confidenceWidth(50)).toBeCloseTo(0.7740455120409899, 14);
  expect(confidenceWidth(1)).toBe(0);
  expect(confidenceWidth(2)).toBe(0);
});

import { describe, expect, it } from "vitest";
import { median, quantile } from "./stats.ts";

describe("quantiles", () => {
  it("interpolate linearly and leave NaN out", () => {
    expect(median([3, Number.NaN, 1])).toBe(2);
    expect(quantile([4, 1, 3, 2], 1 / 3)).toBe(2);
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect(quantile([5], 0.9)).toBe(5);
    expect(median([])).toBeNaN();
    expect(median([Number.NaN])).toBeNaN();
  });
  it("survive infinities", () => {
    expect(median([Infinity, Infinity, 1])).toBe(Infinity);
    expect(median([Infinity, Infinity])).toBe(Infinity);
    expect(median([-Infinity, 0, Infinity])).toBe(0);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseCurves, curveLimit } from "./chooseCurves.ts";
import { smoothed } from "./smoothing.ts";

function candidates(n: number, selected: readonly number[] = []) {
  return {
    number: Int32Array.from({ length: n }, (_, i) => i * 2),
    lastStep: new Float64Array(n).fill(5),
    filtered: new Uint8Array(n).fill(1),
    bestFirst: Int32Array.from({ length: n }, (_, i) => n - 1 - i),
    selectedRows: Int32Array.from(selected),
  };
}

describe("chooseCurves", () => {
  it("takes all while they fit, without those that are hidden or never reported", () => {
    const few = candidates(10);
    few.filtered[3] = 0;
    few.lastStep[4] = Number.NaN;
    expect(chooseCurves(few)).toEqual({ numbers: [0, 2, 4, 10, 12, 14, 16, 18], candidates: 8 });
  });
  it("takes the selected, the best and a sample of the rest when there are too many", () => {
    const { numbers, candidates: all } = chooseCurves(candidates(5000, [17, 23]));
    expect(all).toBe(5000);
    expect(numbers.length).toBe(curveLimit);
    expect(numbers).toContain(34);
    expect(numbers).toContain(46);
    expect(numbers).toContain(2 * 4999);
    const rest = numbers.filter((n) => n < 2 * 4900);
    const mean = rest.reduce((sum, n) => sum + n, 0) / rest.length;
    expect(Math.abs(mean - 4900)).toBeLessThan(1200);
  });
  it("keeps the sample when trials are added", () => {
    const before = new Set(chooseCurves(candidates(3000)).numbers);
    const after = new Set(chooseCurves(candidates(3020)).numbers);
    expect([...before].filter((n) => after.has(n)).length).toBeGreaterThan(curveLimit - 50);
  });
});

describe("smoothed", () => {
  it("is the identity at 0, keeps a constant, stays within the values", () => {
    const values = Float64Array.of(1, 5, 2);
    expect(smoothed(values, 0)).toBe(values);
    for (const value of smoothed(new Float64Array(20).fill(3), 0.9)) expect(value).toBeCloseTo(3);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        (list, weight) => {
          const result = smoothed(Float64Array.from(list), weight);
          expect(result[0]).toBeCloseTo(list[0]!);
          for (const value of result) {
            expect(value).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
            expect(value).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
          }
        },
      ),
    );
  });
  it("steps over what is not finite", () => {
    const result = smoothed(Float64Array.of(1, Number.NaN, 1), 0.5);
    expect(result[2]).toBeCloseTo(1);
    expect(result[1]).toBeNaN();
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyBrush, normalised, readBrushes, withAxis, type Interval } from "./brushes.ts";

const interval = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }))
  .map(([a, b]): Interval => [a, b]);

describe("brushes", () => {
  it("normalised intervals are sorted, disjoint and hold the same points", () => {
    fc.assert(
      fc.property(fc.array(interval), (intervals) => {
        const clean = normalised(intervals);
        for (let i = 1; i < clean.length; i++) expect(clean[i]![0]).toBeGreaterThan(clean[i - 1]![1]);
        const holds = (list: readonly Interval[], x: number): boolean =>
          list.some(([a, b]) => x >= Math.min(a, b) && x <= Math.max(a, b));
        for (let x = 0; x <= 40; x++) expect(holds(clean, x)).toBe(holds(intervals, x));
      }),
    );
  });
  it("several intervals of an axis are alternatives and NaN passes none", () => {
    const mask = new Uint8Array(5).fill(1);
    applyBrush(mask, Float64Array.of(1, 2, 3, 4, Number.NaN), [
      [1, 1],
      [3, 4],
    ]);
    expect([...mask]).toEqual([1, 0, 1, 1, 0]);
    applyBrush(mask, Float64Array.of(1, 1, 0, 1, 1), [[1, 1]]);
    expect([...mask]).toEqual([1, 0, 0, 1, 0]);
  });
  it("an empty list takes the axis away", () => {
    expect(withAxis({ a: [[0, 1]], b: [[2, 3]] }, "a", [])).toEqual({ b: [[2, 3]] });
  });
  it("stored brushes are read as far as they make sense", () => {
    expect(readBrushes({ a: [[2, 1], "x", [1]], b: 3, c: [] })).toEqual({ a: [[1, 2]] });
    expect(readBrushes(null)).toEqual({});
  });
});

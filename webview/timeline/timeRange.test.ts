import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWhole, moved, shortestRange, showing, timeScale, within, zoomed } from "./timeRange.ts";

const limits = { from: 1000, to: 101_000 };
const ranges = fc
  .tuple(fc.double({ min: 0, max: 120_000, noNaN: true }), fc.double({ min: 1, max: 120_000, noNaN: true }))
  .map(([from, span]) => within({ from, to: from + span }, limits));

describe("ranges of time", () => {
  it("stay within what there is, whatever is done to them", () => {
    fc.assert(
      fc.property(
        ranges,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (range, factor, share) => {
          for (const next of [
            zoomed(range, factor, range.from + 10, limits),
            moved(range, share, limits),
            showing(range, 5000, 6000, limits),
          ]) {
            expect(next.from).toBeGreaterThanOrEqual(limits.from - 1e-6);
            expect(next.to).toBeLessThanOrEqual(limits.to + 1e-6);
            expect(next.to - next.from).toBeGreaterThanOrEqual(shortestRange - 1e-6);
          }
        },
      ),
    );
  });
  it("zoom about a moment, which stays where it is", () => {
    const range = { from: 20_000, to: 60_000 };
    const { from, to } = zoomed(range, 0.5, 30_000, limits);
    expect(to - from).toBeCloseTo(20_000);
    expect((30_000 - from) / (to - from)).toBeCloseTo(0.25);
    expect(isWhole(zoomed(range, 100, 30_000, limits), limits)).toBe(true);
  });
  it("move no more than needed to show something", () => {
    const range = { from: 20_000, to: 40_000 };
    expect(showing(range, 25_000, 30_000, limits)).toBe(range);
    expect(showing(range, 50_000, 52_000, limits)).toEqual({ from: 33_000, to: 53_000 });
    expect(showing(range, 10_000, 12_000, limits).from).toBe(9000);
  });
});

describe("timeScale", () => {
  it("counts from the origin, with decimals where it is short", () => {
    expect(
      timeScale({ from: 61_000, to: 121_000 }, 1000)
        .ticks(4)
        .map((tick) => tick.label),
    ).toEqual(["1:00", "1:15", "1:30", "1:45", "2:00"]);
    expect(
      timeScale({ from: 1000, to: 2000 }, 1000)
        .ticks(2)
        .map((tick) => tick.label),
    ).toEqual(["0 s", "0.5 s", "1.0 s"]);
  });
  it("is its own inverse", () => {
    const scale = timeScale({ from: 5000, to: 9000 }, 1000);
    expect(scale.fromUnit(scale.toUnit(6000))).toBeCloseTo(6000);
    expect(scale.ticks(4).every(({ value }) => value >= 5000 && value <= 9000)).toBe(true);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  durationTicks,
  extentOf,
  linearScale,
  linearTicks,
  logScale,
  logTicks,
  niceStep,
  robustExtent,
  tickLabel,
} from "./scales.ts";

const range = fc
  .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
  .map(([low, span]) => [low, low + span] as const);

describe("ticks", () => {
  it("are round, inside the domain, increasing and told apart", () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 20 }), ([low, high], count) => {
        const ticks = linearTicks(low, high, count);
        const slack = (high - low) * 1e-6;
        for (const [i, { value }] of ticks.entries()) {
          expect(value).toBeGreaterThanOrEqual(low - slack);
          expect(value).toBeLessThanOrEqual(high + slack);
          if (i > 0) expect(value).toBeGreaterThan(ticks[i - 1]!.value);
        }
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
        expect(new Set(ticks.map((tick) => tick.label)).size).toBe(ticks.length);
      }),
    );
  });

  it("of a log axis are powers of ten with 2 and 5 where there is room", () => {
    const labels = (low: number, high: number, count: number): string[] =>
      logTicks(low, high, count).map((tick) => tick.label);
    expect(labels(1e-5, 1, 8)).toEqual(
      ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1"].map((text) => (text === "0.001" ? tickLabel(0.001, 0.001) : text)),
    );
    expect(labels(16, 512, 8)).toEqual(["20", "50", "100", "200", "500"]);
    expect(labels(1e-9, 1, 4).length).toBeLessThanOrEqual(5);
    expect(labels(2, 9, 5).length).toBeGreaterThan(2);
  });

  it("of durations are clock steps", () => {
    expect(durationTicks(0, 600_000, 6).map((tick) => tick.label)).toEqual([
      "0:00",
      "2:00",
      "4:00",
      "6:00",
      "8:00",
      "10:00",
    ]);
    expect(durationTicks(0, 3 * 86_400_000, 3).map((tick) => tick.label)).toEqual(["0 d", "1 d", "2 d", "3 d"]);
  });

  it("survive an axis with a single value", () => {
    expect(linearScale(3, 3).ticks(5).length).toBeGreaterThan(0);
    expect(linearScale(0, 0).toUnit(0)).toBe(0.5);
    expect(logScale(8, 8).toUnit(8)).toBeCloseTo(0.5);
    expect(niceStep(0, 5)).toBe(1);
  });
});

describe("scales", () => {
  it("go back and forth", () => {
    fc.assert(
      fc.property(range, fc.double({ min: 0, max: 1, noNaN: true }), ([low, high], unit) => {
        const scale = linearScale(low, high);
        expect(scale.toUnit(scale.fromUnit(unit))).toBeCloseTo(unit, 6);
      }),
    );
    const log = logScale(1e-6, 10);
    for (const unit of [0, 0.3, 1]) expect(log.toUnit(log.fromUnit(unit))).toBeCloseTo(unit, 9);
    expect(() => logScale(0, 1)).toThrow(RangeError);
  });

  it("find extents of more values than an argument list holds, without NaN", () => {
    const values = new Float64Array(200_000).fill(Number.NaN);
    values[5] = -2;
    values[150_000] = 7;
    expect(extentOf(values)).toEqual([-2, 7]);
    expect(extentOf([Number.NaN])).toBeUndefined();
  });

  it("leave diverged values outside but never the best", () => {
    const losses = Float64Array.from({ length: 100 }, (_, i) => (i < 3 ? 1e9 : 0.1 + i / 100));
    const extent = robustExtent(losses, "low");
    expect(extent?.high).toBeLessThan(10);
    expect(extent?.low).toBeCloseTo(0.13);
    expect(extent?.beyond).toBe(3);
    expect(robustExtent(Float64Array.of(1, 2, 3), "low")).toEqual({ low: 1, high: 3, beyond: 0 });
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connections } from "./connections.ts";
import { rungSteps } from "./rungLines.ts";
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

describe("connections", () => {
  // #0: steps 1..4; #3: a copy of #0 at 2, steps 3..4; #5: nothing reported.
  const curves = {
    number: Int32Array.of(0, 3, 5),
    offsets: Int32Array.of(0, 4, 6, 6),
    steps: Float64Array.of(1, 2, 3, 4, 3, 4),
    values: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.25, 0.35),
  };
  it("joins a child to its parent's value at the copied step", () => {
    expect(connections(curves, [{ number: 3, parent: 0, step: 2 }])).toEqual([{ curve: 1, from: 1, to: 4 }]);
  });
  it("leaves out what is not drawn, has not reported or has no value by then", () => {
    expect(connections(curves, [{ number: 5, parent: 0, step: 2 }])).toEqual([]);
    expect(connections(curves, [{ number: 3, parent: 7, step: 2 }])).toEqual([]);
    expect(connections(curves, [{ number: 3, parent: 0, step: 0 }])).toEqual([]);
    const gap = { ...curves, values: Float64Array.of(0.1, Number.NaN, 0.3, 0.4, 0.25, 0.35) };
    expect(connections(gap, [{ number: 3, parent: 0, step: 2 }])).toEqual([]);
  });
});

describe("rungSteps", () => {
  const bracket = (steps: readonly number[]) => ({
    label: "",
    rungs: steps.map((step) => ({ step, entries: [{ number: 0, value: 1, outcome: "paused" as const }] })),
  });
  it("is every step that was looked at, once", () => {
    const unused = { label: "", rungs: [{ step: 81, entries: [] }] };
    expect(rungSteps([bracket([3, 9]), bracket([1, 3]), unused])).toEqual([1, 3, 9]);
  });
  it("is empty when a scheduler looks at every step", () => {
    expect(rungSteps([bracket(Array.from({ length: 100 }, (_, i) => i + 1))])).toEqual([]);
  });
});

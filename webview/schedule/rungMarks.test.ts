import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BracketView, RungEntry } from "../../src/core/brackets.ts";
import { linearScale } from "../shared/scales.ts";
import { rungOutcomes } from "./outcomes.ts";
import { layoutRungs, rungMarks, rungNeighbour, shareWorse } from "./rungMarks.ts";
import { rungSummary } from "./rungTable.ts";

const entry = (number: number, value: number, outcome: RungEntry["outcome"] = "paused"): RungEntry => ({
  number,
  value,
  outcome,
});

const two: readonly BracketView[] = [
  {
    label: "a",
    rungs: [
      {
        step: 1,
        entries: [entry(0, 0.3, "promoted"), entry(1, 0.1), entry(2, 0.5, "promoted"), entry(4, Number.NaN, "running")],
      },
      { step: 3, entries: [entry(0, 0.6), entry(2, Number.NaN, "running")] },
    ],
  },
  { label: "b", rungs: [{ step: 3, capacity: 2, entries: [entry(3, 0.9, "complete")] }] },
];

const frame = { area: { left: 10, top: 0, right: 110, bottom: 200 }, heading: 20, lane: 10 };

describe("rungMarks", () => {
  it("orders a rung from top to bottom with the unknown last, and knows where a trial came from", () => {
    const marks = rungMarks(two, "maximize");
    expect([...marks.number]).toEqual([2, 0, 1, 4, 0, 2, 3]);
    expect([...marks.before]).toEqual([-1, -1, -1, -1, 1, 0, -1]);
    expect([...marks.starts]).toEqual([0, 4, 6, 7]);
    expect([...marks.bracketStart]).toEqual([0, 2]);
    expect([...marks.outcome].map((code) => rungOutcomes[code])[3]).toBe("running");
  });
  it("colours by the share of worse values in either direction", () => {
    const up = rungMarks(two, "maximize").goodness;
    const down = rungMarks(two, "minimize").goodness;
    expect(up[6]).toBe(1);
    expect(down[6]).toBe(0);
    expect(up[2]).toBe(0);
    expect(down[2]).toBe(1);
    expect(up[3]).toBeNaN();
  });
  it("never lets a worse value have a better colour", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 30 }), (values) => {
        const { value, goodness } = rungMarks(
          [{ label: "", rungs: [{ step: 1, entries: values.map((v, i) => entry(i, v)) }] }],
          "minimize",
        );
        for (let i = 1; i < values.length; i++) {
          expect(value[i - 1]!).toBeGreaterThanOrEqual(value[i]!);
          expect(goodness[i - 1]!).toBeLessThanOrEqual(goodness[i]!);
        }
      }),
    );
  });
  it("gives a single value the best colour", () => {
    expect(shareWorse(Float64Array.of(3), 3, 1)).toBe(1);
  });
});

describe("layoutRungs", () => {
  const marks = rungMarks(two, "maximize");
  const places = layoutRungs(marks, two, linearScale(0, 1), frame);
  it("puts the same step of every bracket into one column", () => {
    expect(places.steps).toEqual([1, 3]);
    expect(places.columns).toEqual([35, 85]);
    expect(places.xs[6]).toBe(85);
  });
  it("keeps every mark within its bracket and its column", () => {
    for (let i = 0; i < marks.count; i++) {
      const band = places.bands[marks.bracket[i]!]!;
      expect(places.ys[i]!).toBeGreaterThanOrEqual(band.top);
      expect(places.ys[i]!).toBeLessThanOrEqual(band.bottom + frame.lane);
      const column = places.columns[places.steps.indexOf(two[marks.bracket[i]!]!.rungs[marks.rung[i]!]!.step)]!;
      expect(Math.abs(places.xs[i]! - column)).toBeLessThanOrEqual(places.columnWidth / 2);
    }
  });
  it("shows a trial on its way before its rung, at the height it was promoted with", () => {
    expect(places.xs[5]!).toBeLessThan(85);
    expect(places.ys[5]).toBe(places.ys[0]);
  });
  it("has a lane only where a trial has neither value nor earlier rung", () => {
    expect(places.ys[3]).toBe(places.lanes[0]);
    expect(places.lanes[1]).toBeNaN();
  });
});

describe("rungNeighbour", () => {
  const marks = rungMarks(two, "maximize");
  it("goes down the page through rungs and brackets", () => {
    expect(rungNeighbour(marks, -1, "ArrowDown")).toBe(0);
    expect(rungNeighbour(marks, 3, "ArrowDown")).toBe(4);
    expect(rungNeighbour(marks, 6, "ArrowDown")).toBe(6);
    expect(rungNeighbour(marks, 3, "End")).toBe(6);
  });
  it("follows a trial to its next rung and back", () => {
    expect(rungNeighbour(marks, 1, "ArrowRight")).toBe(4);
    expect(rungNeighbour(marks, 4, "ArrowLeft")).toBe(1);
  });
  it("goes to the nearest value where the trial has no next rung", () => {
    expect(rungNeighbour(marks, 2, "ArrowRight")).toBe(4);
    expect(rungNeighbour(marks, 6, "ArrowRight")).toBe(6);
  });
  it("leaves other keys and empty charts alone", () => {
    expect(rungNeighbour(marks, 0, "x")).toBeUndefined();
    expect(rungNeighbour(rungMarks([], "minimize"), -1, "Home")).toBeUndefined();
  });
});

describe("rungSummary", () => {
  it("counts what became of the trials", () => {
    expect(rungSummary(two[0]!.rungs[0]!)).toBe("4 trials: 2 promoted, 1 paused, 1 running");
    expect(rungSummary(two[1]!.rungs[0]!)).toBe("1 of 2 trials: 1 complete");
    expect(rungSummary({ step: 1, entries: [] })).toBe("0 trials");
  });
});

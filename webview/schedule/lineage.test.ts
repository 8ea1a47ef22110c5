import { describe, expect, it } from "vitest";
import type { BracketView } from "../../src/core/brackets.ts";
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import { ancestors, lineageLines, lineageOf, nearestLine } from "./lineage.ts";

const exploit = (number: number, step: number): DecisionRow => ({
  at: step,
  number,
  step,
  decision: "exploit",
  reason: "worst",
});

/** Three founders; 3 replaces 2 with a copy of 0 at step 4; 4 replaces 1 with a copy of 3 at step 8. */
const input = {
  number: Int32Array.of(0, 1, 2, 3, 4),
  lastStep: Float64Array.of(12, 8, 4, 12, 10),
  lineage: [
    { number: 3, parent: 0, step: 4 },
    { number: 4, parent: 3, step: 8 },
  ],
  decisions: [exploit(2, 4), exploit(1, 8)],
};

const brackets: readonly BracketView[] = [
  {
    label: "population",
    rungs: [
      {
        step: 4,
        entries: [
          { number: 0, value: 0.5, outcome: "promoted" },
          { number: 1, value: 0.4, outcome: "promoted" },
          { number: 2, value: 0.1, outcome: "stopped" },
        ],
      },
      {
        step: 8,
        entries: [
          { number: 0, value: 0.6, outcome: "promoted" },
          { number: 3, value: 0.7, outcome: "promoted" },
          { number: 1, value: 0.45, outcome: "stopped" },
        ],
      },
    ],
  },
];

describe("lineageOf", () => {
  it("gives a child the place of the trial it replaced", () => {
    const lineage = lineageOf(input);
    expect(lineage.lanes).toBe(3);
    expect([...lineage.lane]).toEqual([0, 1, 2, 2, 1]);
    expect([...lineage.parent]).toEqual([-1, -1, -1, 0, 3]);
    expect([...lineage.from]).toEqual([0, 0, 0, 4, 8]);
  });
  it("takes a place that had ended when the decision is not known any more", () => {
    const lineage = lineageOf({ ...input, decisions: [exploit(1, 8)] });
    expect([...lineage.lane]).toEqual([0, 1, 2, 2, 1]);
  });
  it("keeps a trial that has not reported where it began", () => {
    const lineage = lineageOf({ ...input, lastStep: Float64Array.of(12, 8, 4, 12, Number.NaN) });
    expect(lineage.to[4]).toBe(8);
  });
  it("walks back to the founder, and ends even where the data goes in a circle", () => {
    expect(ancestors(lineageOf(input), 4)).toEqual([4, 3, 0]);
    const circle = lineageOf({
      ...input,
      lineage: [
        { number: 3, parent: 4, step: 1 },
        { number: 4, parent: 3, step: 1 },
      ],
    });
    expect(ancestors(circle, 3).length).toBeLessThanOrEqual(6);
  });
});

describe("lineageLines", () => {
  const lineage = lineageOf(input);
  const pointsOf = (lines: ReturnType<typeof lineageLines>, i: number) =>
    [...lines.steps.subarray(lines.offsets[i], lines.offsets[i + 1])].map((step, k) => [
      step,
      lines.ys[lines.offsets[i]! + k],
    ]);
  it("draws members on their lanes from the copy to the last step", () => {
    const lines = lineageLines(lineage, brackets, { kind: "member" });
    expect(pointsOf(lines, 3)).toEqual([
      [4, 2],
      [8, 2],
      [12, 2],
    ]);
    expect(lines.values[lines.offsets[3]!]).toBe(0.5);
  });
  it("starts a child's values with its parent's", () => {
    const lines = lineageLines(lineage, brackets, { kind: "value" });
    expect(pointsOf(lines, 3)).toEqual([
      [4, 0.5],
      [8, 0.7],
    ]);
    expect(pointsOf(lines, 4)).toEqual([[8, 0.7]]);
    expect(pointsOf(lines, 0)).toEqual([
      [4, 0.5],
      [8, 0.6],
    ]);
  });
  it("holds a parameter over the trial's life", () => {
    const lines = lineageLines(lineage, brackets, { kind: "parameter", values: Float64Array.of(1, 2, 3, 4, 5) });
    expect(pointsOf(lines, 1)).toEqual([
      [0, 2],
      [4, 2],
      [8, 2],
    ]);
  });
});

describe("nearestLine", () => {
  const offsets = Int32Array.of(0, 2, 3, 3);
  const xs = Float32Array.of(0, 10, 5);
  const ys = Float32Array.of(0, 0, 8);
  it("measures to the line and not only to its points", () => {
    expect(nearestLine(offsets, xs, ys, 5, 2, 5)).toBe(0);
    expect(nearestLine(offsets, xs, ys, 5, 7, 5)).toBe(1);
    expect(nearestLine(offsets, xs, ys, 40, 40, 5)).toBe(-1);
  });
});

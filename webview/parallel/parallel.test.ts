import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateStudy } from "../gallery/generate.ts";
import { panelColumns } from "../shared/columnModel.ts";
import { PanelStore } from "../shared/store.ts";
import { axisColumns, axisTicks, buildAxis, codesByMean, intervalsOf, stretchesOf } from "./axisModel.ts";
import { beginDrag, clearedAt, dragTo } from "./brushDrag.ts";
import { densityGap, densityPixels } from "./density.ts";
import { nearestLine } from "./nearestLine.ts";

const store = new PanelStore();
const generated = generateStudy(300, { state: "complete", loss: false });
store.setData(generated.study, generated.columns);
const columns = panelColumns(generated.columns);
const axisFor = (key: string, inverted = false) =>
  buildAxis(
    columns.find((c) => c.key === key)!,
    inverted,
    store.goodness,
  );

describe("axes", () => {
  it("end with the objective, whatever is hidden or ordered", () => {
    const keys = (hidden: string[], order: string[]): string[] =>
      axisColumns(columns, { hidden, order }).map((c) => c.key);
    expect(keys([], []).at(-1)).toBe("val_accuracy");
    expect(keys(["val_accuracy", "width"], ["val_accuracy", "dropout", "depth"])).toEqual([
      "dropout",
      "depth",
      ...keys(["width"], []).filter((k) => k !== "dropout" && k !== "depth"),
    ]);
  });
  it("order categories by the mean of their trials", () => {
    const column = columns.find((c) => c.key === "optimizer")!;
    const mean = (code: number): number => {
      const rows = [...column.values.keys()].filter(
        (row) => column.values[row] === code && !Number.isNaN(store.goodness[row]!),
      );
      return rows.reduce((sum, row) => sum + store.goodness[row]!, 0) / rows.length;
    };
    const codes = codesByMean(column, store.goodness);
    for (let i = 1; i < codes.length; i++) expect(mean(codes[i]!)).toBeGreaterThanOrEqual(mean(codes[i - 1]!));
  });
  it("have no place for what is not set", () => {
    const momentum = axisFor("momentum");
    expect(momentum.anyMissing).toBe(true);
    momentum.units.forEach((unit, row) => expect(Number.isNaN(unit)).toBe(Number.isNaN(momentum.column.values[row]!)));
  });
  it("put ticks inside", () => {
    for (const key of ["width", "learningRate", "optimizer", "val_accuracy"]) {
      for (const { unit } of axisTicks(axisFor(key, true), 300)) {
        expect(unit).toBeGreaterThanOrEqual(-1e-6);
        expect(unit).toBeLessThanOrEqual(1 + 1e-6);
      }
    }
  });
});

describe("brushes on axes", () => {
  it.each(["width", "learningRate", "dropout"])("of %s mean what is drawn, also upside down", (key) => {
    fc.assert(
      fc.property(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        fc.boolean(),
        ([a, b], inverted) => {
          const axis = axisFor(key, inverted);
          const stretch = [Math.min(a, b), Math.max(a, b)] as const;
          const [back] = stretchesOf(axis, intervalsOf(axis, [stretch]));
          expect(back?.[0]).toBeCloseTo(stretch[0], 6);
          expect(back?.[1]).toBeCloseTo(stretch[1], 6);
        },
      ),
    );
  });
  it("of categories cover whole categories and join neighbours", () => {
    const axis = axisFor("optimizer");
    const intervals = intervalsOf(axis, [[0.4, 1]]);
    expect(new Set(intervals.map(([a]) => a))).toEqual(new Set(axis.codes.slice(1)));
    expect(stretchesOf(axis, intervals)).toEqual([[1 / 3, 1]]);
  });
  it("at the end of the axis take the extreme trial in", () => {
    const axis = axisFor("val_accuracy");
    const [interval] = intervalsOf(axis, [[0.9, 1]]);
    expect(interval?.[1]).toBeGreaterThanOrEqual(Math.max(...axis.column.values.filter((v) => !Number.isNaN(v))));
  });
  it("are made, moved, resized and cleared", () => {
    expect(dragTo(beginDrag([], 0.2, 0.01), 0.5)).toEqual([[0.2, 0.5]]);
    expect(dragTo(beginDrag([], 0.5, 0.01), -1)).toEqual([[0, 0.5]]);
    const present = [
      [0.2, 0.4],
      [0.6, 0.7],
    ] as const;
    expect(dragTo(beginDrag(present, 0.3, 0.01), 0.9)).toEqual([
      [0.6, 0.7],
      [0.2 + 0.6, 1],
    ]);
    expect(dragTo(beginDrag(present, 0.405, 0.01), 0.5)).toEqual([
      [0.6, 0.7],
      [0.2, 0.5],
    ]);
    expect(dragTo(beginDrag(present, 0.2, 0.01), 0.1)).toEqual([
      [0.6, 0.7],
      [0.1, 0.4],
    ]);
    expect(clearedAt(present, 0.65, 0.01)).toEqual([[0.2, 0.4]]);
    expect(clearedAt(present, 0.5, 0.01)).toEqual([]);
  });
});

describe("density", () => {
  it("puts every line into every column of pixels, whatever its slope", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { minLength: 1, maxLength: 60 }), (lines) => {
        const left = Int16Array.from(lines, ([a]) => a);
        const right = Int16Array.from(lines, ([, b]) => b);
        const work = densityGap(
          left,
          right,
          new Uint8Array(lines.length).fill(1),
          new Float32Array(lines.length),
          30,
          40,
        );
        let step = work.next();
        while (step.done !== true) step = work.next();
        for (let x = 0; x < 30; x++) {
          let ink = 0;
          for (let y = 0; y < 40; y++) ink += step.value.weight[y * 30 + x]!;
          expect(ink).toBeCloseTo(lines.length, 3);
        }
      }),
    );
  });
  it("leaves out masked lines and paints nothing then", () => {
    const work = densityGap(Int16Array.of(3), Int16Array.of(4), Uint8Array.of(0), Float32Array.of(1), 10, 10);
    let step = work.next();
    while (step.done !== true) step = work.next();
    expect(densityPixels(step.value, null, [1, 2, 3], 1).every((byte) => byte === 0)).toBe(true);
  });
});

describe("nearestLine", () => {
  it("finds the closest shown line within reach", () => {
    const left = Int16Array.of(0, 100, 50);
    const right = Int16Array.of(100, 0, 50);
    const all = Uint8Array.of(1, 1, 1);
    expect(nearestLine(left, right, all, 0.1, 12, 8)).toBe(0);
    expect(nearestLine(left, right, all, 0.5, 50, 8)).toBe(0);
    expect(nearestLine(left, right, Uint8Array.of(0, 0, 1), 0.5, 52, 8)).toBe(2);
    expect(nearestLine(left, right, all, 0.1, 30, 8)).toBe(-1);
  });
});

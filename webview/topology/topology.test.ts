import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountColor, inkOnAmount } from "../shared/amountScale.ts";
import { luminance } from "../shared/colorScale.ts";
import { readPanelState } from "../shared/panelState.ts";
import { Pulled } from "../shared/pulled.ts";
import { fittedScale, samePixels } from "../shared/scatterScales.ts";
import { generateStudy } from "../gallery/generate.ts";
import { topologyMatrix, topologyReport } from "../gallery/generateTopology.ts";
import { againstValues, availableAgainst } from "./againstObjective.ts";
import { barcodeAreas, barcodeExtent, barRows, rowAt } from "./barcodeModel.ts";
import { flagged, usableTrials } from "./flagged.ts";
import { cellAt, cellMove, heatMapPlace, treeBrackets } from "./heatMapModel.ts";
import { choosePair, pairCandidates } from "./pairChoice.ts";

const { columns } = generateStudy(80, { state: "complete", loss: false });
const options = { none: false, oneCheckpoint: false };

describe("the heat map", () => {
  const room = { fontSize: 13, labelWidth: 30, legendWidth: 50, hasTree: true };

  it("keeps all cells and the legend inside, square, and finds each cell by its middle", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 200, max: 3000 }),
        fc.integer({ min: 150, max: 2000 }),
        (n, width, height) => {
          const place = heatMapPlace(n, { ...room, width, height });
          expect(place.left).toBeGreaterThanOrEqual(room.labelWidth);
          expect(place.legendLeft + room.legendWidth).toBeLessThanOrEqual(width + 1);
          expect(place.top + place.side).toBeLessThanOrEqual(height);
          expect(place.cell * n).toBeCloseTo(place.side);
          for (const i of [0, n - 1]) {
            const middle = (from: number): number => from + (i + 0.5) * place.cell;
            expect(cellAt(place, n, middle(place.left), middle(place.top))).toEqual([i, i]);
          }
          expect(cellAt(place, n, place.left - 1, place.top + 1)).toBeUndefined();
          expect(place.labelEvery * place.cell).toBeGreaterThanOrEqual(13);
        },
      ),
    );
  });

  it("draws the tree with every join above its sides", () => {
    const matrix = topologyMatrix(columns, options, Number.POSITIVE_INFINITY, false);
    const brackets = treeBrackets(matrix.joins, matrix.heights, matrix.number.length);
    expect(brackets).toHaveLength(matrix.number.length - 1);
    for (const { left, right, leftHeight, rightHeight, height } of brackets) {
      expect(left).toBeLessThan(right);
      expect(height).toBeGreaterThanOrEqual(Math.max(leftHeight, rightHeight));
    }
    expect(brackets.at(-1)?.height).toBe(1);
    // In the order of the clustering the tree has no crossing: the first join is of neighbours.
    expect(brackets[0]!.right - brackets[0]!.left).toBe(1);
  });

  it("moves by arrow keys and stays inside", () => {
    expect(cellMove("ArrowDown", undefined, 5)).toEqual([0, 1]);
    expect(cellMove("ArrowDown", [4, 0], 5)).toEqual([4, 0]);
    expect(cellMove("ArrowLeft", [2, 3], 5)).toEqual([2, 2]);
    expect(cellMove("End", [2, 3], 5)).toEqual([2, 4]);
    expect(cellMove("x", [2, 3], 5)).toBeUndefined();
    expect(cellMove("ArrowUp", undefined, 0)).toBeUndefined();
  });
});

describe("the barcode", () => {
  const births = Float64Array.from([0.1, 0.5, 0.2, 0.3]);
  const deaths = Float64Array.from([1.1, 1, 0.6, 0.4]);
  const bars = { births, deaths, total: 2, lite: 1, bars: 4 };

  it("draws the longest bars that fit, from the earliest birth down, and finds them again", () => {
    const area = { left: 0, right: 100, top: 10, bottom: 10 + 4 * 3 };
    const rows = barRows(bars, area);
    expect(rows.map(({ bar }) => bar)).toEqual([0, 2, 1]);
    for (const [i, row] of rows.entries()) {
      expect(row.top + row.height).toBeLessThanOrEqual(area.bottom);
      expect(rowAt(rows, row.top + 0.1)).toBe(i);
    }
    expect(rowAt(rows, 5)).toBe(-1);
    expect(rowAt(rows, 200)).toBe(-1);
    expect(barRows({ ...bars, births: new Float64Array(0) }, area)).toEqual([]);
  });

  it("has one scale for both directions and none without bars", () => {
    const later = { ...bars, births: Float64Array.of(2), deaths: Float64Array.of(3) };
    expect(barcodeExtent([bars, later])).toEqual([0.1, 3]);
    expect(barcodeExtent([{ ...bars, births: new Float64Array(0) }])).toBeUndefined();
  });

  it("puts the directions beside each other where it is wide and below each other where it is not", () => {
    const [a, b] = barcodeAreas(900, 400, 13);
    expect(b.left).toBeGreaterThan(a.right);
    const [c, d] = barcodeAreas(320, 400, 13);
    expect(d.top).toBeGreaterThan(c.bottom);
    expect(d.bottom).toBeLessThan(400);
  });
});

describe("which pair", () => {
  const usable = [7, 3, 9, 1];

  it("follows the selection, then the best", () => {
    const of = (selected: readonly number[], chosen?: readonly [number, number]): unknown =>
      choosePair({ selected, usable, chosen });
    expect(of([])).toEqual([7, 3]);
    expect(of([9])).toEqual([9, 7]);
    expect(of([7])).toEqual([7, 3]);
    expect(of([1, 9])).toEqual([1, 9]);
    expect(of([1, 4, 9])).toEqual([1, 9]);
    expect(of([1, 3, 9], [9, 3])).toEqual([9, 3]);
    expect(of([1, 3], [9, 7])).toEqual([1, 3]);
    expect(of([], [9, 7])).toEqual([9, 7]);
    expect(choosePair({ selected: [4], usable: [5], chosen: undefined })).toBeUndefined();
  });

  it("offers the selection when it has two usable trials", () => {
    expect(pairCandidates({ selected: [1, 2, 3], usable })).toEqual([1, 3]);
    expect(pairCandidates({ selected: [2, 3], usable })).toEqual(usable);
  });
});

describe("flags and scores", () => {
  const report = topologyReport(columns, options);

  it("names every trial that cannot be scored, and no other", () => {
    const groups = flagged(report.trials);
    expect(groups.flatMap(({ numbers }) => numbers).length).toBeGreaterThan(0);
    for (const { numbers } of groups)
      for (const number of numbers) expect(Number.isNaN(report.trials.score[number]!)).toBe(true);
    const usable = usableTrials(report.trials);
    expect(new Set([...usable, ...groups.flatMap(({ numbers }) => numbers)]).size).toBe(
      usable.length + groups.flatMap(({ numbers }) => numbers).length,
    );
  });

  it("means over the known pairs of a trial, and offers only what there is", () => {
    const none = topologyMatrix(columns, options, 0, false);
    expect(availableAgainst(report, none)).toEqual(["plan"]);
    const part = topologyMatrix(columns, options, 3, true);
    expect(availableAgainst(report, part)).toEqual(["plan", "mean", "best"]);
    const { values, number } = againstValues("mean", report, part, -1);
    const n = number.length;
    expect(values[0]).toBeCloseTo((part.scores[1]! + part.scores[2]!) / 2);
    expect(Number.isNaN(values[n - 1]!)).toBe(true);
    const best = againstValues("best", report, part, number[0]!);
    expect(best.values.slice(0, 3)).toEqual(Float64Array.of(0, part.scores[1]!, part.scores[2]!));
    expect(againstValues("best", report, part, -1).values.every(Number.isNaN)).toBe(true);
  });
});

describe("shared parts", () => {
  it("amounts have a strictly changing lightness, and ink that can be read on each", () => {
    const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    for (const ground of ["dark", "light"] as const) {
      const lights = Array.from({ length: 65 }, (_, i) => luminance(amountColor(i / 64, ground)));
      for (let i = 1; i < lights.length; i++)
        expect(ground === "dark" ? lights[i]! : -lights[i]!).toBeGreaterThan(
          ground === "dark" ? lights[i - 1]! : -lights[i - 1]!,
        );
      lights.forEach((light, i) => {
        const ink = inkOnAmount(i / 64, ground);
        const byte = Number.parseInt(ink.slice(1, 3), 16);
        expect(contrast(light, luminance([byte, byte, byte]))).toBeGreaterThan(3.8);
      });
    }
  });

  it("scales hold every value; a map has one unit on both axes", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: -1e9, max: 1e9 }).map((k) => k / 1000),
          { minLength: 1 },
        ),
        (values) => {
          const scale = fittedScale(values, true);
          for (const value of values) {
            expect(scale.toUnit(value)).toBeGreaterThanOrEqual(-1e-9);
            expect(scale.toUnit(value)).toBeLessThanOrEqual(1 + 1e-9);
          }
        },
      ),
    );
    expect(fittedScale([1, 1e5], true).log).toBe(true);
    expect(fittedScale([1, 1e5], false).log).toBe(false);
    const [x, y] = samePixels(fittedScale([0, 10], false), fittedScale([0, 2], false), 400, 200);
    expect((x.high - x.low) / 400).toBeCloseTo((y.high - y.low) / 200);
    expect(x.toUnit(5)).toBeCloseTo(0.5);
  });

  it("what was pulled answers its latest question only, and a failure keeps what was shown", async () => {
    const pulled = new Pulled<number>();
    const late = Promise.withResolvers<number>();
    const first = pulled.pull("a", () => late.promise);
    await pulled.pull("b", () => Promise.resolve(2));
    late.resolve(1);
    expect(await first).toBe(false);
    expect([pulled.value, pulled.key]).toEqual([2, "b"]);
    expect(await pulled.pull("b", () => Promise.reject(new Error("not asked")))).toBe(false);
    await pulled.pull("c", () => Promise.reject(new Error("gone")));
    expect([pulled.value, pulled.key, pulled.problem?.message]).toEqual([2, "b", "gone"]);
    await pulled.pull("b", () => Promise.resolve(3));
    expect([pulled.value, pulled.problem]).toEqual([3, undefined]);
  });
});

describe("what the panel remembers of its views", () => {
  it("keeps what makes sense and replaces the rest", () => {
    const stored = {
      version: 1,
      topology: { section: "trials", layer: "dense_1", against: "nonsense" },
      flatness: { section: 7, display: "surface" },
    };
    const state = readPanelState(stored);
    expect(state.topology).toEqual({ section: "trials", layer: "dense_1", against: "plan" });
    expect(state.flatness).toEqual({ section: "sharpness", estimator: "", display: "surface" });
  });
});

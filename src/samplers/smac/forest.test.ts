/** Splits against a search of all of them, predictions against hand-made data and the law of total variance. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { inactive } from "../gp/features.ts";
import { growForest } from "./forest.ts";
import { bestSplit, growTree, leafOf, sortedRows, type Columns } from "./tree.ts";

/** Sum of squares about the mean, of rows that count by their weights. */
function squaresOf(rows: readonly number[], values: Float64Array, weights: Int32Array): number {
  const total = rows.reduce((sum, row) => sum + weights[row]!, 0);
  const mean = rows.reduce((sum, row) => sum + weights[row]! * values[row]!, 0) / total;
  return rows.reduce((sum, row) => sum + weights[row]! * (values[row]! - mean) ** 2, 0);
}

/** The largest fall of the sum of squares over all thresholds of numbers and all subsets of categories. */
function bestGain({ columns, categories, values }: Columns, rows: readonly number[], weights: Int32Array): number {
  const whole = squaresOf(rows, values, weights);
  let best = 0;
  const consider = (isLeft: (row: number) => boolean): void => {
    const left = rows.filter(isLeft);
    const right = rows.filter((row) => !isLeft(row));
    if (left.length === 0 || right.length === 0) return;
    best = Math.max(best, whole - squaresOf(left, values, weights) - squaresOf(right, values, weights));
  };
  columns.forEach((column, k) => {
    const count = categories[k]!;
    if (count === 0) for (const at of column) consider((row) => column[row]! <= at);
    else
      for (let bits = 1; bits < 2 ** (count + 1); bits++) consider((row) => ((bits >> (column[row]! + 1)) & 1) === 1);
  });
  return best;
}

/** Two numbers, one of them inactive at times, and two categories; values with ties among them. */
function table(seed: number, n: number): { readonly data: Columns; readonly weights: Int32Array } {
  const rng = rngForKey(`forest table ${seed}`);
  const draw = (f: () => number): Float64Array => Float64Array.from({ length: n }, f);
  const values = draw(() => Math.round(4 * rng.normal()) / 4);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return {
    data: {
      columns: [
        draw(() => Math.round(10 * rng.next()) / 10),
        draw(() => (rng.next() < 0.3 ? inactive : rng.next())),
        draw(() => rng.int(4)),
        draw(() => (rng.next() < 0.3 ? inactive : rng.int(3))),
      ],
      categories: Int32Array.of(0, 0, 4, 3),
      values: values.map((value) => value - mean),
    },
    weights: Int32Array.from({ length: n }, () => 1 + rng.int(3)),
  };
}

describe("split", () => {
  it("is the best of all thresholds and all subsets", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 14 }), (seed, n) => {
        const { data, weights } = table(seed, n);
        const found = bestSplit(data, sortedRows(data), weights, 0, n);
        expect(found?.gain ?? 0).toBeCloseTo(bestGain(data, [...data.values.keys()], weights), 9);
      }),
      { numRuns: 150 },
    );
  });

  it("finds the step of a number and says between which values", () => {
    const data: Columns = {
      columns: [Float64Array.of(0.9, 0.1, 0.6, 0.2, 0.7)],
      categories: Int32Array.of(0),
      values: Float64Array.of(3, -2, 3, -2, 3),
    };
    const split = bestSplit(data, sortedRows(data), new Int32Array(5).fill(1), 0, 5);
    // Sums of squares 35 - 9/5 before, 0 after.
    expect(split).toMatchObject({ column: 0, below: 0.2, above: 0.6, subset: undefined });
    expect(split!.gain).toBeCloseTo(30, 9);
  });

  it("puts categories that behave alike on one side, wherever they are in the list", () => {
    const data: Columns = {
      columns: [Float64Array.of(0, 1, 2, 3, 4, inactive)],
      categories: Int32Array.of(5),
      values: Float64Array.of(-1, 1, -1, 1, -1, 1),
    };
    const split = bestSplit(data, sortedRows(data), new Int32Array(6).fill(1), 0, 6);
    expect(split!.subset!.toSorted((a, b) => a - b)).toEqual([0, 2, 4]);
  });

  it("leaves equal values, and equal points, alone", () => {
    const columns = [Float64Array.of(0, 0.5, 1)];
    const categories = Int32Array.of(0);
    const weights = new Int32Array(3).fill(1);
    const flat: Columns = { columns, categories, values: new Float64Array(3) };
    expect(bestSplit(flat, sortedRows(flat), weights, 0, 3)).toBeUndefined();
    const piled: Columns = { columns: [new Float64Array(3)], categories, values: Float64Array.of(-1, 0, 1) };
    expect(bestSplit(piled, sortedRows(piled), weights, 0, 3)).toBeUndefined();
  });
});

describe("tree", () => {
  it("gives every row its value, and rows at one point their mean and variance", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, n) => {
        const { data, weights } = table(seed, n);
        const tree = growTree(data, sortedRows(data), weights, rngForKey(`tree ${seed}`));
        const points = Array.from({ length: n }, (_, row) => Float64Array.from(data.columns, (column) => column[row]!));
        for (const [row, point] of points.entries()) {
          const same = [...points.keys()].filter((other) => points[other]!.every((x, k) => x === point[k]));
          const total = same.reduce((sum, other) => sum + weights[other]!, 0);
          const mean = same.reduce((sum, other) => sum + weights[other]! * data.values[other]!, 0) / total;
          const leaf = leafOf(tree, data.categories, point);
          expect(tree.mean[leaf], `row ${row}`).toBeCloseTo(mean, 9);
          expect(tree.variance[leaf]).toBeCloseTo(squaresOf(same, data.values, weights) / total, 9);
        }
      }),
      { numRuns: 60, examples: [[27, 31]] },
    );
  });

  it("tells apart what differs in two columns together and in neither alone", () => {
    const data: Columns = {
      columns: [Float64Array.of(0, 0, 1, 1), Float64Array.of(0, 1, 0, 1)],
      categories: Int32Array.of(2, 0),
      values: Float64Array.of(-1, 1, 1, -1),
    };
    const tree = growTree(data, sortedRows(data), new Int32Array(4).fill(1), rngForKey("together"));
    const at = (...point: number[]): number => tree.mean[leafOf(tree, data.categories, Float64Array.from(point))]!;
    expect([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]).toEqual([-1, 1, 1, -1]);
  });

  it("keeps inactive values apart from the low ones", () => {
    const data: Columns = {
      columns: [Float64Array.of(inactive, inactive, 0.2, 0.9)],
      categories: Int32Array.of(0),
      values: Float64Array.of(-1, -1, 1, 1),
    };
    for (let seed = 0; seed < 20; seed++) {
      const tree = growTree(data, sortedRows(data), new Int32Array(4).fill(1), rngForKey(`apart ${seed}`));
      const at = (x: number): number => tree.mean[leafOf(tree, data.categories, Float64Array.of(x))]!;
      expect([at(inactive), at(0), at(0.5)]).toEqual([-1, 1, 1]);
    }
  });
});

describe("forest", () => {
  const categories = Int32Array.of(0, 3);
  const points = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((x) => [0, 1].map((c) => Float64Array.of(x, c)));
  const values = Float64Array.from(points, ([x, c]) => 1000 + x! + 5 * c!);

  it("without bootstrap goes through its values, with no variance there and some in the gaps", () => {
    const forest = growForest({ points, values, categories }, 50, rngForKey("exact"), false);
    points.forEach((point, row) => {
      expect(forest.predict(point).mean).toBeCloseTo(values[row]!, 9);
      expect(forest.predict(point).variance).toBeLessThan(1e-18);
    });
    const middle = forest.predict(Float64Array.of(0.4, 0));
    // Thresholds anywhere in the gap: on average a straight line between the neighbours, and trees that disagree about it.
    expect(middle.mean).toBeGreaterThan(1000.3);
    expect(middle.mean).toBeLessThan(1000.5);
    expect(middle.variance).toBeGreaterThan(0.005);
    expect(middle.variance).toBeLessThanOrEqual(0.0101);
    // A category that was never seen goes either way.
    expect(forest.predict(Float64Array.of(0.5, 2)).variance).toBeGreaterThan(1);
  });

  it("has the variance of its trees and the mean one within their leaves", () => {
    // One point: every tree is a leaf whose mean and variance are those of its bootstrap.
    const piled = Array.from({ length: 6 }, () => Float64Array.of(0.5, 0));
    const own = Float64Array.of(1, 2, 3, 4, 5, 9);
    const trees = 7;
    const { mean, variance } = growForest(
      { points: piled, values: own, categories },
      trees,
      rngForKey("piled"),
    ).predict(piled[0]!);
    const rng = rngForKey("piled");
    const draws = Array.from({ length: trees }, () => Array.from({ length: 6 }, () => own[rng.int(6)]!));
    const average = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
    const variance2 = (list: readonly number[]): number => average(list.map((x) => (x - average(list)) ** 2));
    expect(mean).toBeCloseTo(average(draws.map(average)), 10);
    expect(variance).toBeCloseTo(variance2(draws.map(average)) + average(draws.map(variance2)), 10);
  });

  it("is the same for the same stream and another for another", () => {
    const at = (seed: string): number =>
      growForest({ points, values, categories }, 10, rngForKey(seed)).predict(Float64Array.of(0.42, 1)).variance;
    expect(at("a")).toBe(at("a"));
    expect(at("a")).not.toBe(at("b"));
  });
});

import { array, assert, constantFrom, integer, property, tuple, type Arbitrary } from "fast-check";
import { describe, expect, it } from "vitest";
import barcodes from "../../test/fixtures/rtd/barcodes.json" with { type: "json" };
import small from "../../test/fixtures/rtd/bruteForce.json" with { type: "json" };
import { rngForKey } from "../core/rng.ts";
import { condensedOf } from "./condensed.ts";
import { crossBarcodes } from "./crossBarcodes.ts";
import { pointCloud, type PointCloud } from "./pointCloud.ts";
import { isCollapsed, prepare, prepareDistances, type Preparation } from "./preparation.ts";
import { divergence, type Barcode } from "./rtd.ts";
import { bruteForceBars } from "./testing/bruteForce.ts";

const cloudOf = (rows: readonly (readonly number[])[]): PointCloud =>
  pointCloud(Float64Array.from(rows.flat()), rows.length, rows[0]!.length);
const barsOf = ({ births, deaths }: Barcode): number[][] =>
  Array.from(births, (birth, k) => [birth, deaths[k]!]).sort((p, q) => p[1]! - q[1]! || p[0]! - q[0]!);
const inOrder = (bars: readonly (readonly number[])[]): number[][] =>
  bars.map((bar) => [...bar]).sort((p, q) => p[1]! - q[1]! || p[0]! - q[0]!);

/** Distances that are used as they are: no quantile is divided by, so brute force has the very same numbers. */
function asIs(matrix: readonly (readonly number[])[]): Preparation {
  const raw = condensedOf(matrix);
  const { pairs } = prepareDistances(
    raw.map((value) => value + 1),
    matrix.length,
  );
  return { count: matrix.length, distances: raw, sorted: raw.toSorted(), pairs, scale: 1 };
}

/** Symmetric matrices of small whole numbers: many ties, zeros beside the diagonal, no triangle inequality. */
function matrices(most: number): Arbitrary<readonly [number[][], number[][]]> {
  return integer({ min: 3, max: most }).chain((n) => {
    const one = constantFrom(2, 4, 12, 1000).chain((values) =>
      array(integer({ min: 0, max: values }), { minLength: (n * (n - 1)) / 2, maxLength: (n * (n - 1)) / 2 }).map(
        (list) =>
          Array.from({ length: n }, (_, i) =>
            Array.from({ length: n }, (__, j) => {
              if (i === j) return 0;
              const [high, low] = i > j ? [i, j] : [j, i];
              return list[(high * (high - 1)) / 2 + low]!;
            }),
          ),
      ),
    );
    return tuple(one, one);
  });
}

describe("representation topology divergence", () => {
  for (const [name, oracle] of Object.entries(barcodes)) {
    it(`agrees bar by bar with ${name}`, () => {
      const [p, q] = [prepare(cloudOf(oracle.P)), prepare(cloudOf(oracle.Q))];
      expect(p.scale).toBeCloseTo(oracle.quantileP, 12);
      expect(q.scale).toBeCloseTo(oracle.quantileQ, 12);
      const { score, directions } = divergence(p, q);
      for (const [direction, expected] of [oracle.barsPQ, oracle.barsQP].entries()) {
        const bars = barsOf(directions[direction]!);
        expect(bars.length).toBe(expected.length);
        inOrder(expected).forEach((bar, k) => {
          expect(Math.abs(bars[k]![0]! - bar[0]!)).toBeLessThan(1e-12);
          expect(Math.abs(bars[k]![1]! - bar[1]!)).toBeLessThan(1e-12);
        });
      }
      expect(directions[0].total).toBeCloseTo(oracle.rtdPQ, 12);
      expect(directions[1].total).toBeCloseTo(oracle.rtdQP, 12);
      expect(score).toBeCloseTo(oracle.rtd, 12);
      expect(directions[0].lite).toBeCloseTo(oracle.rtdLitePQ, 12);
      expect(directions[1].lite).toBeCloseTo(oracle.rtdLiteQP, 12);
    });
  }

  it("agrees with barcodes by brute force of 6, 8 and 10 points", () => {
    for (const oracle of small) {
      const { score, directions } = divergence(prepare(cloudOf(oracle.P)), prepare(cloudOf(oracle.Q)));
      expect(directions[0].total).toBeCloseTo(oracle["rtd(P,Q)"], 12);
      expect(directions[1].total).toBeCloseTo(oracle["rtd(Q,P)"], 12);
      expect(directions[0].lite).toBeCloseTo(oracle["lite(P,Q)"], 12);
      expect(score).toBeCloseTo(oracle.sym, 12);
      expect(barsOf(directions[0]).length).toBe(oracle["bars(P,Q)"].length);
    }
  });

  it("has the bars of the mapping cone, also for ties, duplicates and what is no metric", () => {
    assert(
      property(matrices(9), ([a, b]) => {
        const bars = crossBarcodes(asIs(a), asIs(b));
        for (const [direction, own, other] of [
          [0, a, b],
          [1, b, a],
        ] as const) {
          const found = bars.filter((bar) => bar.direction === direction).map(({ birth, death }) => [birth, death]);
          expect(inOrder(found)).toEqual(bruteForceBars(own, other));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is 0 for a cloud and itself, whatever its size, place and turn", () => {
    const rng = rngForKey("cloud");
    const rows = Array.from({ length: 40 }, () => Array.from({ length: 3 }, () => rng.normal()));
    const moved = rows.map(([x, y, z]) => [4 - 8 * y!, 8 * x!, 8 * z! + 1]);
    expect(divergence(prepare(cloudOf(rows)), prepare(cloudOf(rows))).score).toBe(0);
    expect(divergence(prepare(cloudOf(rows)), prepare(cloudOf(moved))).score).toBeCloseTo(0, 12);
  });

  it("has a lower bound in its tree part, and turns round with its arguments", () => {
    const rng = rngForKey("bound");
    const cloud = (): PointCloud =>
      cloudOf(Array.from({ length: 60 }, () => Array.from({ length: 5 }, () => rng.normal())));
    for (let k = 0; k < 5; k++) {
      const [a, b] = [prepare(cloud()), prepare(cloud())];
      const [there, back] = [divergence(a, b), divergence(b, a)];
      expect(there.lite).toBeLessThanOrEqual(there.score + 1e-12);
      expect(back.score).toBeCloseTo(there.score, 12);
      expect(barsOf(back.directions[1])).toEqual(barsOf(there.directions[0]));
    }
  });

  it("refuses what it cannot compare, at once", () => {
    const cloud = (count: number, width: number): PointCloud =>
      pointCloud(new Float32Array(count * width).fill(1), count, width);
    expect(() => cloud(2, 3)).toThrow("2 points");
    expect(() => cloud(10, 0)).toThrow("no columns");
    expect(() => cloud(40_000, 2)).toThrow("at most 32767");
    expect(() => pointCloud(Float64Array.of(1, 2, 3, Infinity, 5, 6), 3, 2)).toThrow("row 2, column 2 is Infinity");
    expect(() => prepare(cloud(5, 2))).toThrow("on top of each other");
    const line = (count: number): Preparation => prepare(cloudOf(Array.from({ length: count }, (_, k) => [k])));
    expect(() => crossBarcodes(line(4), line(5))).toThrow("4 and 5 points");
  });

  it("knows a collapsed cloud by its size", () => {
    const near = pointCloud(
      Float64Array.from({ length: 20 }, (_, k) => 1 + k * 1e-12),
      10,
      2,
    );
    expect(isCollapsed(near, prepare(near).scale)).toBe(true);
    const wide = pointCloud(
      Float64Array.from({ length: 20 }, (_, k) => k),
      10,
      2,
    );
    expect(isCollapsed(wide, prepare(wide).scale)).toBe(false);
  });
});

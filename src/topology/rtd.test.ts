import { assert, property } from "fast-check";
import { describe, expect, it } from "vitest";
import barcodes from "../../test/fixtures/rtd/barcodes.json" with { type: "json" };
import small from "../../test/fixtures/rtd/bruteForce.json" with { type: "json" };
import { rngForKey } from "../core/rng.ts";
import type { Bars } from "./bars.ts";
import { crossBarcodes } from "./crossBarcodes.ts";
import { euclideanDistances } from "./distances.ts";
import { pointCloud, pointCloudOfShape, type PointCloud } from "./pointCloud.ts";
import { prepare, prepareDistances, type Preparation } from "./preparation.ts";
import { divergence, liteDivergence } from "./rtd.ts";
import { bruteForceBars } from "./testing/bruteForce.ts";
import { asIs, cloudOf, gaussianCloud, matrices } from "./testing/matrices.ts";

const barsOf = ({ births, deaths }: Bars): number[][] =>
  Array.from(births, (birth, k) => [birth, deaths[k]!]).sort((p, q) => p[1]! - q[1]! || p[0]! - q[0]!);
const inOrder = (bars: readonly (readonly number[])[]): number[][] =>
  bars.map((bar) => [...bar]).sort((p, q) => p[1]! - q[1]! || p[0]! - q[0]!);

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
        expect(barsOf(bars[0])).toEqual(bruteForceBars(a, b));
        expect(barsOf(bars[1])).toEqual(bruteForceBars(b, a));
      }),
      { numRuns: 500 },
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
    for (let k = 0; k < 5; k++) {
      const [a, b] = [prepare(gaussianCloud(60, 5, rng)), prepare(gaussianCloud(60, 5, rng))];
      const [there, back] = [divergence(a, b), divergence(b, a)];
      expect(there.lite).toBeLessThanOrEqual(there.score + 1e-12);
      expect(back.score).toBeCloseTo(there.score, 12);
      expect(barsOf(back.directions[1])).toEqual(barsOf(there.directions[0]));
    }
  });

  it("takes distances for points", () => {
    const cloud = gaussianCloud(30, 4, rngForKey("distances"));
    const distances = euclideanDistances(cloud);
    const before = distances.slice();
    expect(prepareDistances(distances, 30)).toEqual(prepare(cloud));
    expect(distances).toEqual(before);
    expect(prepareDistances(new Float64Array(10), 5).isCollapsed).toBe(true);
  });

  it("refuses what it cannot compare, at once", () => {
    const cloud = (count: number, width: number): PointCloud =>
      pointCloud(new Float32Array(count * width).fill(1), count, width);
    expect(() => cloud(2, 3)).toThrow("2 points");
    expect(() => cloud(10, 0)).toThrow("no columns");
    expect(() => cloud(40_000, 2)).toThrow("at most 32767");
    expect(() => pointCloud(Float64Array.of(1, 2, 3, Infinity, 5, 6), 3, 2)).toThrow("row 2, column 2 is Infinity");
    const line = (count: number): Preparation => prepare(cloudOf(Array.from({ length: count }, (_, k) => [k])));
    expect(() => crossBarcodes(line(4), line(5))).toThrow("4 and 5 points");
    expect(() => divergence(line(4), line(5))).toThrow("4 and 5 points");
    expect(() => liteDivergence(line(4), line(5))).toThrow("4 and 5 points");
    expect(() => pointCloudOfShape(new Float32Array(12), [4, 0, 3])).toThrow("no columns");
    expect(() => pointCloudOfShape(new Float32Array(12), [4, 2], "late.npy")).toThrow("late.npy holds 12 numbers");
    expect(pointCloudOfShape(new Float32Array(24), [4, 2, 3])).toMatchObject({ count: 4, width: 6 });
  });

  it("never scores a cloud that has collapsed: it says so, and every number is 0", () => {
    const line = (length: number): PointCloud =>
      pointCloud(
        Float64Array.from({ length: 20 }, (_, k) => 1 + k * length),
        10,
        2,
      );
    // Distances are of the order of the step, the points' norms of the order of 1.
    const [collapsed, small, wide] = [line(1e-8), line(1e-5), line(1)].map(prepare);
    expect([collapsed!.isCollapsed, small!.isCollapsed, wide!.isCollapsed]).toEqual([true, false, false]);
    expect(prepare(pointCloud(new Float32Array(30).fill(3), 10, 3)).isCollapsed).toBe(true);
    expect(prepare(pointCloud(new Float32Array(30), 10, 3)).isCollapsed).toBe(true);
    const random = prepare(gaussianCloud(10, 3, rngForKey("beside a collapsed one")));
    expect(divergence(random, small!).score).toBeGreaterThan(0);
    const found = divergence(random, collapsed!);
    expect(found).toMatchObject({ score: 0, lite: 0, collapsed: [false, true] });
    expect(found.directions.map(({ births, total }) => [births.length, total])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

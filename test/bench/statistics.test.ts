/** The tests against scipy.stats (1.16), published tables, and what can be reckoned by hand. */
import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../src/core/rng.ts";
import {
  benjaminiHochberg,
  mannWhitney,
  meanInterval,
  nemenyiDistance,
  ranksOf,
  varghaDelaney,
  wilcoxonSignedRank,
} from "./statistics.ts";

function expectMannWhitney(a: readonly number[], b: readonly number[], u: number, p: number): void {
  const found = mannWhitney(a, b);
  expect(found.u).toBe(u);
  expect(found.p).toBeCloseTo(p, 8);
}

describe("tests for comparisons", () => {
  it("agrees with scipy.stats", () => {
    expect(wilcoxonSignedRank([0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01])).toBeCloseTo(0.0390625, 10);
    expect(
      wilcoxonSignedRank([-1, 5, 4, -2, 1, 5, 3, 6, 5, -3, 5, -4, 3, 4, -1, -1, 3, 4, 4, 3, 2, 6, -2, -1]),
    ).toBeCloseTo(0.005644402658896292, 8);
    expectMannWhitney([1.1, 2.2, 3.3, 4.4, 9.0], [2.5, 3.5, 5.5, 6.5, 7.5, 8.5], 9.0, 0.32900432900432897);
    expectMannWhitney(
      [2, 8, 6, 0, 1, 2, 9, 0, 4, 0, 4, 7],
      [11, 8, 8, 8, 11, 9, 4, 7, 3, 2, 4, 9, 5, 6, 8],
      40.0,
      0.01501096017151868,
    );
    expectMannWhitney([1, 4, 5, 7, 7, 8], [2, 2, 3, 4, 4, 6], 27, 0.1689470216930839);
    expectMannWhitney([1, 5, 8, 9, 10], [2, 3, 4, 6, 7], 18, 0.30952380952380953);
  });

  it("finds what twenty repeats can find: shifts of normal samples, alone and among fifteen comparisons", () => {
    const rng = rngForKey("power");
    const repeats = 600;
    for (const [shift, alone, among] of [
      [0.5, 0.308, 0.055],
      [0.8, 0.648, 0.21],
      [1, 0.857, 0.458],
      [1.5, 0.997, 0.915],
    ] as const) {
      const normals = (mean: number): number[] => Array.from({ length: 20 }, () => mean + rng.normal());
      const found = Array.from({ length: repeats }, () => mannWhitney(normals(0), normals(shift)).p);
      for (const [alpha, power] of [
        [0.05, alone],
        [0.05 / 15, among],
      ] as const) {
        const share = found.filter((p) => p < alpha).length / repeats;
        // Both shares come from 600 draws: four standard errors of their difference, and a draw.
        expect(Math.abs(share - power)).toBeLessThan(4 * Math.sqrt((2 * power * (1 - power)) / repeats) + 1 / repeats);
      }
    }
  });

  it("adjusts p-values as Benjamini and Hochberg do", () => {
    const expected = [0.025, 0.05, 0.05, 0.025, 0.5];
    benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.5]).forEach((p, i) => expect(p).toBeCloseTo(expected[i]!, 12));
  });

  it("has Demsar's critical distance", () => {
    expect(nemenyiDistance(6, 14)).toBeCloseTo(2.0152543263816605, 12);
    expect(nemenyiDistance(11, 14)).toBeUndefined();
  });

  it("has effect sizes and intervals that can be reckoned by hand", () => {
    expect(varghaDelaney([3, 4], [1, 3.5])).toBe(0.75);
    expect(varghaDelaney([1, 1], [1, 1])).toBe(0.5);
    expect(meanInterval([1, 2, 3])).toEqual({ mean: 2, half: 4.303 * Math.sqrt(1 / 3) });
  });

  it("ranks like a sort, ties sharing", () => {
    expect(ranksOf([10, 20, 10, 5])).toEqual([2.5, 4, 2.5, 1]);
    assert(
      property(array(integer({ min: 0, max: 9 }), { minLength: 1 }), (values) => {
        const ranks = ranksOf(values);
        values.forEach((value, i) => {
          const below = values.filter((other) => other < value).length;
          const equal = values.filter((other) => other === value).length;
          expect(ranks[i]).toBe(below + (equal + 1) / 2);
        });
      }),
    );
  });

  it("does not care which sample comes first", () => {
    const sample = array(integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 12 });
    assert(
      property(sample, sample, (a, b) => {
        expect(mannWhitney(a, b).p).toBeCloseTo(mannWhitney(b, a).p, 12);
        expect(mannWhitney(a, b).u + mannWhitney(b, a).u).toBeCloseTo(a.length * b.length, 9);
        expect(varghaDelaney(a, b)).toBeCloseTo(mannWhitney(a, b).u / (a.length * b.length), 12);
      }),
    );
  });
});

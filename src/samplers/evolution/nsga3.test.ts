/** Lattices of the published sizes; the scale of trade-offs, degenerate cases too; niching by hand; fronts that are known. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Objective } from "../../core/objective.ts";
import { rngForKey } from "../../core/rng.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { hypervolume } from "../../core/hypervolume.ts";
import { searcher } from "../testing/search.ts";
import { nichingSurvival } from "./niching.ts";
import { nsga3Sampler } from "./nsga3.ts";
import { associated, axisLengths, extremePoints, lattice, latticeSize, referencePoints } from "./referencePoints.ts";

const losses = (count: number): [Objective, ...Objective[]] => {
  const all = Array.from({ length: count }, (_, i): Objective => ({ metric: `f${i}`, direction: "minimize" }));
  return [all[0]!, ...all.slice(1)];
};

describe("reference points", () => {
  it("are as many as in the paper's table", () => {
    expect([latticeSize(3, 12), latticeSize(5, 6), latticeSize(8, 3) + latticeSize(8, 2)]).toEqual([91, 210, 156]);
    expect([latticeSize(10, 3) + latticeSize(10, 2), latticeSize(15, 2) + latticeSize(15, 1)]).toEqual([275, 135]);
    expect(lattice(3, 12)).toHaveLength(91);
    expect(lattice(3, 4)).toHaveLength(15);
  });

  it("are different, sum to one, and fit the population for every number of objectives", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 12, max: 200 }), (count, most) => {
        const points = referencePoints(count, most);
        const sums = points.map((point) => point.reduce((sum, x) => sum + x, 0));
        expect(sums.every((sum) => Math.abs(sum - 1) < 1e-9)).toBe(true);
        expect(points.every((point) => point.length === count)).toBe(true);
        expect(new Set(points.map((point) => point.map((x) => x.toFixed(9)).join())).size).toBe(points.length);
        expect(points.length).toBeLessThanOrEqual(most);
        expect(points.length).toBeGreaterThanOrEqual(count);
      }),
    );
    expect(referencePoints(2, 50)).toHaveLength(50);
    expect(referencePoints(3, 100)).toHaveLength(91);
    // Two divisions of eight objectives are all on the edge: a lattice inside is added.
    const eight = referencePoints(8, 50);
    expect(eight.length).toBe(36 + 8);
    expect(eight.slice(36).every((point) => point.every((x) => x > 0))).toBe(true);
  });
});

describe("the scale", () => {
  it("is where the plane through the extreme points meets the axes", () => {
    // On the plane f1 / 2 + f2 / 4 + f3 / 8 = 1, shifted by the ideal point.
    const ideal = [1, -2, 10];
    const points = [
      [1.8, 0.2, 0.4],
      [0.2, 3.6, 0],
      [0.1, 0, 7.6],
      [0.5, 1, 4],
    ].map((point) => point.map((x, k) => x + ideal[k]!));
    const extremes = extremePoints(points, ideal);
    expect(extremes).toEqual(points.slice(0, 3));
    axisLengths(extremes, ideal, points, points).forEach((length, k) => expect(length).toBeCloseTo([2, 4, 8][k]!, 9));
  });

  it("is the front's range where there is no such plane, all points' range where the front has none, and never nothing", () => {
    const ideal = [0, 0];
    const front = [
      [0, 3],
      [1, 0],
    ];
    // One and the same extreme point for both axes.
    expect(axisLengths([front[1]!, front[1]!], ideal, front, front)).toEqual([1, 3]);
    // A single front point at the ideal itself.
    const all = [
      [0, 0],
      [2, 5],
    ];
    expect(axisLengths([all[0]!, all[0]!], ideal, [all[0]!], all)).toEqual([2, 5]);
    expect(axisLengths([all[0]!, all[0]!], ideal, [all[0]!], [all[0]!])).toEqual([1, 1]);
    // A plane that meets an axis behind the ideal point.
    const crossing = [
      [1, 1],
      [2, 3],
    ];
    expect(axisLengths(crossing, ideal, crossing, crossing)).toEqual([2, 3]);
  });

  it("finds the nearest direction by perpendicular distance", () => {
    const directions = lattice(2, 2);
    expect(directions).toEqual([
      [0, 1],
      [0.5, 0.5],
      [1, 0],
    ]);
    const { reference, distance } = associated([0.2, 0.9], directions);
    expect(reference).toBe(0);
    expect(distance).toBeCloseTo(0.2, 12);
    expect(associated([3, 3.1], directions).reference).toBe(1);
  });
});

describe("niching", () => {
  const trial = (
    number: number,
    values: readonly number[],
    state: FinishedTrial["state"] = "complete",
  ): FinishedTrial => ({
    number,
    state,
    params: {},
    values: state === "complete" ? values : [],
    ...(state === "pruned" && { last: { step: 1, value: 0 } }),
  });
  const survive = (members: readonly FinishedTrial[], size: number, objectives = 2): number[] =>
    nichingSurvival(losses(objectives), size, (number) => rngForKey(`ties ${number}`))(members, size).map(
      ({ number }) => number,
    );

  it("drops the crowded one of a front, and dominated ones before", () => {
    // Corners and middle fill three directions; the fourth lies beside the middle, farther from it.
    const front = [trial(0, [0, 1]), trial(1, [0.5, 0.5]), trial(2, [1, 0]), trial(3, [0.4, 0.58])];
    expect(survive(front, 3).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(survive([trial(9, [0.9, 0.9]), ...front.slice(0, 3)], 3).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it("keeps what cannot be measured last, the infinite before the pruned", () => {
    const members = [trial(0, [], "pruned"), trial(1, [0, Infinity]), trial(2, [1, 1]), trial(3, [2, 2])];
    expect(survive(members, 4)).toEqual([2, 3, 1, 0]);
    expect(survive(members, 3)).toEqual([2, 3, 1]);
    expect(survive([trial(0, [], "pruned"), trial(1, [Infinity, Infinity])], 1)).toEqual([1]);
  });

  it("takes any trials of any number of objectives", () => {
    const value = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, 1, Infinity, -Infinity));
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5 })
          .chain((m) => fc.array(fc.array(value, { minLength: m, maxLength: m }), { minLength: 5, maxLength: 12 })),
        (rows) => {
          const kept = survive(
            rows.map((values, i) => trial(i, values)),
            4,
            rows[0]!.length,
          );
          return kept.length === 4 && new Set(kept).size === 4;
        },
      ),
    );
  });
});

async function front(space: Space, f: (x: number[]) => number[], trials: number) {
  const { search } = searcher(nsga3Sampler, {}, 1);
  const history = await search(space, (params) => f(space.map(({ name }) => Number(params[name]))), trials);
  return history.map(({ values }) => values);
}

describe("nsga3", () => {
  const space: Space = Array.from({ length: 5 }, (_, i) => ({
    name: `x${i}`,
    type: "float",
    low: 0,
    high: 1,
    log: false,
  }));

  it("covers the eighth of a sphere that is DTLZ2's front", async () => {
    const dtlz2 = (x: number[]): number[] => {
      const g = 1 + x.slice(2).reduce((sum, value) => sum + (value - 0.5) ** 2, 0);
      const [a, b] = [(x[0]! * Math.PI) / 2, (x[1]! * Math.PI) / 2];
      return [g * Math.cos(a) * Math.cos(b), g * Math.cos(a) * Math.sin(b), g * Math.sin(a)];
    };
    const found = await front(space, dtlz2, 400);
    const whole = 1.1 ** 3 - Math.PI / 6;
    // Random search misses more than a quarter after five hundred trials.
    expect(hypervolume(found, [1.1, 1.1, 1.1]) / whole).toBeGreaterThan(0.82);
  });

  it("works for two objectives and for one", async () => {
    const zdt1 = (x: number[]): number[] => {
      const g = 1 + (9 * x.slice(1).reduce((sum, value) => sum + value, 0)) / 4;
      return [x[0]!, g * (1 - Math.sqrt(x[0]! / g))];
    };
    expect(hypervolume(await front(space, zdt1, 500), [1.1, 1.1])).toBeGreaterThan(0.8);
    const bowl = (x: number[]): number[] => [x.reduce((sum, value) => sum + (value - 0.3) ** 2, 0)];
    expect(Math.min(...(await front(space, bowl, 300)).map(([value]) => value!))).toBeLessThan(0.005);
  });
});

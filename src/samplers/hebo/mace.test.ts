/** Kappa and the three acquisitions against reference numbers; the front's promises on any space. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { spaces } from "../../../test/contract/spaces.ts";
import { rngForKey } from "../../core/rng.ts";
import { checkParams, uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import { featuresOf } from "../gp/features.ts";
import { pointKey } from "../gp/pointKey.ts";
import { dominates } from "../ranking.ts";
import { kappaAt, maceFront, maceScores, type MaceRequest } from "./mace.ts";

it("widens the confidence bound with time and dimension", () => {
  expect(kappaAt(1, 6)).toBeCloseTo(2.6257627382699473, 6);
  expect(kappaAt(50, 6)).toBeCloseTo(5.143417636633022, 6);
  expect(kappaAt(10, 1)).toBeCloseTo(3.556837456248459, 6);
});

// From SciPy's normal distribution.
it("has the acquisitions' reference values, deep in the tail too", () => {
  const [bound, improvement, probability] = maceScores(0.5, 0.16, 0.2, 3);
  expect(bound).toBeCloseTo(0.5 - 3 * 0.4, 12);
  expect(improvement).toBeCloseTo(2.947575316506237, 6);
  expect(probability).toBeCloseTo(1.484780448444678, 6);
  expect(maceScores(12, 0.25, 0, 3)[2]).toBeCloseTo(292.1035293278196, 6);
  expect(maceScores(3, 1e-12, 0, 3).every(Number.isFinite)).toBe(true);
});

/** A made-up belief: the mean falls towards a third of every range, the deviation grows towards the upper ends. */
function request(space: Space, seed: number, changes: Partial<MaceRequest> = {}): MaceRequest {
  const rng = rngForKey(`mace ${seed}`);
  return {
    predict: (points) => ({
      means: Float64Array.from(points, (point) => point.reduce((sum, x) => sum + (x - 1 / 3) ** 2, 0)),
      variances: Float64Array.from(points, (point) => 0.01 + point.reduce((sum, x) => sum + x * x, 0)),
    }),
    best: 0.5,
    kappa: 3,
    good: [uniformParams(space, rng)],
    tried: new Set(),
    rng,
    ...changes,
  };
}

it("gives new, feasible configurations none of which dominates another", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("floats", "integers", "categories", "conditional", "a hundred"),
      fc.integer(),
      (label, seed) => {
        const space = spaces[label]!;
        const features = featuresOf(space);
        const rng = rngForKey(`tried ${seed}`);
        const tried = new Set(Array.from({ length: 6 }, () => pointKey(features.encode(uniformParams(space, rng)))));
        const isFeasible = (params: Params): boolean => params["layers"] !== 2;
        const size = { population: 12, generations: 3 };
        const front = maceFront({ space, isFeasible }, features, size, request(space, seed, { tried }));
        for (const { params, scores } of front) {
          expect(checkParams(space, params)).toEqual([]);
          expect(isFeasible(params)).toBe(true);
          expect(tried.has(pointKey(features.encode(params)))).toBe(false);
          expect(front.some((other) => dominates(other.scores, scores))).toBe(false);
        }
        if (label !== "categories") expect(front.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 30 },
  );
});

it("comes nearer to what the acquisitions want with more generations", () => {
  const space: Space = ["x", "y", "z"].map((name) => ({ name, type: "float", low: 0, high: 1, log: false }));
  const leastMean = (generations: number): number => {
    const size = { population: 20, generations };
    const front = maceFront({ space, isFeasible: () => true }, featuresOf(space), size, request(space, 1));
    return Math.min(...front.map(({ scores }) => scores[2]!));
  };
  expect(leastMean(30)).toBeLessThan(leastMean(1));
});

it("has nothing to give where everything has been tried", () => {
  const space = spaces["categories"]!;
  const features = featuresOf(space);
  const rng = rngForKey("all");
  const tried = new Set(Array.from({ length: 200 }, () => pointKey(features.encode(uniformParams(space, rng)))));
  const size = { population: 10, generations: 2 };
  expect(maceFront({ space, isFeasible: () => true }, features, size, request(space, 2, { tried }))).toEqual([]);
});

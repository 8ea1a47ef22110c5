/** The order of trials, and fronts and crowding, against published numbers and a plain definition. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Objective } from "../core/objective.ts";
import type { FinishedTrial } from "../core/trial.ts";
import { bestFirst, crowding, dominates, frontRanks } from "./ranking.ts";

const minimize: Objective = { metric: "a", direction: "minimize" };
const maximize: Objective = { metric: "b", direction: "maximize" };

it("ranks fronts and measures crowding as in the paper", () => {
  const points = [
    [1, 5],
    [2, 3],
    [4, 1],
    [3, 4],
    [5, 5],
  ] as const;
  expect(frontRanks(points)).toEqual([0, 0, 0, 1, 2]);
  expect(crowding(points.slice(0, 3))).toEqual([Infinity, 2, Infinity]);
});

it("gives each point the length of the longest chain that dominates it", () => {
  const point = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 12 }), (points) => {
      const longest = (index: number): number =>
        1 + Math.max(-1, ...points.flatMap((other, i) => (dominates(other, points[index]!) ? [longest(i)] : [])));
      expect(frontRanks(points)).toEqual(points.map((_, index) => longest(index)));
    }),
  );
});

it("puts complete trials before pruned ones, infinite ones last among the complete, and leaves out the rest", () => {
  const trial = (number: number, rest: Partial<FinishedTrial>): FinishedTrial => ({
    number,
    state: "complete",
    params: {},
    values: [],
    ...rest,
  });
  const trials = [
    trial(0, { values: [3] }),
    trial(1, { state: "failed" }),
    trial(2, { values: [Number.NaN] }),
    trial(3, { values: [-Infinity] }),
    trial(4, { state: "pruned", last: { step: 2, value: 1 } }),
    trial(5, { state: "pruned", last: { step: 5, value: 9 } }),
    trial(6, { state: "pruned" }),
    trial(7, { values: [1] }),
    trial(8, { values: [3] }),
  ];
  expect(bestFirst(trials, [minimize]).map(({ number }) => number)).toEqual([7, 0, 8, 3, 5, 4, 6]);
  expect(bestFirst(trials, [{ ...minimize, direction: "maximize" }]).map(({ number }) => number)).toEqual([
    0, 8, 7, 3, 5, 4, 6,
  ]);
});

it("orders several objectives by front, then by room around a point", () => {
  const values = [
    [1, -5],
    [2, -3],
    [4, -1],
    [3, -4],
    [5, -5],
    [2.1, -2.9],
  ];
  const trials = values.map((own, number): FinishedTrial => ({ number, state: "complete", params: {}, values: own }));
  expect(bestFirst(trials, [minimize, maximize]).map(({ number }) => number)).toEqual([0, 2, 5, 1, 3, 4]);
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Objective } from "../core/objective.ts";
import { dominates } from "../samplers/ranking.ts";
import { ashaScheduler } from "./asha.ts";
import { crowdingOrder, epsilonNet, multiObjectiveAshaScheduler, placesOf } from "./multiObjectiveAsha.ts";
import { crossingCurve, stragglers } from "./testing/curves.ts";
import { simulate } from "./testing/simulator.ts";

describe("places of trade-offs", () => {
  it("are fronts, and within one the ends before the middle", () => {
    // Ranks 0, 0, 0, 1, 2; the ends of the first front have infinite room.
    const points = [
      [1, 5],
      [2, 3],
      [4, 1],
      [3, 4],
      [5, 5],
    ];
    expect(placesOf(points, crowdingOrder)).toEqual([0, 2, 1, 3, 4]);
    expect(placesOf(points, epsilonNet)).toEqual([0, 2, 1, 3, 4]);
  });

  it("put nobody before one that beats it, and are a permutation", () => {
    const point = fc.tuple(
      ...Array.from({ length: 3 }, () => fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Infinity))),
    );
    fc.assert(
      fc.property(fc.array(point, { maxLength: 30 }), fc.constantFrom(crowdingOrder, epsilonNet), (points, within) => {
        const places = placesOf(points, within);
        expect([...places].sort((a, b) => a - b)).toEqual([...points.keys()]);
        points.forEach((a, i) =>
          points.forEach((b, j) => {
            if (dominates(a, b)) expect(places[i]).toBeLessThan(places[j]!);
          }),
        );
      }),
    );
  });

  it("by epsilon-net take the farthest each time", () => {
    const line = [0, 0.1, 0.2, 0.5, 0.55, 1].map((x) => [x, 1 - x]);
    expect(epsilonNet(line)).toEqual([0, 5, 3, 2, 1, 4]);
  });
});

describe("multi-objective ASHA", () => {
  const objectives: readonly [Objective, ...Objective[]] = [
    { metric: "loss", direction: "minimize" },
    { metric: "speed", direction: "maximize" },
  ];

  it("promotes the ends of the front as it is known when trials come in", async () => {
    // Of nine trials, 0 has the best loss and 8 the best speed; 3 to 5 are beaten in both.
    const values = Array.from({ length: 9 }, (_, i): readonly number[] => (i > 2 && i < 6 ? [20, -20] : [i, i]));
    for (const within of ["crowding", "epsilon-net"]) {
      const { answers } = await simulate({
        scheduler: () => multiObjectiveAshaScheduler.create({ within }),
        objectives,
        maxSteps: 9,
        maxTrials: 9,
        parallel: 9,
        curve: ({ number }) => values[number]!,
      });
      const promoted = answers.flatMap(({ answer }) =>
        "action" in answer && answer.action === "resume" && answer.untilStep === 3 ? [answer.number] : [],
      );
      // The best of three, the other end of the front of six, and then each newest end; none that is beaten in both.
      expect(promoted).toEqual([0, 2, 6, 7, 8]);
    }
  });

  it("with one objective is ASHA", async () => {
    const study = { maxSteps: 27, maxTrials: 40, parallel: 3, curve: crossingCurve(5), duration: stragglers(5) };
    const several = await simulate({ ...study, scheduler: () => multiObjectiveAshaScheduler.create({}) });
    const one = await simulate({ ...study, scheduler: () => ashaScheduler.create({ eta: 3 }) });
    expect(several.answers).toEqual(one.answers);
  });

  it("takes an objective that is not reported as the worst", async () => {
    const { trials } = await simulate({
      scheduler: () => multiObjectiveAshaScheduler.create({}),
      objectives,
      maxSteps: 9,
      maxTrials: 9,
      parallel: 1,
      curve: ({ number }) => (number === 4 ? [1, 1] : [1, Number.NaN]),
    });
    expect(trials.get(4)!.reports.length).toBe(9);
  });
});

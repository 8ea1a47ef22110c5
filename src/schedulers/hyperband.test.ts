import { assert, asyncProperty, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Objective } from "../core/objective.ts";
import { isFinal } from "../core/trial.ts";
import { hyperbandScheduler } from "./hyperband.ts";
import { lossOf } from "./rungs.ts";
import type { ScheduledTrial, ScheduleView } from "./scheduler.ts";
import { successiveHalvingScheduler } from "./successiveHalving.ts";
import { crossingCurve, stragglers } from "./testing/curves.ts";
import { simulate, type SimulationResult } from "./testing/simulator.ts";

/** What each trial came to. */
const outcomes = ({ trials }: SimulationResult): string[] =>
  [...trials.values()].map(({ number, state, reports }) => `${number} ${state} ${reports.length}`);

describe("Hyperband", () => {
  for (const [rounding, configurations, resumed, restarted] of [
    ["algorithm", 143, 1581, 1902],
    ["table", 128, 1404, 1701],
  ] as const) {
    it(`trains as many steps as the published tables say: ${rounding}`, async () => {
      const study = {
        scheduler: () => hyperbandScheduler.create({ rounding }),
        maxSteps: 81,
        maxTrials: configurations,
        parallel: 1,
        curve: crossingCurve(3),
      };
      const whole = await simulate(study);
      expect(whole.trained).toHaveLength(resumed);
      expect([...whole.trials.values()].every(({ state }) => isFinal(state))).toBe(true);
      expect((await simulate({ ...study, checkpoints: "never" })).trained).toHaveLength(restarted);
    });
  }

  it("keeps exactly the best of each rung, whatever the number of slots and the speed of trials", async () => {
    await assert(
      asyncProperty(
        integer({ min: 1, max: 60 }),
        integer(),
        integer({ min: 2, max: 12 }),
        async (maxTrials, seed, parallel) => {
          for (const scheduler of [hyperbandScheduler, successiveHalvingScheduler]) {
            const study = {
              scheduler: () => scheduler.create({}),
              maxSteps: 27,
              maxTrials,
              curve: crossingCurve(seed),
              fails: (number: number, step: number) => (number * 7 + seed) % 11 === 0 && step === 1 + (number % 5),
            };
            const one = await simulate({ ...study, parallel: 1 });
            const many = await simulate({ ...study, parallel, duration: stragglers(seed) });
            expect(outcomes(many)).toEqual(outcomes(one));
            const shown = (result: SimulationResult) =>
              [...scheduler.create({}).brackets!(result.view)].map(({ rungs }) =>
                rungs.map(({ entries }) => entries.map((entry) => ({ ...entry }))),
              );
            expect(shown(many)).toEqual(shown(one));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("works a bracket out when it is asked for, so that thousands of trials need not be one piece of work", () => {
    let read = 0;
    const trials = new Map<number, ScheduledTrial>();
    for (let number = 0; number < 3_000; number++) {
      const trial = { number, params: {}, checkpointStep: undefined, untilStep: undefined, parent: undefined } as const;
      const reports = [{ step: 1, value: number }];
      trials.set(number, {
        ...trial,
        state: "pruned",
        get reports() {
          read += 1;
          return reports;
        },
      });
    }
    const objective: Objective = { metric: "m", direction: "minimize" };
    const rest = { objectives: [objective], space: [], seed: 1, parallel: 1, maxSteps: 27 } as const;
    const view: ScheduleView = {
      ...rest,
      objective,
      trials,
      reportsOf: () => [],
      isStructural: () => false,
      breathe: () => Promise.resolve(),
    };
    const all = [...hyperbandScheduler.create({}).brackets!(view)];
    expect(all.length).toBeGreaterThan(100);
    const whole = read;
    read = 0;
    const [first] = hyperbandScheduler.create({}).brackets!(view);
    expect(first).toEqual(all[0]);
    // Whether it has begun is looked at in each.
    expect(read - trials.size).toBeLessThan((whole - trials.size) / 20);
  });

  it("lets the best of a rung go on and prunes the others with their place", async () => {
    const losses = [0.9, 0.5, 0.7, 0.3, 0.8, 0.6, 0.2, 0.4, 0.1];
    const { trials, answers } = await simulate({
      scheduler: () => successiveHalvingScheduler.create({}),
      maxSteps: 9,
      maxTrials: 9,
      parallel: 1,
      curve: ({ number }) => losses[number]!,
    });
    expect([...trials.values()].filter(({ reports }) => reports.length >= 3).map(({ number }) => number)).toEqual([
      3, 6, 8,
    ]);
    expect(trials.get(8)).toMatchObject({ state: "complete" });
    const said = answers.flatMap(({ answer }) => ("reason" in answer ? [answer.reason] : []));
    expect(said).toContain("step 1: 0.9, waits at rung 1 of bracket 1");
    expect(said).toContain("step 1: 0.4 is 4th of 9 at rung 1 of bracket 1, the best 3 go on");
    expect(said).toContain("1st of 9 at rung 1 of bracket 1 (step 1: 0.1), goes on to step 3");
    expect(said).toContain("step 3: 0.3 is 3rd of 3 at rung 2 of bracket 1, the best goes on");
  });

  it("takes the earlier of equal trials, infinite values last and failed ones never", async () => {
    const curves = [Infinity, 1, 1, 1, -Infinity, 1, 1, 1, 1];
    const { trials } = await simulate({
      scheduler: () => successiveHalvingScheduler.create({}),
      maxSteps: 9,
      maxTrials: 9,
      parallel: 4,
      curve: ({ number }) => curves[number]!,
      fails: (number) => number === 1,
    });
    expect([...trials.values()].filter(({ reports }) => reports.length > 1).map(({ number }) => number)).toEqual([
      2, 3, 5,
    ]);
    expect(lossOf(-Infinity, "minimize")).toBe(Infinity);
  });

  it("begins the next bracket rather than leave a slot idle, and waits only at the end", async () => {
    const { waits } = await simulate({
      scheduler: () => hyperbandScheduler.create({}),
      maxSteps: 9,
      maxTrials: 34,
      parallel: 4,
      curve: crossingCurve(1),
      duration: stragglers(2),
    });
    for (const { begun } of waits) expect(begun).toBe(34);
  });

  it("makes a smaller last bracket of what the budget leaves, which still brings a whole training", async () => {
    for (const maxTrials of [1, 2, 5, 20]) {
      const { trials } = await simulate({
        scheduler: () => hyperbandScheduler.create({}),
        maxSteps: 81,
        maxTrials,
        parallel: 2,
        curve: crossingCurve(4),
      });
      expect([...trials.values()].filter(({ state }) => state === "complete")).toHaveLength(1);
    }
  });
});

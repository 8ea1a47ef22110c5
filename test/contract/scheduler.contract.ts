/**
 * What every scheduler must hold, whatever its rule. `schedulerContract(entry)` inside a vitest file runs it; the registry's
 * schedulers are run by scheduler.contract.test.ts, with no change for a new one. The simulator holds each answer to what the
 * engine can carry out, and throws otherwise.
 */
import { describe, expect, it } from "vitest";
import { BasinError } from "../../src/core/errors.ts";
import type { Direction, Objective } from "../../src/core/objective.ts";
import { rngFor } from "../../src/core/rng.ts";
import { uniformParams } from "../../src/core/space/configuration.ts";
import { checkParams } from "../../src/core/space/configuration.ts";
import type { Space } from "../../src/core/space/parameter.ts";
import type { SchedulerEntry } from "../../src/schedulers/entry.ts";
import type { ScheduledTrial, Scheduler, ScheduleView } from "../../src/schedulers/scheduler.ts";
import { crossingCurve, stragglers } from "../../src/schedulers/testing/curves.ts";
import {
  simulate,
  type Answer,
  type Simulation,
  type SimulationResult,
} from "../../src/schedulers/testing/simulator.ts";
import { expectDescription } from "./description.ts";

const space: Space = [
  { name: "learningRate", type: "float", low: 1e-4, high: 1, log: true },
  { name: "batchSize", type: "int", low: 1, high: 64, log: false },
  { name: "optimizer", type: "categorical", choices: ["sgd", "adam", "rmsprop"] },
  { name: "momentum", type: "float", low: 0, high: 0.99, log: false, when: { optimizer: ["sgd"] } },
  { name: "width", type: "int", low: 4, high: 256, log: true, step: 4 },
  { name: "epochs", type: "constant", value: 9 },
];
const isStructural = (name: string): boolean => name === "width";

/** Accuracy-like curve of a trial: rising to a level of its own. */
function curve({ number }: { readonly number: number }, step: number): number {
  const rng = rngFor(3, number, "contract curve");
  const level = 0.5 + 0.5 * rng.next();
  return level * (1 - Math.exp(-step * (0.2 + rng.next())));
}

const objectivesOf = (direction: Direction, count = 1): readonly [Objective, ...Objective[]] => [
  { metric: "m", direction },
  ...Array.from({ length: count - 1 }, (_, k): Objective => ({ metric: `m${k}`, direction: "minimize" })),
];

/** A study of 30 trials of 9 steps. */
const study = (scheduler: () => Scheduler, more: Partial<Simulation> = {}): Simulation => ({
  scheduler,
  maxSteps: 9,
  maxTrials: 30,
  parallel: 3,
  seed: 5,
  space,
  isStructural,
  suggest: (number) => uniformParams(space, rngFor(5, number, "suggest")),
  curve: (trial, step) => -curve(trial, step),
  ...more,
});

const kinds = (answers: readonly Answer[]): string[] =>
  answers.map(({ answer }) => ("action" in answer ? answer.action : answer.decision));

const founders = ({ trials }: SimulationResult): ScheduledTrial[] =>
  [...trials.values()].filter(({ parent }) => parent === undefined);

/** The published suite for one scheduler. */
export function schedulerContract(entry: SchedulerEntry): void {
  const once = (): (() => Scheduler) => {
    const scheduler = entry.create({});
    return () => scheduler;
  };

  describe(`scheduler ${entry.kind}`, () => {
    it("describes itself, and every option has a description", () => {
      expectDescription(entry);
      expect(() => entry.create({ noSuchOption: 1 })).toThrow(BasinError);
    });

    for (const direction of ["minimize", "maximize"] as const) {
      for (const parallel of [1, 4]) {
        const own = {
          parallel,
          objectives: objectivesOf(direction),
          curve: direction === "maximize" ? curve : crossingCurve(7),
          ...(parallel === 1 ? {} : { duration: stragglers(1) }),
        };
        it(`${direction}, ${parallel} at once: ends, gives reasons, completes something, stays within the budget`, async () => {
          const result = await simulate(study(once(), own));
          expect(founders(result).length).toBe(30);
          expect([...result.trials.values()].filter(({ state }) => state === "complete").length).toBeGreaterThan(0);
          for (const { answer } of result.answers) {
            if ("reason" in answer) expect(answer.reason).toMatch(/^\S.*$/);
          }
        });

        it(`${direction}, ${parallel} at once: a fresh instance over the same view answers the same`, async () => {
          const whole = await simulate(study(once(), own));
          const rebuilt = await simulate(study(() => entry.create({}), own));
          expect(rebuilt.answers).toEqual(whole.answers);
        });
      }
    }

    it("trains no step of a trial twice where there are checkpoints, and goes on without them", async () => {
      const { trained } = await simulate(study(once(), { checkpoints: "pause" }));
      expect(new Set(trained.map(({ number, step }) => `${number} ${step}`)).size).toBe(trained.length);
      const without = await simulate(study(once(), { checkpoints: "never" }));
      expect(founders(without).length).toBe(30);
    });

    it("decides the same for a loss and for its negative maximised", async () => {
      const [up, down] = [
        await simulate(study(once(), { objectives: objectivesOf("maximize"), curve })),
        await simulate(study(once(), { curve: (trial, step) => -curve(trial, step) })),
      ];
      expect(kinds(up.answers)).toEqual(kinds(down.answers));
    });

    it("copes with values that are not numbers and with infinite ones", async () => {
      const wild = (trial: { readonly number: number }, step: number): number =>
        trial.number % 5 === 1
          ? Number.NaN
          : trial.number % 5 === 2
            ? -Infinity
            : trial.number % 5 === 3 && step > 2
              ? Infinity
              : curve(trial, step);
      const maximize = { objectives: objectivesOf("maximize") };
      expect(founders(await simulate(study(once(), { ...maximize, curve: wild }))).length).toBe(30);
      expect(founders(await simulate(study(once(), { curve: wild }))).length).toBe(30);
      expect(founders(await simulate(study(once(), { curve: () => Number.NaN }))).length).toBe(30);
    });

    it("copes with crashes", async () => {
      const fails = (number: number, step: number): boolean => number % 4 === 1 && step === 1 + (number % 3);
      const some = await simulate(study(once(), { fails, parallel: 2 }));
      expect(founders(some).length).toBe(30);
      expect([...some.trials.values()].some(({ state }) => state === "complete")).toBe(true);
      const all = await simulate(study(once(), { fails: () => true, parallel: 2 }));
      expect(founders(all).length).toBe(30);
    });

    it("copies only into what may change, to configurations of the space", async () => {
      const { trials } = await simulate(study(once(), { maxTrials: 8, maxSteps: 20, parallel: 2 }));
      for (const { params, parent } of trials.values()) {
        expect(checkParams(space, params)).toEqual([]);
        if (parent !== undefined) expect(params["width"]).toBe(trials.get(parent.number)!.params["width"]);
      }
      const fixed = await simulate(study(once(), { maxTrials: 8, isStructural: () => true }));
      expect(founders(fixed).length).toBe(8);
    });

    it("copes with several objectives", async () => {
      const several = await simulate(
        study(once(), {
          objectives: objectivesOf("maximize", 3),
          curve: (trial, step) => [curve(trial, step), crossingCurve(1)(trial, step), crossingCurve(2)(trial, step)],
        }),
      );
      expect(founders(several).length).toBe(30);
    });

    it("lets a longer study than planned for, and one of unknown length, go on", async () => {
      const unknown = await simulate(study(once(), { knowsSteps: false }));
      expect(founders(unknown).length).toBe(30);
      expect((await simulate(study(once(), { maxSteps: 1 }))).trials.size).toBeGreaterThanOrEqual(30);
      expect(founders(await simulate(study(once(), { maxTrials: 1 }))).length).toBe(1);
    });

    it("shows everybody in its brackets exactly where they are", async () => {
      const scheduler = entry.create({});
      if (scheduler.brackets === undefined) return;
      const seen: number[] = [];
      const asking: Scheduler = {
        next: (view) => scheduler.next(view),
        onReport: (view, number, report) => {
          const brackets = [...scheduler.brackets!(view)];
          const shown = brackets.flatMap(({ rungs }) => rungs.flatMap(({ entries }) => entries));
          seen.push(shown.length);
          for (const { rungs } of brackets) {
            for (const { entries } of rungs) expect(new Set(entries.map((e) => e.number)).size).toBe(entries.length);
          }
          return scheduler.onReport(view, number, report);
        },
      };
      const { trials, view } = await simulate(study(() => asking, { parallel: 2 }));
      expect(Math.max(...seen)).toBeGreaterThan(0);
      const shown = new Set(
        [...scheduler.brackets(view)].flatMap(({ rungs }) =>
          rungs.flatMap(({ entries }) => entries.map((e) => e.number)),
        ),
      );
      expect([...trials.keys()].filter((number) => !shown.has(number))).toEqual([]);
    });

    it("answers about trials that others have made: failed, without reports, run to the end", async () => {
      const trials = new Map<number, ScheduledTrial>();
      const add = (number: number, state: ScheduledTrial["state"], reports: ScheduledTrial["reports"]): void => {
        const rest = { checkpointStep: undefined, untilStep: undefined, parent: undefined };
        trials.set(number, { number, state, params: {}, reports, ...rest });
      };
      for (let number = 0; number < 20; number++)
        add(number, number % 3 === 0 ? "failed" : "complete", number % 2 === 0 ? [] : [{ step: 1, value: number }]);
      add(20, "running", [{ step: 1, value: 3 }]);
      const objective: Objective = { metric: "m", direction: "minimize" };
      for (const maxSteps of [undefined, 9]) {
        const view: ScheduleView = {
          objective,
          objectives: [objective],
          space: [],
          seed: 5,
          ...(maxSteps === undefined ? {} : { maxSteps }),
          parallel: 1,
          trials,
          reportsOf: () => [],
          isStructural: () => false,
        };
        const scheduler = entry.create({});
        expect(scheduler.onReport(view, 20, { step: 1, value: 3 })).toHaveProperty("decision");
        expect(await scheduler.next(view)).toHaveProperty("action");
      }
    });
  });
}

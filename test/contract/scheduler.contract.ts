/**
 * What every scheduler must hold, whatever its rule. `schedulerContract(entry)` inside a vitest file runs it; the registry's
 * schedulers are run by scheduler.contract.test.ts, with no change for a new one.
 */
import { describe, expect, it } from "vitest";
import { BasinError } from "../../src/core/errors.ts";
import type { Direction } from "../../src/core/objective.ts";
import { rngFor } from "../../src/core/rng.ts";
import type { Params } from "../../src/core/space/parameter.ts";
import { isFinal, type Report, type TrialState } from "../../src/core/trial.ts";
import type { SchedulerEntry } from "../../src/schedulers/entry.ts";
import type { Decision, NextAction, ScheduledTrial, Scheduler, ScheduleView } from "../../src/schedulers/scheduler.ts";

interface MutableTrial extends ScheduledTrial {
  state: TrialState;
  params: Params;
  reports: Report[];
  checkpointStep: number | undefined;
  untilStep: number | undefined;
}

interface StudyLog {
  /** Every answer, in the order asked for. */
  readonly answers: readonly (Decision | NextAction)[];
  readonly trials: ReadonlyMap<number, MutableTrial>;
}

const maxSteps = 9;

/** A study of one objective, no parameter of which is structural. */
function viewOf(
  direction: Direction,
  trials: ReadonlyMap<number, ScheduledTrial>,
  more: { maxSteps?: number; parallel?: number; maxTrials?: number } = {},
): ScheduleView {
  const objective = { metric: "m", direction };
  return {
    objective,
    objectives: [objective],
    space: [{ name: "x", type: "float", low: 0, high: 1, log: false }],
    seed: 5,
    parallel: 1,
    trials,
    reportsOf: (number, metric) => (metric === "m" ? (trials.get(number)?.reports ?? []) : []),
    isStructural: () => false,
    ...more,
  };
}

/** Accuracy-like curve of a trial: rising to a level of its own. */
function curve(number: number, step: number): number {
  const rng = rngFor(3, number, "contract curve");
  const level = 0.5 + 0.5 * rng.next();
  return level * (1 - Math.exp(-step * (0.2 + rng.next())));
}

/**
 * Drives a whole study of `count` trials, one running at a time after the other in turns of `parallel`.
 * @param maker a scheduler for each question: the same one, or a fresh one
 */
async function drive(
  maker: () => Scheduler,
  direction: Direction,
  count: number,
  parallel: number,
  value = curve,
): Promise<StudyLog> {
  const trials = new Map<number, MutableTrial>();
  const view = viewOf(direction, trials, { maxSteps, parallel, maxTrials: count });
  const answers: (Decision | NextAction)[] = [];
  const running: { number: number; untilStep: number }[] = [];
  for (let guard = 0; guard < 10_000; guard++) {
    const open = [...trials.values()].some((trial) => !isFinal(trial.state));
    let waits = false;
    if (running.length < parallel && (trials.size < count || open)) {
      const action = await maker().next(view);
      answers.push(action);
      if (action.action === "new" && trials.size < count) {
        const number = trials.size;
        trials.set(number, {
          number,
          state: "running",
          params: { x: number },
          reports: [],
          checkpointStep: undefined,
          untilStep: undefined,
          parent: undefined,
        });
        running.push({ number, untilStep: action.untilStep ?? maxSteps });
        continue;
      }
      if (action.action === "resume") {
        const trial = trials.get(action.number);
        expect(trial?.state, "only a paused trial can be resumed").toBe("paused");
        trial!.state = "running";
        running.push({ number: action.number, untilStep: action.untilStep ?? maxSteps });
        continue;
      }
      waits = true;
    }
    const slot = running.shift();
    if (slot === undefined) {
      expect(waits && trials.size < count, "a scheduler must not wait when nothing runs").toBe(false);
      return { answers, trials };
    }
    const trial = trials.get(slot.number)!;
    const step = (trial.reports.at(-1)?.step ?? 0) + 1;
    const sign = direction === "maximize" ? 1 : -1;
    trial.reports.push({ step, value: sign * value(slot.number, step) });
    const decision = maker().onReport(view, slot.number, trial.reports.at(-1)!);
    answers.push(decision);
    trial.checkpointStep = step;
    if (decision.decision === "stop") trial.state = "pruned";
    else if (decision.decision === "pause") trial.state = "paused";
    else if (step >= maxSteps) trial.state = "complete";
    else if (step >= slot.untilStep) trial.state = "paused";
    else {
      if (decision.decision === "exploit") trial.params = decision.params;
      running.push(slot);
    }
  }
  throw new Error("the study did not end");
}

/** The published suite for one scheduler. */
export function schedulerContract(entry: SchedulerEntry): void {
  const once = (): (() => Scheduler) => {
    const scheduler = entry.create({});
    return () => scheduler;
  };

  describe(`scheduler ${entry.kind}`, () => {
    it("describes itself, and every option has a default and a description", () => {
      expect(entry.kind).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(entry.label).not.toBe("");
      expect(entry.summary).not.toBe("");
      expect(entry.options.safeParse({}).success).toBe(true);
      for (const [name, option] of Object.entries(entry.options.shape)) {
        expect((option as { description?: string }).description ?? "", name).not.toBe("");
      }
      expect(() => entry.create({ noSuchOption: 1 })).toThrow(BasinError);
    });

    for (const direction of ["minimize", "maximize"] as const) {
      for (const parallel of [1, 4]) {
        it(`${direction}, ${parallel} at once: ends, gives reasons, completes something`, async () => {
          const { answers, trials } = await drive(once(), direction, 30, parallel);
          for (const answer of answers) {
            const action = "action" in answer ? answer.action : answer.decision;
            if (action !== "new" && action !== "continue")
              expect(answer).toHaveProperty("reason", expect.stringMatching(/^\S.*$/));
          }
          expect(trials.size).toBe(30);
          expect([...trials.values()].filter((trial) => trial.state === "complete").length).toBeGreaterThan(0);
        });

        it(`${direction}, ${parallel} at once: a fresh instance over the same view answers the same`, async () => {
          const whole = await drive(once(), direction, 30, parallel);
          const rebuilt = await drive(() => entry.create({}), direction, 30, parallel);
          expect(rebuilt.answers).toEqual(whole.answers);
        });
      }
    }

    it("decides the same for a loss and for its negative maximised", async () => {
      const kinds = ({ answers }: StudyLog): string[] =>
        answers.map((answer) => ("action" in answer ? answer.action : answer.decision));
      expect(kinds(await drive(once(), "maximize", 30, 2))).toEqual(kinds(await drive(once(), "minimize", 30, 2)));
    });

    it("copes with values that are not numbers and with infinite ones", async () => {
      const wild = (number: number, step: number): number =>
        number % 5 === 1
          ? Number.NaN
          : number % 5 === 2
            ? -Infinity
            : number % 5 === 3 && step > 2
              ? Infinity
              : curve(number, step);
      expect((await drive(once(), "maximize", 30, 3, wild)).trials.size).toBe(30);
      expect((await drive(once(), "minimize", 30, 3, () => Number.NaN)).trials.size).toBe(30);
    });

    it("copes with failed trials, with trials without reports, and without a known length", async () => {
      const trials = new Map<number, ScheduledTrial>();
      for (let number = 0; number < 20; number++) {
        const state = number % 3 === 0 ? "failed" : "complete";
        const reports = number % 2 === 0 ? [] : [{ step: 1, value: number }];
        trials.set(number, {
          number,
          state,
          params: {},
          reports,
          checkpointStep: undefined,
          untilStep: undefined,
          parent: undefined,
        });
      }
      trials.set(20, {
        number: 20,
        state: "running",
        params: {},
        reports: [{ step: 1, value: 3 }],
        checkpointStep: undefined,
        untilStep: undefined,
        parent: undefined,
      });
      const view = viewOf("minimize", trials);
      const scheduler = entry.create({});
      expect(scheduler.onReport(view, 20, { step: 1, value: 3 })).toHaveProperty("decision");
      expect(await scheduler.next(view)).toHaveProperty("action");
    });
  });
}

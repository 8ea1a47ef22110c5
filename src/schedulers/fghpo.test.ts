import { assert, asyncProperty, constantFrom, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Objective } from "../core/objective.ts";
import { rngForKey } from "../core/rng.ts";
import { estimatorIds } from "../core/study/diagnostics.ts";
import { fghpoScheduler } from "./fghpo.ts";
import { stragglers } from "./testing/curves.ts";
import { simulate, type Simulation, type SimulationResult } from "./testing/simulator.ts";

/** What a trial has to show after the screening; undefined = it does not report it. */
interface Shown {
  readonly mu?: number;
  readonly loss?: number;
  readonly baseline?: number;
}

interface Study {
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of each trial, by number. */
  readonly shown: (number: number) => Shown;
  readonly trials?: number;
  readonly more?: Partial<Simulation>;
}

/** A study of trainings of 9 steps in which trials report sharpness, loss and baseline beside their objective. */
async function play({ options = {}, shown, trials = 12, more = {} }: Study): Promise<SimulationResult> {
  const estimator = fghpoScheduler.measures?.(options)?.estimators[0] ?? "";
  const reports = (["mu", "loss", "baseline"] as const).filter((name) =>
    Array.from({ length: trials }, (_, number) => shown(number)[name]).some((value) => value !== undefined),
  );
  const names = { mu: `sharpness.${estimator}`, loss: "loss", baseline: "baseline_loss" };
  const objectives: readonly [Objective, ...Objective[]] = [
    { metric: "m", direction: "minimize" },
    ...reports.map((name): Objective => ({ metric: names[name], direction: "minimize" })),
  ];
  const result = await simulate({
    scheduler: () => fghpoScheduler.create(options),
    objectives,
    maxSteps: 9,
    maxTrials: trials,
    parallel: 1,
    curve: ({ number }, step) => [number / step, ...reports.map((name) => shown(number)[name]!)],
    ...more,
  });
  return result;
}

const numbersIn = ({ trials }: SimulationResult, state: string): number[] =>
  [...trials.values()].filter((trial) => trial.state === state).map(({ number }) => number);

const reasonsOf = ({ answers }: SimulationResult, kind: string): Map<number, string> =>
  new Map(
    answers.flatMap(({ asked, answer, ...rest }) => {
      const what = "action" in answer ? answer.action : answer.decision;
      const number = "number" in answer ? answer.number : asked === "report" && "number" in rest ? rest.number : -1;
      return what === kind && "reason" in answer ? [[number, answer.reason ?? ""] as const] : [];
    }),
  );

/** Sharpness 1, 2, 3 ... in an order that is not that of the numbers. */
const order = [5, 2, 9, 1, 12, 7, 3, 11, 4, 10, 6, 8];
const learning = { loss: 0.5, baseline: 2 };
const shuffled = (number: number): Shown => ({ mu: order[number]! / 10, ...learning });

describe("FGHPO", () => {
  it("tries all, keeps the flattest, trains those to the end and says why for everyone", async () => {
    const result = await play({ options: { keep: 3 }, shown: shuffled });
    expect(numbersIn(result, "complete")).toEqual([1, 3, 6]);
    const { trained } = result;
    expect(trained).toHaveLength(12 + 3 * 8);
    expect(trained.slice(0, 12).map(({ number, step }) => [number, step])).toEqual(order.map((_, i) => [i, 1]));
    // The flattest first.
    expect(trained.filter(({ step }) => step === 2).map(({ number }) => number)).toEqual([3, 1, 6]);
    const dropped = reasonsOf(result, "drop");
    expect([...dropped.keys()]).toEqual([0, 2, 4, 5, 7, 8, 9, 10, 11]);
    expect(dropped.get(0)).toBe("sharpness.exact-frobenius 0.5 is rank 5 of 12; 3 are kept");
    expect(reasonsOf(result, "resume").get(6)).toBe(
      "sharpness.exact-frobenius 0.3 is rank 3 of 12; trains on to step 9",
    );
    expect(reasonsOf(result, "new").get(-1)).toBe("12th of 12 configurations that are tried for 1 step");
  });

  it("keeps the sharpest where that is asked for", async () => {
    const result = await play({ options: { keep: 2, order: "highest" }, shown: shuffled });
    expect(numbersIn(result, "complete")).toEqual([4, 7]);
  });

  it("ranks by whichever estimator there is", async () => {
    for (const estimator of estimatorIds) {
      const sign = estimator === "bayesmark" ? -1 : 1;
      const shown = (number: number): Shown => ({ mu: sign * (20 - order[number]!), ...learning });
      const result = await play({ options: { keep: 2, estimator }, shown });
      expect(numbersIn(result, "complete"), estimator).toEqual(sign === 1 ? [4, 7] : [1, 3]);
      expect(reasonsOf(result, "drop").get(0), estimator).toContain(`sharpness.${estimator} `);
    }
  });

  it("breaks ties by number", async () => {
    const result = await play({ options: { keep: 4 }, shown: () => ({ mu: 1, ...learning }) });
    expect(numbersIn(result, "complete")).toEqual([0, 1, 2, 3]);
  });

  it("discards what is no positive number, at once and with the reason", async () => {
    const bad = [Number.NaN, Infinity, -Infinity, 0, -2];
    const result = await play({
      options: { keep: 20 },
      shown: (number) => ({ mu: bad[number] ?? 1, ...learning }),
    });
    const stopped = reasonsOf(result, "stop");
    expect([...stopped.values()]).toEqual([
      "sharpness.exact-frobenius is not a number",
      "sharpness.exact-frobenius is not finite",
      "sharpness.exact-frobenius is not finite",
      "sharpness.exact-frobenius 0 is not positive",
      "sharpness.exact-frobenius -2 is not positive",
    ]);
    // Fewer than are to be kept: those.
    expect(numbersIn(result, "complete")).toEqual([5, 6, 7, 8, 9, 10, 11]);
    const turned = await play({ options: { estimator: "bayesmark" }, shown: () => ({ mu: 3, ...learning }) });
    expect(reasonsOf(turned, "stop").get(0)).toBe("sharpness.bayesmark 3 is not positive before its sign is turned");
  });

  it("holds the training loss against the untrained model's, at 0.98 of it", async () => {
    const losses = [1.96, 1.9599, Number.NaN, Infinity, 2.5, 0.1];
    const shown = (number: number): Shown => ({ mu: 1 + number, loss: losses[number % 6]!, baseline: 2 });
    const result = await play({ options: { keep: 2 }, shown });
    expect(reasonsOf(result, "stop").get(0)).toBe("gate: loss 1.96 after step 1 is not below 0.98 of baseline_loss 2");
    expect(reasonsOf(result, "stop").get(2)).toBe("gate: the loss after step 1 is not finite");
    expect(numbersIn(result, "complete")).toEqual([1, 5]);
    expect(reasonsOf(result, "drop").get(7)).toBe("sharpness.exact-frobenius 8 is rank 3 of 4; 2 are kept");
    const off = await play({ options: { keep: 2, gate: false }, shown });
    expect(numbersIn(off, "complete")).toEqual([0, 1]);
  });

  it("has the paper's preset: penultimate without the gate, either of which can be chosen otherwise", async () => {
    const hopeless = (number: number): Shown => ({ mu: order[number]!, loss: 3, baseline: 2 });
    const paper = await play({ options: { keep: 2, preset: "paper" }, shown: hopeless });
    expect(numbersIn(paper, "complete")).toEqual([1, 3]);
    expect(reasonsOf(paper, "drop").get(0)).toBe("sharpness.penultimate 5 is rank 5 of 12; 2 are kept");
    expect(fghpoScheduler.measures?.({ preset: "paper" })).toEqual({
      estimators: ["penultimate"],
      batch: "trial",
      step: 1,
      baseline: false,
    });
    expect(fghpoScheduler.measures?.({ preset: "paper", gate: true, estimator: "rms", screenEpochs: 2 })).toEqual({
      estimators: ["rms"],
      batch: "trial",
      step: 2,
      baseline: true,
    });
    expect(fghpoScheduler.measures?.({})).toEqual({
      estimators: ["exact-frobenius"],
      batch: 64,
      step: 1,
      baseline: true,
    });
  });

  it("goes without the gate where nobody reports what it needs, and says so", async () => {
    const result = await play({ options: { keep: 1 }, shown: (number) => ({ mu: order[number]!, loss: 5 }) });
    expect(numbersIn(result, "complete")).toEqual([3]);
    expect(reasonsOf(result, "drop").get(0)).toContain(
      "1 is kept; without baseline_loss and a training loss nobody can tell",
    );
  });

  it("goes by the objective where nobody reports sharpness, and by sharpness as soon as one does", async () => {
    const none = await play({ options: { keep: 2 }, shown: () => learning });
    expect(numbersIn(none, "complete")).toEqual([0, 1]);
    expect(reasonsOf(none, "drop").get(5)).toBe(
      "m 5 is rank 6 of 12; 2 are kept; nobody reported sharpness.exact-frobenius, so m decides",
    );
  });

  it("draws anew once when nobody passes, as far as the budget goes, then ends with the reason", async () => {
    const hopeless = { mu: 1, loss: 3, baseline: 2 };
    const later = (number: number): Shown => (number < 5 ? hopeless : { mu: order[number]!, ...learning });
    const again = await play({ options: { configurations: 5, keep: 2 }, shown: later });
    expect(numbersIn(again, "complete")).toEqual([6, 8]);
    expect(again.trials.size).toBe(10);
    const last = ({ answers }: SimulationResult): string => JSON.stringify(answers.at(-1)?.answer);
    const never = await play({ options: { configurations: 5, keep: 2 }, shown: () => hopeless });
    expect(never.trials.size).toBe(10);
    expect(last(never)).toMatch(/"wait".*none of 10 configurations passed, drawn anew once/);
    const short = await play({ options: { configurations: 12 }, shown: () => hopeless });
    expect(short.trials.size).toBe(12);
    expect(last(short)).toContain("the budget leaves none to draw anew");
  });

  it("chooses the same, however many slots there are and whoever is slow or crashes", async () => {
    await assert(
      asyncProperty(
        integer(),
        integer({ min: 1, max: 9 }),
        constantFrom("lowest", "highest"),
        async (seed, parallel, which) => {
          const rng = (number: number, what: string): number => rngForKey(`${seed} ${number} ${what}`).next();
          const shown = (number: number): Shown => ({
            mu: rng(number, "mu") - 0.1,
            loss: 4 * rng(number, "loss"),
            baseline: 2.3,
          });
          const fails = (number: number, step: number): boolean => rng(number, `fails ${step}`) < 0.05;
          const study = { options: { keep: 4, order: which, configurations: 20 }, shown, trials: 40, more: { fails } };
          const alone = await play(study);
          const crowd = await play({ ...study, more: { fails, parallel, duration: stragglers(seed) } });
          for (const state of ["complete", "pruned", "failed"])
            expect(numbersIn(crowd, state)).toEqual(numbersIn(alone, state));
          expect(numbersIn(alone, "paused")).toEqual([]);
          expect(numbersIn(alone, "complete").length).toBeLessThanOrEqual(4);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("shows the funnel: everybody in the screening with what they are judged by, the kept in full training", async () => {
    const scheduler = fghpoScheduler.create({ keep: 3 });
    const { view } = await play({
      options: { keep: 3 },
      shown: (number) => (number === 0 ? { mu: 0.5, loss: 3, baseline: 2 } : shuffled(number)),
    });
    const [funnel, ...others] = scheduler.brackets!(view);
    expect(others).toEqual([]);
    const [screen, full] = funnel!.rungs;
    expect(screen).toMatchObject({ step: 1, capacity: 12 });
    expect(screen!.entries.map(({ value }) => value * 10)).toEqual(order);
    expect(screen!.entries.map(({ outcome }) => outcome)).toEqual(
      order.map((_, number) => ([1, 3, 6].includes(number) ? "complete" : "stopped")),
    );
    expect(full).toMatchObject({ step: 9, capacity: 3 });
    expect(full!.entries.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, "complete"],
      [3, "complete"],
      [6, "complete"],
    ]);
  });
});

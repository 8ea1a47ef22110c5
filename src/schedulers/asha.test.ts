import { assert, asyncProperty, constantFrom, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { quantile } from "../core/stats.ts";
import { ashaScheduler } from "./asha.ts";
import { drawBracket } from "./ashaStopping.ts";
import { asyncHyperbandScheduler } from "./asyncHyperband.ts";
import { ladder } from "./rungs.ts";
import { crossingCurve, stragglers } from "./testing/curves.ts";
import { simulate } from "./testing/simulator.ts";

describe("rungs", () => {
  it("multiply from the first and end at the full training", () => {
    expect(ladder({ minimum: 1, maximum: 81, eta: 3 })).toEqual([1, 3, 9, 27, 81]);
    expect(ladder({ minimum: 1, maximum: 1000, eta: 10 })).toEqual([1, 10, 100, 1000]);
    expect(ladder({ minimum: 1, maximum: 243, eta: 3 })).toEqual([1, 3, 9, 27, 81, 243]);
    expect(ladder({ minimum: 2, maximum: 28, eta: 3 })).toEqual([2, 6, 28]);
    expect(ladder({ minimum: 1, maximum: 20, eta: 3 })).toEqual([1, 3, 9, 20]);
    expect(ladder({ minimum: 5, maximum: 3, eta: 3 })).toEqual([3]);
    expect(ladder({ minimum: 1, maximum: 1, eta: 3 })).toEqual([1]);
  });
});

describe("ASHA by promotion", () => {
  it("promotes in the published order", async () => {
    const losses = [0.9, 0.5, 0.7, 0.3, 0.8, 0.6, 0.2, 0.4, 0.1];
    const { answers } = await simulate({
      scheduler: () => ashaScheduler.create({ eta: 3 }),
      maxSteps: 81,
      maxTrials: 9,
      parallel: 1,
      curve: ({ number }) => losses[number]!,
    });
    let begun = 0;
    const trace: string[] = [];
    for (const { answer } of answers) {
      if (!("action" in answer)) continue;
      if (answer.action === "new") begun += 1;
      if (answer.action === "resume" && answer.untilStep === 3) trace.push(`#${begun} t${answer.number}`);
    }
    expect(trace).toEqual(["#3 t1", "#4 t3", "#7 t6", "#9 t8"]);
  });

  it("never idles a slot while a trial may begin, whatever the stragglers", async () => {
    await assert(
      asyncProperty(
        integer(),
        integer({ min: 1, max: 16 }),
        constantFrom("promotion", "stopping"),
        async (seed, parallel, variant) => {
          const { waits, trials } = await simulate({
            scheduler: () => ashaScheduler.create({ variant }),
            maxSteps: 64,
            maxTrials: 40,
            parallel,
            curve: crossingCurve(seed),
            duration: stragglers(seed),
          });
          for (const { begun } of waits) expect(begun).toBe(40);
          expect([...trials.values()].some(({ state }) => state === "complete")).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("counts a crash as the worst result of the rung it was on its way to", async () => {
    // With trial 0 crashed before it reported, the best of three is known when two have reported.
    const { answers } = await simulate({
      scheduler: () => ashaScheduler.create({ eta: 3 }),
      maxSteps: 9,
      maxTrials: 3,
      parallel: 1,
      curve: ({ number }) => number,
      fails: (number) => number === 0,
    });
    const resumed = answers.flatMap(({ answer }) => ("action" in answer && answer.action === "resume" ? [answer] : []));
    expect(resumed[0]).toMatchObject({ number: 1, reason: "1st of 3 at rung 1 of 3 (step 1: 1), goes on to step 3" });
  });

  it("goes on with the leader when the budget would end without a whole training", async () => {
    const { trials, answers } = await simulate({
      scheduler: () => ashaScheduler.create({}),
      maxSteps: 64,
      maxTrials: 5,
      parallel: 2,
      curve: ({ number }) => Math.abs(number - 3),
    });
    expect([...trials.values()].filter(({ state }) => state === "complete").map(({ number }) => number)).toEqual([3]);
    expect([...trials.values()].filter(({ state }) => state === "paused")).toHaveLength(4);
    const said = answers.flatMap(({ answer }) => ("reason" in answer ? [answer.reason] : []));
    expect(said).toContain("the last one of the study, best of rung 2 (step 4: 0), goes on to step 16");
  });

  it("shows who was promoted, who rests and who runs", async () => {
    const scheduler = ashaScheduler.create({ eta: 3 });
    const { view } = await simulate({
      scheduler: () => scheduler,
      maxSteps: 9,
      maxTrials: 9,
      parallel: 1,
      curve: ({ number }) => 9 - number,
    });
    const [bracket] = scheduler.brackets!(view);
    expect(bracket!.rungs.map(({ step }) => step)).toEqual([1, 3, 9]);
    const outcomes = bracket!.rungs.map(({ entries }) => entries.map(({ number, outcome }) => `${number} ${outcome}`));
    expect(outcomes[2]).toEqual(expect.arrayContaining([expect.stringMatching(/ complete$/)]));
    for (const entries of outcomes.slice(0, 2))
      for (const entry of entries) expect(entry).toMatch(/ (promoted|paused)$/);
    const [first, second] = outcomes;
    expect(first!.filter((entry) => entry.endsWith("promoted")).length).toBe(second!.length);
  });
});

describe("ASHA by stopping", () => {
  it("stops exactly what is worse than the quantile of earlier arrivals", async () => {
    const curve = crossingCurve(11);
    const { answers } = await simulate({
      scheduler: () => ashaScheduler.create({ variant: "stopping", eta: 3 }),
      maxSteps: 27,
      maxTrials: 60,
      parallel: 4,
      curve,
      duration: stragglers(5),
    });
    const arrived = new Map<number, number[]>([1, 3, 9].map((step) => [step, []]));
    for (const entry of answers) {
      if (entry.asked !== "report") continue;
      const { step, value } = entry.report;
      const earlier = arrived.get(step);
      const stop = earlier !== undefined && earlier.length > 0 && value > quantile(earlier, 1 / 3);
      expect(entry.answer.decision, `trial ${entry.number} at ${step}`).toBe(stop ? "stop" : "continue");
      earlier?.push(value);
    }
    for (const list of arrived.values()) expect(list.length).toBeGreaterThan(2);
  });

  it("never pauses, and takes brackets by the softmax of their rungs", async () => {
    const brackets = [
      [1, 3, 9, 27],
      [3, 9, 27],
      [9, 27],
    ];
    const counts = [0, 0, 0];
    const draws = 20_000;
    for (let number = 0; number < draws; number++) counts[drawBracket(1, number, brackets)]! += 1;
    const weights = [1, Math.exp(-1), Math.exp(-2)];
    const sum = weights.reduce((a, b) => a + b);
    const chi2 = counts.reduce((total, count, k) => {
      const expected = (draws * weights[k]!) / sum;
      return total + (count - expected) ** 2 / expected;
    }, 0);
    expect(chi2).toBeLessThan(13.8); // 99.9 % point, 2 degrees of freedom

    const scheduler = asyncHyperbandScheduler.create({});
    const { answers, view } = await simulate({
      scheduler: () => scheduler,
      maxSteps: 27,
      maxTrials: 60,
      parallel: 3,
      curve: crossingCurve(2),
      checkpoints: "never",
    });
    const kinds = new Set(answers.map(({ answer }) => ("action" in answer ? answer.action : answer.decision)));
    expect([...kinds].sort()).toEqual(["continue", "new", "stop", "wait"]);
    expect([...scheduler.brackets!(view)].map(({ label }) => label)).toEqual([
      "Bracket 1 (first rung at step 1)",
      "Bracket 2 (first rung at step 3)",
      "Bracket 3 (first rung at step 9)",
    ]);
  });
});

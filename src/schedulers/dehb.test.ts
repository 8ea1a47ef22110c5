import { assert, asyncProperty, constantFrom, integer } from "fast-check";
import { expect, it } from "vitest";
import { bohbScheduler } from "./bohb.ts";
import { dehbScheduler } from "./dehb.ts";
import { crossingCurve, stragglers } from "./testing/curves.ts";
import { simulate } from "./testing/simulator.ts";

/** How long each trial trained, in the order of their beginning. */
async function lengths(maxTrials: number, maxSteps: number): Promise<number[]> {
  const { trials } = await simulate({
    scheduler: () => dehbScheduler.create({}),
    maxSteps,
    maxTrials,
    parallel: 1,
    curve: crossingCurve(1),
  });
  return [...trials.values()].map(({ reports }) => reports.length);
}

const times = (count: number, step: number): number[] => Array.from({ length: count }, () => step);

it("begins the published numbers of trials at each budget, and none twice", async () => {
  // R = 9: 9x1 3x3 1x9, 3x3 1x9, 3x9, and again.
  const round = [...times(9, 1), ...times(3, 3), 9, ...times(3, 3), 9, ...times(3, 9)];
  expect(await lengths(40, 9)).toEqual([...round, ...round]);
});

it("makes the last bracket as small as the budget, and ends with a whole training", async () => {
  await assert(
    asyncProperty(integer({ min: 1, max: 150 }), constantFrom(1, 5, 9, 27, 81, 100), async (maxTrials, maxSteps) => {
      const found = await lengths(maxTrials, maxSteps);
      expect(found).toHaveLength(maxTrials);
      expect(found.at(-1)).toBe(maxSteps);
    }),
    { numRuns: 40 },
  );
});

it("waits for nobody, resumes nobody, and says where trials end", async () => {
  const { waits, answers } = await simulate({
    scheduler: () => dehbScheduler.create({}),
    maxSteps: 27,
    maxTrials: 60,
    parallel: 5,
    curve: crossingCurve(2),
    duration: stragglers(3),
    checkpoints: "never",
  });
  for (const { begun } of waits) expect(begun).toBe(60);
  const kinds = new Set(answers.map(({ answer }) => ("action" in answer ? answer.action : answer.decision)));
  expect(kinds).toEqual(new Set(["continue", "new", "stop", "wait"]));
  const said = answers.flatMap(({ answer }) =>
    "decision" in answer && answer.decision === "stop" ? [answer.reason] : [],
  );
  expect(said[0]).toMatch(/^step 1: [\d.]+, which is where its training ends/);
});

it("refuses other samplers, as BOHB does not", () => {
  expect(dehbScheduler.refuses?.("gp")).toContain("only the sampler `dehb` breeds");
  expect(dehbScheduler.refuses?.("dehb")).toBeUndefined();
  expect(dehbScheduler.sampler).toBe("dehb");
  expect(bohbScheduler.sampler).toBe("bohb");
  expect(bohbScheduler.refuses?.("gp")).toBeUndefined();
  expect(bohbScheduler.refuses?.("hoag")).toContain("derivative");
});

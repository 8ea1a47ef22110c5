import { expect, it } from "vitest";
import { medianScheduler } from "./median.ts";
import { percentileScheduler } from "./percentile.ts";
import { crossingCurve } from "./testing/curves.ts";
import { simulate } from "./testing/simulator.ts";

const study = { maxSteps: 12, maxTrials: 60, parallel: 2, curve: crossingCurve(8) };

it("at 50 is the median rule, and stops more the smaller it is", async () => {
  const stopped: number[] = [];
  for (const percentile of [80, 50, 25, 10]) {
    const { answers } = await simulate({ ...study, scheduler: () => percentileScheduler.create({ percentile }) });
    stopped.push(answers.filter(({ answer }) => "decision" in answer && answer.decision === "stop").length);
  }
  const median = await simulate({ ...study, scheduler: () => medianScheduler.create({}) });
  expect(stopped[1]).toBe(
    median.answers.filter(({ answer }) => "decision" in answer && answer.decision === "stop").length,
  );
  expect([...stopped].sort((a, b) => a - b)).toEqual(stopped);
  expect(stopped[0]).toBeLessThan(stopped[3]!);
});

it("says which limit, and waits for enough others at the step", async () => {
  const curve = ({ number }: { readonly number: number }): number => number;
  const own = { maxSteps: 2, maxTrials: 8, parallel: 1, curve };
  const { answers } = await simulate({ ...own, scheduler: () => percentileScheduler.create({ percentile: 25 }) });
  const reasons = answers.flatMap(({ answer }) =>
    "decision" in answer && answer.decision === "stop" ? [answer.reason] : [],
  );
  expect(reasons[0]).toBe(
    "step 1: best so far 5 is worse than 1, the limit of the best 25 % of 5 other trials at this step",
  );
  const patient = await simulate({ ...own, scheduler: () => percentileScheduler.create({ minTrials: 6 }) });
  expect(patient.trials.get(5)).toMatchObject({ state: "complete" });
  expect(patient.trials.get(6)).toMatchObject({ state: "pruned" });
});

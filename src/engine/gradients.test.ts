import { afterEach, expect, it } from "vitest";
import type { Params } from "../core/space/parameter.ts";
import type { StudyLogLine } from "../protocol/engine.ts";
import { createFakeExecutor, type Script } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.dispose();
  fixture = undefined;
});

const loss = (params: Params): number => (Number(params["x"]) - 0.3) ** 2;
const sloped = (params: Params): Script => [
  { type: "done", metrics: { loss: loss(params), "hypergradient.x": 2 * (Number(params["x"]) - 0.3) } },
];

async function logOf(studyId: number): Promise<readonly StudyLogLine[]> {
  return fixture!.engine.request("study.log", { studyId, limit: 1000 });
}

it("trainers are told what to differentiate, and what they report is followed, also by the next engine", async () => {
  const executor = createFakeExecutor((job) => (job.number === 9 ? ["hang"] : sloped(job.params)));
  fixture = await engineFixture(executor);
  const { studyId } = await fixture.start(studyText({ trials: 20, sampler: "{ kind: hoag, starts: 1 }" }));
  await expect.poll(() => executor.jobs.length).toBe(10);
  const other = createFakeExecutor((job) => sloped(job.params));
  await fixture.restart(other);
  await untilState(fixture, studyId, "complete");
  const jobs = [...executor.jobs, ...other.jobs];
  expect(jobs.every(({ gradientOf }) => gradientOf === "loss")).toBe(true);
  const lines = await logOf(studyId);
  expect(lines.filter(({ message }) => /^Trial \d+: step \d+ from trial/.test(message)).length).toBeGreaterThan(5);
  expect(lines.some(({ message }) => message.includes("has brought no derivative"))).toBe(false);
  expect(Math.min(...jobs.map(({ params }) => loss(params)))).toBeLessThan(1e-3);
});

it("whose trainer reports no derivative is told once", async () => {
  const executor = createFakeExecutor((job) => [{ type: "done", metrics: { loss: loss(job.params) } }]);
  fixture = await engineFixture(executor);
  const { studyId } = await fixture.start(studyText({ trials: 4, sampler: "{ kind: hoag }" }));
  await untilState(fixture, studyId, "complete");
  const told = (await logOf(studyId)).filter(({ message }) => message.includes("has brought no derivative of loss"));
  expect(told).toHaveLength(1);
  expect(told[0]!.level).toBe("warning");
});

it("other samplers ask trainers for none", async () => {
  const executor = createFakeExecutor((job) => sloped(job.params));
  fixture = await engineFixture(executor);
  const { studyId } = await fixture.start(studyText({ trials: 2 }));
  await untilState(fixture, studyId, "complete");
  expect(executor.jobs.map(({ gradientOf }) => gradientOf)).toEqual([undefined, undefined]);
});

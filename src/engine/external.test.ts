import { afterEach, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import { createFakeExecutor } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture;
afterEach(async () => {
  await fixture.dispose();
});

const none = createFakeExecutor(() => []);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof BasinError ? error.code : `not a BasinError: ${String(error)}`;
  }
  return "no error";
}

it("hands out trials, takes results and ends with the budget", async () => {
  fixture = await engineFixture(none);
  const { studyId } = await fixture.start(studyText({ trainer: "{ kind: none }", trials: 4 }));
  const ask = (count: number) => fixture.engine.request("ask", { studyId, count });
  const tell = (number: number, result: { values?: number[]; state?: "complete" | "pruned" | "failed" }) =>
    fixture.engine.request("tell", { studyId, number, ...result });
  const first = (await ask(3)).trials;
  expect(first.map((trial) => trial.number)).toEqual([0, 1, 2]);
  expect(first.every((trial) => !trial.resumed)).toBe(true);
  expect(await codeOf(tell(0, {}))).toBe("invalid-argument");
  expect(await codeOf(tell(0, { values: [1, 2] }))).toBe("invalid-argument");
  expect(await codeOf(tell(9, { values: [1] }))).toBe("unknown-trial");
  await tell(1, { values: [0.5] });
  await tell(0, { values: [Number.NaN] });
  await tell(2, { state: "pruned" });
  expect(await codeOf(tell(1, { values: [1] }))).toBe("wrong-state");
  expect((await ask(5)).trials.map((trial) => trial.number)).toEqual([3]);
  expect((await ask(1)).trials).toEqual([]);
  await tell(3, { values: [0.25] });
  const study = await untilState(fixture, studyId, "complete");
  expect(study.counts).toMatchObject({ complete: 2, failed: 1, pruned: 1 });
  expect(study.best).toMatchObject({ number: 3, values: [0.25] });
  expect((await ask(1)).trials).toEqual([]);
});

it("answers reports with the scheduler's decision", async () => {
  fixture = await engineFixture(none);
  const text = studyText({ trainer: "{ kind: none }", trials: 6, scheduler: "{ kind: median, startupTrials: 2 }" });
  const { studyId } = await fixture.start(text);
  const report = (number: number, step: number, value: number) =>
    fixture.engine.request("report", { studyId, number, step, value });
  for (const number of [0, 1, 2]) {
    await fixture.engine.request("ask", { studyId, count: 1 });
    expect(await report(number, 1, 1)).toEqual({ decision: "continue", reason: "" });
    await fixture.engine.request("tell", { studyId, number, values: [1] });
  }
  await fixture.engine.request("ask", { studyId, count: 1 });
  const answer = await report(3, 1, 8);
  expect(answer.decision).toBe("stop");
  expect(answer.reason).toContain("median");
  expect(await fixture.engine.request("trial.get", { studyId, number: 3 })).toMatchObject({
    state: "pruned",
    last: { step: 1, value: 8 },
  });
  await fixture.engine.request("tell", { studyId, number: 3, state: "pruned" });
  expect(await codeOf(fixture.engine.request("tell", { studyId, number: 3, values: [8] }))).toBe("wrong-state");
});

it("hands trials that were never told out again first, and takes a late result for one", async () => {
  fixture = await engineFixture(none);
  const { studyId } = await fixture.start(studyText({ trainer: "{ kind: none }", trials: 5 }));
  const asked = (await fixture.engine.request("ask", { studyId, count: 2 })).trials;
  await fixture.restart(none);
  expect((await fixture.study(studyId)).counts).toMatchObject({ waiting: 2, running: 0 });
  // The program still has trial 0 and tells it to the new engine.
  await fixture.engine.request("tell", { studyId, number: 0, values: [3] });
  const again = (await fixture.engine.request("ask", { studyId, count: 2 })).trials;
  expect(again).toEqual([
    { number: 1, params: asked[1]?.params, resumed: true },
    expect.objectContaining({ number: 2, resumed: false }),
  ]);
  await fixture.engine.request("study.pause", { studyId });
  expect(await codeOf(fixture.engine.request("ask", { studyId, count: 1 }))).toBe("wrong-state");
});

it("refuses to be asked for trials that have a trainer", async () => {
  fixture = await engineFixture(createFakeExecutor(() => ["hang"]));
  const { studyId } = await fixture.start(studyText({ trials: 5 }));
  expect(await codeOf(fixture.engine.request("ask", { studyId, count: 1 }))).toBe("wrong-state");
});

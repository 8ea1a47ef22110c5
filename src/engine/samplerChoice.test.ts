import { afterEach, expect, it } from "vitest";
import { studyLines } from "../cli/text.ts";
import { createFakeExecutor, curve } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture;
afterEach(async () => {
  await fixture.dispose();
});

async function choices(studyId: number): Promise<string[]> {
  const lines = await fixture.engine.request("study.log", { studyId, limit: 1000 });
  return lines
    .filter(({ source, number }) => source === "sampler" && number === undefined)
    .map(({ message }) => message);
}

it("tells what the default sampler chose and why: in the log, of the study, and in words", async () => {
  fixture = await engineFixture(createFakeExecutor(() => curve("loss", [1])));
  const text = (trials: number, parallel: number): string =>
    studyText({ trials, parallel }).replace(/^sampler:.*\n/m, "");
  const { studyId } = await fixture.start(text(3, 1));
  const study = await untilState(fixture, studyId, "complete");
  const choice = "auto: Gaussian process (3 parameters, 1 objective, 3 trials planned)";
  expect(study).toMatchObject({ sampler: "auto", samplerChoice: choice });
  expect(await choices(studyId)).toEqual([`${choice}.`]);
  expect(studyLines(study, [], 0)).toContain(`  ${choice}`);
  const trial = await fixture.engine.request("trial.get", { studyId, number: 0 });
  expect(trial.suggestedBecause).toMatch(/^gp: /);
  // Another budget may mean another choice.
  expect((await fixture.start(text(4, 20))).how).toBe("continued");
  await untilState(fixture, studyId, "complete");
  expect((await choices(studyId))[1]).toMatch(/^auto: Tree-structured Parzen estimator \(.*20 at once\)\.$/);
  const plain = await fixture.start(studyText({ name: "plain", trials: 1 }));
  expect((await fixture.study(plain.studyId)).samplerChoice).toBeUndefined();
});

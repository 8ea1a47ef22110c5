import { rmSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { warmStartFileOf } from "../client/workspaceFiles.ts";
import { BasinError } from "../core/errors.ts";
import type { Params } from "../core/space/parameter.ts";
import { createFakeExecutor, curve } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture;
afterEach(async () => {
  await fixture.dispose();
});

const score = (params: Params): number => Math.abs(Number(params["x"]) - 0.3) + Number(params["n"]) / 100;
const executor = () =>
  createFakeExecutor((job) =>
    job.study.name === "old" && job.number === 2
      ? [{ type: "failed", reason: "no luck" }]
      : curve("loss", [score(job.params)]),
  );

const tpe = "{ kind: tpe, startupTrials: 10 }";
const warm = (text: string, names: string): string => `${text}warmStart: ${names}\n`;

async function logOf(studyId: number): Promise<string[]> {
  const lines = await fixture.engine.request("study.log", { studyId, limit: 1000 });
  return lines.map(({ message }) => message).filter((message) => message.startsWith("Warm start"));
}

async function suggestions(studyId: number): Promise<Params[]> {
  const { rows } = await fixture.engine.request("trial.rows", { studyId, sort: "number", offset: 0, limit: 1000 });
  return rows.toReversed().map(({ params }) => params);
}

async function run(text: string): Promise<number> {
  const { studyId } = await fixture.start(text, "fresh");
  await untilState(fixture, studyId, "complete");
  return studyId;
}

it("begins with the model of an earlier study, and says what came in and what did not", async () => {
  fixture = await engineFixture(executor());
  await run(studyText({ name: "old", trials: 30 }));
  const text = studyText({ name: "new", trials: 6, high: 0.5, sampler: tpe, seed: 5 });
  const id = await run(warm(text, "old"));
  const [line] = await logOf(id);
  const counts =
    /^Warm start: (\d+) of 30 finished trials of old #1; left out: (\d+) with x outside its range, 1 that failed\.$/.exec(
      line ?? "",
    );
  expect(Number(counts?.[1]) + Number(counts?.[2]), line).toBe(29);
  const first = await fixture.engine.request("trial.get", { studyId: id, number: 0 });
  expect(first.suggestedBecause).not.toMatch(/start-?up/);
  const cold = await run(studyText({ name: "cold", trials: 6, high: 0.5, sampler: tpe, seed: 5 }));
  const coldFirst = await fixture.engine.request("trial.get", { studyId: cold, number: 0 });
  expect(coldFirst.suggestedBecause).toMatch(/start-?up/);
  // Trials of the earlier study are nowhere but in the model.
  expect((await fixture.study(id)).counts).toMatchObject({ complete: 6, failed: 0 });
});

it("sees the same trials after a restart, whatever has become of the earlier study", async () => {
  fixture = await engineFixture(executor());
  const old = await run(studyText({ name: "old", trials: 15 }));
  const text = (trials: number): string => warm(studyText({ name: "new", trials, sampler: tpe }), "[old]");
  const whole = await suggestions(await run(text(12)));
  const id = await run(text(4));
  await fixture.engine.request("study.delete", { studyId: old });
  await fixture.restart(executor());
  expect((await fixture.start(text(12))).how).toBe("continued");
  await untilState(fixture, id, "complete");
  expect(await suggestions(id)).toEqual(whole);
  expect(await logOf(id)).toHaveLength(1);
  // Without what was kept there is nothing to take any more.
  rmSync(warmStartFileOf(fixture.workspace, id));
  expect((await fixture.start(text(13))).how).toBe("continued");
});

it("takes the earlier generations of an edited study by its own name", async () => {
  fixture = await engineFixture(executor());
  const text = (high: number): string => warm(studyText({ name: "own", trials: 12, high, sampler: tpe }), "own");
  const first = await run(text(1));
  expect(await logOf(first)).toEqual(["Warm start: there are no trials of own yet."]);
  const { studyId, how } = await fixture.start(text(0.9));
  expect(how).toBe("created");
  await untilState(fixture, studyId, "complete");
  expect((await logOf(studyId))[0]).toMatch(/^Warm start: \d+ of 12 finished trials of own #1/);
  const third = await run(text(0.8));
  expect(await logOf(third)).toHaveLength(2);
  const exact = await run(`${studyText({ name: "own", trials: 2 })}warmStart: { study: own, generation: 2 }\n`);
  expect((await logOf(exact)).map((line) => /own #\d/.exec(line)?.[0])).toEqual(["own #2"]);
});

it("refuses names that are not there and studies of something else", async () => {
  fixture = await engineFixture(executor());
  await run(studyText({ name: "old", trials: 3 }));
  const refused = async (text: string): Promise<BasinError> => {
    const error: unknown = await fixture.start(text).catch((thrown: unknown) => thrown);
    if (!(error instanceof BasinError)) throw new Error(`not refused: ${String(error)}`);
    return error;
  };
  const unknown = await refused(warm(studyText({ name: "new", trials: 3 }), "olt"));
  expect(unknown).toMatchObject({
    code: "unknown-study",
    message: 'warmStart: there is no study "olt" in this workspace.',
    hint: "Studies here: old.",
  });
  expect((await refused(warm(studyText({ name: "new", trials: 3 }), "{ study: old, generation: 2 }"))).code).toBe(
    "unknown-study",
  );
  const other = warm(studyText({ name: "new", trials: 3, objective: "{ metric: loss, direction: maximize }" }), "old");
  expect((await refused(other)).message).toBe(
    'warmStart: the trials of "old" say nothing about this study, whose objective is to maximize loss.',
  );
  expect((await fixture.engine.request("study.list", {})).map(({ name }) => name)).toEqual(["old"]);
});

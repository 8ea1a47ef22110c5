/**
 * Long answers leave room for other work: they are spread over many turns of the event loop. How long the longest turn takes
 * is measured by test/bench/engine.ts, since on a busy machine a time is no property of the code.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { decodeWire, encodeWire } from "../client/wire.ts";
import { ensureBasinFolder } from "../client/workspaceFiles.ts";
import { generatedStudyText, generateStudy } from "../storage/testing/generateStudy.ts";
import { breathe } from "./clock.ts";
import { type RunningEngine, startEngine } from "./engine.ts";
import { silentLog } from "./log.ts";
import { createFakeExecutor, curve } from "./testing/fakeExecutor.ts";
import { studyText, until } from "./testing/engineFixture.ts";

const trials = 10_000;
let workspace = "";
let engine: RunningEngine | undefined;
beforeEach(() => {
  workspace = mkdtempSync(path.join(os.tmpdir(), "basin-loop-"));
});
afterEach(async () => {
  await engine?.close("test");
  rmSync(workspace, { recursive: true, force: true });
});

/** Turns the event loop makes while `work` goes on. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let on = true;
  const tick = (): void => {
    turns += 1;
    if (on) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  on = false;
  await breathe();
  return turns;
}

it(
  "opens, continues and exports a large study a piece at a time, and ranks it right",
  { timeout: 120_000 },
  async () => {
    const file = path.join(workspace, "large.study.yaml");
    const { database } = ensureBasinFolder(workspace);
    generateStudy({ file: database, name: "large", path: file, trials, reports: 5, reported: 500 });
    const executor = createFakeExecutor(() => ["hang"]);
    const running = (engine = await startEngine({ workspace, foreground: true, executor, log: silentLog }));
    const studyId = 1;
    const pieces = trials / 200;
    expect(await turnsOf(() => running.request("study.list", {}))).toBeGreaterThanOrEqual(pieces);
    expect(await turnsOf(() => running.request("study.export", { studyId, format: "csv" }))).toBeGreaterThanOrEqual(
      pieces,
    );
    const turns = await turnsOf(async () => {
      const text = generatedStudyText("large", trials + 1);
      expect((await running.request("study.start", { path: file, text, mode: "continue" })).how).toBe("continued");
      await until(() => executor.running === 1, "the next trial");
    });
    expect(turns).toBeGreaterThanOrEqual(pieces);

    const columns = await running.request("trial.columns", { studyId });
    expect(columns.count).toBe(trials + 1);
    expect(decodeWire(encodeWire(columns))).toEqual(columns);
    const { rows } = await running.request("trial.rows", {
      studyId,
      sort: "best",
      states: ["complete"],
      offset: 0,
      limit: 1000,
    });
    const values = [...(columns.objectives[0]?.values ?? [])]
      .filter((value) => !Number.isNaN(value))
      .toSorted((a, b) => b - a);
    expect(rows.map((row) => row.values[0])).toEqual(values.slice(0, 1000));
  },
);

it("goes on with other work while a heavy sampler computes, for as long as that takes", async () => {
  process.env["BASIN_TEST_TROUBLE"] = workspace;
  for (const number of [2, 4]) writeFileSync(path.join(workspace, `hang-${number}`), "");
  const running = (engine = await startEngine({
    workspace,
    foreground: true,
    executor: createFakeExecutor(() => curve("loss", [1])),
    log: silentLog,
    samplerThread: path.resolve(import.meta.dirname, "testing/troubledThread.ts"),
  }));
  const file = path.join(workspace, "test.study.yaml");
  const text = studyText({ sampler: "{ kind: gp }", trials: 6 });
  const { studyId } = await running.request("study.start", { path: file, text, mode: "continue" });
  const study = () => running.request("study.get", { studyId });
  await until(async () => (await study()).counts.complete === 2, "two trials");
  // The third suggestion ends only when this is done: an engine that computed it itself would never come back.
  for (let i = 0; i < 200; i++) expect((await study()).counts).toMatchObject({ complete: 2, running: 0, waiting: 0 });
  // A person takes the number that is being thought about: what comes of the thought goes to nobody.
  const own = { x: 0.5, n: 5, kind: "b" };
  expect(await running.request("trial.enqueue", { studyId, params: own })).toEqual({ number: 2 });
  rmSync(path.join(workspace, "hang-2"));
  await until(async () => (await study()).counts.complete === 4, "two more");
  // A study that is paused leaves the suggestion, and asks again when it goes on.
  await running.request("study.pause", { studyId });
  await running.request("study.resume", { studyId });
  for (let i = 0; i < 20; i++) expect((await study()).counts.complete).toBe(4);
  await running.request("study.pause", { studyId });
  rmSync(path.join(workspace, "hang-4"));
  await running.request("study.resume", { studyId });
  await until(async () => (await study()).state === "complete", "the end");
  const { rows } = await running.request("trial.rows", { studyId, sort: "number", offset: 0, limit: 10 });
  expect(rows.map((row) => row.number)).toEqual([5, 4, 3, 2, 1, 0]);
  expect(rows[3]?.params).toEqual(own);
  delete process.env["BASIN_TEST_TROUBLE"];
});

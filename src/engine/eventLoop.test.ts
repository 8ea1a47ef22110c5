/**
 * Long answers leave room for other work: they are spread over many turns of the event loop. How long the longest turn takes
 * is measured by test/bench/engine.ts, since on a busy machine a time is no property of the code.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { decodeWire, encodeWire } from "../client/wire.ts";
import { ensureBasinFolder } from "../client/workspaceFiles.ts";
import { generatedStudyText, generateStudy } from "../storage/testing/generateStudy.ts";
import { breathe } from "./clock.ts";
import { type RunningEngine, startEngine } from "./engine.ts";
import { silentLog } from "./log.ts";
import { createFakeExecutor } from "./testing/fakeExecutor.ts";
import { until } from "./testing/engineFixture.ts";

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

/**
 * Nothing may block the engine's loop for more than 50 ms. Other programs on the machine stretch wall time, so a turn of the
 * loop is measured by the CPU time this thread spends in it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encodeWire } from "../client/wire.ts";
import { ensureBasinFolder } from "../client/workspaceFiles.ts";
import { generatedStudyText, generateStudy } from "../storage/testing/generateStudy.ts";
import { breathe } from "./clock.ts";
import { type RunningEngine, startEngine } from "./engine.ts";
import { silentLog } from "./log.ts";
import { createFakeExecutor } from "./testing/fakeExecutor.ts";
import { until } from "./testing/engineFixture.ts";

const trials = 100_000;
let workspace = "";
let engine: RunningEngine | undefined;
beforeEach(() => {
  workspace = mkdtempSync(path.join(os.tmpdir(), "basin-loop-"));
});
afterEach(async () => {
  await engine?.close("test");
  rmSync(workspace, { recursive: true, force: true });
});

/** CPU milliseconds of the longest turn of the loop while `work` goes on. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let on = true;
  let last = process.threadCpuUsage();
  const tick = (): void => {
    const used = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    longest = Math.max(longest, (used.user + used.system) / 1000);
    if (on) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  await breathe();
  on = false;
  await breathe();
  return longest;
}

it("answers everything about 100,000 trials without stopping the loop", { timeout: 180_000 }, async () => {
  const file = path.join(workspace, "large.study.yaml");
  const { database } = ensureBasinFolder(workspace);
  generateStudy({ file: database, name: "large", path: file, trials, reports: 20, reported: 2000 });
  const executor = createFakeExecutor(() => ["hang"]);
  const running = (engine = await startEngine({ workspace, foreground: true, executor, log: silentLog }));
  const studyId = 1;
  const turns: Record<string, number> = {};
  turns["open"] = await longestTurn(() => running.request("study.list", {}));
  turns["columns"] = await longestTurn(() => running.request("trial.columns", { studyId }));
  const columns = await running.request("trial.columns", { studyId });
  expect(columns.count).toBe(trials);
  turns["encode"] = await longestTurn(async () => encodeWire({ jsonrpc: "2.0", id: 1, result: columns }));
  for (const sort of ["best", "number"] as const) {
    turns[`rows by ${sort}`] = await longestTurn(() =>
      running.request("trial.rows", { studyId, sort, states: ["complete", "failed"], offset: 50_000, limit: 500 }),
    );
  }
  turns["curves"] = await longestTurn(() =>
    running.request("trial.curves", { studyId, metric: "val_accuracy", maxTrials: 2000 }),
  );
  turns["export"] = await longestTurn(() => running.request("study.export", { studyId, format: "csv" }));
  turns["continue"] = await longestTurn(async () => {
    const text = generatedStudyText("large", trials + 1);
    expect((await running.request("study.start", { path: file, text, mode: "continue" })).how).toBe("continued");
    await until(() => executor.running === 1, "the next trial");
  });
  console.log(
    Object.entries(turns)
      .map(([what, ms]) => `${what} ${ms.toFixed(1)} ms`)
      .join(", "),
  );
  for (const [what, ms] of Object.entries(turns)) expect(ms, what).toBeLessThan(50);

  // The ranks are those of a plain sort.
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
});

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ensureBasinFolder } from "../client/workspaceFiles.ts";
import { openSqliteStore } from "../storage/sqliteStore.ts";
import type { TrialStore } from "../storage/trialStore.ts";
import { type RunningEngine, startEngine } from "./engine.ts";
import { silentLog } from "./log.ts";
import { createFakeExecutor, curve, type FakeExecutor } from "./testing/fakeExecutor.ts";
import { studyText, until } from "./testing/engineFixture.ts";

let workspace = "";
let engine: RunningEngine | undefined;
beforeEach(() => {
  workspace = mkdtempSync(path.join(os.tmpdir(), "basin-recovery-"));
});
afterEach(async () => {
  await engine?.close("test");
  engine = undefined;
  rmSync(workspace, { recursive: true, force: true });
});

/** Writes what a killed engine would have left. */
function left(work: (store: TrialStore) => void): void {
  const store = openSqliteStore({ file: ensureBasinFolder(workspace).database });
  work(store);
  store.close();
}

async function start(executor: FakeExecutor): Promise<RunningEngine> {
  engine = await startEngine({ workspace, foreground: true, executor, log: silentLog });
  return engine;
}

const study = (text: string, folder = workspace) => ({
  name: "test",
  path: path.join(folder, "test.study.yaml"),
  text,
  format: "yaml" as const,
  createdAt: 1,
  objective: "loss",
});

const params = { x: 0.5, n: 3, kind: "a" };

it("ends old trainers, runs interrupted trials again first, and lets the study go on by itself", async () => {
  left((store) => {
    const { id } = store.createStudy(study(studyText({ trials: 3 })));
    store.setStudyState(id, "running", "", 5);
    store.addTrial(id, params, "", 6);
    store.startTrial(id, 0, { slot: 0, marker: "m-0", at: 7 });
    store.setTrialProcess(id, 0, { pid: 99 });
    store.addReports(id, 0, [{ step: 1, metric: "loss", value: 4, at: 8 }]);
  });
  const executor = createFakeExecutor(() => curve("loss", [7, 2]));
  const running = await start(executor);
  const done = await until(async () => {
    const detail = await running.request("study.get", { studyId: 1 });
    return detail.state === "complete" ? detail : undefined;
  });
  expect(executor.reaped).toEqual([{ pid: 99, marker: "m-0" }]);
  expect(executor.jobs[0]).toMatchObject({ number: 0, attempt: 2, params });
  expect(done.counts).toMatchObject({ complete: 3, running: 0, waiting: 0 });
  const trial = await running.request("trial.get", { studyId: 1, number: 0 });
  expect(trial.curves[0]?.values).toEqual([4, 2]);
});

it("fails a trial that was running at the fifth death of the engine", async () => {
  left((store) => {
    const { id } = store.createStudy(study(studyText({ trials: 2 })));
    store.setStudyState(id, "running", "", 5);
    store.addTrial(id, params, "", 6);
    for (let death = 0; death < 4; death++) {
      store.startTrial(id, 0, { slot: 0, marker: "m", at: 7 });
      store.suspendTrial(id, 0, "waiting", "", { interrupted: true });
    }
    store.startTrial(id, 0, { slot: 0, marker: "m", at: 7 });
    store.addReports(id, 0, [{ step: 1, metric: "loss", value: 4, at: 8 }]);
  });
  const executor = createFakeExecutor(() => curve("loss", [1]));
  const running = await start(executor);
  await until(async () => (await running.request("study.get", { studyId: 1 })).state === "complete");
  const trial = await running.request("trial.get", { studyId: 1, number: 0 });
  expect(trial).toMatchObject({ state: "failed", metrics: { loss: 4 } });
  expect(trial.reason).toContain("5 times");
  expect(executor.jobs.map((job) => job.number)).toEqual([1]);
});

it("says why a study cannot go on: text that no longer parses, folder that is gone", async () => {
  const gone = path.join(workspace, "gone");
  mkdirSync(gone);
  left((store) => {
    const broken = store.createStudy(study("study: test\nspace: {}\n"));
    store.setStudyState(broken.id, "running", "", 5);
    const lost = store.createStudy(study(studyText({ trials: 2 }), gone));
    store.setStudyState(lost.id, "running", "", 5);
  });
  rmSync(gone, { recursive: true });
  const running = await start(createFakeExecutor(() => []));
  const [broken, lost] = await running.request("study.list", {});
  expect(broken).toMatchObject({ state: "failed", objectives: [{ metric: "loss" }] });
  expect(broken?.reason).toContain("cannot be read");
  expect(lost).toMatchObject({ state: "failed" });
  expect(lost?.reason).toContain(gone);
  const resumed = await running.request("study.resume", { studyId: 1 }).catch((error: unknown) => error);
  expect(resumed).toMatchObject({ code: "invalid-study" });
});

it("leaves paused and finished studies alone", async () => {
  left((store) => {
    const paused = store.createStudy(study(studyText({ trials: 2 })));
    store.setStudyState(paused.id, "paused", "Paused by user.", 5);
  });
  const executor = createFakeExecutor(() => []);
  const running = await start(executor);
  expect(await running.request("study.list", {})).toMatchObject([{ state: "paused", reason: "Paused by user." }]);
  expect(executor.jobs).toEqual([]);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import { initial } from "./migrations/0001-initial.ts";
import { migrations as known } from "./migrations/migrations.ts";
import { openDatabase } from "./openDatabase.ts";
import { openSqliteStore, type SqliteStore } from "./sqliteStore.ts";
import type { NewStudy } from "./trialStore.ts";

const newStudy: NewStudy = {
  name: "digits",
  path: "/w/digits.study.yaml",
  text: "study: digits",
  format: "yaml",
  createdAt: 1000,
  objective: "loss",
};

let folder = "";
let file = "";
let store: SqliteStore;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-store-"));
  file = path.join(folder, "basin.db");
  store = openSqliteStore({ file });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function reopen(): void {
  store.close();
  store = openSqliteStore({ file });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof BasinError ? error.code : `not a BasinError: ${String(error)}`;
  }
  return "no error";
}

const finish = { metrics: {}, reason: "", at: 9 } as const;

describe("studies", () => {
  it("counts generations of the same file and name, also past a deleted one", () => {
    const first = store.createStudy(newStudy);
    const second = store.createStudy({ ...newStudy, text: "new" });
    expect([first.generation, second.generation]).toEqual([1, 2]);
    expect(store.findStudy(newStudy.path, newStudy.name)).toEqual(second);
    store.deleteStudy(second.id);
    expect(store.findStudy(newStudy.path, newStudy.name)).toEqual(first);
    expect(store.study(second.id)).toBeUndefined();
    expect(store.studies()).toEqual([first]);
    expect(store.createStudy(newStudy)).toMatchObject({ generation: 2 });
    expect(codeOf(() => store.deleteStudy(second.id))).toBe("unknown-study");
  });

  it("counts running time without pauses and without the time in which no engine lived", () => {
    const { id } = store.createStudy(newStudy);
    store.setStudyState(id, "running", "", 10_000);
    store.tickStudy(id, 14_000);
    expect(store.study(id)).toMatchObject({ elapsedMs: 4000, runningSince: 14_000 });
    store.setStudyState(id, "paused", "by user", 15_000);
    expect(store.study(id)).toMatchObject({ state: "paused", reason: "by user", elapsedMs: 5000 });
    expect(store.study(id)).not.toHaveProperty("runningSince");
    store.setStudyState(id, "running", "", 100_000);
    reopen();
    store.setStudyState(id, "running", "", 500_000);
    store.setStudyState(id, "complete", "", 501_000);
    expect(store.study(id)).toMatchObject({ state: "complete", elapsedMs: 6000 });
  });

  it("frees a deleted study's rows piece by piece", () => {
    const { id } = store.createStudy(newStudy);
    const other = store.createStudy({ ...newStudy, name: "other" });
    for (let i = 0; i < 250; i++) {
      store.addTrial(id, { x: i }, "", 1);
      store.startTrial(id, i, { slot: 0, marker: "m", at: 2 });
      const decision = { at: 3, number: i, step: 1, decision: "pause", reason: "why" } as const;
      store.addReports(id, i, [{ step: 1, metric: "loss", value: i, at: 3 }], decision);
    }
    store.addTrial(other.id, { x: 1 }, "", 1);
    store.addLog(id, [{ at: 1, level: "info", source: "runner", message: "hello" }]);
    store.deleteStudy(id);
    let steps = 0;
    while (store.purgeDeleted()) steps += 1;
    expect(steps).toBeGreaterThan(2);
    expect(store.trialCount(other.id)).toBe(1);
    store.close();
    const db = new Database(file);
    for (const table of ["trials", "reports", "log", "metrics", "attempts", "decisions"]) {
      expect(db.prepare(`SELECT count(*) FROM ${table} WHERE study_id = ?`).pluck().get(id)).toBe(0);
    }
    db.close();
  });
});

describe("trials", () => {
  it("keeps everything of a trial's life over a restart", () => {
    const { id } = store.createStudy(newStudy);
    const params = { lr: 1e-5, kind: "adam", flag: true, none: null, count: 3 };
    expect(store.addTrial(id, params, "start-up 1 of 10", 5)).toMatchObject({ number: 0, state: "waiting", params });
    const started = store.startTrial(id, 0, { slot: 1, marker: "m-1", at: 6, untilStep: 9 });
    expect(started).toMatchObject({ attempt: 1, slot: 1, marker: "m-1", startedAt: 6, untilStep: 9 });
    store.setTrialProcess(id, 0, { pid: 4711 });
    store.setTrialProcess(id, 0, { placement: "wasm, 1 thread" });
    store.addReports(id, 0, [
      { step: 1, metric: "loss", value: Number.NaN, at: 7 },
      { step: 1, metric: "acc", value: Number.POSITIVE_INFINITY, at: 7 },
      { step: 2, metric: "loss", value: 0.5, at: 8 },
      { step: 2, metric: "loss", value: 99, at: 8 },
    ]);
    store.addCheckpoint(id, 0, 2, "checkpoint-2");
    expect(store.leftProcesses()).toEqual([{ studyId: id, number: 0, pid: 4711, marker: "m-1" }]);
    store.finishTrial(id, 0, {
      state: "complete",
      values: [0.25, Number.NEGATIVE_INFINITY],
      metrics: { loss: 0.25, acc: Number.NaN, other: Number.POSITIVE_INFINITY },
      reason: "",
      at: 10,
    });
    reopen();
    expect(store.trial(id, 0)).toEqual({
      studyId: id,
      number: 0,
      state: "complete",
      params,
      values: [0.25, Number.NEGATIVE_INFINITY],
      metrics: { loss: 0.25, acc: Number.NaN, other: Number.POSITIVE_INFINITY },
      attempt: 1,
      interruptions: 0,
      suggestedBecause: "start-up 1 of 10",
      reason: "",
      createdAt: 5,
      startedAt: 6,
      finishedAt: 10,
      slot: 1,
      placement: "wasm, 1 thread",
      scheduled: true,
      untilStep: 9,
      checkpoint: { step: 2, path: "checkpoint-2" },
      last: { step: 2, value: 0.5 },
    });
    expect(store.reports(id, 0)).toEqual([
      { metric: "loss", step: 1, value: Number.NaN, at: 7 },
      { metric: "loss", step: 2, value: 0.5, at: 8 },
      { metric: "acc", step: 1, value: Number.POSITIVE_INFINITY, at: 7 },
    ]);
    expect(store.reportedMetrics(id)).toEqual(["loss", "acc"]);
    expect(store.leftProcesses()).toEqual([]);
  });

  it("tells the last value apart from none when it is NaN", () => {
    const { id } = store.createStudy(newStudy);
    store.addTrial(id, {}, "", 1);
    store.startTrial(id, 0, { slot: 0, marker: "m", at: 2 });
    store.addReports(id, 0, [{ step: 3, metric: "loss", value: Number.NaN, at: 3 }]);
    expect(store.trial(id, 0)?.last).toEqual({ step: 3, value: Number.NaN });
  });

  it("keeps the pid of a process that may still live, whatever became of its trial", () => {
    const { id } = store.createStudy(newStudy);
    for (const number of [0, 1]) {
      store.addTrial(id, {}, "", 1);
      store.startTrial(id, number, { slot: number, marker: `m${number}`, at: 2 });
      store.setTrialProcess(id, number, { pid: 100 + number });
    }
    store.finishTrial(id, 0, { ...finish, state: "pruned", values: [], processLeft: true });
    store.suspendTrial(id, 1, "waiting", "engine ended", { processLeft: true, interrupted: true });
    expect(store.leftProcesses().map((left) => left.pid)).toEqual([100, 101]);
    expect(store.trial(id, 1)).toMatchObject({ state: "waiting", interruptions: 1, reason: "engine ended" });
    store.clearTrialProcess(id, 0);
    store.clearTrialProcess(id, 1);
    expect(store.leftProcesses()).toEqual([]);
  });

  it("refuses what the life of a trial does not allow, and changes nothing then", () => {
    const { id } = store.createStudy(newStudy);
    const report = { step: 1, metric: "loss", value: 1, at: 1 };
    expect(codeOf(() => store.startTrial(id, 0, { slot: 0, marker: "", at: 1 }))).toBe("unknown-trial");
    expect(codeOf(() => store.addTrial(99, {}, "", 1))).toBe("unknown-study");
    store.addTrial(id, {}, "", 1);
    expect(codeOf(() => store.addReports(id, 0, [report]))).toBe("wrong-state");
    expect(codeOf(() => store.finishTrial(id, 0, { ...finish, state: "complete", values: [1] }))).toBe("wrong-state");
    expect(codeOf(() => store.suspendTrial(id, 0, "paused", ""))).toBe("wrong-state");
    store.startTrial(id, 0, { slot: 0, marker: "", at: 1 });
    expect(codeOf(() => store.startTrial(id, 0, { slot: 0, marker: "", at: 1 }))).toBe("wrong-state");
    expect(codeOf(() => store.finishTrial(id, 0, { ...finish, state: "complete", values: [] }))).toBe(
      "invalid-argument",
    );
    store.finishTrial(id, 0, { ...finish, state: "complete", values: [1] });
    const before = store.trial(id, 0);
    expect(codeOf(() => store.finishTrial(id, 0, { ...finish, state: "failed", values: [] }))).toBe("wrong-state");
    expect(codeOf(() => store.addReports(id, 0, [report]))).toBe("wrong-state");
    expect(codeOf(() => store.suspendTrial(id, 0, "waiting", ""))).toBe("wrong-state");
    expect(codeOf(() => store.addCheckpoint(id, 0, 1, "p"))).toBe("wrong-state");
    expect(store.trial(id, 0)).toEqual(before);
    expect(store.reports(id, 0)).toEqual([]);
    expect(store.finishOrder(id)).toEqual([0]);
  });

  it("keeps the last thousand lines of a log, in order", () => {
    const { id } = store.createStudy(newStudy);
    for (let i = 0; i < 30; i++) {
      store.addLog(
        id,
        Array.from({ length: 50 }, (_, k) => ({
          at: i,
          level: "info",
          source: "runner",
          number: k,
          message: `${i}.${k}`,
        })),
      );
    }
    reopen();
    store.addLog(id, [{ at: 99, level: "error", source: "trainer", message: "last" }]);
    const lines = store.log(id, 5000);
    expect(lines.length).toBeGreaterThanOrEqual(1000);
    expect(lines.length).toBeLessThan(1200);
    expect(store.log(id, 2)).toEqual([
      { at: 29, level: "info", source: "runner", number: 49, message: "29.49" },
      { at: 99, level: "error", source: "trainer", message: "last" },
    ]);
  });
});

describe("what schedulers decide", () => {
  it("is stored with what it follows from, and a trial's end with the trial that takes its place", () => {
    const { id } = store.createStudy(newStudy);
    expect(store.addTrial(id, { x: 1 }, "drawn", 1, { untilStep: 3 })).toMatchObject({ scheduled: true, untilStep: 3 });
    expect(store.addTrial(id, { x: 2 }, "by a person", 1).scheduled).toBe(false);
    store.startTrial(id, 0, { slot: 1, marker: "m", at: 2, untilStep: 3, fromStep: 0 });
    const pause = { at: 5, number: 0, step: 3, decision: "pause", reason: "third of four" } as const;
    store.addReports(id, 0, [{ step: 3, metric: "loss", value: 1, at: 5 }], pause);
    store.addCheckpoint(id, 0, 3, "/c3");
    store.suspendTrial(id, 0, "paused", "third of four", { at: 6, steps: { from: 0, to: 3 } });
    const promote = { at: 7, number: 0, step: -1, decision: "promote", reason: "best" } as const;
    store.startTrial(id, 0, { slot: 0, marker: "m2", at: 7, fromStep: 3, untilStep: 9, decision: promote });
    const child = { params: { x: 3 }, because: "copy", parent: { number: 1, step: 4 }, untilStep: 6 };
    const exploit = { at: 8, number: 0, step: 5, decision: "exploit", reason: "worst", child } as const;
    store.addReports(id, 0, [{ step: 5, metric: "loss", value: 9, at: 8 }], exploit);
    expect(store.lastDecision(id, 0)).toEqual(exploit);
    const end = { state: "pruned", values: [], metrics: {}, reason: "worst", at: 9, child } as const;
    expect(store.finishTrial(id, 0, { ...end, steps: { from: 3, to: 5 } })).toMatchObject({
      number: 2,
      state: "waiting",
    });
    reopen();
    expect(store.decisions(id, 10)).toEqual([pause, promote, exploit]);
    expect(store.decisions(id, 1)).toEqual([exploit]);
    expect(store.trial(id, 2)).toMatchObject({
      params: { x: 3 },
      suggestedBecause: "copy",
      scheduled: true,
      untilStep: 6,
      parent: { number: 1, step: 4 },
    });
    store.adoptCheckpoint(id, 2, { step: 5, path: "/copy" });
    expect(store.trial(id, 2)).toMatchObject({
      parent: { number: 1, step: 5 },
      checkpoint: { step: 5, path: "/copy" },
    });
    expect(store.indexedTrials(id, 2, 1)).toMatchObject([{ parent: { number: 1, step: 5 } }]);
    expect(store.addTrial(id, {}, "", 1).number).toBe(3);
    const row = { number: 0, slot: 1, startedAt: 2, endedAt: 6, fromStep: 0, toStep: 3 };
    expect(store.attempts(id, 0, 4)).toEqual([
      { ...row, attempt: 1, outcome: "paused" },
      { number: 0, attempt: 2, slot: 0, startedAt: 7, endedAt: 9, fromStep: 3, toStep: 5, outcome: "pruned" },
    ]);
  });

  it("leaves nothing behind when what it came with is refused", () => {
    const { id } = store.createStudy(newStudy);
    store.addTrial(id, {}, "", 1);
    const decision = { at: 5, number: 0, step: 3, decision: "pause", reason: "why" } as const;
    const report = { step: 3, metric: "loss", value: 1, at: 5 };
    expect(codeOf(() => store.addReports(id, 0, [report], decision))).toBe("wrong-state");
    const child = { params: {}, because: "", parent: { number: 0, step: 1 } };
    const end = { state: "pruned", values: [], metrics: {}, reason: "", at: 9, child, decision } as const;
    expect(codeOf(() => store.finishTrial(id, 0, end))).toBe("wrong-state");
    expect(store.decisions(id, 10)).toEqual([]);
    expect(store.trialCount(id)).toBe(1);
    expect(store.addTrial(id, {}, "", 1).number).toBe(1);
  });
});

describe("versions of the database", () => {
  it("migrates forward after a backup", () => {
    const { id } = store.createStudy(newStudy);
    store.close();
    const migrations = [...known, "CREATE TABLE extra (x INTEGER) STRICT;"];
    store = openSqliteStore({ file, migrations });
    expect(store.study(id)?.name).toBe("digits");
    const backup = readdirSync(folder).find((name) => name.includes(`.v${known.length}.`) && name.endsWith(".backup"));
    expect(backup).toBeDefined();
    const old = new Database(path.join(folder, backup ?? ""), { readonly: true });
    expect(old.pragma("user_version", { simple: true })).toBe(known.length);
    expect(old.prepare("SELECT name FROM studies").pluck().all()).toEqual(["digits"]);
    old.close();
    store.close();

    const before = readFileSync(file);
    const files = readdirSync(folder).toSorted();
    expect(codeOf(() => openSqliteStore({ file }))).toBe("storage");
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(files);
  });

  it("takes a study of the first version on as it is", () => {
    store.close();
    rmSync(file);
    const first = openDatabase({ file, migrations: [initial] });
    first.exec(`INSERT INTO studies (name, path, generation, text, format, objective, state, created_at)
      VALUES ('old', '/old', 1, '', 'yaml', 'loss', 'paused', 1);
      INSERT INTO trials (study_id, number, state, params, suggested_because, created_at, attempt, until_step)
      VALUES (1, 0, 2, '{"x":1}', 'why', 2, 1, 3)`);
    first.close();
    store = openSqliteStore({ file });
    const trial = store.trial(1, 0);
    expect(trial).toMatchObject({ state: "paused", params: { x: 1 }, untilStep: 3 });
    expect(trial).not.toHaveProperty("parent");
    store.startTrial(1, 0, { slot: 0, marker: "m", at: 5, fromStep: 3 });
    expect(store.attempts(1, 0, 1)).toEqual([
      { number: 0, attempt: 2, slot: 0, startedAt: 5, fromStep: 3, outcome: "running" },
    ]);
  });

  it("undoes a migration that fails", () => {
    store.close();
    const broken = [...known, "CREATE TABLE extra (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"];
    expect(codeOf(() => openSqliteStore({ file, migrations: broken }))).toBe("storage");
    store = openSqliteStore({ file });
    expect(store.studies()).toEqual([]);
  });

  it("refuses a file that is no database, and another program's database", () => {
    const garbage = path.join(folder, "garbage.db");
    writeFileSync(garbage, "this is not a database, but it is long enough to look like one".repeat(20));
    expect(codeOf(() => openSqliteStore({ file: garbage }))).toBe("storage");
    const foreign = path.join(folder, "foreign.db");
    const db = new Database(foreign);
    db.exec("CREATE TABLE theirs (x)");
    db.close();
    expect(codeOf(() => openSqliteStore({ file: foreign }))).toBe("storage");
  });
});

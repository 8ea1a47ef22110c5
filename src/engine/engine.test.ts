import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { trialFolderOf } from "../client/workspaceFiles.ts";
import { BasinError } from "../core/errors.ts";
import { createFakeExecutor, curve, type Script } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, until, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture;
afterEach(async () => {
  await fixture.dispose();
});

const score = (params: Readonly<Record<string, unknown>>): number => Number(params["x"]);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof BasinError ? error.code : `not a BasinError: ${String(error)}`;
  }
  return "no error";
}

describe("a study", () => {
  it("runs to its budget in its slots and knows the best trial", async () => {
    const executor = createFakeExecutor((job) => curve("loss", [1, score(job.params)]));
    fixture = await engineFixture(executor);
    const started = await fixture.start(studyText({ trials: 12, parallel: 3 }));
    expect(started.how).toBe("created");
    const study = await untilState(fixture, started.studyId, "complete");
    expect(study.counts).toMatchObject({ complete: 12, running: 0, failed: 0 });
    expect(study.reason).toContain("12 trials");
    expect(executor.peak).toBe(3);
    const { rows, total } = await fixture.engine.request("trial.rows", {
      studyId: study.id,
      sort: "best",
      offset: 0,
      limit: 100,
    });
    expect(total).toBe(12);
    const values = rows.map((row) => row.values[0] ?? Number.NaN);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(study.best?.number).toBe(rows[0]?.number);
    expect(rows.map((row) => row.number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));

    const columns = await fixture.engine.request("trial.columns", { studyId: study.id });
    expect(columns.count).toBe(12);
    expect([...(columns.objectives[0]?.values ?? [])]).toEqual(
      rows.toSorted((a, b) => a.number - b.number).map((row) => row.values[0]),
    );
    expect(columns.params.map((param) => param.kind)).toEqual(["number", "number", "category"]);
    const curves = await fixture.engine.request("trial.curves", { studyId: study.id, metric: "loss", maxTrials: 5 });
    expect([...curves.number]).toEqual([7, 8, 9, 10, 11]);
    expect(curves.omitted).toBe(7);
    expect([...curves.offsets]).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it("ends when its sampler has nothing left to propose, with the last trials still to come", async () => {
    const executor = createFakeExecutor((job) => curve("loss", [score(job.params)]));
    fixture = await engineFixture(executor);
    const { studyId } = await fixture.start(
      studyText({ trials: 100, parallel: 4, sampler: "{ kind: grid, levels: 2 }" }),
    );
    const study = await untilState(fixture, studyId, "complete");
    expect(study.counts).toMatchObject({ complete: 12, failed: 0, running: 0 });
    expect(study.reason).toBe("Nothing is left to try: All 12 points of the grid have been tried.");
    expect(new Set(executor.jobs.map((job) => JSON.stringify(job.params))).size).toBe(12);
  });

  it("gives the same parameters for the same seed, other ones for another, also when interrupted and resumed", async () => {
    const full = createFakeExecutor((job) => curve("loss", [score(job.params)]));
    fixture = await engineFixture(full);
    const text = studyText({ trials: 14, sampler: "{ kind: tpe }" });
    const { studyId } = await fixture.start(text);
    await untilState(fixture, studyId, "complete");
    const expected = full.jobs.map((job) => job.params);
    expect(expected).toHaveLength(14);
    await fixture.dispose();

    // The first engine hangs at trial 5, the second is told to pause at trial 9.
    const first = createFakeExecutor((job) => (job.number === 5 ? ["hang"] : curve("loss", [score(job.params)])));
    fixture = await engineFixture(first);
    const again = await fixture.start(text);
    await until(() => first.jobs.length === 6, "trial 5");
    const second = createFakeExecutor((job) =>
      job.number === 9 && job.attempt === 1 ? ["hang"] : curve("loss", [score(job.params)]),
    );
    await fixture.restart(second);
    await until(() => second.jobs.at(-1)?.number === 9, "trial 9");
    expect(second.jobs[0]).toMatchObject({ number: 5, attempt: 2 });
    await fixture.engine.request("study.pause", { studyId: again.studyId });
    await until(() => second.running === 0, "the trainer to end");
    expect((await fixture.study(again.studyId)).counts).toMatchObject({ complete: 9, waiting: 1 });
    await fixture.engine.request("study.resume", { studyId: again.studyId });
    await untilState(fixture, again.studyId, "complete");
    const byNumber = new Map([...first.jobs, ...second.jobs].map((job) => [job.number, job.params]));
    expect([...byNumber.keys()]).toEqual(expected.map((_, i) => i));
    expect([...byNumber.values()]).toEqual(expected);
    await fixture.dispose();

    const other = createFakeExecutor((job) => curve("loss", [score(job.params)]));
    fixture = await engineFixture(other);
    const different = await fixture.start(studyText({ trials: 14, sampler: "{ kind: tpe }", seed: 2 }));
    await untilState(fixture, different.studyId, "complete");
    expect(other.jobs.map((job) => job.params)).not.toEqual(expected);
  });

  it("ends a pruned trial at the deciding step, whatever else its trainer says", async () => {
    const executor = createFakeExecutor((job) =>
      job.number < 5 ? curve("loss", [3, 1, 1]) : [...curve("loss", [3, 9, 0.1, 0.1]), "hang"],
    );
    fixture = await engineFixture(executor);
    const { studyId } = await fixture.start(studyText({ trials: 6, scheduler: "{ kind: median, startupTrials: 3 }" }));
    const study = await untilState(fixture, studyId, "complete");
    expect(study.counts).toMatchObject({ complete: 5, pruned: 1 });
    const trial = await fixture.engine.request("trial.get", { studyId, number: 5 });
    expect(trial).toMatchObject({ state: "pruned", values: [], last: { step: 2, value: 9 } });
    expect(trial.reason).toContain("median");
    expect(trial.curves).toEqual([{ metric: "loss", steps: [1, 2], values: [3, 9] }]);
  });

  it("says why trials failed", async () => {
    const scripts: Script[] = [
      [
        { type: "report", step: 1, metrics: { acc: 0.5 } },
        { type: "done", metrics: { f1: 1 } },
      ],
      [{ type: "done", metrics: { loss: Number.NaN } }],
      [{ exit: { kind: "exited", code: 3 } }],
      [{ exit: { kind: "signal", signal: "SIGKILL" } }],
      [{ exit: { kind: "killed", cause: "heartbeat" } }],
      [{ type: "failed", reason: "no such file" }, { exit: { kind: "exited", code: 1 } }],
      [{ exit: { kind: "spawn-failed", message: "node: not found" } }],
      [],
      [{ type: "done", metrics: { loss: 1 } }],
    ];
    const executor = createFakeExecutor((job) => scripts[job.number] ?? []);
    fixture = await engineFixture(executor);
    const { studyId } = await fixture.start(studyText({ trials: scripts.length }));
    const study = await untilState(fixture, studyId, "complete");
    expect(study.counts).toMatchObject({ complete: 1, failed: 8 });
    const { rows } = await fixture.engine.request("trial.rows", { studyId, sort: "number", offset: 1, limit: 100 });
    const reasons = rows.toReversed().map((row) => row.reason);
    expect(reasons[0]).toBe('The trainer never reported the objective "loss". It reported: acc, f1.');
    expect(reasons[1]).toContain("not a number");
    expect(reasons[2]).toContain("exit code 3");
    expect(reasons[3]).toContain("memory");
    expect(reasons[4]).toContain("hangs");
    expect(reasons[5]).toBe("no such file");
    expect(reasons[6]).toContain("node: not found");
    expect(reasons[7]).toContain("without reporting a result");
  });

  it("keeps on which back end and device a trial ran, sharpness as metrics, embeddings in files", async () => {
    const executor = createFakeExecutor((job) => [
      { type: "started", protocol: 1, backend: "webgpu", device: `GPU ${job.number}`, threads: 1, steps: 2 },
      { type: "report", step: 1, metrics: { loss: 2 } },
      { type: "embedding", name: "probe", step: 1, array: { shape: [1], data: "AAAAAA==" } },
      { type: "sharpness", estimator: "trace", value: 12.5, step: 1 },
      { type: "sharpness", estimator: "lambda_max", value: Number.POSITIVE_INFINITY },
      { type: "embedding", name: "probe", step: 2, array: { npy: "probe.npy" } },
      { type: "done", metrics: { loss: 1 } },
    ]);
    fixture = await engineFixture(executor);
    const { studyId } = await fixture.start(studyText({ trials: 2 }));
    await untilState(fixture, studyId, "complete");
    const trial = await fixture.engine.request("trial.get", { studyId, number: 1 });
    expect(trial.placement).toBe("webgpu, GPU 1, 1 thread");
    expect(trial.metrics).toMatchObject({ "sharpness.trace": 12.5, "sharpness.lambda_max": Infinity });
    expect(trial.curves).toContainEqual({ metric: "sharpness.trace", steps: [1], values: [12.5] });
    const list = path.join(trialFolderOf(fixture.workspace, studyId, 1), "embeddings.jsonl");
    await until(() => existsSync(list) && readFileSync(list, "utf8").endsWith("\n"), "the embedding");
    expect(JSON.parse(readFileSync(list, "utf8"))).toEqual({ name: "probe", step: 1, file: "embeddings/probe-1.npy" });
    const refusals = async (): Promise<boolean> => {
      const lines = await fixture.engine.request("study.log", { studyId, limit: 100 });
      return lines.filter(({ message }) => message.includes("is not there: probe.npy")).length === 2;
    };
    await until(refusals, "the word that the other one is missing");
  });

  it("gives up after ten failures from the start, and goes on when asked again", async () => {
    let broken = true;
    const executor = createFakeExecutor((job) =>
      broken ? [{ exit: { kind: "exited", code: 127 } }] : curve("loss", [score(job.params)]),
    );
    fixture = await engineFixture(executor);
    const text = studyText({ trials: 30 });
    const { studyId } = await fixture.start(text);
    const failed = await untilState(fixture, studyId, "failed");
    expect(failed.counts.failed).toBe(10);
    expect(failed.reason).toContain("exit code 127");
    broken = false;
    expect(await fixture.start(text)).toMatchObject({ how: "continued", studyId });
    const study = await untilState(fixture, studyId, "complete");
    expect(study.counts).toMatchObject({ complete: 20, failed: 10 });
  });

  it("stops at the target", async () => {
    const executor = createFakeExecutor((job) => (job.number === 3 ? curve("loss", [0.001]) : curve("loss", [0.5])));
    fixture = await engineFixture(executor);
    const text = studyText({ trials: 50, objective: "{ metric: loss, direction: minimize, target: 0.01 }" });
    const { studyId } = await fixture.start(text);
    const study = await untilState(fixture, studyId, "complete");
    expect(study.reason).toContain("Target reached");
    expect(study.counts.complete).toBe(4);
    expect((await fixture.start(text)).how).toBe("already-complete");
  });
});

describe("starting a text", () => {
  it("continues with a raised budget, and makes a new generation of anything else", async () => {
    const executor = createFakeExecutor((job) => curve("loss", [score(job.params)]));
    fixture = await engineFixture(executor);
    const first = await fixture.start(studyText({ trials: 3 }));
    await untilState(fixture, first.studyId, "complete");
    const same = await fixture.start(studyText({ trials: 3 }));
    expect(same).toMatchObject({ how: "already-complete", studyId: first.studyId });
    expect(same.message).toContain("budget.trials");
    const more = await fixture.start(studyText({ trials: 5, parallel: 2 }));
    expect(more).toMatchObject({ how: "continued", studyId: first.studyId });
    const study = await untilState(fixture, first.studyId, "complete");
    expect(study).toMatchObject({ budgetTrials: 5, parallel: 2 });
    expect(study.counts.complete).toBe(5);

    const wider = await fixture.start(studyText({ trials: 5, high: 2 }));
    expect(wider.how).toBe("created");
    expect(wider.message).toContain("search space");
    expect((await untilState(fixture, wider.studyId, "complete")).generation).toBe(2);
    const fresh = await fixture.start(studyText({ trials: 5, high: 2 }), "fresh");
    expect((await untilState(fixture, fresh.studyId, "complete")).generation).toBe(3);
    expect(await fixture.engine.request("study.list", {})).toHaveLength(3);
  });

  it("recognises a running study and takes its new number of slots", async () => {
    const executor = createFakeExecutor(() => ["hang"]);
    fixture = await engineFixture(executor);
    const first = await fixture.start(studyText({ trials: 9 }));
    await until(() => executor.running === 1, "one trial");
    const again = await fixture.start(studyText({ trials: 9, parallel: 4 }));
    expect(again).toMatchObject({ how: "already-running", studyId: first.studyId });
    await until(() => executor.running === 4, "four trials");
    const replaced = await fixture.start(studyText({ trials: 9, seed: 5 }));
    expect(replaced.how).toBe("created");
    expect((await fixture.study(first.studyId)).state).toBe("stopped");
    await until(() => executor.running === 1, "the new study's trial");
  });

  it("refuses what is no study, with the line of the first error", async () => {
    fixture = await engineFixture(createFakeExecutor(() => []));
    const error = await fixture
      .start(studyText({ trials: 3 }).replace("low: 0", "low: 7"))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BasinError);
    expect((error as BasinError).code).toBe("invalid-study");
    expect((error as BasinError).message).toMatch(/line 5/);
    const request = { path: `${fixture.workspace}/a.txt`, text: "", mode: "continue" } as const;
    expect(await codeOf(fixture.engine.request("study.start", request))).toBe("invalid-argument");
  });
});

describe("control", () => {
  it("pauses, resumes and stops: trials are put back and keep number, parameters and reports", async () => {
    const executor = createFakeExecutor((job) =>
      job.attempt === 1
        ? [{ type: "report", step: 1, metrics: { loss: 5 } }, { type: "report", step: 2, metrics: { loss: 4 } }, "hang"]
        : [{ type: "report", step: 2, metrics: { loss: 77 } }, ...curve("loss", [6, 6, 3])],
    );
    fixture = await engineFixture(executor);
    const { studyId } = await fixture.start(studyText({ trials: 1 }));
    await until(
      async () => (await fixture.engine.request("trial.get", { studyId, number: 0 })).last?.step === 2,
      "step 2",
    );
    await fixture.engine.request("study.pause", { studyId });
    expect(await codeOf(fixture.engine.request("study.pause", { studyId }))).toBe("wrong-state");
    expect(await fixture.study(studyId)).toMatchObject({ state: "paused" });
    const params = executor.jobs[0]?.params;
    await fixture.engine.request("study.resume", { studyId });
    await untilState(fixture, studyId, "complete");
    expect(executor.jobs[1]).toMatchObject({ number: 0, attempt: 2, params });
    const trial = await fixture.engine.request("trial.get", { studyId, number: 0 });
    expect(trial.curves).toEqual([{ metric: "loss", steps: [1, 2, 3], values: [5, 4, 3] }]);
    expect(trial.values).toEqual([3]);
    expect(await codeOf(fixture.engine.request("study.resume", { studyId }))).toBe("study-complete");
    expect(await codeOf(fixture.engine.request("study.stop", { studyId }))).toBe("wrong-state");
  });

  it("runs an enqueued configuration next, completes missing parameters and refuses wrong ones", async () => {
    const executor = createFakeExecutor((job) =>
      job.number === 0 && job.attempt === 1 ? ["hang"] : curve("loss", [1]),
    );
    fixture = await engineFixture(executor);
    const { studyId } = await fixture.start(studyText({ trials: 4 }));
    await until(() => executor.running === 1, "a trial");
    const add = (params: Readonly<Record<string, number | string>>) =>
      fixture.engine.request("trial.enqueue", { studyId, params });
    const wrong = await add({ x: 9, kind: "z", y: 1 }).catch((error: unknown) => error);
    expect((wrong as BasinError).code).toBe("invalid-params");
    expect((wrong as BasinError).message).toMatch(/x must.*kind.*y is not/);
    expect(await add({ x: 0.25, kind: "b" })).toEqual({ number: 1 });
    await fixture.engine.request("trial.stop", { studyId, number: 0 });
    await untilState(fixture, studyId, "complete");
    expect(executor.jobs[1]).toMatchObject({ number: 1, params: { x: 0.25, kind: "b" } });
    expect(Object.keys(executor.jobs[1]?.params ?? {})).toEqual(["x", "n", "kind"]);
    const stopped = await fixture.engine.request("trial.get", { studyId, number: 0 });
    expect(stopped).toMatchObject({ state: "failed", reason: "Stopped by user." });
    expect(await codeOf(fixture.engine.request("trial.stop", { studyId, number: 0 }))).toBe("wrong-state");
    expect(await codeOf(add({ x: 0.5 }))).toBe("study-complete");
  });

  it("runs several studies at once and deletes one while it runs", async () => {
    const executor = createFakeExecutor((job) =>
      job.study.name === "a" ? ["hang"] : curve("loss", [score(job.params)]),
    );
    fixture = await engineFixture(executor);
    const a = await fixture.start(studyText({ name: "a", trials: 5, parallel: 2 }));
    const b = await fixture.start(studyText({ name: "b", trials: 5 }));
    await untilState(fixture, b.studyId, "complete");
    await until(() => executor.running === 2, "the trials of a");
    await fixture.engine.request("study.delete", { studyId: a.studyId });
    expect(executor.running).toBe(0);
    expect(await codeOf(fixture.study(a.studyId))).toBe("unknown-study");
    expect((await fixture.engine.request("study.list", {})).map((study) => study.name)).toEqual(["b"]);
  });

  it("lets go of a spent time budget and keeps the trials that ran", async () => {
    let now = 1_000_000;
    const timers: { at: number; work: () => void }[] = [];
    const clock = {
      now: () => now,
      after: (ms: number, work: () => void) => {
        const timer = { at: now + ms, work };
        timers.push(timer);
        return () => void timers.splice(0, timers.length, ...timers.filter((entry) => entry !== timer));
      },
    };
    const advance = (ms: number): void => {
      now += ms;
      for (const timer of timers.filter((entry) => entry.at <= now)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.work();
      }
    };
    const executor = createFakeExecutor((job) => (job.number < 2 ? curve("loss", [1]) : ["hang"]));
    fixture = await engineFixture(executor, { clock });
    const { studyId } = await fixture.start(studyText({ time: "60s" }));
    await until(() => executor.jobs.length === 3, "the third trial");
    advance(30_000);
    expect((await fixture.study(studyId)).state).toBe("running");
    await fixture.engine.request("study.pause", { studyId });
    advance(1_000_000);
    await until(() => executor.running === 0, "the trainer to end");
    await fixture.engine.request("study.resume", { studyId });
    await until(() => executor.jobs.length === 4, "the third trial again");
    advance(29_000);
    expect(await fixture.study(studyId)).toMatchObject({ state: "running", elapsedMs: 59_000, etaMs: 1000 });
    advance(2_000);
    expect(await fixture.study(studyId)).toMatchObject({ state: "complete", reason: "The time of 1:00 is up." });
    expect((await fixture.study(studyId)).counts).toMatchObject({ complete: 2, waiting: 1 });
    expect((await fixture.start(studyText({ time: "60s" }))).how).toBe("already-complete");
    expect((await fixture.start(studyText({ time: "90s" }))).how).toBe("continued");
  });
});

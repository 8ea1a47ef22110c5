import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { studyFolderOf, trialFolderOf } from "../../client/workspaceFiles.ts";
import { BasinError } from "../../core/errors.ts";
import type { FlatnessRequest, FlatnessResult } from "../../core/flatness.ts";
import type { DiagnoseCallbacks, DiagnoseJob, DiagnoseOutcome, Executor } from "../../executors/executor.ts";
import type { FlatnessJob, FlatnessQuestion } from "../../protocol/flatness.ts";
import { writeCheckpoint, type TrainingState } from "../../trainers/tfjs/training/checkpoint.ts";
import { newProgress } from "../../trainers/tfjs/training/progress.ts";
import { createFakeExecutor, curve } from "../testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, until, untilState } from "../testing/engineFixture.ts";

let fixture: Fixture;
afterEach(() => fixture.dispose());

/** A computation that has been started and waits for the test to end it. */
interface Started {
  readonly job: DiagnoseJob;
  readonly progress: (fraction: number) => void;
  readonly end: (outcome: DiagnoseOutcome) => void;
}

function manualExecutor(): { readonly executor: Executor; readonly started: Started[] } {
  const started: Started[] = [];
  const executor: Executor = {
    ...createFakeExecutor(() => curve("val_loss", [1, 0.5])),
    diagnose(job: DiagnoseJob, callbacks: DiagnoseCallbacks) {
      let over = (): void => undefined;
      const gone = new Promise<void>((resolve) => {
        over = resolve;
      });
      const end = (outcome: DiagnoseOutcome): void => {
        callbacks.ended(outcome);
        over();
      };
      started.push({ job, progress: (fraction) => callbacks.progress(fraction), end });
      return {
        cancel: () => {
          end({ kind: "cancelled" });
          return gone;
        },
      };
    },
  };
  return { executor, started };
}

const resultOf = (request: FlatnessRequest): FlatnessResult => ({
  kind: "line",
  positions: [-1, 0, 1],
  losses: [Number.NaN, 0.25, Number.POSITIVE_INFINITY],
  epoch: 2,
  finished: true,
  samples: request.samples,
  indexHash: "0123456789abcdef",
  backend: "cpu",
  seconds: 1,
});

const state: TrainingState = {
  epoch: 2,
  batch: 0,
  loss: 0,
  correct: 0,
  step: 10,
  time: 10,
  slotKind: "none",
  progress: newProgress(),
  metrics: {},
  batchSize: 8,
  rows: 16,
  seed: 1,
  finished: true,
};

async function checkpoint(studyId: number, number: number, step = 10): Promise<void> {
  const folder = path.join(trialFolderOf(fixture.workspace, studyId, number), "checkpoints");
  const weights = [{ name: "w", shape: [1], values: Float32Array.of(step) }];
  await writeCheckpoint(folder, { state: { ...state, step }, weights, slots: [], best: [] });
}

/** A complete study of two trials with checkpoints. */
async function trained(executor: Executor): Promise<number> {
  fixture = await engineFixture(executor);
  writeFileSync(
    path.join(fixture.workspace, "data.csv"),
    `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},c${i % 2}`).join("\n")}\n`,
  );
  const text = studyText({
    trials: 2,
    trainer: "{ kind: tfjs, model: mlp, data: { csv: ./data.csv, label: y } }",
    objective: "{ metric: val_loss, direction: minimize }",
  }).replace(/space:[\s\S]*sampler:/, "space:\n  width: { type: int, low: 1, high: 8 }\nsampler:");
  const { studyId } = await fixture.start(text);
  await untilState(fixture, studyId, "complete");
  for (const number of [0, 1]) await checkpoint(studyId, number);
  return studyId;
}

const compute = (studyId: number, request: FlatnessQuestion, number = 0): Promise<FlatnessJob> =>
  fixture.engine.request("flatness.compute", { studyId, number, request });
const list = (studyId: number): Promise<readonly FlatnessJob[]> => fixture.engine.request("flatness.list", { studyId });
const untilJob = (studyId: number, id: string, wanted: string): Promise<FlatnessJob> =>
  until(
    async () => (await list(studyId)).find((job) => job.id === id && job.state === wanted),
    `${id} to be ${wanted}`,
  );

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof BasinError ? error.code : String(error);
  }
  return "no error";
}

describe("sharpness and landscapes on demand", () => {
  it("are computed one after the other, once, and stay when the engine does not", async () => {
    const { executor, started } = manualExecutor();
    const studyId = await trained(executor);
    const first = await compute(studyId, { kind: "line" });
    const second = await compute(studyId, { kind: "line", seed: 1 });
    expect(await compute(studyId, { kind: "line", points: 51, seed: 0 })).toMatchObject({ id: first.id });
    expect([first.state, second.state]).toEqual(["running", "waiting"]);
    expect(first.request).toEqual({ kind: "line", points: 51, reach: 1, seed: 0, samples: 256 });
    expect(started).toHaveLength(1);
    expect(started[0]?.job).toMatchObject({ number: 0, studyFolder: fixture.workspace, study: { seed: 1 } });
    expect(started[0]?.job.order.weights).toMatch(/checkpoint-000000000010\.bin$/);
    expect(await codeOf(fixture.engine.request("flatness.result", { studyId, id: first.id }))).toBe("wrong-state");

    started[0]?.progress(0.25);
    expect(await until(async () => (await list(studyId)).find(({ progress }) => progress === 0.25))).toBeDefined();
    const wanted = resultOf(first.request);
    started[0]?.end({ kind: "done", result: wanted });
    await untilJob(studyId, first.id, "done");
    expect(await fixture.engine.request("flatness.result", { studyId, id: first.id })).toEqual(wanted);
    await until(() => started.length === 2);
    started[1]?.end({ kind: "failed", reason: "It was not to be." });
    expect(await untilJob(studyId, second.id, "failed")).toMatchObject({ reason: "It was not to be." });
    // One that has failed is tried again when asked again.
    expect(await compute(studyId, { kind: "line", seed: 1 })).toMatchObject({ id: second.id, state: "running" });

    await fixture.restart(executor);
    const after = await list(studyId);
    expect(after.map(({ id, state }) => [id, state])).toEqual([[first.id, "done"]]);
    expect(await compute(studyId, { kind: "line" })).toMatchObject({ id: first.id, state: "done" });
    expect(await fixture.engine.request("flatness.result", { studyId, id: first.id })).toEqual(wanted);
  });

  it("are other ones for other weights, trials and samples, and for the other end of a path", async () => {
    const { executor } = manualExecutor();
    const studyId = await trained(executor);
    const ids = [
      await compute(studyId, { kind: "line" }),
      await compute(studyId, { kind: "line" }, 1),
      await compute(studyId, { kind: "line", samples: 100 }),
      await compute(studyId, { kind: "path", to: 1 }),
    ].map(({ id }) => id);
    await checkpoint(studyId, 1, 20);
    ids.push((await compute(studyId, { kind: "line" }, 1)).id, (await compute(studyId, { kind: "path", to: 1 })).id);
    expect(new Set(ids).size).toBe(6);
    expect((await compute(studyId, { kind: "line" })).id).toBe(ids[0]);
  });

  it("are cancelled, waiting or running, and computed when their result is gone", async () => {
    const { executor, started } = manualExecutor();
    const studyId = await trained(executor);
    const [first, second] = [await compute(studyId, { kind: "plane" }), await compute(studyId, { kind: "spectrum" })];
    for (const { id } of [second, first]) await fixture.engine.request("flatness.cancel", { studyId, id });
    expect((await list(studyId)).map((job) => job.state)).toEqual(["cancelled", "cancelled"]);
    expect(started).toHaveLength(1);
    expect(readdirSync(trialFolderOf(fixture.workspace, studyId, 0))).not.toContain("flatness");

    const again = await compute(studyId, { kind: "plane" });
    started[1]?.end({ kind: "done", result: resultOf(again.request) });
    await untilJob(studyId, again.id, "done");
    rmSync(path.join(trialFolderOf(fixture.workspace, studyId, 0), "flatness"), { recursive: true });
    expect(await codeOf(fixture.engine.request("flatness.result", { studyId, id: again.id }))).toBe("wrong-state");
    expect(await compute(studyId, { kind: "plane" })).toMatchObject({ id: again.id, state: "running" });
  });

  it("survive half a line in their list, and files of other kinds", async () => {
    const { executor, started } = manualExecutor();
    const studyId = await trained(executor);
    const { id, request } = await compute(studyId, { kind: "line" });
    started[0]?.end({ kind: "done", result: resultOf(request) });
    await untilJob(studyId, id, "done");
    appendFileSync(path.join(studyFolderOf(fixture.workspace, studyId), "flatness.jsonl"), '{"id":"ab","numb');
    await fixture.restart(executor);
    expect((await list(studyId)).map((job) => job.id)).toEqual([id]);
  });

  it("end with their study, and with the engine", async () => {
    const { executor, started } = manualExecutor();
    const studyId = await trained(executor);
    await compute(studyId, { kind: "line" });
    await compute(studyId, { kind: "plane" });
    await fixture.engine.request("study.delete", { studyId });
    expect(started).toHaveLength(1);
    expect(existsSync(studyFolderOf(fixture.workspace, studyId))).toBe(false);
    expect(await codeOf(list(studyId))).toBe("unknown-study");
    expect(await codeOf(fixture.engine.request("study.delete", { studyId }))).toBe("unknown-study");
  });

  it("are refused in words where there is nothing to look at", async () => {
    const { executor } = manualExecutor();
    const studyId = await trained(executor);
    expect(await codeOf(compute(studyId, { kind: "line" }, 7))).toBe("unknown-trial");
    expect(await codeOf(compute(studyId, { kind: "path", to: 9 }))).toBe("unknown-trial");
    expect(await codeOf(compute(studyId, { kind: "line", points: 1 }))).toBe("invalid-argument");
    expect(await codeOf(compute(studyId, { kind: "sharpness", estimators: [] }))).toBe("invalid-argument");
    expect(await codeOf(fixture.engine.request("flatness.cancel", { studyId, id: "none" }))).toBe("invalid-argument");
    rmSync(trialFolderOf(fixture.workspace, studyId, 1), { recursive: true });
    mkdirSync(trialFolderOf(fixture.workspace, studyId, 1));
    await expect(compute(studyId, { kind: "line" }, 1)).rejects.toMatchObject({
      code: "wrong-state",
      message: "Trial 1 of test has no checkpoint.",
    });
    const { studyId: program } = await fixture.start(
      studyText({ name: "program", trials: 1, objective: "{ metric: val_loss, direction: minimize }" }),
    );
    await untilState(fixture, program, "complete");
    await expect(compute(program, { kind: "line" })).rejects.toMatchObject({
      code: "wrong-state",
      hint: expect.stringContaining("basin.torch") as string,
    });
  });

  it("fail in words where the executor cannot", async () => {
    const studyId = await trained(createFakeExecutor(() => curve("val_loss", [1])));
    const { id } = await compute(studyId, { kind: "line" });
    expect((await untilJob(studyId, id, "failed")).reason).toContain("cannot be looked at");
  });
});

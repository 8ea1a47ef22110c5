import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLocalExecutor } from "../../executors/local/localExecutor.ts";
import { commandJob, record, repositoryRoot, temporaryFolder, trainersFolder } from "../../executors/local/testing.ts";

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => (place = temporaryFolder("sdk")));
afterEach(() => place.remove());

const executor = createLocalExecutor({ distFolder: path.join(repositoryRoot, "dist"), gpus: [] });
const run = ["python3", path.join(trainersFolder, "sdkTrainer.py")];
const logOf = (trialFolder: string): string => readFileSync(path.join(trialFolder, "trainer.log"), "utf8");

describe("the Python SDK", () => {
  it("and the executor understand each other", async () => {
    const job = commandJob({ run, folder: place.folder, params: { "model.width": 16, lr: 1 } });
    const trial = record(executor, job);
    expect(await trial.exit).toEqual({ kind: "exited", code: 0 });
    expect(trial.warnings).toEqual([]);
    // The script ends well without saying so: the executor adds the `done`.
    expect(trial.events.map((event) => event.type).join(" ")).toBe(
      "started report checkpoint report checkpoint embedding embedding report checkpoint report checkpoint report checkpoint done",
    );
    expect(trial.events[0]).toEqual({ type: "started", protocol: 1, steps: 5, device: "cpu" });
    expect(trial.events[1]).toEqual({ type: "report", step: 1, metrics: { accuracy: 0.1, loss: Number.NaN } });
    expect(trial.events.at(-1)).toEqual({ type: "done", metrics: { accuracy: 0.5, loss: 0.2 } });
    const arrays = trial.events.flatMap((event) => (event.type === "embedding" ? [event.array] : []));
    const [large, small] = arrays;
    expect(large !== undefined && "npy" in large && existsSync(large.npy)).toBe(true);
    expect(small).toMatchObject({ shape: [1, 2] });
    expect(logOf(job.trialFolder)).toContain("starting after epoch 0 seed 7 width 16");
  });

  it("stops when asked, and goes on from its checkpoint in the next attempt", async () => {
    const job = commandJob({ run, folder: place.folder, params: { wait: true } });
    const first = record(executor, job);
    await first.waitFor((event) => event.type === "embedding" && event.name === "small");
    await first.trial.stop(20_000);
    expect(await first.exit).toEqual({ kind: "exited", code: 0 });
    expect(logOf(job.trialFolder)).toContain("stopping: requested");
    // Ending because it was asked to is not a result.
    expect(first.events.some((event) => event.type === "done")).toBe(false);

    const again = record(executor, { ...job, attempt: 2, params: { wait: false } });
    await again.exit;
    expect(logOf(job.trialFolder)).toContain("starting after epoch 2");
    // What the first attempt had reported is said again, in case the engine went before it could take it in.
    expect(again.events.flatMap((event) => (event.type === "report" ? [event.step] : []))).toEqual([1, 2, 3, 4, 5]);
  });

  it("ends a rung where the scheduler wants it", async () => {
    const job = commandJob({ run, folder: place.folder });
    const trial = record(executor, { ...job, untilStep: 3 });
    await trial.exit;
    expect(trial.events.flatMap((event) => (event.type === "report" ? [event.step] : []))).toEqual([1, 2, 3]);
    expect(trial.events.some((event) => event.type === "done")).toBe(false);
  });
});

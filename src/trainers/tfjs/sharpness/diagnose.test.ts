/** A look at trained models in processes of their own, through the local executor. */
import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlatnessRequest, FlatnessResult } from "../../../core/flatness.ts";
import type { Params } from "../../../core/space/parameter.ts";
import { estimatorIds, type Diagnostics } from "../../../core/study/diagnostics.ts";
import type { DiagnoseJob, DiagnoseOutcome, RunningDiagnosis, TrialJob } from "../../../executors/executor.ts";
import { createLocalExecutor, type LocalExecutor } from "../../../executors/local/localExecutor.ts";
import { commandJob, record, temporaryFolder, until } from "../../../executors/local/testing.ts";
import { imagesSpec, writeTable } from "../testing/classTable.ts";
import { bundleTrainer, type TrainerBundle } from "../testing/trainerBundle.ts";
import { newestCheckpoint } from "../training/checkpoint.ts";

let bundle: TrainerBundle;
let executor: LocalExecutor;
const place = temporaryFolder("diagnose");
const samples = 40;
const diagnostics: Diagnostics = {
  sharpness: { estimators: estimatorIds, at: "end", samples, batch: 16 },
};

/** A trial of the built-in trainer on three classes of noisy 4 x 4 images. */
function jobOf(number: number, params: Params, model: "mlp" | "vgg" = "mlp"): TrialJob {
  const job = commandJob({ run: ["unused"], folder: place.folder, params, number });
  const trainer = { kind: "tfjs", model, data: imagesSpec, epochs: 4, backend: "wasm", threads: 1 } as const;
  return { ...job, seed: 100 + number, study: { ...job.study, trainer, diagnostics } };
}

const dense: Params = { width: 12, depth: 2, batchSize: 16, learningRate: 0.02 };
const normalised: Params = { filters: 3, blocks: 1, batchNorm: true, batchSize: 16, learningRate: 0.02 };
const jobs = [jobOf(0, dense), jobOf(1, dense), jobOf(2, { ...dense, width: 13 })];
const images = [jobOf(3, normalised, "vgg"), jobOf(4, { ...normalised, learningRate: 0.005 }, "vgg")];
const finals = new Map<number, Readonly<Record<string, number>>>();

beforeAll(async () => {
  bundle = await bundleTrainer("diagnose-test");
  executor = createLocalExecutor({ distFolder: bundle.folder, nodePath: process.execPath, gpus: [], cores: 1 });
  writeTable(place.folder, (i, j) => (((i % 3) * j + i) % 7) + ((i * j) % 5));
  for (const job of [...jobs, ...images]) {
    mkdirSync(job.trialFolder, { recursive: true });
    const recording = record(executor, job);
    expect(await recording.exit).toEqual({ kind: "exited", code: 0 });
    const done = recording.events.at(-1);
    if (done?.type === "done") finals.set(job.number, done.metrics);
  }
}, 120_000);
afterAll(async () => {
  await executor.close();
  await bundle.remove();
  place.remove();
});

interface Look {
  readonly ended: Promise<DiagnoseOutcome>;
  readonly running: RunningDiagnosis;
  readonly progress: readonly number[];
}

async function look(job: TrialJob, request: FlatnessRequest, other?: TrialJob): Promise<Look> {
  const weightsOf = async (one: TrialJob): Promise<string> =>
    (await newestCheckpoint(path.join(one.trialFolder, "checkpoints")))?.file ?? "missing";
  const progress: number[] = [];
  const order = {
    request,
    weights: await weightsOf(job),
    ...(other === undefined ? {} : { otherWeights: await weightsOf(other) }),
  };
  const { promise, resolve } = Promise.withResolvers<DiagnoseOutcome>();
  const asked: DiagnoseJob = { ...job, order };
  if (executor.diagnose === undefined) throw new Error("The local executor can.");
  const running = executor.diagnose(asked, { progress: (fraction) => progress.push(fraction), ended: resolve });
  return { ended: promise, running, progress };
}

async function resultOf<K extends FlatnessResult["kind"]>(
  kind: K,
  job: TrialJob,
  request: FlatnessRequest,
  other?: TrialJob,
): Promise<Extract<FlatnessResult, { kind: K }>> {
  const outcome = await (await look(job, request, other)).ended;
  if (outcome.kind !== "done" || outcome.result.kind !== kind) throw new Error(JSON.stringify(outcome));
  return outcome.result as Extract<FlatnessResult, { kind: K }>;
}

describe("a look at a trained model", { timeout: 60_000 }, () => {
  it("measures what the trial has measured of itself, to the last digit", async () => {
    for (const job of [jobs[0]!, images[0]!]) {
      const result = await resultOf("sharpness", job, {
        kind: "sharpness",
        estimators: estimatorIds,
        samples,
        batch: 16,
      });
      expect(result).toMatchObject({ epoch: 4, finished: true, samples, backend: "wasm", failures: {} });
      const own = Object.entries(finals.get(job.number) ?? {}).filter(([name]) => name.startsWith("sharpness."));
      expect(Object.fromEntries(own.map(([name, value]) => [name.slice(10), value]))).toEqual(result.values);
      expect(own.length).toBeGreaterThan(estimatorIds.length);
    }
  });

  it("draws lines, planes and spectra whose middles and ends agree", async () => {
    const [job] = jobs;
    const line = await resultOf("line", job!, { kind: "line", points: 11, reach: 1, seed: 3, samples });
    const plane = await resultOf("plane", job!, { kind: "plane", points: 5, reach: 1, seed: 3, samples });
    expect(line.losses).toHaveLength(11);
    expect(plane.losses).toHaveLength(25);
    expect(line.indexHash).toBe(plane.indexHash);
    // The weights themselves, and the first direction: both pictures have it.
    expect(plane.losses[12]).toBe(line.losses[5]);
    expect(plane.losses[2]).toBe(line.losses[0]);
    expect(plane.losses[22]).toBe(line.losses[10]);
    const spectrum = await resultOf("spectrum", job!, {
      kind: "spectrum",
      steps: 20,
      starts: 1,
      points: 101,
      seed: 0,
      samples,
    });
    expect(spectrum.largest).toBe(finals.get(0)!["sharpness.lanczos"]);
    const gap = spectrum.positions[1]! - spectrum.positions[0]!;
    expect(spectrum.density.reduce((sum, value) => sum + value * gap, 0)).toBeCloseTo(1, 1);
  });

  it("walks between two trials, whose running statistics move along", async () => {
    for (const [a, b] of [[jobs[0]!, jobs[1]!] as const, [images[0]!, images[1]!] as const]) {
      const there = await resultOf("path", a, { kind: "path", to: b.number, points: 9, samples }, b);
      const back = await resultOf("path", b, { kind: "path", to: a.number, points: 9, samples }, a);
      there.losses.forEach((loss, i) => expect(loss).toBeCloseTo(back.losses[8 - i]!, 5));
      expect(there.barrier).toBeCloseTo(back.barrier, 5);
      expect(there.barrier).toBeGreaterThanOrEqual(0);
      const ends = await Promise.all(
        [a, b].map((job) => resultOf("line", job, { kind: "line", points: 3, reach: 1, seed: 0, samples })),
      );
      expect(there.losses[0]).toBeCloseTo(ends[0]!.losses[1]!, 10);
      expect(there.losses[8]).toBeCloseTo(ends[1]!.losses[1]!, 6);
    }
    const { ended } = await look(jobs[0]!, { kind: "path", to: 2, points: 9, samples }, jobs[2]);
    expect(await ended).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("no path between different") as string,
    });
  });

  it("says how far it is, and ends when told, leaving nothing", async () => {
    const { ended, progress, running } = await look(jobs[0]!, {
      kind: "plane",
      points: 200,
      reach: 1,
      seed: 0,
      samples,
    });
    await until("progress", () => progress.length >= 2);
    await running.cancel();
    expect(await ended).toEqual({ kind: "cancelled" });
    expect(progress[1]!).toBeGreaterThan(progress[0]!);
    expect(readdirSync(path.join(jobs[0]!.trialFolder, "flatness"))).toEqual([]);
  });

  it("fails in words when the weights are not there", async () => {
    const job = { ...jobs[0]!, trialFolder: path.join(place.folder, "elsewhere") };
    const { ended } = await look(job, { kind: "line", points: 3, reach: 1, seed: 0, samples });
    expect(await ended).toMatchObject({ kind: "failed", reason: expect.stringContaining("cannot be read") as string });
  });
});

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Params } from "../../../core/space/parameter.ts";
import { wasmBackend } from "../backends/wasm.ts";
import type { TrainingEnd } from "./loop.ts";
import { run, type Run, type RunOptions } from "./testing/run.ts";

const rich: Params = {
  width: 10,
  batchNorm: true,
  dropout: 0.3,
  batchSize: 24,
  learningRate: 0.02,
  optimizer: "adamw",
  weightDecay: 0.01,
  lrSchedule: "cosine",
  warmupEpochs: 1,
  gradClip: 1,
  labelSmoothing: 0.05,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "basin-loop-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("training", () => {
  it("learns, reports each epoch once, and keeps the number of tensors", async () => {
    const { end, reports, tensors } = await run({
      epochs: 12,
      params: { width: 24, batchSize: 24, learningRate: 0.02 },
    });
    expect(end).toMatchObject({ kind: "done", epoch: 12 });
    expect(reports.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(reports.at(-1)!.metrics["loss"]!).toBeLessThan(0.5 * reports[0]!.metrics["loss"]!);
    expect(reports.at(-1)!.metrics["accuracy"]!).toBeGreaterThan(0.9);
    expect(new Set(tensors).size).toBe(1);
    const { metrics } = end as Extract<TrainingEnd, { kind: "done" }>;
    expect(Object.keys(metrics).sort()).toEqual([
      "accuracy",
      "epoch_seconds",
      "loss",
      "parameters",
      "test_accuracy",
      "test_f1",
      "test_loss",
      "val_accuracy",
      "val_f1",
      "val_loss",
    ]);
  });

  it("repeats itself for a seed and differs for another", async () => {
    const [a, b, c] = [await run({ params: rich }), await run({ params: rich }), await run({ params: rich, seed: 6 })];
    expect(b.weights).toEqual(a.weights);
    expect(c.weights).not.toEqual(a.weights);
  });

  it("fits a number and scores it in the target's own unit", async () => {
    const { end } = await run({
      task: "regression",
      epochs: 25,
      params: { width: 32, batchSize: 16, learningRate: 0.01 },
    });
    const { metrics } = end as Extract<TrainingEnd, { kind: "done" }>;
    expect(metrics["val_r2"]!).toBeGreaterThan(0.6);
    expect(metrics["val_rmse"]!).toBeGreaterThan(0.1);
    expect(metrics["val_rmse"]!).toBeLessThan(3);
    expect(metrics).not.toHaveProperty("accuracy");
  });

  it("says so when it diverges", async () => {
    const { end, reports } = await run({
      task: "regression",
      params: { optimizer: "sgd", learningRate: 1000, activation: "linear" },
      epochs: 40,
    });
    expect(end).toMatchObject({
      kind: "diverged",
      message: expect.stringMatching(/no longer finite in epoch \d+.*learning rate/) as string,
    });
    expect(reports.at(-1)!.metrics["loss"]).toBeNaN();
  });

  it("stops early and goes back to the best epoch", async () => {
    const { end, reports } = await run({
      epochs: 60,
      params: { width: 32, learningRate: 0.05, earlyStoppingPatience: 3 },
    });
    const { metrics, epoch } = end as Extract<TrainingEnd, { kind: "done" }>;
    const losses = reports.map((report) => report.metrics["val_loss"]!);
    const best = losses.indexOf(Math.min(...losses));
    expect(epoch).toBe(best + 1 + 3);
    expect(metrics["best_epoch"]).toBe(best + 1);
    expect(metrics["val_loss"]).toBeCloseTo(losses[best]!, 10);
  });

  it("takes the same steps in micro-batches", async () => {
    const whole = await run({ epochs: 3 });
    const split = await run({ epochs: 3, budget: 4 * 3 * 60 * 7 });
    expect(split.log.join()).toMatch(/samples at a time/);
    split.reports.forEach(({ metrics }, i) =>
      expect(metrics["val_loss"]!).toBeCloseTo(whole.reports[i]!.metrics["val_loss"]!, 4),
    );
  });
});

describe("on a device that is read late", () => {
  it("gives the numbers that reading after each step gives, micro-batches and checkpoints included", async () => {
    const options: RunOptions = { params: rich, budget: 4 * 3 * 60 * 10 };
    const each = await run({ ...options, device: "read each step" });
    const late = await run({ ...options, device: "read late" });
    expect(late.reports).toEqual(each.reports);
    expect(late.weights).toEqual(each.weights);
    expect(new Set(late.tensors).size).toBe(1);
    const first = await run({ ...options, device: "read late", folder, stopAfter: 12, checkpointAfter: 8 });
    const second = await run({ ...options, device: "read late", folder });
    // The one asked for and the one of the stop; on a slow machine others may be due at the end of an epoch.
    expect(first.checkpoints.length).toBeGreaterThanOrEqual(2);
    expect([...first.reports, ...second.reports]).toEqual(each.reports);
    expect(second.weights).toEqual(each.weights);
  });

  it("notices divergence, names the step where it began and keeps no checkpoint of it", async () => {
    const options: RunOptions = {
      task: "regression",
      params: { optimizer: "sgd", learningRate: 300, activation: "linear", batchSize: 4 },
      epochs: 40,
    };
    const each = await run({ ...options, device: "read each step" });
    const late = await run({ ...options, device: "read late", folder });
    expect(late.end).toEqual(each.end);
    expect(late.end.kind).toBe("diverged");
    const stopped = await run({ ...options, device: "read late", folder, checkpointAfter: 10 });
    expect(stopped.end.kind).toBe("diverged");
  });
});

describe("what is reported and followed", () => {
  const last = ({ reports }: Run) => reports.at(-1)!.metrics;

  it("gives the rates that hypergradients have set", async () => {
    const params = { width: 12, batchSize: 24, hypergradient: "cosine", optimizer: "momentum", momentum: 0.5 };
    const { end, reports } = await run({ params });
    expect(reports.every(({ metrics }) => metrics["momentum"]! >= 0 && metrics["momentum"]! <= 0.99)).toBe(true);
    expect(new Set(reports.map(({ metrics }) => metrics["learning_rate"])).size).toBe(5);
    expect((end as Extract<TrainingEnd, { kind: "done" }>).metrics["parameters"]).toBe(
      16 * 12 + 12 + 12 * 12 + 12 + 26,
    );
    const adam = await run({ params: { width: 12, hypergradient: "cosine" }, epochs: 1 });
    expect(last(adam)).toHaveProperty("learning_rate");
    expect(last(adam)).not.toHaveProperty("momentum");
  });

  it("gives the momentum of a one-cycle where it moves", async () => {
    const params = { width: 12, lrSchedule: "oneCycle", oneCycleMomentum: 0.5, learningRate: 0.02 };
    const moved = (await run({ params })).reports.map(({ metrics }) => metrics["momentum"]!);
    expect(Math.min(...moved)).toBeLessThan(0.8);
    expect(moved.at(-1)!).toBeCloseTo(0.9, 6);
  });

  it("compares trials by the plain loss, whatever they are trained with", async () => {
    const plain = await run({ epochs: 1, params: { learningRate: 1e-6 } });
    const smoothed = await run({
      epochs: 1,
      params: { learningRate: 1e-6, labelSmoothing: 0.5, classWeights: "balanced" },
    });
    expect(last(smoothed)["val_loss"]!).toBeCloseTo(last(plain)["val_loss"]!, 3);
    expect(Math.abs(last(smoothed)["loss"]! - last(plain)["loss"]!)).toBeGreaterThan(1e-3);
  });

  it("can stop by another metric, and keep the last weights", async () => {
    const params = {
      width: 32,
      learningRate: 0.05,
      earlyStoppingPatience: 2,
      monitor: "val_f1",
      earlyStoppingRestore: false,
    };
    const { end, reports } = await run({ epochs: 60, params });
    const scores = reports.map(({ metrics }) => metrics["val_f1"]!);
    const { metrics, epoch } = end as Extract<TrainingEnd, { kind: "done" }>;
    expect(metrics["best_epoch"]).toBe(scores.indexOf(Math.max(...scores)) + 1);
    expect(epoch).toBe(metrics["best_epoch"]! + 2);
    expect(metrics["val_f1"]).toBe(scores.at(-1));
  });

  it("learns values with the Huber loss", async () => {
    const params = { width: 32, batchSize: 16, learningRate: 0.01, huberDelta: 0.5 };
    const { reports } = await run({ task: "regression", epochs: 20, params });
    expect(last({ reports } as Run)["val_r2"]!).toBeGreaterThan(0.5);
    expect(last({ reports } as Run)["val_mae"]!).toBeLessThan(last({ reports } as Run)["val_rmse"]!);
  });

  it("refuses to follow a metric that the task does not have", async () => {
    await expect(run({ params: { monitor: "val_r2" } })).rejects.toThrow(
      /val_r2, which a classification does not have/,
    );
  });
});

describe("checkpoints", () => {
  it.each([
    ["in the middle of an epoch", 12],
    ["at the end of an epoch", 10],
    ["before the first step", 0],
  ])("stopped %s and resumed, the run equals the uninterrupted one bit for bit", async (_, stopAfter) => {
    const whole = await run({ params: rich });
    const first = await run({ params: rich, folder, stopAfter });
    expect(first.end.kind).toBe("stopped");
    const second = await run({ params: rich, folder });
    expect(second.weights).toEqual(whole.weights);
    expect([...first.reports, ...second.reports]).toEqual(whole.reports);
  });

  it("survive several rungs, and a checkpoint asked for on the way", async () => {
    const whole = await run({ params: rich });
    const rungs = [
      await run({ params: rich, folder, untilEpoch: 1, checkpointAfter: 2 }),
      await run({ params: rich, folder, untilEpoch: 3 }),
      await run({ params: rich, folder }),
    ];
    expect(rungs.map(({ end }) => end)).toEqual([
      { kind: "paused", epoch: 1 },
      { kind: "paused", epoch: 3 },
      expect.objectContaining({ kind: "done", epoch: 5 }),
    ]);
    expect(rungs.flatMap(({ reports }) => reports)).toEqual(whole.reports);
    expect(rungs[0]!.checkpoints).toEqual([0, 1]);
    expect(rungs[2]!.weights).toEqual(whole.weights);
  });

  it("of a rung say its report again, and train nothing, where the rung was reached before", async () => {
    const first = await run({ params: rich, folder, untilEpoch: 2 });
    const again = await run({ params: rich, folder, untilEpoch: 2 });
    expect(again.end).toEqual({ kind: "paused", epoch: 2 });
    expect(again.reports).toEqual([first.reports[1]]);
    expect(again.checkpoints).toEqual([2]);
    expect(again.weights).toEqual(first.weights);
  });

  it("are not for a rung at or beyond the end", async () => {
    for (const untilEpoch of [5, 9]) {
      const { end } = await run({ params: rich, untilEpoch });
      expect(end).toMatchObject({ kind: "done", epoch: 5, metrics: { test_loss: expect.any(Number) as number } });
    }
  });

  it("that are damaged give way to the one before", async () => {
    await run({ folder, untilEpoch: 2 });
    await run({ folder, untilEpoch: 3 });
    const names = (await readdir(folder)).sort();
    expect(names).toHaveLength(2);
    const newest = path.join(folder, names[1]!);
    const bytes = await readFile(newest);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(newest, bytes);
    await writeFile(path.join(folder, "checkpoint-999999999999.bin"), "nonsense");
    const resumed = await run({ folder });
    expect(resumed.log.join("\n")).toMatch(
      /999999999999\.bin was skipped: it is no checkpoint[\s\S]*contents are damaged[\s\S]*Resumed from a checkpoint after epoch 2/,
    );
    expect(resumed.reports.map(({ epoch }) => epoch)).toEqual([3, 4, 5]);
    expect(resumed.weights).toEqual((await run()).weights);
  });

  it("of another model are left alone", async () => {
    await run({ folder, untilEpoch: 2 });
    const other = await run({ folder, params: { width: 5 } });
    expect(other.log.join()).toMatch(/of another model/);
    expect(other.reports[0]!.epoch).toBe(1);
  });

  it("of the same shapes but another meaning are left alone", async () => {
    await run({ folder, params: { width: 5 }, untilEpoch: 2 });
    const other = await run({ folder, params: { width: 5, activation: "tanh" } });
    expect(other.log.join()).toMatch(/of another model/);
    const same = await run({ folder, params: { width: 5, activation: "tanh", dropout: 0.5, learningRate: 0.1 } });
    expect(same.log.join()).toMatch(/Resumed/);
  });

  it("of another optimizer give their weights only, and those of other data begin the epoch again", async () => {
    await run({ folder, params: { width: 5, batchSize: 24 }, stopAfter: 7 });
    const other = await run({ folder, params: { width: 5, batchSize: 24, optimizer: "sgd" }, seed: 9 });
    expect(other.log.join("\n")).toMatch(
      /another optimizer[\s\S]*Resumed from another trial's checkpoint after epoch 1\./,
    );
    expect(other.reports.map(({ epoch }) => epoch)).toEqual([2, 3, 4, 5]);
  });

  it("of a finished run lead straight to its end", async () => {
    const first = await run({ folder, epochs: 3, untilEpoch: 2 });
    const again = await run({ folder, epochs: 2 });
    expect(again.reports).toEqual([]);
    expect((again.end as Extract<TrainingEnd, { kind: "done" }>).metrics["val_loss"]).toBeCloseTo(
      first.reports[1]!.metrics["val_loss"]!,
      10,
    );
  });
});

describe("on WebAssembly", () => {
  it("trains a VGG with batch norm and dropout as the reference does", async () => {
    const options: RunOptions = {
      model: "vgg",
      epochs: 2,
      params: {
        blocks: 2,
        layersPerBlock: 1,
        filters: 4,
        batchNorm: true,
        dropout: 0.2,
        convDropout: 0.1,
        denseUnits: 8,
        batchSize: 32,
        learningRate: 0.01,
      },
    };
    const reference = await run(options);
    const actual = await run({ ...options, backend: wasmBackend });
    actual.reports.forEach(({ metrics }, i) =>
      expect(metrics["loss"]!).toBeCloseTo(reference.reports[i]!.metrics["loss"]!, 3),
    );
    expect(new Set(actual.tensors).size).toBe(1);
  });

  it("resumes bit for bit with one thread", async () => {
    const whole = await run({ backend: wasmBackend, params: rich });
    await run({ backend: wasmBackend, params: rich, folder, stopAfter: 7 });
    expect((await run({ backend: wasmBackend, params: rich, folder })).weights).toEqual(whole.weights);
  });
});

import { spawn } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { until } from "../../executors/local/testing.ts";
import type { TrainerEvent } from "../protocol.ts";
import { readWeights } from "./training/checkpoint.ts";
import { tableSpec } from "./testing/classTable.ts";
import { useTrainer, type Ended, type TrainerRun } from "./testing/trainerProcess.ts";

const stage = useTrainer("trainer-test");

beforeEach(async () => {
  const rows = Array.from(
    { length: 90 },
    (_, i) => `${i % 3},${(i % 3) * (i % 2)},${Math.sin(i).toFixed(3)},c${i % 3}`,
  );
  await writeFile(path.join(stage.folder, "data.csv"), `a,b,noise,y\n${rows.join("\n")}\n`);
});

interface Trial extends Partial<Omit<TrainerRun, "trainer">> {
  readonly spec?: object;
}

function runTrainer({
  params = { width: 16, batchSize: 16, learningRate: 0.01 },
  spec = {},
  ...how
}: Trial): Promise<Ended> {
  const trainer = { kind: "tfjs", model: "mlp", data: tableSpec, epochs: 4, backend: "wasm", threads: 0, ...spec };
  return stage.run({ params, trainer, ...how });
}

const types = ({ events }: Ended): string[] => events.map((event) => event.type).filter((type) => type !== "heartbeat");
/** On a slow machine there is time for more of them. */
const withoutCheckpoints = (ended: Ended): string[] => types(ended).filter((type) => type !== "checkpoint");
const last = ({ events }: Ended): TrainerEvent => events.at(-1)!;

describe("the trainer process", () => {
  it("trains on WebAssembly and says nothing but events on standard output", async () => {
    const ended = await runTrainer({});
    expect(ended).toMatchObject({ code: 0 });
    expect(withoutCheckpoints(ended)).toEqual(["started", "report", "report", "report", "report", "done"]);
    expect(ended.events[0]).toMatchObject({ backend: "wasm", threads: 1, steps: 4, protocol: 1 });
    expect(last(ended)).toMatchObject({
      type: "done",
      metrics: { test_accuracy: expect.any(Number) as number, val_accuracy: expect.any(Number) as number },
    });
    expect(ended.log).toMatch(/^The model has \d+ parameters\.\n$/);
  });

  it("trains a convolutional model on two threads", async () => {
    const rows = Array.from({ length: 60 }, (_, i) =>
      [...Array.from({ length: 36 }, (_, j) => ((i % 2) * j) % 5), i % 2].join(","),
    );
    await writeFile(
      path.join(stage.folder, "images.csv"),
      [[...Array.from({ length: 36 }, (_, j) => `p${j}`), "y"].join(","), ...rows].join("\n"),
    );
    const data = {
      csv: "images.csv",
      label: "y",
      image: [6, 6, 1],
      validation: 0.2,
      test: 0.2,
      standardize: true,
      task: "classification",
    };
    const ended = await runTrainer({
      params: { filters: 4, blocks: 1, batchNorm: true, dropout: 0.1 },
      spec: { model: "vgg", data, epochs: 2 },
      env: { BASIN_THREADS: "2" },
    });
    expect(last(ended), ended.log).toMatchObject({ type: "done" });
    expect(ended.events[0]).toMatchObject({ threads: 2 });
  });

  it("stops when told, with a checkpoint, and goes on from it to the same end", async () => {
    const spec = { epochs: 30, backend: "cpu" };
    const whole = await runTrainer({ spec });
    await rm(path.join(stage.folder, "checkpoints"), { recursive: true });
    const first = await runTrainer({
      spec,
      onEvent: (event, child) => {
        if (event.type === "report" && event.step === 2) child.stdin!.write('{"type":"stop","reason":"paused"}\n');
      },
    });
    expect(first.code).toBe(0);
    expect(types(first).at(-1)).toBe("checkpoint");
    const second = await runTrainer({ spec });
    const reports = (ended: Ended) => ended.events.filter((event) => event.type === "report");
    expect([...reports(first), ...reports(second)]).toEqual(reports(whole));
  });

  it("pauses at its rung with the checkpoint of exactly that step, and is not done", async () => {
    const ended = await runTrainer({ env: { BASIN_UNTIL_STEP: "2" } });
    expect(ended.code).toBe(0);
    expect(withoutCheckpoints(ended)).toEqual(["started", "report", "report"]);
    const checkpoint = last(ended);
    expect(checkpoint).toMatchObject({ type: "checkpoint", step: 2 });
    expect(path.dirname((checkpoint as { path: string }).path)).toBe(path.join(stage.folder, "checkpoints"));
    const stored = await readWeights(path.join(stage.folder, "checkpoints"));
    expect(stored).toMatchObject({ epoch: 2, finished: false });
    expect(ended.events[0]).toMatchObject({ steps: 4 });
    expect(ended.log).toContain("Paused after epoch 2");
    const again = await runTrainer({ env: { BASIN_UNTIL_STEP: "2" } });
    expect(withoutCheckpoints(again)).toEqual(["started", "report"]);
    expect(again.events[1]).toEqual({ ...ended.events[2], repeated: true });
  });

  it("trains on while nobody reads its reports, and loses none of them", { timeout: 60_000 }, async () => {
    const epochs = 2500;
    const ended = await runTrainer({
      params: { width: 4, depth: 1, batchSize: 54 },
      spec: { epochs: epochs + 1 },
      env: { BASIN_UNTIL_STEP: String(epochs) },
      // One step an epoch; its last one is in the checkpoint that it writes at its rung.
      readAfter: () =>
        until(
          "it has trained to its rung",
          async () =>
            (await readdir(path.join(stage.folder, "checkpoints"))).some((name) => Number(/\d+/.exec(name)) === epochs),
          50_000,
        ),
    });
    expect(ended.code).toBe(0);
    const steps = ended.events.filter((event) => event.type === "report").map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: epochs }, (_, i) => i + 1));
    expect(JSON.stringify(ended.events).length).toBeGreaterThan(300_000);
    expect(last(ended)).toMatchObject({ type: "checkpoint", step: epochs });
  });

  it("exits when its standard input closes", async () => {
    const ended = await runTrainer({
      spec: { epochs: 100_000 },
      onEvent: (event, child) => {
        if (event.type === "report" && event.step === 1) child.stdin!.end();
      },
    });
    expect(ended.code).toBe(0);
    expect(types(ended)).not.toContain("done");
  });

  it("runs a user's module, chained operations and stock dropout included, the same each time", async () => {
    await writeFile(
      path.join(stage.folder, "model.cjs"),
      `exports.build = (params, tf, info) => {
        if (tf.scalar(2).add(1).dataSync()[0] !== 3) throw new Error("no chained operations");
        const m = tf.sequential();
        m.add(tf.layers.dense({ inputShape: info.inputShape, units: params.units, activation: "relu" }));
        m.add(tf.layers.dropout({ rate: 0.3 }));
        m.add(tf.layers.dense({ units: info.outputs, activation: "softmax", kernelRegularizer: "l1l2" }));
        return m;
      };`,
    );
    const trial: Trial = { params: { units: 6, learningRate: 0.02 }, spec: { model: "./model.cjs" } };
    const a = await runTrainer(trial);
    await rm(path.join(stage.folder, "checkpoints"), { recursive: true });
    const b = await runTrainer(trial);
    expect(last(a), a.log).toMatchObject({ type: "done" });
    const metrics = ({ events }: Ended) => events.filter((event) => event.type === "report");
    expect(metrics(b)).toEqual(metrics(a));
  });

  it.each<[string, Trial, RegExp]>([
    ["a misspelt parameter", { params: { widht: 3 } }, /no parameter "widht"\. Did you mean "width"\?/],
    [
      "a missing file",
      {
        spec: {
          data: { csv: "gone.csv", label: "y", validation: 0.2, test: 0, standardize: false, task: "classification" },
        },
      },
      /gone\.csv cannot be read/,
    ],
    ["a back end that is not there", { spec: { backend: "tfjs-node-gpu" } }, /"tfjs-node-gpu" cannot be used here/],
    ["a model that throws", { spec: { model: "./none.js" } }, /none\.js cannot be loaded/],
    [
      "a diverging loss",
      { params: { optimizer: "sgd", learningRate: 900, activation: "linear", depth: 3 }, spec: { epochs: 60 } },
      /no longer finite/,
    ],
    ["a policy that is none", { env: { BASIN_HD_COPY: "steal" } }, /BASIN_HD_COPY is "steal"/],
    ["a broken environment", { env: { BASIN_SEED: "x" } }, /BASIN_SEED must be a whole number/],
  ])("fails in words for %s", async (_, trial, reason) => {
    const ended = await runTrainer(trial);
    expect(ended.code).toBe(1);
    expect(last(ended)).toMatchObject({ type: "failed", reason: expect.stringMatching(reason) as string });
  });

  it("probes a back end in one line", async () => {
    const child = spawn(process.execPath, [stage.file, "--probe", "wasm"], { stdio: ["ignore", "pipe", "inherit"] });
    stage.own(child);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await new Promise((resolve) => child.once("close", resolve));
    expect(JSON.parse(text)).toMatchObject({ backend: "wasm", ok: true, stepMs: expect.any(Number) as number });
  });
});

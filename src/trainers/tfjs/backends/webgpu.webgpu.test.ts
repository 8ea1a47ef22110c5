import { rm } from "node:fs/promises";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import type { TrainerEvent } from "../../protocol.ts";
import { imagesSpec, tableSpec, writeTable } from "../testing/classTable.ts";
import { useTrainer, type Ended, type TrainerRun } from "../testing/trainerProcess.ts";

const stage = useTrainer("webgpu-test");

beforeEach(() => {
  const rng = rngForKey("webgpu-test");
  writeTable(stage.folder, (i, j) => (rng.normal() + ((i % 3) * (j % 4)) / 2).toFixed(4));
});

interface Trial extends Partial<Omit<TrainerRun, "trainer">> {
  readonly backend?: string;
  readonly model?: string;
  readonly epochs?: number;
}

async function train({ backend = "webgpu", model = "mlp", epochs = 3, params = {}, ...how }: Trial): Promise<Ended> {
  const data = model === "mlp" ? tableSpec : imagesSpec;
  const trainer = { kind: "tfjs", model, data, epochs, backend, threads: 0 };
  const ended = await stage.run({ params, trainer, ...how });
  // What was stopped is to be gone on with.
  if (how.onEvent === undefined) await rm(path.join(stage.folder, "checkpoints"), { recursive: true, force: true });
  return ended;
}

const last = ({ events }: Ended): TrainerEvent => events.at(-1)!;
const reports = ({ events }: Ended) => events.filter((event) => event.type === "report");

/** Both ended well and reported the same numbers, to `tolerance`. */
function expectSame(actual: Ended, wanted: Ended, tolerance: number): void {
  expect(last(actual), actual.log).toMatchObject({ type: "done" });
  expect(last(wanted), wanted.log).toMatchObject({ type: "done" });
  const wantedReports = reports(wanted);
  expect(reports(actual)).toHaveLength(wantedReports.length);
  reports(actual).forEach(({ metrics }, i) => {
    for (const [name, value] of Object.entries(wantedReports[i]!.metrics)) {
      if (name.endsWith("seconds")) continue;
      expect(Math.abs(metrics[name]! - value), `${name} of epoch ${i + 1}`).toBeLessThan(
        tolerance * Math.max(1, Math.abs(value)),
      );
    }
  });
}

const rich = {
  width: 10,
  batchNorm: true,
  dropout: 0.3,
  batchSize: 16,
  learningRate: 0.02,
  optimizer: "adamw",
  weightDecay: 0.01,
  lrSchedule: "cosine",
  warmupEpochs: 1,
  gradClip: 1,
  labelSmoothing: 0.05,
  earlyStoppingPatience: 10,
};

describe("training on WebGPU", () => {
  it("gives a multilayer perceptron the reference's losses, and says on what it computes", async () => {
    const [actual, wanted] = [await train({ params: rich }), await train({ params: rich, backend: "cpu" })];
    expectSame(actual, wanted, 1e-3);
    expect(actual.events[0]).toMatchObject({
      type: "started",
      backend: "webgpu",
      device: expect.stringMatching(/WebGPU$/) as string,
      threads: 1,
    });
  });

  it("gives a convolutional network with batch norm and dropout the reference's losses", async () => {
    const trial: Trial = {
      model: "vgg",
      epochs: 2,
      params: {
        blocks: 1,
        filters: 4,
        batchNorm: true,
        dropout: 0.2,
        convDropout: 0.1,
        denseUnits: 8,
        batchSize: 20,
        learningRate: 0.01,
      },
    };
    expectSame(await train(trial), await train({ ...trial, backend: "cpu" }), 2e-3);
  });

  it("goes on from a checkpoint as if it had not stopped", async () => {
    const trial: Trial = { params: rich, epochs: 6 };
    const whole = await train(trial);
    const first = await train({
      ...trial,
      onEvent: (event, child) => {
        if (event.type === "report" && event.step === 2) child.stdin!.write('{"type":"stop","reason":"paused"}\n');
      },
    });
    expect(first.events.at(-1), first.log).toMatchObject({ type: "checkpoint" });
    const second = await train(trial);
    expectSame({ ...second, events: [...reports(first), ...second.events] }, whole, 1e-5);
    expect(reports(second).length).toBeLessThan(6);
  });

  it("fails in words when the loss is no longer finite", async () => {
    const ended = await train({
      epochs: 60,
      params: { optimizer: "sgd", learningRate: 900, activation: "linear", depth: 3, batchSize: 16 },
    });
    expect(last(ended)).toMatchObject({
      type: "failed",
      reason: expect.stringMatching(/no longer finite/) as string,
    });
  });

  it("refuses a software adapter where no test asks for it; an automatic choice goes on", async () => {
    // Its own data folder: what another test's trial remembers of this back end takes no part.
    const env = { BASIN_WEBGPU_SOFTWARE: "", XDG_DATA_HOME: stage.folder };
    const forced = await train({ env });
    expect(last(forced)).toMatchObject({
      type: "failed",
      reason: expect.stringMatching(/"webgpu" cannot be used here.*computes on the processor/) as string,
    });
    const automatic = await train({ env, backend: "auto", epochs: 1 });
    expect(last(automatic), automatic.log).toMatchObject({ type: "done" });
    expect(automatic.log).toMatch(/webgpu is not used: .*computes on the processor/);
  });
});

import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import { trainerEventSchema, type TrainerEvent } from "../../protocol.ts";

const root = path.resolve(import.meta.dirname, "../../../..");
/** Below the root, so that the bundle finds the packages' files. */
const bundleFolder = path.join(root, "node_modules", ".cache", `basin-webgpu-test-${process.pid}`);
const bundle = path.join(bundleFolder, "trainer.cjs");
let folder: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await build({
    entryPoints: [path.join(root, "src/trainers/tfjs/main.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    mainFields: ["module", "main"],
    external: ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"],
    keepNames: true,
    logLevel: "error",
  });
});
afterAll(() => rm(bundleFolder, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "basin-webgpu-"));
  const rng = rngForKey("webgpu-test");
  const rows = Array.from({ length: 90 }, (_, i) => {
    const cells = Array.from({ length: 16 }, (_, j) => (rng.normal() + ((i % 3) * (j % 4)) / 2).toFixed(4));
    return [...cells, `c${i % 3}`].join(",");
  });
  const head = [...Array.from({ length: 16 }, (_, j) => `x${j}`), "y"].join(",");
  await writeFile(path.join(folder, "data.csv"), `${head}\n${rows.join("\n")}\n`);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly events: TrainerEvent[];
  readonly log: string;
}

interface Trial {
  readonly backend?: string;
  readonly model?: string;
  readonly epochs?: number;
  readonly params?: object;
  readonly env?: Record<string, string>;
  readonly onEvent?: (event: TrainerEvent, child: ChildProcess) => void;
}

async function train({
  backend = "webgpu",
  model = "mlp",
  epochs = 3,
  params = {},
  env = {},
  onEvent,
}: Trial): Promise<Ended> {
  await mkdir(path.join(folder, "checkpoints"), { recursive: true });
  await writeFile(path.join(folder, "params.json"), JSON.stringify(params));
  const data = {
    csv: "./data.csv",
    label: "y",
    validation: 0.2,
    test: 0.2,
    standardize: true,
    task: "classification",
    ...(model === "mlp" ? {} : { image: [4, 4, 1] }),
  };
  const spec = { kind: "tfjs", model, data, epochs, backend, threads: 0 };
  await writeFile(path.join(folder, "trainer.json"), JSON.stringify(spec));
  const child = spawn(process.execPath, [bundle], {
    cwd: root,
    env: {
      ...process.env,
      BASIN_PARAMS_FILE: path.join(folder, "params.json"),
      BASIN_TRAINER_FILE: path.join(folder, "trainer.json"),
      BASIN_DATA_ROOT: folder,
      BASIN_CHECKPOINT_DIR: path.join(folder, "checkpoints"),
      BASIN_SEED: "1",
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  children.add(child);
  const events: TrainerEvent[] = [];
  let rest = "";
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const event = trainerEventSchema.parse(JSON.parse(line.slice(1)));
      events.push(event);
      onEvent?.(event, child);
    }
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  await rm(path.join(folder, onEvent === undefined ? "checkpoints" : "kept"), { recursive: true, force: true });
  return { code, events, log };
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
    const env = { BASIN_WEBGPU_SOFTWARE: "", XDG_DATA_HOME: folder };
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

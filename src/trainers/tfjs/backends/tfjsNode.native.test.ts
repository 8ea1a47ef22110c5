import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import { nativeHome, packageFolder, writeManifest } from "../../../native/layout.ts";
import { createBatches } from "../data/batches.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { buildModel } from "../models/build.ts";
import type { ModelDescription } from "../models/description.ts";
import { describeMlp } from "../models/mlp.ts";
import { describeVgg } from "../models/vgg.ts";
import { optimizerPlan } from "../training/optimizer.ts";
import { trainingRandomness } from "../training/randomness.ts";
import { createStepper } from "../training/step.ts";
import type { LoadedBackend } from "./backend.ts";
import { probe } from "./probe.ts";
import { tfjsNodeBackend } from "./tfjsNode.ts";

// Runs where the native part is installed (scripts/test.ts, part "native").

const root = path.resolve(import.meta.dirname, "../../../..");
/** Below the root, so that the bundle finds the packages' files. */
const bundleFolder = path.join(root, "node_modules", ".cache", `basin-native-test-${process.pid}`);
let folder: string;
let native: LoadedBackend;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-native-test-"));
  native = await tfjsNodeBackend.load({ threads: 2 });
  await build({
    entryPoints: [path.join(root, "src/trainers/tfjs/main.ts")],
    outfile: path.join(bundleFolder, "trainer.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    mainFields: ["module", "main"],
    keepNames: true,
    logLevel: "error",
  });
});
afterAll(() => {
  rmSync(bundleFolder, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Weights before and after one step of plain gradient descent with rate 1: their difference is the gradient.
 * @param on the package's own name of a back end: it brings the plain one along
 */
async function gradientOf(
  on: "tensorflow" | "cpu",
  description: ModelDescription,
  seed: number,
): Promise<Float32Array[]> {
  // One engine serves all of TensorFlow.js in a process; what runs is what was set last.
  await native.tf.setBackend(on);
  const backend: LoadedBackend = native;
  const rows = 6;
  const rng = rngForKey(`native-test-${seed}`);
  const columns = description.inputShape.reduce((a, b) => a * b, 1);
  const part = {
    rows,
    features: Float32Array.from({ length: rows * columns }, () => rng.normal()),
    targets: Float32Array.from({ length: rows }, () => rng.int(3)),
  };
  const random = trainingRandomness(seed);
  random.setStep(0);
  const model = buildModel(backend.tf, description, random);
  const batches = createBatches(backend.tf, part, description.inputShape);
  const plan = optimizerPlan(resolveHyperparameters({ optimizer: "sgd", momentum: 0, weightDecay: 0 }, "module"));
  const stepper = createStepper({
    backend,
    trainable: { model, output: "logits" },
    batches,
    head: { output: "logits", width: 3, labelSmoothing: 0 },
    plan,
    microBatch: rows,
    breathe: () => Promise.resolve(),
  });
  const weights = (): Float32Array[] =>
    model.trainableWeights.map((weight) => Float32Array.from(weight.read().dataSync()));
  const before = weights();
  await stepper.step(
    Int32Array.from({ length: rows }, (_, i) => i),
    1,
  );
  await stepper.settle();
  const gradients = weights().map((after, i) => after.map((value, j) => before[i]![j]! - value));
  expect(backend.tf.getBackend()).toBe(on);
  stepper.dispose();
  batches.dispose();
  model.dispose();
  return gradients;
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

async function expectSameGradients(description: ModelDescription, seed: number): Promise<void> {
  const [actual, wanted] = [
    await gradientOf("tensorflow", description, seed),
    await gradientOf("cpu", description, seed),
  ];
  const total = Math.sqrt(wanted.reduce((sum, gradient) => sum + norm(gradient) ** 2, 0));
  actual.forEach((gradient, i) => {
    const error = norm(gradient.map((value, j) => value - wanted[i]![j]!));
    // In front of batch normalisation a gradient may cancel to nothing (a lone filter's size has no effect): what is left is
    // float32 rounding of the sums that cancelled, which goes with the whole gradient.
    expect(error, `gradient ${i}`).toBeLessThan(2e-4 * Math.max(norm(wanted[i]!), 0.05 * total));
  });
}

describe("gradients on tfjs-node are those of the plain JavaScript back end", () => {
  const seed = fc.integer({ min: 0, max: 1e6 });
  const activation = fc.constantFrom("relu", "tanh", "sigmoid", "elu", "selu", "softplus", "linear");

  it("for dense networks", async () => {
    const params = fc.record({
      depth: fc.integer({ min: 1, max: 3 }),
      width: fc.integer({ min: 1, max: 20 }),
      activation,
      batchNorm: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(params, fc.integer({ min: 1, max: 12 }), seed, (params, inputs, seed) =>
        expectSameGradients(describeMlp(resolveHyperparameters(params, "mlp"), [inputs], 3), seed),
      ),
      { numRuns: 25 },
    );
  });

  it("for convolutional networks", async () => {
    const params = fc.record({
      blocks: fc.integer({ min: 1, max: 2 }),
      layersPerBlock: fc.integer({ min: 1, max: 2 }),
      filters: fc.integer({ min: 1, max: 5 }),
      kernel: fc.constantFrom(1, 3, 5),
      activation,
      batchNorm: fc.boolean(),
    });
    const shape = fc.tuple(
      fc.integer({ min: 4, max: 9 }),
      fc.integer({ min: 4, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(params, shape, seed, (params, shape, seed) =>
        expectSameGradients(describeVgg(resolveHyperparameters(params, "vgg"), shape, 3), seed),
      ),
      { numRuns: 25 },
    );
  });
});

interface Ended {
  readonly events: Record<string, unknown>[];
  readonly log: string;
}

/** A short trial of the bundled trainer that chooses its back end. */
async function trial(env: Record<string, string>, model: "vgg" | "mlp" = "vgg"): Promise<Ended> {
  const own = mkdtempSync(path.join(folder, "trial-"));
  const rng = rngForKey("native-trial");
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${Array.from({ length: 16 }, () => (rng.normal() + (i % 3)).toFixed(3)).join()},c${i % 3}`,
  );
  const header = `${Array.from({ length: 16 }, (_, i) => `p${i}`).join()},y`;
  writeFileSync(path.join(own, "data.csv"), `${header}\n${rows.join("\n")}\n`);
  const split = { validation: 0.2, test: 0, standardize: true, task: "classification" };
  const data = { csv: "./data.csv", label: "y", image: [4, 4, 1], ...split };
  writeFileSync(
    path.join(own, "trainer.json"),
    JSON.stringify({ kind: "tfjs", model, data, epochs: 2, backend: "auto", threads: 2 }),
  );
  const size = model === "mlp" ? { width: 8 } : { blocks: 1, layersPerBlock: 1, filters: 4, denseUnits: 8 };
  writeFileSync(path.join(own, "params.json"), JSON.stringify({ ...size, batchSize: 16 }));
  const child = spawn(process.execPath, [path.join(bundleFolder, "trainer.cjs")], {
    cwd: own,
    env: {
      ...process.env,
      BASIN_PARAMS_FILE: path.join(own, "params.json"),
      BASIN_TRAINER_FILE: path.join(own, "trainer.json"),
      BASIN_DATA_ROOT: own,
      BASIN_SEED: "1",
      // No GPU takes part, on whatever machine this runs.
      CUDA_VISIBLE_DEVICES: "",
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let text = "";
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  await new Promise((resolve) => child.once("close", resolve));
  const lines = text.split("\n").filter((line) => line !== "");
  return { events: lines.map((line) => JSON.parse(line.slice(1)) as Record<string, unknown>), log };
}

describe("an automatic choice", () => {
  it("is tfjs-node once it is installed; the trial says what it runs on", async () => {
    const { events, log } = await trial({});
    expect(events[0], log).toMatchObject({
      type: "started",
      backend: "tfjs-node",
      device: expect.stringMatching(/^CPU, libtensorflow \d+\.\d+/) as string,
      threads: 2,
    });
    expect(events.at(-1), log).toMatchObject({ type: "done" });
    expect(native.device).toBe(events[0]!["device"]);
  });

  it("stays with WebAssembly for dense models, whose steps are cheaper there", async () => {
    const { events, log } = await trial({}, "mlp");
    expect(events[0], log).toMatchObject({ type: "started", backend: "wasm", threads: 2 });
    expect(events.at(-1), log).toMatchObject({ type: "done" });
  });

  it("passes a library over that ends the process, in this trial and the next, and says so", async () => {
    const env = { XDG_DATA_HOME: path.join(folder, "crashing") };
    const home = nativeHome(env);
    const broken = packageFolder(path.join(home, "cpu-1"), "cpu");
    mkdirSync(path.join(broken, "lib", "napi-v8"), { recursive: true });
    writeFileSync(path.join(broken, "lib", "napi-v8", "tfjs_binding.node"), "");
    writeFileSync(path.join(broken, "package.json"), "{}");
    const count = path.join(folder, "loads");
    const crash = `require("fs").appendFileSync(${JSON.stringify(count)}, "x"); process.kill(process.pid, "SIGSEGV");`;
    writeFileSync(path.join(broken, "index.js"), crash);
    const manifest = { folder: "cpu-1", from: "", libtensorflow: "", device: "", node: "", installedAt: "" };
    writeManifest(home, { ...manifest, format: 1, variant: "cpu", origin: "wheel" });
    for (let i = 0; i < 2; i++) {
      const { events, log } = await trial(env);
      expect(events[0], log).toMatchObject({ type: "started", backend: "wasm" });
      expect(log).toMatch(/tfjs-node is not used: its native library ended the process that tried it \(SIGSEGV\)/);
    }
    // Tried once, apart, and remembered.
    expect(readFileSync(count, "utf8")).toBe("x");
  });
});

describe("the probe", () => {
  it("measures a yardstick and says on what", async () => {
    expect(await probe("tfjs-node", 2, "cnn 0.2")).toMatchObject({
      ok: true,
      device: native.device,
      measured: { yardstick: "cnn", threads: 2, gigaflops: expect.any(Number) as number },
    });
  });
});

/**
 * The models and data that training speed is measured with, by `basin doctor` and test/bench, and how a step is timed.
 */
import { rngForKey } from "../../core/rng.ts";
import type { LoadedBackend } from "./backends/backend.ts";
import { createBatches } from "./data/batches.ts";
import type { Part } from "./data/dataset.ts";
import { resolveHyperparameters } from "./hyperparameters.ts";
import { buildModel } from "./models/build.ts";
import type { ModelDescription } from "./models/description.ts";
import { describeMlp } from "./models/mlp.ts";
import { describeVgg } from "./models/vgg.ts";
import { activationBytes, microBatchSize } from "./training/microBatch.ts";
import { optimizerPlan } from "./training/optimizer.ts";
import { trainingRandomness } from "./training/randomness.ts";
import { createStepper } from "./training/step.ts";

export const yardsticks = ["mlp", "cnn", "cnn-batchnorm", "cnn-dropout"] as const;
export type Yardstick = (typeof yardsticks)[number];

/** Samples of a yardstick's step. */
export const yardstickBatch = 128;

export function describeYardstick(name: Yardstick): ModelDescription {
  if (name === "mlp")
    return describeMlp(resolveHyperparameters({ depth: 2, width1: 256, width2: 128 }, "mlp"), [64], 10);
  const options = { cnn: {}, "cnn-batchnorm": { batchNorm: true }, "cnn-dropout": { convDropout: 0.25, dropout: 0.5 } }[
    name
  ];
  return describeVgg(resolveHyperparameters(options, "vgg"), [32, 32, 3], 10);
}

export function syntheticPart(inputShape: readonly number[], rows: number): Part {
  const rng = rngForKey("yardstick");
  const columns = inputShape.reduce((a, b) => a * b, 1);
  return {
    rows,
    features: Float32Array.from({ length: rows * columns }, () => rng.normal()),
    targets: Float32Array.from({ length: rows }, () => rng.int(10)),
  };
}

export interface StepTime {
  /** Median wall-clock milliseconds a step. */
  readonly wallMs: number;
  /** Mean processor milliseconds a step, all threads: what to compare on a busy machine. */
  readonly cpuMs: number;
  readonly steps: number;
}

/** Times training steps (Adam, batch 128) over `seconds`, after ten (or half of the time) to warm up. */
export async function stepTime(backend: LoadedBackend, name: Yardstick, seconds: number): Promise<StepTime> {
  const description = describeYardstick(name);
  const random = trainingRandomness(1);
  const model = buildModel(backend.tf, description, random);
  const batches = createBatches(
    backend.tf,
    syntheticPart(description.inputShape, 2 * yardstickBatch),
    description.inputShape,
  );
  const stepper = createStepper({
    backend,
    trainable: { model, output: "logits" },
    batches,
    head: { output: "logits", width: 10, labelSmoothing: 0 },
    plan: optimizerPlan(resolveHyperparameters({}, "module")),
    microBatch: microBatchSize(yardstickBatch, activationBytes(model), backend.activationBudget),
    breathe: () => Promise.resolve(),
  });
  const rows = Int32Array.from({ length: yardstickBatch }, (_, i) => i);
  const times: number[] = [];
  let step = 0;
  const run = async (until: number, least: number, most: number): Promise<void> => {
    for (let n = 0; n < least || (n < most && performance.now() < until); n++, step++) {
      random.setStep(step);
      const started = performance.now();
      await stepper.step(rows, 1e-4);
      times.push(performance.now() - started);
    }
  };
  await run(performance.now() + 500 * seconds, 1, 10);
  times.length = 0;
  const before = process.cpuUsage();
  await run(performance.now() + 1000 * seconds, 3, Number.POSITIVE_INFINITY);
  const used = process.cpuUsage(before);
  batches.dispose();
  stepper.updater.dispose();
  model.dispose();
  times.sort((a, b) => a - b);
  return {
    wallMs: times[times.length >> 1]!,
    cpuMs: (used.user + used.system) / 1000 / times.length,
    steps: times.length,
  };
}

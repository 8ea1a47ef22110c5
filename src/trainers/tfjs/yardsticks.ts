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
import { yardstickBatch, type Measured, type Yardstick } from "./yardstickAnswer.ts";
import { createStepper } from "./training/step.ts";
import type { LayersModel } from "./tf.ts";

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
  /** Wall-clock milliseconds a step: the median, or the mean on a device that computes beside this process. */
  readonly wallMs: number;
  /** Mean processor milliseconds a step, all threads: what to compare on a busy machine. */
  readonly cpuMs: number;
  readonly steps: number;
}

/** Times training steps (Adam) over `seconds`, after ten (or half of the time) to warm up. */
export async function stepTime(
  backend: LoadedBackend,
  name: Yardstick,
  seconds: number,
  samples: number = yardstickBatch,
): Promise<StepTime> {
  const description = describeYardstick(name);
  const random = trainingRandomness(1);
  const model = buildModel(backend.tf, description, random);
  const part = syntheticPart(description.inputShape, 2 * samples);
  const batches = createBatches(backend.tf, part, description.inputShape);
  const stepper = createStepper({
    backend,
    trainable: { model, output: "logits" },
    batches,
    head: { output: "logits", width: 10, labelSmoothing: 0 },
    plan: optimizerPlan(resolveHyperparameters({}, "module")),
    microBatch: microBatchSize(samples, activationBytes(model), backend.activationBudget),
    breathe: () => Promise.resolve(),
  });
  const rows = Int32Array.from({ length: samples }, (_, i) => i);
  const times: number[] = [];
  let step = 0;
  /** Gives the milliseconds of all steps together. */
  const run = async (until: number, least: number, most: number): Promise<number> => {
    const begun = performance.now();
    for (let n = 0; n < least || (n < most && performance.now() < until); n++, step++) {
      random.setStep(step);
      const started = performance.now();
      await stepper.step(rows, 1e-4);
      times.push(performance.now() - started);
    }
    await stepper.settle();
    return performance.now() - begun;
  };
  try {
    await run(performance.now() + 500 * seconds, 1, 10);
    times.length = 0;
    const before = process.cpuUsage();
    const totalMs = await run(performance.now() + 1000 * seconds, 3, Number.POSITIVE_INFINITY);
    const used = process.cpuUsage(before);
    const steps = times.length;
    times.sort((a, b) => a - b);
    return {
      wallMs: backend.readsLate === true ? totalMs / steps : times[steps >> 1]!,
      cpuMs: (used.user + used.system) / 1000 / steps,
      steps,
    };
  } finally {
    batches.dispose();
    stepper.dispose();
    model.dispose();
  }
}

/**
 * Floating-point operations of one training step: two for each multiplication with a weight, forward, for the weights' gradient,
 * and for the input's gradient except at the first layer. Activations, pooling and the optimizer are not counted.
 */
export function trainingFlops(model: LayersModel, samples: number): number {
  let forward = 0;
  let first: number | undefined;
  for (const layer of model.layers) {
    const kernel = layer.weights.find((weight) => weight.shape.length === 2 || weight.shape.length === 4);
    if (kernel === undefined) continue;
    const [, ...shape] = layer.outputShape as (number | null)[];
    const places = shape.slice(0, -1).reduce<number>((product, size) => product * (size ?? 1), 1);
    const flops = 2 * samples * places * kernel.shape.reduce<number>((product, size) => product * (size ?? 1), 1);
    forward += flops;
    first ??= flops;
  }
  return 3 * forward - (first ?? 0);
}

/** Batches tried before the whole one: what a step costs besides its samples is large on some back ends. */
const tryBatches = [2, 16];

/**
 * Measures a yardstick in about `seconds`, and as much again to warm up and to find out what can be afforded: where whole steps
 * would take longer, the largest batch that does not.
 */
export async function measureYardstick(backend: LoadedBackend, name: Yardstick, seconds: number): Promise<Measured> {
  const model = buildModel(backend.tf, describeYardstick(name), trainingRandomness(1));
  const flops = trainingFlops(model, yardstickBatch);
  model.dispose();
  let samples = yardstickBatch;
  let time: StepTime | undefined;
  for (const batch of tryBatches) {
    const tried = await stepTime(backend, name, seconds / 100, batch);
    // A batch eight times as large takes eight times as long at most; it is run four times at least.
    if (4 * 8 * tried.wallMs < 3000 * seconds) continue;
    [samples, time] = [batch, tried];
    break;
  }
  time ??= await stepTime(backend, name, seconds);
  const stepMs = (time.wallMs * yardstickBatch) / samples;
  return {
    yardstick: name,
    threads: backend.threads,
    stepMs: Number(stepMs.toPrecision(3)),
    cpuMs: Number(((time.cpuMs * yardstickBatch) / samples).toPrecision(3)),
    gigaflops: Number((flops / stepMs / 1e6).toPrecision(3)),
    samples,
    steps: time.steps,
  };
}

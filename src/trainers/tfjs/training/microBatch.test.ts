import { beforeAll, describe, expect, it } from "vitest";
import type { LoadedBackend } from "../backends/backend.ts";
import { HeapFull } from "../backends/heapFull.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { createBatches } from "../data/batches.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { buildModel } from "../models/build.ts";
import { describeVgg } from "../models/vgg.ts";
import { allVariables } from "../models/trainable.ts";
import { syntheticPart } from "../yardsticks.ts";
import { activationBytes } from "./microBatch.ts";
import { optimizerPlan } from "./optimizer.ts";
import { trainingRandomness } from "./randomness.ts";
import { createStepper } from "./step.ts";

const inputShape = [12, 12, 3];
const rows = 40;

interface Heap {
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
}

let backend: LoadedBackend;
let heap: Heap;
/** Bytes in use, the most there were, and the most there may be. */
const used = { now: 0, most: 0, limit: Number.POSITIVE_INFINITY };

beforeAll(async () => {
  backend = await wasmBackend.load({ threads: 1 });
  heap = (backend.tf.backend() as unknown as { wasm: Heap }).wasm;
  const { _malloc: malloc, _free: free } = heap;
  const sizes = new Map<number, number>();
  heap._malloc = (bytes) => {
    if (used.now + bytes > used.limit) throw new HeapFull(bytes);
    const address = malloc(bytes);
    sizes.set(address >>> 0, bytes);
    used.now += bytes;
    used.most = Math.max(used.most, used.now);
    return address;
  };
  heap._free = (address) => {
    used.now -= sizes.get(address >>> 0) ?? 0;
    sizes.delete(address >>> 0);
    free(address);
  };
});

interface Ran {
  readonly weights: Float32Array[];
  readonly losses: number[];
  readonly log: string[];
  /** Bytes that the steps took beyond what was there before. */
  readonly peak: number;
  readonly estimate: number;
}

/** Three steps of a small VGG over all rows. */
async function train(
  microBatch: number,
  params: Record<string, number | boolean> = {},
  roomFor = Number.POSITIVE_INFINITY,
): Promise<Ran> {
  const { tf } = backend;
  const h = resolveHyperparameters({ blocks: 2, filters: 6, layersPerBlock: 1, denseUnits: 16, ...params }, "vgg");
  const before = tf.memory().numTensors;
  const model = buildModel(tf, describeVgg(h, inputShape, 10), trainingRandomness(1));
  const batches = createBatches(tf, syntheticPart(inputShape, rows), inputShape);
  const log: string[] = [];
  const stepper = createStepper({
    backend,
    trainable: { model, output: "logits" },
    batches,
    head: { output: "logits", width: 10, labelSmoothing: 0 },
    plan: optimizerPlan(h, 100),
    microBatch,
    breathe: () => Promise.resolve(),
    log: (message) => log.push(message),
  });
  const start = used.now;
  used.most = start;
  used.limit = start + roomFor;
  const losses: number[] = [];
  try {
    for (let step = 0; step < 3; step++)
      for (const score of await stepper.step(
        Int32Array.from({ length: rows }, (_, i) => (7 * i) % rows),
        1e-2,
      ))
        losses.push(score.loss);
  } finally {
    used.limit = Number.POSITIVE_INFINITY;
  }
  expect(used.now, "bytes left behind").toBe(start);
  const result = {
    weights: allVariables(model).map((variable) => Float32Array.from(variable.dataSync())),
    losses,
    log,
    peak: used.most - start,
    estimate: microBatch * activationBytes(model),
  };
  stepper.dispose();
  batches.dispose();
  model.dispose();
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  return result;
}

function expectSame(actual: Ran, wanted: Ran): void {
  actual.losses.forEach((loss, i) => expect(loss / wanted.losses[i]!).toBeCloseTo(1, 4));
  actual.weights.forEach((weights, i) => {
    weights.forEach((weight, j) => expect(weight).toBeCloseTo(wanted.weights[i]![j]!, 3));
  });
}

describe("micro-batches on WebAssembly", () => {
  it("make the same steps as the whole batch, in less memory", async () => {
    const whole = await train(rows);
    for (const size of [1, 7, 20]) {
      const parts = await train(size);
      expectSame(parts, whole);
      expect(parts.peak).toBeLessThan(whole.peak);
    }
  });

  it.each<[string, Record<string, number | boolean>]>([
    ["plain", {}],
    ["with batch norm", { batchNorm: true }],
    ["with dropout", { convDropout: 0.2, dropout: 0.5 }],
  ])("take no more than was estimated: %s", async (_, params) => {
    for (const size of [20, 40]) {
      const { peak, estimate } = await train(size, params);
      // Beside the activations: weights and their gradients, packed filters, padded images, partial sums.
      expect(peak).toBeLessThan(estimate + 1024 ** 2);
    }
  });

  it("are halved where the heap is full, and make the same steps still", async () => {
    const whole = await train(rows);
    const cramped = await train(rows, {}, 0.6 * whole.peak);
    expectSame(cramped, whole);
    expect(cramped.log.join("\n")).toMatch(/The heap is full: from now on (20|10|5) samples are computed at a time/);
  });

  it("that do not fit even one at a time fail with words, and leave nothing behind", async () => {
    const before = used.now;
    await expect(train(rows, {}, 2000)).rejects.toThrow(/heap .* is full/);
    expect(used.now - before).toBeLessThan(2_000_000);
  });
});

import { expect, it } from "vitest";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { createBatches } from "../data/batches.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { buildModel } from "../models/build.ts";
import { describeMlp } from "../models/mlp.ts";
import { optimizerPlan } from "../training/optimizer.ts";
import { trainingRandomness } from "../training/randomness.ts";
import { createStepper } from "../training/step.ts";
import { deviceText, isSoftware } from "./webgpuDawn.ts";
import { webgpuBackend } from "./webgpu.ts";

it("knows software adapters by any of their names, and hardware as hardware", () => {
  const info = { vendor: "", architecture: "", device: "", description: "" };
  expect(isSoftware({ ...info, description: "llvmpipe: Mesa 25 (LLVM 15)" })).toBe(true);
  expect(isSoftware({ ...info, architecture: "software" })).toBe(true);
  expect(isSoftware({ ...info, vendor: "google", architecture: "swiftshader" })).toBe(true);
  expect(isSoftware({ ...info, description: "Microsoft Basic Render Driver" })).toBe(true);
  expect(isSoftware({ ...info, isFallbackAdapter: true })).toBe(true);
  const card = { vendor: "nvidia", architecture: "hopper", device: "", description: "NVIDIA H200: 570.86" };
  expect(isSoftware({ ...card, isFallbackAdapter: false })).toBe(false);
  expect(deviceText(card)).toBe("NVIDIA H200: 570.86 (nvidia hopper), WebGPU");
});

it("reads what is still here at once, and says how to read what is on the GPU", async () => {
  const { tf } = await webgpuBackend.load({ threads: 1 });
  const x = tf.tensor1d([1, 2]);
  expect([...x.dataSync()]).toEqual([1, 2]);
  const y = tf.relu(tf.randomNormal([2000]));
  expect(() => y.dataSync()).toThrow(/only be read asynchronously/);
  expect(await y.data()).toHaveLength(2000);
  tf.dispose([x, y]);
});

it("is one device, however often it is loaded", async () => {
  const [a, b] = [await webgpuBackend.load({ threads: 1 }), await webgpuBackend.load({ threads: 1 })];
  expect(b).toBe(a);
  expect(a.readsLate).toBe(true);
  expect(a.activationBudget).toBeLessThanOrEqual(3 * a.largestTensor!);
});

it("takes no more memory of the GPU the longer it trains", async () => {
  // Each step read by itself: how many are read together hangs on the time, and each number has buffers of its own size.
  const backend = { ...(await webgpuBackend.load({ threads: 1 })), readsLate: false };
  const { tf } = backend;
  const description = describeMlp(resolveHyperparameters({ width: 8, dropout: 0.2 }, "mlp"), [5], 3);
  const random = trainingRandomness(1);
  const model = buildModel(tf, description, random);
  const features = Float32Array.from({ length: 5 * 40 }, (_, i) => Math.sin(i));
  const targets = Float32Array.from({ length: 40 }, (_, i) => i % 3);
  const batches = createBatches(tf, { rows: 40, features, targets }, [5]);
  const stepper = createStepper({
    backend,
    trainable: { model, output: "logits" },
    batches,
    head: { output: "logits", width: 3, labelSmoothing: 0 },
    plan: optimizerPlan(resolveHyperparameters({ gradClip: 1 }, "module")),
    microBatch: 10,
    breathe: () => Promise.resolve(),
  });
  const taken: number[] = [];
  let scored = 0;
  for (let step = 0; step < 30; step++) {
    random.setStep(step);
    scored += (
      await stepper.step(
        Int32Array.from({ length: 20 }, (_, i) => (step + i) % 40),
        0.01,
      )
    ).length;
    if (step % 10 === 9) {
      scored += (await stepper.settle()).length;
      taken.push((tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU);
    }
  }
  expect(scored).toBe(30);
  expect(taken[2]).toBe(taken[1]);
  batches.dispose();
  stepper.dispose();
  model.dispose();
});

it("fails every read, in words, once the GPU is lost", async () => {
  const { tf } = await webgpuBackend.load({ threads: 1 });
  const x = tf.relu(tf.ones([3000]));
  (tf.backend() as unknown as WebGPUBackend).device.destroy();
  await expect(x.data()).rejects.toThrow(/The GPU was lost while it was computing/);
  await expect(tf.relu(tf.ones([3000])).data()).rejects.toThrow(/The GPU was lost/);
});

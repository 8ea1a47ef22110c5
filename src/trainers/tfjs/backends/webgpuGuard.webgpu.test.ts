import { expect, it } from "vitest";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
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

it("fails every read, in words, once the GPU is lost", async () => {
  const { tf } = await webgpuBackend.load({ threads: 1 });
  const x = tf.relu(tf.ones([3000]));
  (tf.backend() as unknown as WebGPUBackend).device.destroy();
  await expect(x.data()).rejects.toThrow(/The GPU was lost while it was computing/);
  await expect(tf.relu(tf.ones([3000])).data()).rejects.toThrow(/The GPU was lost/);
});

import { expect, it } from "vitest";
import { webgpuBackend } from "./webgpu.ts";

it("fails every read, in words, once the GPU has refused an operation", async () => {
  const { tf, largestTensor } = await webgpuBackend.load({ threads: 1 });
  const rows = Math.floor(largestTensor! / 4 / 1024) + 1024;
  // A binding of more than the device can bind: WebGPU computes nothing and goes on as if it had.
  const sum = tf.tidy(() => tf.sum(tf.relu(tf.zeros([rows, 1024]))));
  await expect(sum.data()).rejects.toThrow(/The GPU (refused an operation|'s memory is full)/);
  await expect(tf.relu(tf.ones([3000])).data()).rejects.toThrow(/The GPU/);
});

/**
 * For the tests on WebGPU: the same computation there and on the reference back end, compared.
 */
import { expect } from "vitest";
import type { Tensor, Tf } from "../../tf.ts";
import { cpuBackend } from "../cpu.ts";
import { relativeError } from "../wasmKernels/testing.ts";
import { webgpuBackend } from "../webgpu.ts";

/** Loads both, with the project's kernels. */
export async function loadBoth(): Promise<Tf> {
  await cpuBackend.load({ threads: 1 });
  return (await webgpuBackend.load({ threads: 1 })).tf;
}

type Compute = (tf: Tf) => Tensor | Tensor[];

interface Result {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

async function resultsOn(tf: Tf, backend: "cpu" | "webgpu", compute: Compute): Promise<Result[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const tensors = [tf.tidy(() => compute(tf))].flat();
  const results = await Promise.all(
    tensors.map(async (tensor) => ({ shape: tensor.shape, values: Float32Array.from(await tensor.data()) })),
  );
  tf.dispose(tensors);
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  return results;
}

/** Largest relative difference over all outputs; infinite where shapes differ. */
export async function disagreement(tf: Tf, compute: Compute): Promise<number> {
  const wanted = await resultsOn(tf, "cpu", compute);
  const actual = await resultsOn(tf, "webgpu", compute);
  return Math.max(
    ...actual.map((result, i) =>
      result.shape.join() === wanted[i]?.shape.join()
        ? relativeError(result.values, wanted[i].values)
        : Number.POSITIVE_INFINITY,
    ),
  );
}

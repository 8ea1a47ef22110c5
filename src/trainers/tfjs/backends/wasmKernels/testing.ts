/**
 * For the kernels' tests: the same computation on the WebAssembly and the reference back end, compared.
 */
import * as fc from "fast-check";
import { expect } from "vitest";
import { rngForKey } from "../../../../core/rng.ts";
import type { Tensor, Tf } from "../../tf.ts";
import { cpuBackend } from "../cpu.ts";
import { wasmBackend } from "../wasm.ts";

/** Loads both; the kernels are registered afterwards. */
export async function loadBoth(threads = 1): Promise<Tf> {
  await cpuBackend.load({ threads: 1 });
  return (await wasmBackend.load({ threads })).tf;
}

/** Normally distributed values, a pure function of the key. */
export function values(key: string, shape: readonly number[]): Float32Array {
  const rng = rngForKey(key);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal());
}

/** Values from a handful, so that windows hold ties. */
export function tiedValues(key: string, shape: readonly number[]): Float32Array {
  const rng = rngForKey(key);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.int(4) - 1);
}

type Compute = (tf: Tf) => Tensor | Tensor[];

async function resultsOn(
  tf: Tf,
  backend: "cpu" | "wasm",
  compute: Compute,
): Promise<{ shape: number[]; values: Float32Array }[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const tensors = [tf.tidy(() => compute(tf))].flat();
  const results = tensors.map((tensor) => ({ shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) }));
  tf.dispose(tensors);
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  return results;
}

/** Largest difference relative to the largest finite reference value; NaN differs from everything but NaN. */
export function relativeError(actual: Float32Array, wanted: Float32Array): number {
  let scale = 0;
  let difference = 0;
  for (let i = 0; i < wanted.length; i++) {
    const a = actual[i]!;
    const b = wanted[i]!;
    if (Object.is(a, b)) continue;
    if (!Number.isFinite(a - b)) return Number.POSITIVE_INFINITY;
    scale = Math.max(scale, Math.abs(b));
    difference = Math.max(difference, Math.abs(a - b));
  }
  return difference === 0 ? 0 : difference / Math.max(scale, 1e-6);
}

/** Asserts that both back ends give the same tensors, to rounding, and leave none behind. */
export async function expectAgreement(
  tf: Tf,
  compute: Compute,
  tolerance = 1e-4,
  reference: Compute = compute,
): Promise<void> {
  const wanted = await resultsOn(tf, "cpu", reference);
  const actual = await resultsOn(tf, "wasm", compute);
  expect(actual.map((result) => result.shape)).toEqual(wanted.map((result) => result.shape));
  actual.forEach((result, i) => {
    expect(relativeError(result.values, wanted[i]!.values), `output ${i}`).toBeLessThan(tolerance);
  });
}

/** Runs a property; fast-check prints seed and smallest counterexample when it fails. */
export async function holds<T>(
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  numRuns = 40,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns });
}

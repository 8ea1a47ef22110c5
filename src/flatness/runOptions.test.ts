import { describe, expect, it } from "vitest";
import { averageCaseSharpness } from "./averageCase.ts";
import { hutchinson } from "./hutchinson.ts";
import { keskarSharpness } from "./keskar.ts";
import { lanczos } from "./lanczos.ts";
import { linePath, slice1d, slice2d } from "./landscape.ts";
import type { LossOracle, RunOptions } from "./oracle.ts";
import { topEigenvalue } from "./powerIteration.ts";
import { samSharpness } from "./sam.ts";
import { normals, quadratic } from "./testing/functionOracle.ts";

const w = normals("w", 6);
const d = normals("d", 6);

/** Every measure over an oracle, so that none forgets to listen. */
const measures: Record<string, (oracle: LossOracle, options: RunOptions) => Promise<unknown>> = {
  "power iteration": (oracle, options) => topEigenvalue(oracle, w, { ...options, tolerance: 0 }),
  lanczos: (oracle, options) => lanczos(oracle, w, options),
  hutchinson: (oracle, options) => hutchinson(oracle, w, options),
  keskar: (oracle, options) => keskarSharpness(oracle, w, options),
  sam: (oracle, options) => samSharpness(oracle, w, { ...options, ascentSteps: 5 }),
  "average case": (oracle, options) => averageCaseSharpness(oracle, w, options),
  "slice in one direction": (oracle, options) => slice1d(oracle, w, d, options),
  "slice in two directions": (oracle, options) => slice2d(oracle, w, d, d, options),
  path: (oracle, options) => linePath(oracle, w, d, options),
};
const oracle = () => quadratic([5, -4, 3, 2, 1, 0.5], normals("slope", 6));

describe.each(Object.entries(measures))("%s", (_, measure) => {
  it("reports progress that rises and never passes its total", async () => {
    const seen: [number, number][] = [];
    await measure(oracle(), { progress: (done, total) => seen.push([done, total]) });
    expect(seen.length).toBeGreaterThan(0);
    seen.forEach(([done, total], i) => {
      expect(done).toBeGreaterThan(seen[i - 1]?.[0] ?? 0);
      expect(done).toBeLessThanOrEqual(total);
      expect(total).toBe(seen[0]![1]);
    });
  });

  it("stops when asked, before it begins and after a step", async () => {
    const untouched = oracle();
    await expect(measure(untouched, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    expect(Object.values(untouched.calls).every((count) => count === 0)).toBe(true);
    const controller = new AbortController();
    const options = { signal: controller.signal, progress: () => controller.abort() };
    await expect(measure(oracle(), options)).rejects.toMatchObject({ code: "cancelled" });
  });

  it("refuses weights of another length", async () => {
    await expect(measure(quadratic([1, 2]), {})).rejects.toMatchObject({ code: "invalid-argument" });
  });
});

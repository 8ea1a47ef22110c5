/**
 * The tests that need WebGPU: `*.webgpu.test.ts` beside the sources, run by the part "webgpu" of scripts/test.ts, which brings
 * a software adapter where there is no GPU. One process after the other: each starts a device of its own.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["src/**/*.webgpu.test.ts"],
    env: {
      BASIN_WEBGPU_SOFTWARE: "1",
      // What this machine's user has installed takes no part.
      XDG_DATA_HOME: new URL("../../node_modules/.cache/basin-test-data", import.meta.url).pathname,
    },
    // Compiling a shader in software takes a tenth of a second, and there are hundreds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    fileParallelism: false,
  },
});

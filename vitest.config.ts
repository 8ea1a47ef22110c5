import path from "node:path";
import { defineConfig } from "vitest/config";

/** Unit tests beside the source and the contract, golden and fault suites, what benchmarks reckon with; host and e2e suites have runners of their own. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "webview/**/*.test.ts", "test/{contract,golden,fault,bench}/**/*.test.ts"],
    // These need an adapter (test/webgpu/vitest.config.ts) or the native part of TensorFlow.
    exclude: ["**/*.webgpu.test.ts", "**/*.native.test.ts"],
    // What this machine's user has installed takes no part, and what trials remember of back ends stays here.
    env: { XDG_DATA_HOME: path.join(import.meta.dirname, "node_modules", ".cache", "basin-test-data") },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make timings noisier.
    maxWorkers: 2,
  },
});

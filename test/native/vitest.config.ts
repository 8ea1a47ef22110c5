/**
 * The tests that need libtensorflow: `*.native.test.ts` beside the sources, run by the part "native" of scripts/test.ts, which
 * installs it. One process after the other: each loads a library of 850 MB, and uses all cores.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["src/**/*.native.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    fileParallelism: false,
  },
});

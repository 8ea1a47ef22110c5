/** The end-to-end suite: the packaged extension in a real workbench, one file after another. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/e2e/**/*.e2e.ts"],
    globalSetup: ["test/e2e/globalSetup.ts"],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // One workbench serves all tests of a file, in their order.
    sequence: { concurrent: false, shuffle: false },
    bail: 0,
  },
});

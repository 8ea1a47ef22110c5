/**
 * How programs for Node are bundled, whoever bundles them: the build, tests that run one as a process, benchmarks.
 * Invariant: nothing here says which program it is or where it goes.
 */
import type { BuildOptions } from "esbuild";

export const nodeBundle: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  outExtension: { ".js": ".cjs" },
  // jsonc-parser's main is UMD with a require that no bundler can follow.
  mainFields: ["module", "main"],
  // Class and function names appear in logs and in TensorFlow.js registries.
  keepNames: true,
};

/** What the built-in trainer loads from elsewhere, if it is there. */
export const trainerExternals = ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"];

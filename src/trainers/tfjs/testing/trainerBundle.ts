/**
 * The built-in trainer as one file, as `scripts/build.ts` makes it, for tests that run it as a process.
 * Invariant: below node_modules of the repository, so that it finds the WebAssembly files of the packages there.
 */
import { rm } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { nodeBundle, trainerExternals } from "../../../../scripts/bundleOptions.ts";

export interface TrainerBundle {
  /** Absolute folder: usable as the folder of bundles of an executor. */
  readonly folder: string;
  readonly file: string;
  remove(): Promise<void>;
}

/** Bundles the trainer; `name` keeps tests that run at once apart. */
export async function bundleTrainer(name: string): Promise<TrainerBundle> {
  const root = path.resolve(import.meta.dirname, "../../../..");
  const folder = path.join(root, "node_modules", ".cache", `basin-${name}-${process.pid}`);
  await build({
    absWorkingDir: root,
    entryPoints: { trainer: "src/trainers/tfjs/main.ts" },
    outdir: folder,
    ...nodeBundle,
    external: trainerExternals,
    logLevel: "error",
  });
  return { folder, file: path.join(folder, "trainer.cjs"), remove: () => rm(folder, { recursive: true, force: true }) };
}

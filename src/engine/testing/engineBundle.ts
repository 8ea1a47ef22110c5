/**
 * Programs that hold an engine, bundled as they are shipped, for tests that run them as processes.
 * Invariant: a program lies beside the threads and the native part of SQLite that it finds by path.
 */
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { nodeBundle } from "../../../scripts/bundleOptions.ts";

const root = path.resolve(import.meta.dirname, "../../..");

/**
 * @param folder that holds the bundles afterwards @param name of the program: `name`.cjs
 * @param source relative to the repository
 * @returns the program's path
 */
export async function bundleWithEngine(folder: string, name: string, source: string): Promise<string> {
  await build({
    absWorkingDir: root,
    entryPoints: {
      [name]: source,
      sampler: "src/engine/sampling/samplerThread.ts",
      topology: "src/engine/diagnostics/rtdThread.ts",
    },
    outdir: folder,
    ...nodeBundle,
    logLevel: "warning",
  });
  const sqlite = path.dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json"));
  cpSync(path.join(sqlite, "prebuilds"), path.join(folder, "prebuilds"), { recursive: true });
  return path.join(folder, `${name}.cjs`);
}

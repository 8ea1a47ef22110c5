/**
 * Bundles the Mocha suite of the extension host (test/host) for the two runners: index.cjs exports `run`, and every
 * *.test.ts becomes a file of its own beside it, found by globbing and never listed.
 */
import { globSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/workbench/locations.ts";

const outdir = path.join(root, "out", "host-tests");

/** Bundles test/host and returns the module that VS Code calls `run` of. */
export async function bundleHostSuite(): Promise<string> {
  await rm(outdir, { recursive: true, force: true });
  const folder = path.join(root, "test", "host");
  const tests = globSync("**/*.test.ts", { cwd: folder });
  if (tests.length === 0) throw new Error("test/host holds no *.test.ts.");
  await build({
    entryPoints: ["index.ts", ...tests].map((file) => path.join(folder, file)),
    outbase: folder,
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
    // VS Code provides the first; Mocha must be the one module that index.ts and the tests share.
    external: ["vscode", "mocha"],
    absWorkingDir: root,
  });
  return path.join(outdir, "index.cjs");
}

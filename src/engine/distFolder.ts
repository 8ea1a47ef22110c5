/**
 * Where the bundles and the files they load at run time are.
 * Invariant: the same code finds them as a bundle (beside itself) and unbundled (dist/ of the repository).
 */
import { existsSync } from "node:fs";
import path from "node:path";

/** Absolute folder of the bundles. Unbundled: `dist` beside the nearest package.json. */
export function distFolder(): string {
  // In a bundle (CommonJS) this is its folder; in an ES module it does not exist.
  const own = typeof __dirname === "string" ? __dirname : undefined;
  if (own !== undefined && existsSync(path.join(own, "prebuilds"))) return own;
  let folder = own ?? path.dirname(path.resolve(process.argv[1] ?? "."));
  for (;;) {
    if (existsSync(path.join(folder, "package.json"))) return path.join(folder, "dist");
    const parent = path.dirname(folder);
    if (parent === folder) return path.resolve("dist");
    folder = parent;
  }
}

/** The program of the thread that heavy samplers compute in. */
export function samplerThreadFile(): string {
  return threadFile("sampling/samplerThread.ts", "sampler.cjs");
}

/** The program of the threads that topology is computed in. */
export function rtdThreadFile(): string {
  return threadFile("diagnostics/rtdThread.ts", "topology.cjs");
}

/** A bundle beside the others; unbundled, the source below src/engine. */
function threadFile(sourceName: string, bundle: string): string {
  const folder = distFolder();
  const source = path.join(path.dirname(folder), "src", "engine", sourceName);
  const bundled = typeof __dirname === "string" && path.resolve(__dirname) === path.resolve(folder);
  return !bundled && existsSync(source) ? source : path.join(folder, bundle);
}

/** The native part of better-sqlite3 shipped with the bundles; undefined unbundled, where the package finds its own. */
export function sqliteBinding(): string | undefined {
  if (typeof __dirname !== "string") return undefined;
  const musl = process.platform === "linux" && !isGlibc() ? "linuxmusl" : process.platform;
  const file = path.join(__dirname, "prebuilds", `${musl}-${process.arch}.node`);
  return existsSync(file) ? file : undefined;
}

function isGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime !== undefined;
}

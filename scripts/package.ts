/**
 * `npm run package`: one universal basin-<version>.vsix from a production build in a staging folder of its own.
 * Invariant: only files that the lists below name are inside, and none of the sources, tests or dependencies.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createVSIX } from "@vscode/vsce";

const root = path.resolve(import.meta.dirname, "..");
const staging = path.join(root, "out", "package");

/** Copied into the package as they are. Pictures of the README travel with it: it has no address on the web. */
const carried = ["media", "docs", "README.md", "CHANGELOG.md", "LICENSE", "package.nls.json"];

/** Every file of the package matches one of these. */
const allowed: readonly RegExp[] = [
  /^package(\.nls)?\.json$/u,
  /^(README|CHANGELOG)\.md$|^LICENSE$/u,
  /^media\/[\w./-]+\.(svg|png|md|json)$/u,
  /^docs\/[\w.-]+\.md$|^docs\/images\/[\w.-]+\.(?:png|svg)$/u,
  /^dist\/(extension|language|engine|cli|sampler|topology|trainer)\.cjs$/u,
  /^dist\/THIRD_PARTY_NOTICES\.txt$/u,
  /^dist\/webview\/[\w.-]+\.(js|css|ttf|woff2)$/u,
  /^dist\/prebuilds\/[\w-]+\.node$/u,
  /^dist\/wasm\/[\w.-]+\.(wasm|js)$/u,
  /^dist\/python\/basin\/[\w/]+\.(py|typed)$/u,
];

/** Without these the extension does not work, however green the rest is. */
const required = [
  "package.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "media/study.schema.json",
  "dist/extension.cjs",
  "dist/language.cjs",
  "dist/engine.cjs",
  "dist/cli.cjs",
  "dist/sampler.cjs",
  "dist/topology.cjs",
  "dist/trainer.cjs",
  "dist/THIRD_PARTY_NOTICES.txt",
  "dist/webview/panel.js",
  "dist/wasm/tfjs-backend-wasm-simd.wasm",
  "dist/python/basin/__init__.py",
  "dist/python/basin/py.typed",
  "dist/python/basin/torch/__init__.py",
  "dist/python/basin/integrations/lightning.py",
  "dist/python/basin/integrations/transformers.py",
  "dist/prebuilds/linux-x64.node",
  "dist/prebuilds/darwin-arm64.node",
  "dist/prebuilds/win32-x64.node",
];

/** Eight SQLite binaries make 9 MB of it; the rest must not grow unnoticed. */
const largestBytes = 16 * 1024 * 1024;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly engines: { readonly vscode: string };
  readonly [key: string]: unknown;
}

const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;

stage();
checkContent(filesUnder(staging));
const vsix = path.join(root, `${manifest.name}-${manifest.version}.vsix`);
rmSync(vsix, { force: true });
// Dependencies are bundled, links are left relative: vsce has nothing to ask the network for.
const options = {
  cwd: staging,
  packagePath: vsix,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
};
await createVSIX(options);
const bytes = statSync(vsix).size;
if (bytes > largestBytes)
  throw new Error(`${path.basename(vsix)} has ${megabytes(bytes)}; the limit is ${megabytes(largestBytes)}.`);
console.log(`${path.relative(process.cwd(), vsix)}: ${filesUnder(staging).length} files, ${megabytes(bytes)}`);

/** Puts what belongs into the package, and nothing else, into the staging folder. */
function stage(): void {
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  for (const name of carried) {
    const source = path.join(root, name);
    if (existsSync(source)) cpSync(source, path.join(staging, name), { recursive: true });
  }
  // What only concerns people who build Basin does not concern VS Code.
  const forDevelopers = new Set([
    "private",
    "scripts",
    "bin",
    "allowScripts",
    "dependencies",
    "devDependencies",
    "optionalDependencies",
  ]);
  const published = Object.fromEntries(Object.entries(manifest).filter(([key]) => !forDevelopers.has(key)));
  published["engines"] = { vscode: manifest.engines.vscode };
  writeFileSync(path.join(staging, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  const build = path.join(root, "scripts", "build.ts");
  execFileSync(process.execPath, [build, "--production", "--outdir", path.join(staging, "dist")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

function checkContent(files: readonly string[]): void {
  const foreign = files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
  const missing = required.filter((file) => !files.includes(file));
  if (foreign.length > 0) throw new Error(`These files do not belong into the package:\n  ${foreign.join("\n  ")}`);
  if (missing.length > 0) throw new Error(`These files are missing from the package:\n  ${missing.join("\n  ")}`);
}

/** Files below a folder, relative to it, with forward slashes. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .toSorted();
}

function megabytes(count: number): string {
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

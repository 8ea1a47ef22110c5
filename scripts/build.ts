/**
 * The one bundling script: host, engine, CLI, trainer and webview into dist/, plus the files they load at run time.
 * Usage: node scripts/build.ts [--watch] [--production] [--outdir dist]
 */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { build, context, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import { nodeBundle, trainerExternals } from "./bundleOptions.ts";
import { writeKernel } from "./kernel.ts";
import { thirdPartyNotices } from "./notices.ts";

const root = path.resolve(import.meta.dirname, "..");
const { watch, production, outdir } = parseArgs({
  options: {
    watch: { type: "boolean", default: false },
    production: { type: "boolean", default: false },
    outdir: { type: "string", default: "dist" },
  },
}).values;
const dist = path.resolve(root, outdir);
const require = createRequire(import.meta.url);

const shared: BuildOptions = {
  bundle: true,
  sourcemap: production ? false : "linked",
  minify: production,
  // Class and function names appear in logs and in TensorFlow.js registries.
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: root,
  metafile: true,
};

const node: BuildOptions = { ...shared, ...nodeBundle };

/** The host's heavy part stays out of extension.cjs: compiling the study schema at every activation would cost 70 ms. */
const languageApart: Plugin = {
  name: "language-apart",
  setup(build) {
    build.onResolve({ filter: /\/studyLanguage\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./language.cjs", external: true } : undefined,
    );
  },
};

const bundles: BuildOptions[] = [
  {
    ...node,
    entryPoints: { extension: "src/extension.ts" },
    outdir: dist,
    external: ["vscode"],
    plugins: [languageApart],
    supported: { "dynamic-import": false },
  },
  { ...node, entryPoints: { language: "src/host/studyLanguage.ts" }, outdir: dist },
  {
    ...node,
    entryPoints: {
      engine: "src/engine/main.ts",
      cli: "src/cli.ts",
      sampler: "src/engine/sampling/samplerThread.ts",
      topology: "src/engine/diagnostics/rtdThread.ts",
    },
    outdir: dist,
    // `basin` is installed as a command; Node takes no notice of the line in the others.
    banner: { js: "#!/usr/bin/env node" },
  },
  {
    ...node,
    entryPoints: { trainer: "src/trainers/tfjs/main.ts" },
    outdir: dist,
    external: trainerExternals,
  },
  {
    ...shared,
    platform: "browser",
    format: "iife",
    target: "chrome128",
    entryPoints: { panel: "webview/panel/main.ts" },
    outdir: path.join(dist, "webview"),
    loader: { ".ttf": "file", ".woff2": "file" },
  },
];

/** Packages of which files are copied rather than bundled. */
const copiedPackages = ["better-sqlite3", "@tensorflow/tfjs-backend-wasm", "@vscode/codicons"];

/** Files that are loaded by path at run time and cannot be bundled. */
async function copyAssets(): Promise<void> {
  const sqlite = path.join(path.dirname(require.resolve("better-sqlite3/package.json")), "prebuilds");
  await cp(sqlite, path.join(dist, "prebuilds"), { recursive: true });
  // Command trainers find it on PYTHONPATH, so that a script can `import basin` with nothing installed.
  await cp(path.join(root, "python", "basin"), path.join(dist, "python", "basin"), {
    recursive: true,
    filter: (source) => path.basename(source) !== "__pycache__",
  });
  const wasm = path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
  await mkdir(path.join(dist, "wasm"), { recursive: true });
  for (const name of ["tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"])
    await cp(path.join(wasm, "dist", name), path.join(dist, "wasm", name));
}

// A running engine or trainer may be reading dist: only a release build starts from nothing.
if (production) await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await copyAssets();
await writeKernel();
if (watch) {
  for (const options of bundles) await (await context(options)).watch();
} else {
  const built = await Promise.all(bundles.map((options) => build(options)));
  const metafiles = built
    .map(({ metafile }) => metafile)
    .filter((metafile): metafile is Metafile => metafile !== undefined);
  await writeFile(path.join(dist, "THIRD_PARTY_NOTICES.txt"), thirdPartyNotices(root, metafiles, copiedPackages));
}

/**
 * Adds the native part of TensorFlow.js for this user: package from npm, library from TensorFlow or a Python wheel, a trial
 * step, and only then the manifest that makes it the one in use.
 * Invariant: until the manifest is written, what was installed before stays in use; whatever stops an installation (an error,
 * Ctrl-C, SIGKILL, a full disk), the next one starts clean.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BasinError, errorText } from "../core/errors.ts";
import { compileAddon } from "./addon.ts";
import { lockHome } from "./installLock.ts";
import {
  nativeVariants,
  packageFolder,
  packageNames,
  readManifest,
  tfjsVersion,
  writeManifest,
  type NativeManifest,
  type NativeOrigin,
  type NativeVariant,
} from "./layout.ts";
import { downloadedWheel, installedTensorflow, unpackedWheel, type TensorflowLibrary } from "./library.ts";
import { officialObstacle, runOfficialScript } from "./official.ts";
import { cancelled, runProgram } from "./processes.ts";
import type { TellProgress } from "./progress.ts";
import {
  findCompiler,
  findNpm,
  findPip,
  findPython,
  requireRoom,
  requireTools,
  type Missing,
  type Program,
  type ToolContext,
} from "./tools.ts";
import { tryPackage, type Trial } from "./tryOut.ts";

/** Where libtensorflow is to come from. `auto`: TensorFlow's own download, else an installed TensorFlow, else a wheel from PyPI. */
export type LibrarySource =
  | { readonly kind: "auto" }
  | { readonly kind: "official" }
  | { readonly kind: "pip" }
  | { readonly kind: "wheel"; readonly file: string }
  | { readonly kind: "python"; readonly program: string };

export interface InstallOptions {
  readonly variant: NativeVariant;
  readonly source: LibrarySource;
  /** `nativeHome(env)`. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** The Node that trains. */
  readonly node: string;
  /** dist/trainer.cjs, which runs the trial step. */
  readonly trainer: string;
  /** Of better-sqlite3, when bundled. */
  readonly nativeBinding: string | undefined;
  readonly tell: TellProgress;
  readonly signal: AbortSignal;
}

export interface Installed {
  readonly manifest: NativeManifest;
  /** It was there already, and works. */
  readonly before: boolean;
}

/** The C headers of Node-API, from the package of the Node project that carries nothing else. */
const nodeHeaders = "node-api-headers@1.9.0";
const minute = 60_000;

/** Free bytes an installation needs at its worst moment: npm packages 0.3 GB, wheel 0.3 GB, library 0.9 GB. */
const roomFor = { linked: 0.5e9, unpacked: 1.6e9 };

/** @throws BasinError with what to do; `cancelled` when the signal was */
export async function installNative(options: InstallOptions): Promise<Installed> {
  const { home, variant, signal, tell } = options;
  const unlock = lockHome(home, options.nativeBinding);
  const folder = path.join(home, `${variant}-${Date.now().toString(36)}-${process.pid}`);
  try {
    sweep(home);
    tell("check", "Looking at what is there");
    const before = readManifest(home, variant);
    if (before !== undefined && serves(before, options.source)) {
      const trial = await tryPackage(options, packageFolder(path.join(home, before.folder), variant));
      if (trial.ok) return { manifest: before, before: true };
    }
    mkdirSync(folder, { recursive: true });
    const manifest = await build(options, folder);
    if (signal.aborted) throw cancelled();
    writeManifest(home, manifest);
    tell("finish", `Installed: ${manifest.device}`, 1);
    sweep(home);
    return { manifest, before: false };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    throw signal.aborted ? cancelled() : error;
  } finally {
    unlock();
  }
}

/**
 * Removes an installation. Gives what was removed; undefined when there was none.
 * @throws BasinError when another installation is at work
 */
export function removeNative(home: string, variant: NativeVariant, nativeBinding?: string): NativeManifest | undefined {
  const unlock = lockHome(home, nativeBinding);
  try {
    const manifest = readManifest(home, variant);
    rmSync(path.join(home, `${variant}.json`), { force: true });
    sweep(home);
    return manifest;
  } finally {
    unlock();
  }
}

/** Removes what killed or replaced installations left; a file that is in use (Windows) stays until the next time. */
function sweep(home: string): void {
  const used = new Set(nativeVariants.map((variant) => readManifest(home, variant)?.folder));
  for (const name of readdirSync(home)) {
    const stray = nativeVariants.some(
      (variant) => name.startsWith(`${variant}-`) || name.startsWith(`${variant}.json.`),
    );
    if (!stray || used.has(name)) continue;
    try {
      rmSync(path.join(home, name), { recursive: true, force: true });
    } catch {
      // In use.
    }
  }
}

/** Whether what is installed is what was asked for. */
function serves(manifest: NativeManifest, source: LibrarySource): boolean {
  const { origin, from } = manifest;
  if (source.kind === "wheel") return origin === "wheel" && from === path.basename(source.file);
  if (source.kind === "pip") return origin === "wheel";
  if (source.kind === "official") return origin === "official";
  // The same Python may hold another TensorFlow by now; linking takes seconds.
  return source.kind === "auto";
}

interface Tools {
  readonly npm: Program;
  readonly python: Program;
  readonly compiler: Program;
}

interface Sourced {
  readonly origin: NativeOrigin;
  readonly from: string;
  readonly libraryFolder?: string;
}

async function build(options: InstallOptions, folder: string): Promise<NativeManifest> {
  const { variant, source, signal, env, node, tell } = options;
  const context: ToolContext = { env: cleanEnvironment(env), node, folder, signal };
  tell("check", "Looking for the programs that are needed", 0.3);
  const npm = findNpm(context);
  const official = await obstacleOf(options, context);
  const needed = await wheelTools(context, source);
  requireTools([
    ...(npm.ok ? [] : [npm.missing]),
    ...(official !== undefined || source.kind === "python" || source.kind === "wheel" ? needed.missing : []),
  ]);
  if (official !== undefined && source.kind === "official")
    throw new BasinError(
      "native-backend",
      `TensorFlow's own library is not available: ${official}.`,
      "Leave the choice to Basin, which then takes the library out of a Python wheel.",
    );
  const tools: Tools = { npm: npm.ok ? npm.program : missing(), python: needed.python, compiler: needed.compiler };
  requireRoom(folder, source.kind === "python" ? roomFor.linked : roomFor.unpacked);

  await installPackages(context, tools.npm, variant, tell);
  const target = packageFolder(folder, variant);
  const sourced =
    official === undefined
      ? await fromOfficial(options, context, tools, needed.missing, target)
      : await fromWheel(options, context, tools, target, official);
  tell("try", "Running a training step");
  const trial = await tryPackage(options, target);
  if (!trial.ok) throw notWorking(variant, trial);
  tell("finish", "Cleaning up");
  tidy(folder, target, sourced.origin);
  return {
    format: 1,
    variant,
    folder: path.basename(folder),
    ...sourced,
    libtensorflow: /libtensorflow (\S+)/.exec(trial.device)?.[1] ?? "",
    device: trial.device,
    node: trial.node,
    installedAt: new Date().toISOString(),
  };
}

/** Variables that npm sets for its scripts would steer the npm that runs here. */
function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const project =
    /^npm_(config_(local_prefix|global_prefix|prefix|noproxy|node_gyp|allow_scripts)|package_|lifecycle_|command$)/;
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !project.test(name) && !/^(ELECTRON_|VSCODE_|INIT_CWD$|NODE_OPTIONS$)/.test(name),
    ),
  );
}

function missing(): never {
  throw new BasinError("internal", "A program that was found is missing.");
}

/** Why TensorFlow's own library is not used; undefined when it is to be tried. */
async function obstacleOf(
  { variant, source, tell }: InstallOptions,
  context: ToolContext,
): Promise<string | undefined> {
  if (variant === "gpu") return "the one for GPUs needs CUDA 11.2 and cuDNN 8.1";
  if (source.kind !== "auto" && source.kind !== "official") return "another one was named";
  tell("check", "Looking whether TensorFlow's own library can be downloaded", 0.6);
  return await officialObstacle(context);
}

/** What building against a wheel needs; programs that are missing are stood in for by their names. */
async function wheelTools(
  context: ToolContext,
  source: LibrarySource,
): Promise<{ readonly missing: readonly Missing[]; readonly python: Program; readonly compiler: Program }> {
  const none: Program = { program: "", args: [] };
  if (process.platform === "win32")
    return {
      missing: [
        {
          what: "a way to build against a Python wheel on Windows",
          hint: "Use TensorFlow's own library, or train in WSL.",
        },
      ],
      python: none,
      compiler: none,
    };
  const python = await findPython(context, source.kind === "python" ? source.program : undefined);
  const compiler = await findCompiler(context);
  const wantsPip = source.kind === "auto" || source.kind === "pip";
  const pip = python.ok && wantsPip ? await findPip(context, python.program) : undefined;
  return {
    missing: [
      ...(python.ok ? [] : [python.missing]),
      ...(pip === undefined ? [] : [pip]),
      ...(compiler.ok ? [] : [compiler.missing]),
    ],
    python: python.ok ? python.program : none,
    compiler: compiler.ok ? compiler.program : none,
  };
}

async function installPackages(
  context: ToolContext,
  npm: Program,
  variant: NativeVariant,
  tell: TellProgress,
): Promise<void> {
  const wanted = `${packageNames[variant]}@${tfjsVersion}`;
  tell("packages", `Installing ${wanted} (about 300 MB)`);
  // An empty project: npm would otherwise look for one in the folders above.
  writeFileSync(path.join(context.folder, "package.json"), '{ "private": true }\n');
  const { ok, how, tail } = await runProgram(npm.program, {
    args: [
      ...npm.args,
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
      "--omit=dev",
      "--omit=optional",
      "--no-update-notifier",
      "--loglevel=error",
      "--prefix",
      context.folder,
      wanted,
      nodeHeaders,
    ],
    cwd: context.folder,
    env: context.env,
    timeoutMs: 15 * minute,
    signal: context.signal,
  });
  if (ok) return;
  throw new BasinError(
    "native-backend",
    `npm could not install ${wanted} (${how}): ${tail}`,
    "Check the network and npm's settings (npm ping), then try again.",
  );
}

async function fromOfficial(
  options: InstallOptions,
  context: ToolContext,
  tools: Tools,
  lacking: readonly Missing[],
  target: string,
): Promise<Sourced> {
  options.tell("official", "Downloading TensorFlow's own library");
  const failure = await runOfficialScript(context, target, options.tell);
  const trial = failure === undefined ? await tryPackage(options, target) : undefined;
  if (trial?.ok === true) return { origin: "official", from: "TensorFlow's own download" };
  const reason = failure ?? `it does not work here: ${trial?.ok === false ? trial.reason : ""}`;
  if (options.source.kind === "official")
    throw new BasinError("native-backend", `TensorFlow's own library cannot be used: ${reason}`, "");
  if (lacking.length > 0) {
    const what = lacking.map(({ what, hint }) => `${what} (${hint})`).join(", ");
    throw new BasinError(
      "native-backend",
      `TensorFlow's own library cannot be used: ${reason}`,
      `To build against a Python wheel instead, this is missing: ${what}`,
    );
  }
  for (const name of ["deps", "lib", "build"]) rmSync(path.join(target, name), { recursive: true, force: true });
  return await fromWheel(options, context, tools, target, reason);
}

async function fromWheel(
  options: InstallOptions,
  context: ToolContext,
  tools: Tools,
  target: string,
  because: string,
): Promise<Sourced> {
  const { source, tell, variant } = options;
  tell(
    "library",
    source.kind === "auto" ? `TensorFlow's own library is not used: ${because}` : "Looking for libtensorflow",
  );
  const { library, ...sourced } = await findLibrary(options, context, tools.python);
  if (variant === "gpu" && library.cuda === false)
    throw new BasinError(
      "native-backend",
      `The TensorFlow of ${sourced.from} is built for the processor only.`,
      "Install the one for NVIDIA GPUs: python3 -m pip install 'tensorflow[and-cuda]', and name its Python with --python.",
    );
  tell("compile", `Building the native part against TensorFlow ${library.version}`);
  const sources = {
    packageFolder: target,
    nodeHeaders: path.join(context.folder, "node_modules", "node-api-headers", "include"),
  };
  await compileAddon(context, tools.compiler, sources, library, sourced.origin === "wheel");
  return sourced;
}

async function findLibrary(
  { source, variant, tell }: InstallOptions,
  context: ToolContext,
  python: Program,
): Promise<Sourced & { readonly library: TensorflowLibrary }> {
  const kept = path.join(context.folder, "libtensorflow");
  if (source.kind === "wheel") {
    const library = await unpackedWheel(context, python, path.resolve(source.file), kept, tell);
    return { origin: "wheel", from: path.basename(source.file), library };
  }
  const installed = source.kind === "pip" ? undefined : await installedTensorflow(context, python);
  const fits = installed !== undefined && (source.kind === "python" || variant === "cpu" || installed.cuda !== false);
  if (fits) {
    const from = installed.python ?? python.program;
    return { origin: "python", from, libraryFolder: installed.folder, library: installed };
  }
  if (source.kind === "python" || variant === "gpu") {
    const what = variant === "gpu" ? "'tensorflow[and-cuda]'" : "tensorflow";
    throw new BasinError(
      "native-backend",
      `${python.program} has no TensorFlow ${variant === "gpu" ? "for GPUs " : ""}that can be linked against (2.16 or newer, installed with pip).`,
      `Install it: ${python.program} -m pip install ${what}. Another Python is named with --python.`,
    );
  }
  const wheel = await downloadedWheel(context, python, path.join(context.folder, "download"), tell);
  const library = await unpackedWheel(context, python, wheel, kept, tell);
  return { origin: "wheel", from: path.basename(wheel), library };
}

/** Removes what only building needed. */
function tidy(folder: string, target: string, origin: NativeOrigin): void {
  const leftovers = [
    path.join(folder, "download"),
    path.join(folder, "libtensorflow", "include"),
    path.join(folder, "node_modules", "node-api-headers"),
    ...(origin === "official" ? [path.join(target, "build")] : []),
  ];
  for (const name of leftovers) rmSync(name, { recursive: true, force: true });
}

function notWorking(variant: NativeVariant, trial: Trial & { readonly ok: false }): BasinError {
  const hint =
    variant === "gpu"
      ? "Check the NVIDIA driver with nvidia-smi, and that `tensorflow[and-cuda]` sees the GPU in its own Python."
      : "Another TensorFlow may fit this machine: name one with --python or --from-wheel.";
  return new BasinError("native-backend", `It was built, but does not train: ${errorText(trial.reason)}`, hint);
}

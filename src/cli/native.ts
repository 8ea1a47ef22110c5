/**
 * `basin native install|status|remove`: the native TensorFlow.js back ends of this user.
 * Invariant: Ctrl-C, and with --until-input-ends the end of standard input, leave what was installed before as it was.
 */
import { statSync } from "node:fs";
import path from "node:path";
import { BasinError, errorText } from "../core/errors.ts";
import { sqliteBinding } from "../engine/distFolder.ts";
import { chooseNode } from "../executors/local/nodePath.ts";
import type { NativeInstallLine } from "../native/installLines.ts";
import { installNative, removeNative, type InstallOptions, type LibrarySource } from "../native/install.ts";
import {
  backendNames,
  nativeHome,
  nativeVariants,
  packageFolder,
  readManifest,
  type NativeManifest,
  type NativeVariant,
} from "../native/layout.ts";
import { cancelled } from "../native/processes.ts";
import { folderBytes, progressOf, type NativeProgress } from "../native/progress.ts";
import { tryPackage } from "../native/tryOut.ts";
import { exitCodes, failureOf, type ExitCode } from "./exit.ts";
import { table, toJson } from "./text.ts";

export interface NativeInstallOptions {
  readonly gpu?: boolean;
  readonly fromWheel?: string;
  readonly python?: string;
  readonly fromPypi?: boolean;
  readonly official?: boolean;
  readonly json?: boolean;
  readonly untilInputEnds?: boolean;
}

/** @throws BasinError `invalid-argument` */
export function sourceOf(options: NativeInstallOptions): LibrarySource {
  const { fromWheel, python, gpu, official, fromPypi } = options;
  const named = [fromWheel !== undefined, python !== undefined, official === true, fromPypi === true];
  if (named.filter(Boolean).length > 1)
    throw new BasinError(
      "invalid-argument",
      "--from-wheel, --python, --from-pypi and --official exclude each other.",
      "Name one, or none: Basin then takes what works.",
    );
  if (gpu === true && (official === true || fromPypi === true))
    throw new BasinError(
      "invalid-argument",
      "TensorFlow for GPUs is taken from a Python only.",
      "Install it there (pip install 'tensorflow[and-cuda]') and name it with --python.",
    );
  if (fromWheel !== undefined) {
    if (statSync(fromWheel, { throwIfNoEntry: false })?.isFile() !== true)
      throw new BasinError("invalid-argument", `There is no file ${fromWheel}.`, "Name a TensorFlow wheel (.whl).");
    return { kind: "wheel", file: fromWheel };
  }
  if (python !== undefined) return { kind: "python", program: python };
  return { kind: official === true ? "official" : fromPypi === true ? "pip" : "auto" };
}

/** The Node that trains: native packages cannot load into an editor's. @throws BasinError */
async function trainingNode(env: NodeJS.ProcessEnv): Promise<string> {
  const electron = process.versions["electron"] !== undefined;
  const choice = await chooseNode({ env, execPath: process.execPath, electron });
  if (choice.env["ELECTRON_RUN_AS_NODE"] === undefined) return choice.path;
  throw new BasinError(
    "native-backend",
    "The native back end needs Node.js, and there is none on PATH.",
    "Install Node.js 22 or newer, or name one in the setting basin.nodePath.",
  );
}

export async function nativeInstallCommand(options: NativeInstallOptions, distFolder: string): Promise<ExitCode> {
  const json = options.json === true;
  const say = (line: NativeInstallLine): void => void process.stdout.write(`${toJson(line)}\n`);
  const controller = new AbortController();
  const stop = (): void => controller.abort(cancelled());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  if (options.untilInputEnds === true) process.stdin.on("end", stop).on("error", stop).resume();
  try {
    const source = sourceOf(options);
    const env = process.env;
    const tell = json ? (line: NativeProgress) => say({ type: "progress", ...line }) : progressLines();
    const { manifest, before } = await installNative({
      variant: options.gpu === true ? "gpu" : "cpu",
      source,
      home: nativeHome(env),
      env,
      node: await trainingNode(env),
      trainer: path.join(distFolder, "trainer.cjs"),
      nativeBinding: sqliteBinding(),
      tell: progressOf(tell),
      signal: controller.signal,
    });
    if (json) say({ type: "done", before, installed: manifest });
    else for (const line of installedLines(manifest, before)) process.stdout.write(`${line}\n`);
    return exitCodes.done;
  } catch (error) {
    if (!json) throw error;
    const failure = error instanceof BasinError ? error : undefined;
    say({
      type: "failed",
      cancelled: failure?.code === "cancelled",
      message: failure?.message ?? errorText(error),
      hint: failure?.hint ?? "",
    });
    return failureOf(error).code;
  }
}

/** A line for each step, and one for every tenth of the way within it. */
function progressLines(): (progress: NativeProgress) => void {
  let step = "";
  let shown = 0;
  return (progress) => {
    if (progress.step === step && progress.percent < shown + 5) return;
    step = progress.step;
    shown = progress.percent;
    process.stdout.write(`${String(progress.percent).padStart(3)}%  ${progress.message}\n`);
  };
}

function fromText({ origin, from }: NativeManifest): string {
  if (origin === "wheel") return `the wheel ${from}`;
  return origin === "python" ? `the Python ${from}, which must stay as it is` : from;
}

function installedLines(manifest: NativeManifest, before: boolean): string[] {
  const name = backendNames[manifest.variant];
  return [
    "",
    `${name} ${before ? "was installed already and works" : "is installed"}: ${manifest.device}, from ${fromText(manifest)}.`,
    `  Studies with "backend: auto" use it from now on; "backend: ${name}" insists on it.`,
    "  basin doctor measures it; basin native remove takes it away again.",
  ];
}

interface VariantStatus {
  readonly backend: string;
  readonly installed: NativeManifest | null;
  readonly folder: string | null;
  readonly bytes: number;
  readonly works: boolean;
  /** Why it does not work. */
  readonly reason: string;
}

async function statusOf(
  variant: NativeVariant,
  options: Omit<InstallOptions, "variant" | "source" | "tell">,
): Promise<VariantStatus> {
  const { home } = options;
  const manifest = readManifest(home, variant);
  const backend = backendNames[variant];
  if (manifest === undefined)
    return { backend, installed: null, folder: null, bytes: 0, works: false, reason: "not installed" };
  const folder = path.join(home, manifest.folder);
  const trial = await tryPackage({ ...options, variant }, packageFolder(folder, variant));
  const reason = trial.ok ? "" : trial.reason;
  return { backend, installed: manifest, folder, bytes: folderBytes(folder), works: trial.ok, reason };
}

/** Exit code 1 when something is installed that does not work. */
export async function nativeStatusCommand(options: { readonly json?: boolean }, distFolder: string): Promise<ExitCode> {
  const env = process.env;
  const home = nativeHome(env);
  const shared = {
    home,
    env,
    node: await trainingNode(env),
    trainer: path.join(distFolder, "trainer.cjs"),
    nativeBinding: undefined,
    signal: new AbortController().signal,
  };
  const all: VariantStatus[] = [];
  for (const variant of nativeVariants) all.push(await statusOf(variant, shared));
  if (options.json === true) process.stdout.write(`${toJson({ home, variants: all })}\n`);
  else for (const line of statusLines(home, all)) process.stdout.write(`${line}\n`);
  return all.some(({ installed, works }) => installed !== null && !works) ? exitCodes.failed : exitCodes.done;
}

function statusLines(home: string, all: readonly VariantStatus[]): string[] {
  const rows = all.map(({ backend, installed, bytes, works, reason }) => {
    if (installed === null) return [backend, "not installed"];
    const where = `${fromText(installed)}; ${Math.round(bytes / 1e6)} MB; ${installed.installedAt.slice(0, 10)}`;
    return [backend, works ? `works: ${installed.device}, from ${where}` : `does not work: ${reason} (from ${where})`];
  });
  const broken = all.some(({ installed, works }) => installed !== null && !works);
  const absent = all.every(({ installed }) => installed === null);
  return [
    ...table(rows),
    ...(absent ? ["", "basin native install adds tfjs-node, the fastest back end without a GPU."] : []),
    ...(broken ? ["", "basin native install puts a broken one right; basin native remove takes it away."] : []),
    "",
    `Kept in ${home}`,
  ];
}

export function nativeRemoveCommand(options: { readonly gpu?: boolean; readonly json?: boolean }): ExitCode {
  const variant = options.gpu === true ? "gpu" : "cpu";
  const manifest = removeNative(nativeHome(process.env), variant, sqliteBinding());
  const name = backendNames[variant];
  if (options.json === true) process.stdout.write(`${toJson({ backend: name, removed: manifest ?? null })}\n`);
  else process.stdout.write(manifest === undefined ? `${name} was not installed.\n` : `${name} is removed.\n`);
  return exitCodes.done;
}

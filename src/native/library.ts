/**
 * libtensorflow from the Python world: out of a wheel file, of a wheel that pip downloads, or of a TensorFlow that is installed.
 * Invariant: nothing of the wheel is executed; only the two libraries and C headers are taken out of it.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../core/errors.ts";
import { runProgram } from "./processes.ts";
import { watchingBytes, type TellProgress } from "./progress.ts";
import type { Program, ToolContext } from "./tools.ts";

/** Where the addon finds the library it is linked against. */
export interface TensorflowLibrary {
  /** Folder with the two libraries. */
  readonly folder: string;
  readonly include: string;
  /** As the package's metadata or file name says; empty when unknown. */
  readonly version: string;
  /** Whether it was built for CUDA; undefined when that cannot be told. */
  readonly cuda: boolean | undefined;
  /** The Python it is installed in, by its own path; only for an installed one. */
  readonly python?: string;
}

const darwin = process.platform === "darwin";
/** The libraries in a wheel; on macOS they carry the number before the ending. */
export const libraryNames: readonly [string, string] = darwin
  ? ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"]
  : ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** What the C interface needs of 13,000 headers. */
const headerFolders = ["tensorflow/c/", "tensorflow/core/platform/", "tsl/", "xla/tsl/"];

/** Before 2.16 the libraries lie elsewhere or the C interface is older than the addon. */
const wantedVersions = ">=2.16,<3";

const minute = 60_000;

/** Prints where the TensorFlow of this Python lies, without importing it, as JSON; nothing when there is none. */
const askTensorflow = `
import importlib.util, importlib.metadata, json, os, sys
spec = importlib.util.find_spec("tensorflow")
if spec and spec.submodule_search_locations:
    folder = os.path.realpath(list(spec.submodule_search_locations)[0])
    version = ""
    for name in ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-cpu-aws"):
        try:
            version = importlib.metadata.version(name)
            break
        except importlib.metadata.PackageNotFoundError:
            pass
    cuda = None
    try:
        with open(os.path.join(folder, "python", "platform", "build_info.py")) as file:
            cuda = "('is_cuda_build', True)" in file.read()
    except OSError:
        pass
    print(json.dumps({"folder": folder, "version": version, "cuda": cuda, "python": sys.executable}))
`;

/** Takes the libraries and headers out of a wheel: arguments are the wheel, the target folder, and what to take. */
const unpackWheel = `
import os, sys, shutil, zipfile
wheel, target = sys.argv[1:3]
libraries, headers = sys.argv[3].split(","), tuple("tensorflow/include/" + name for name in sys.argv[4].split(","))
with zipfile.ZipFile(wheel) as archive:
    wanted = [i for i in archive.infolist() if not i.is_dir() and ".." not in i.filename.split("/") and (
        i.filename.startswith(headers) or i.filename in ["tensorflow/" + name for name in libraries])]
    for name in libraries:
        if not any(i.filename == "tensorflow/" + name for i in wanted):
            sys.exit("there is no tensorflow/" + name + " in it")
    for info in wanted:
        file = os.path.join(target, *info.filename.split("/")[1:])
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with archive.open(info) as source, open(file, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
`;

/**
 * The TensorFlow installed in a Python; undefined when there is none that can be linked against.
 * @throws BasinError `cancelled`
 */
export async function installedTensorflow(
  context: ToolContext,
  python: Program,
): Promise<TensorflowLibrary | undefined> {
  const { ok, stdout } = await runProgram(python.program, {
    args: [...python.args, "-c", askTensorflow],
    cwd: context.folder,
    env: context.env,
    timeoutMs: minute,
    signal: context.signal,
  });
  if (!ok || stdout.trim() === "") return undefined;
  const answer = JSON.parse(stdout) as { folder: string; version: string; cuda: boolean | null; python: string };
  const include = path.join(answer.folder, "include");
  const complete =
    libraryNames.every((name) => existsSync(path.join(answer.folder, name))) &&
    existsSync(path.join(include, "tensorflow", "c", "c_api.h"));
  if (!complete) return undefined;
  const { folder, version, cuda, python: executable } = answer;
  return { folder, include, version, cuda: cuda ?? undefined, python: executable };
}

/**
 * Unpacks what is needed of a wheel into `target`, which must not exist.
 * @throws BasinError when it is no TensorFlow wheel for this machine
 */
export async function unpackedWheel(
  context: ToolContext,
  python: Program,
  wheel: string,
  target: string,
  tell: TellProgress,
): Promise<TensorflowLibrary> {
  const name = path.basename(wheel);
  // Unpacked sizes are not known before; two current wheels unpack to 860 and 1,260 MB.
  const expected = 1e9;
  const { ok, how, tail } = await watchingBytes(
    target,
    (bytes) => tell("library", `Unpacking libtensorflow: ${megabytes(bytes)}`, 0.6 + (0.4 * bytes) / expected),
    () =>
      runProgram(python.program, {
        args: [...python.args, "-c", unpackWheel, wheel, target, libraryNames.join(","), headerFolders.join(",")],
        cwd: context.folder,
        env: context.env,
        timeoutMs: 10 * minute,
        signal: context.signal,
      }),
  );
  if (!ok)
    throw new BasinError(
      "native-backend",
      `${name} cannot be used: ${tail.split("\n").at(-1) ?? how}.`,
      `It must be a TensorFlow ${wantedVersions} wheel for this system (${process.platform} ${process.arch}), for example tensorflow_cpu-2.21.0-....whl.`,
    );
  const version = /^tensorflow(?:_cpu|_macos)?-([^-]+)-/.exec(name)?.[1] ?? "";
  return { folder: target, include: path.join(target, "include"), version, cuda: undefined };
}

/** Wheels that every current pip takes for this machine, when its own Python is too new or too old for TensorFlow. */
const foreignWheel = [
  "--python-version",
  "3.12",
  "--implementation",
  "cp",
  "--abi",
  "cp312",
  ...(process.arch === "x64"
    ? ["--platform", "manylinux_2_27_x86_64", "--platform", "manylinux_2_17_x86_64"]
    : ["--platform", "manylinux_2_27_aarch64", "--platform", "manylinux_2_17_aarch64"]),
];

/**
 * Downloads a TensorFlow wheel with pip into `folder` and gives its path.
 * @throws BasinError with what pip said
 */
export async function downloadedWheel(
  context: ToolContext,
  python: Program,
  folder: string,
  tell: TellProgress,
): Promise<string> {
  const packageName = process.platform === "linux" && process.arch === "x64" ? "tensorflow-cpu" : "tensorflow";
  const temporary = path.join(folder, "tmp");
  const expected = 280e6;
  let last = "";
  for (const choice of process.platform === "linux" ? [[], foreignWheel] : [[]]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    const { ok, how, tail, timedOut } = await watchingBytes(
      folder,
      (bytes) => tell("library", `Downloading ${packageName}: ${megabytes(bytes)}`, (0.6 * bytes) / expected),
      () =>
        runProgram(python.program, {
          args: [
            ...python.args,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--no-cache-dir",
            "--dest",
            folder,
            ...choice,
            packageName + wantedVersions,
          ],
          cwd: context.folder,
          // Downloads in progress are then counted, and vanish with the folder.
          env: { ...context.env, TMPDIR: temporary },
          timeoutMs: 30 * minute,
          signal: context.signal,
        }),
    );
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
    if (ok && wheel !== undefined) return path.join(folder, wheel);
    last = tail === "" ? how : tail;
    if (timedOut) break;
  }
  throw new BasinError(
    "native-backend",
    `pip could not download ${packageName}: ${last.split("\n").slice(-3).join(" ")}`,
    "Check the network and pip's settings, or download a TensorFlow wheel elsewhere and name it with --from-wheel.",
  );
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

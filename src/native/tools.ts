/**
 * The programs an installation needs: npm, Python with pip, a C++ compiler; and room on the disk.
 * Invariant: everything that is missing is told at once, before anything is downloaded, with the package that brings it.
 */
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../core/errors.ts";
import { runProgram, type ProgramEnd } from "./processes.ts";

export interface Program {
  readonly program: string;
  /** Arguments before all others. */
  readonly args: readonly string[];
}

export interface ToolContext {
  readonly env: NodeJS.ProcessEnv;
  /** The Node that will train. */
  readonly node: string;
  /** Where programs run: a folder of Basin's own, so that nothing in the user's project is taken for a part of them. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

const askMs = 30_000;

/** A missing program: what it is called, and what to do. */
export interface Missing {
  readonly what: string;
  readonly hint: string;
}

type Found = { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly missing: Missing };

/** Files called `name` in the folders of PATH, in order. */
function onPath(name: string, env: NodeJS.ProcessEnv): string[] {
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, name)).filter((file) => existsSync(file));
}

/**
 * npm as something that needs no shell. On Windows `npm` is a batch file, so its script is run with Node; elsewhere the npm on
 * PATH is taken, or the one beside Node.
 */
export function findNpm({ env, node }: ToolContext): Found {
  const windows = process.platform === "win32";
  const script = ["node_modules", "npm", "bin", "npm-cli.js"];
  const candidates: Program[] = [];
  // A bare "node" has no folder; what is relative would be looked for in the folder of the user's project.
  const beside = path.isAbsolute(node) ? path.dirname(node) : undefined;
  if (windows) {
    for (const file of onPath("npm.cmd", env))
      candidates.push({ program: node, args: [path.join(path.dirname(file), ...script)] });
    if (beside !== undefined) candidates.push({ program: node, args: [path.join(beside, ...script)] });
  } else {
    for (const file of onPath("npm", env)) candidates.push({ program: file, args: [] });
    if (beside !== undefined)
      candidates.push({ program: node, args: [path.join(path.dirname(beside), "lib", ...script)] });
  }
  const program = candidates.find((candidate) => existsSync(candidate.args[0] ?? candidate.program));
  if (program !== undefined) return { ok: true, program };
  return { ok: false, missing: { what: "npm", hint: install("npm", "node", "Install Node.js with npm.") } };
}

/** A Python 3 with pip. @param named what the person gave; then nothing else is tried */
export async function findPython(context: ToolContext, named?: string): Promise<Found> {
  const names =
    named === undefined ? (process.platform === "win32" ? ["python", "py"] : ["python3", "python"]) : [named];
  for (const name of names) {
    const { ok } = await ask(context, name, ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]);
    if (ok) return { ok: true, program: { program: name, args: [] } };
  }
  const hint =
    named === undefined
      ? install("python3 python3-pip", "python3", "Install Python 3.8 or newer.")
      : `Check the path: \`${named} --version\` must print Python 3.8 or newer.`;
  return { ok: false, missing: { what: named === undefined ? "Python 3" : `Python 3 at ${named}`, hint } };
}

export async function findPip(context: ToolContext, python: Program): Promise<Missing | undefined> {
  const { ok } = await ask(context, python.program, [...python.args, "-m", "pip", "--version"]);
  if (ok) return undefined;
  return { what: `pip of ${python.program}`, hint: install("python3-pip", "python3", "Install pip for this Python.") };
}

/** A C++17 compiler that takes GCC's options. */
export async function findCompiler(context: ToolContext): Promise<Found> {
  const named = context.env["CXX"];
  for (const name of named === undefined || named === "" ? ["c++", "g++", "clang++"] : [named]) {
    const { ok } = await ask(context, name, ["--version"]);
    if (ok) return { ok: true, program: { program: name, args: [] } };
  }
  const mac = "Install Apple's compiler with: xcode-select --install";
  return {
    ok: false,
    missing: {
      what: "a C++ compiler",
      hint: process.platform === "darwin" ? mac : install("g++", "gcc", "Install GCC or Clang, or name one in CXX."),
    },
  };
}

/** @throws BasinError when the disk of `folder` has less than `bytes` free */
export function requireRoom(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const gigabytes = (size: number): string => `${(size / 1e9).toFixed(1)} GB`;
  throw new BasinError(
    "native-backend",
    `The disk of ${folder} has ${gigabytes(free)} free, and ${gigabytes(bytes)} are needed.`,
    "Make room, or set XDG_DATA_HOME to a folder on another disk.",
  );
}

/** @throws BasinError that names everything missing, if anything is */
export function requireTools(missing: readonly Missing[]): void {
  if (missing.length === 0) return;
  const what = missing.map((tool) => tool.what).join(" and ");
  throw new BasinError(
    "native-backend",
    `The native back end cannot be built here: ${what} ${missing.length > 1 ? "are" : "is"} missing.`,
    [...new Set(missing.map((tool) => tool.hint))].join(" "),
  );
}

function ask(context: ToolContext, program: string, args: readonly string[]): Promise<ProgramEnd> {
  const { folder, env, signal } = context;
  return runProgram(program, { args, cwd: folder, env, timeoutMs: askMs, signal });
}

/** How to install something, for the system this is. */
function install(debian: string, brew: string, otherwise: string): string {
  if (process.platform === "darwin") return `${otherwise} With Homebrew: brew install ${brew}`;
  if (process.platform === "win32") return otherwise;
  return `${otherwise} On Debian or Ubuntu: sudo apt-get install ${debian}`;
}

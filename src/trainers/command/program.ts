/**
 * Which file a command trainer's first word stands for.
 * Invariant: only `python` and `python3` are ever replaced by something else, and then the log says by what.
 */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import path from "node:path";

export interface ResolvedProgram {
  readonly program: string;
  /** For the log; empty when nothing was replaced. */
  readonly note: string;
}

export interface ProgramQuestion {
  readonly program: string;
  /** Absolute folder the program runs in. */
  readonly cwd: string;
  /** The trial's environment: PATH, VIRTUAL_ENV. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

/**
 * Absolute for anything with a path separator (relative to `cwd`), otherwise the bare name for PATH.
 * `python` is the nearest `.venv` up to the workspace's root (the folder with .basin or .git) unless an environment is
 * active, else `python` on PATH, else `python3` (and the other way round).
 */
export function resolveProgram({ program, cwd, env, platform = process.platform }: ProgramQuestion): ResolvedProgram {
  if (/[/\\]/.test(program)) {
    const plain = platform !== "win32" && !program.includes("/");
    return { program: plain ? program : path.resolve(cwd, program), note: "" };
  }
  if (program !== "python" && program !== "python3") return { program, note: "" };
  if ((env["VIRTUAL_ENV"] ?? "") === "" && (env["CONDA_PREFIX"] ?? "") === "") {
    const venv = nearestVenv(cwd, platform);
    if (venv !== undefined) return { program: venv, note: `${program} is ${venv}` };
  }
  if (onPath(program, env, platform)) return { program, note: "" };
  const other = program === "python" ? "python3" : "python";
  return onPath(other, env, platform)
    ? { program: other, note: `${program} is not on PATH, ${other} is used` }
    : { program, note: "" };
}

function nearestVenv(cwd: string, platform: NodeJS.Platform): string | undefined {
  const inside = platform === "win32" ? path.join("Scripts", "python.exe") : path.join("bin", "python");
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, ".venv", inside);
    if (existsSync(candidate)) return candidate;
    const top = existsSync(path.join(folder, ".basin")) || existsSync(path.join(folder, ".git"));
    if (top || path.dirname(folder) === folder) return undefined;
  }
}

/** Whether a bare name is found on PATH as something that can be run. */
export function onPath(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): boolean {
  const names = platform === "win32" ? ["", ".exe", ".cmd", ".bat"].map((end) => program + end) : [program];
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => names.some((name) => isRunnable(path.join(folder, name))));
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

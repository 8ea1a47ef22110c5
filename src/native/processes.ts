/**
 * Runs the programs of an installation (npm, pip, a compiler, a trainer) to their end.
 * Invariant: when the promise settles no process of the program's group is left, however it ended; an abort is a BasinError
 * `cancelled`, everything else is for the caller to judge.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { BasinError } from "../core/errors.ts";

export interface ProgramOptions {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  readonly ok: boolean;
  /** "exit code 1", "SIGSEGV", "no end after 60 s", "not found". */
  readonly how: string;
  readonly timedOut: boolean;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** The last lines of both streams. */
  readonly tail: string;
}

const keptCharacters = 200_000;
/** Long enough to end in order, short enough that nobody waits for it. */
const graceMs = 3000;

/** @throws BasinError `cancelled` when `signal` is or becomes aborted */
export async function runProgram(program: string, options: ProgramOptions): Promise<ProgramEnd> {
  if (options.signal.aborted) throw cancelled();
  const posix = process.platform !== "win32";
  const child = spawn(program, [...options.args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches Basin alone, which then ends the whole group.
    detached: posix,
    windowsHide: true,
  });
  let stdout = "";
  let both = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-keptCharacters);
    both = (both + text).slice(-keptCharacters);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    both = (both + text).slice(-keptCharacters);
  });
  let timedOut = false;
  let hardly: NodeJS.Timeout | undefined;
  const end = (): void => {
    endGroup(child, "SIGTERM");
    hardly ??= setTimeout(() => endGroup(child, "SIGKILL"), graceMs);
  };
  const limit = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  options.signal.addEventListener("abort", end, { once: true });
  try {
    const { code, signal, error } = await ended(child);
    if (options.signal.aborted) throw cancelled();
    const seconds = Math.round(options.timeoutMs / 1000);
    const how =
      error !== undefined
        ? error.code === "ENOENT"
          ? "not found"
          : error.message
        : timedOut
          ? `no end after ${seconds} s`
          : (signal ?? `exit code ${String(code)}`);
    return { ok: code === 0 && !timedOut, how, timedOut, signal, stdout, tail: lastLines(both) };
  } finally {
    clearTimeout(limit);
    clearTimeout(hardly);
    options.signal.removeEventListener("abort", end);
  }
}

export function cancelled(): BasinError {
  return new BasinError("cancelled", "Cancelled. What was installed before is as it was.");
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: NodeJS.ErrnoException;
}

function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("exit", (code, signal) => {
      // What it left running would keep the pipes open, and `close` from coming; a process that left the group might anyway.
      endGroup(child, "SIGKILL");
      const late = setTimeout(() => resolve({ code, signal }), graceMs);
      child.once("close", () => {
        clearTimeout(late);
        resolve({ code, signal });
      });
    });
  });
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform !== "win32") process.kill(-child.pid, signal);
    else if (child.exitCode === null && child.signalCode === null)
      spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore", windowsHide: true });
  } catch {
    // Already gone.
  }
}

/** The last lines that say something, for a person who has to find out what went wrong. */
function lastLines(text: string): string {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== "")
    .slice(-12)
    .join("\n")
    .slice(-2000);
}

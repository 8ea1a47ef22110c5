/**
 * Keeps a native library that crashes or hangs while loading away from trials that chose their back end automatically: it is
 * tried once in a process of its own, and what came of it is remembered for exactly these files.
 * Invariant: only how the process ended is remembered. A back end that says why it cannot be used is safe to ask again.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nativeHome } from "../../../native/layout.ts";
import type { BackendName } from "./backend.ts";

/** How a process that loaded a back end ended: undefined = by itself, else in words. */
export type Outcome = string | undefined;
export type TryInChild = (name: BackendName) => Promise<Outcome>;

interface Verdict {
  readonly identity: string;
  /** Why it must not be loaded; empty when it may. */
  readonly crash: string;
  readonly at: number;
}

/** A crash may have had a cause outside of the files (a driver that was being upgraded), so it is tried again the next day. */
const crashCountsMs = 24 * 3_600_000;
/** Loading a gigabyte from a cold disk on a busy machine takes its time. */
const limitMs = 120_000;

export function verdictFolder(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(nativeHome(env), "verdicts");
}

function read(file: string): Verdict | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Verdict;
  } catch {
    return undefined;
  }
}

/** Remembering is a convenience: a folder that cannot be written to only means that each trial tries anew. */
function write(file: string, verdict: Verdict): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const fresh = `${file}.${process.pid}`;
    writeFileSync(fresh, JSON.stringify(verdict));
    renameSync(fresh, file);
  } catch {
    // See above.
  }
}

/**
 * Why a back end must not be loaded into this process; undefined when it may.
 * @param identity of its native code: another one is another verdict
 */
export async function crashReason(
  name: BackendName,
  identity: string,
  tryInChild: TryInChild,
  folder: string = verdictFolder(),
  now: number = Date.now(),
): Promise<string | undefined> {
  const file = path.join(folder, `${name}.json`);
  const known = read(file);
  const counts = known?.identity === identity && (known.crash === "" || Math.abs(now - known.at) < crashCountsMs);
  const verdict = counts ? known : { identity, crash: (await tryInChild(name)) ?? "", at: now };
  if (!counts) write(file, verdict);
  if (verdict.crash === "") return undefined;
  return `its native library ended the process that tried it (${verdict.crash}). It is left alone for a day; "basin doctor" tries it again.`;
}

/** Forgets what is remembered: the next trial tries anew. */
export function forgetVerdicts(env: NodeJS.ProcessEnv): void {
  rmSync(verdictFolder(env), { recursive: true, force: true });
}

/** Loads a back end in a process of its own, with the bundled trainer; undefined when this code is not bundled. */
export function childTrial(): TryInChild | undefined {
  if (typeof __filename !== "string") return undefined;
  const bundle = __filename;
  return (name) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [bundle, "--probe", name], { stdio: "ignore", windowsHide: true });
      let late = false;
      const limit = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, limitMs);
      const end = (outcome: Outcome): void => {
        clearTimeout(limit);
        resolve(outcome);
      };
      child.once("error", (error) => end(error.message));
      child.once("exit", (code, signal) =>
        end(
          late
            ? `no end after ${limitMs / 1000} s`
            : signal !== null
              ? signal
              : code === 0
                ? undefined
                : `exit code ${code}`,
        ),
      );
    });
}

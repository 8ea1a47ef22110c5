/**
 * Keeps native code that crashes, hangs or refuses away from trials that choose their back end automatically: it is tried in a
 * process of its own, and what came of it is remembered for exactly these files.
 * Invariant: into a trial's process comes only what has just trained in another one. All of TensorFlow.js in a process shares one
 * engine, so a native library that turns out to be of no use would stay in the way of the back end that is used instead.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nativeHome } from "../../../native/layout.ts";
import type { BackendName } from "./backend.ts";
import type { ProbeResult } from "./probeAnswer.ts";

/** How a process fared that loaded a back end and trained a step on it. */
export type Outcome =
  | { readonly kind: "works" }
  /** It says itself why it cannot be used. */
  | { readonly kind: "refuses"; readonly reason: string }
  /** The process did not live to say anything. */
  | { readonly kind: "crashes"; readonly reason: string };
export type TryInChild = (name: BackendName) => Promise<Outcome>;

interface Verdict {
  readonly identity: string;
  readonly outcome: Outcome;
  readonly at: number;
}

/**
 * How long an outcome counts: a refusal may end any time (a driver is loaded, memory is free again), a crash may have had a cause
 * outside of the files.
 */
const countsMs: Readonly<Record<Outcome["kind"], number>> = {
  works: Number.POSITIVE_INFINITY,
  refuses: 10 * 60_000,
  crashes: 24 * 3_600_000,
};
/** Loading a gigabyte from a cold disk on a busy machine takes its time. */
const limitMs = 120_000;

export function verdictFolder(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(nativeHome(env), "verdicts");
}

function read(file: string): Verdict | undefined {
  try {
    const verdict = JSON.parse(readFileSync(file, "utf8")) as Verdict;
    return verdict.outcome.kind in countsMs ? verdict : undefined;
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
  const counts = known?.identity === identity && Math.abs(now - known.at) < countsMs[known.outcome.kind];
  const outcome = counts ? known.outcome : await tryInChild(name);
  if (!counts) write(file, { identity, outcome, at: now });
  if (outcome.kind === "works") return undefined;
  if (outcome.kind === "refuses") return outcome.reason;
  return `its native library ended the process that tried it (${outcome.reason}). It is left alone for a day; "basin doctor" tries it again.`;
}

/** Forgets what is remembered: the next trial tries anew. */
export function forgetVerdicts(env: NodeJS.ProcessEnv): void {
  rmSync(verdictFolder(env), { recursive: true, force: true });
}

/** Tries a back end in a process of its own, with the bundled trainer; undefined when this code is not bundled. */
export function childTrial(): TryInChild | undefined {
  // Test runners give a module its own source as file name, too: run as a program it would say nothing, which is not a crash.
  if (typeof __filename !== "string" || path.extname(__filename) !== ".cjs") return undefined;
  const bundle = __filename;
  return (name) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [bundle, "--probe", name], {
        stdio: ["ignore", "pipe", "ignore"],
        windowsHide: true,
      });
      let text = "";
      let late = false;
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      const limit = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, limitMs);
      const end = (how: string): void => {
        clearTimeout(limit);
        resolve(outcomeOf(text, how));
      };
      child.once("error", (error) => end(error.message));
      child.once("close", (code, signal) =>
        end(late ? `no end after ${limitMs / 1000} s` : (signal ?? `exit code ${code}`)),
      );
    });
}

/** What a probe printed, or how its process ended when it printed nothing. */
function outcomeOf(text: string, how: string): Outcome {
  try {
    const answer = JSON.parse(text.trim().split("\n").at(-1) ?? "") as ProbeResult;
    return answer.ok ? { kind: "works" } : { kind: "refuses", reason: answer.reason };
  } catch {
    return { kind: "crashes", reason: how };
  }
}

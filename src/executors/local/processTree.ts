/**
 * Every process of a trial, and their end: children, the process group, the session, and strays that carry the marker.
 * Invariant: a process is only signalled when it was found to belong to the trial in a look taken just before.
 */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { markerSeparator } from "../marker.ts";
import { ProcLooker, type Look } from "./procFolder.ts";

export interface TrialProcesses {
  /** Leader of the process group the trial was started in. */
  readonly root: number;
  readonly marker: string;
  /** Start time of the root (`startTimeOf`): older processes cannot belong to the trial. */
  readonly since?: number;
}

/** Looks again each time it is called; Windows finds nothing (taskkill does the work there). */
export type Finder = () => Promise<Look>;

/** Finds the trial's processes, this process excepted. */
export function trialFinder({ root, marker, since }: TrialProcesses, platform = process.platform): Finder {
  if (platform !== "linux")
    return psFinder(platform, (row) => row.group === root || row.pid === root || carries(row.text, marker));
  const looker = new ProcLooker(
    (row, environment) =>
      row.pid === root || row.group === root || row.session === root || carries(environment(), marker),
    since,
  );
  return () => looker.look();
}

/** Finds the processes that carry the marker in their environment, this process excepted. */
export function markedFinder(marker: string, platform = process.platform): Finder {
  if (platform !== "linux") return psFinder(platform, (row) => carries(row.text, marker));
  // Children of a marked process count too: they belong to it whatever environment it gave them.
  const looker = new ProcLooker((_row, environment) => carries(environment(), marker));
  return () => looker.look();
}

export interface PsRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Command, arguments and environment, separated by NUL. */
  readonly text: string;
}

/** Rows of `ps -o pid=,ppid=,pgid=,stat=,command=`, zombies left out. */
export function parsePs(output: string): PsRow[] {
  const rows: PsRow[] = [];
  for (const line of output.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s?(.*)$/.exec(line);
    if (match === null || match[4]!.startsWith("Z")) continue;
    const text = (match[5] ?? "").replaceAll(" ", "\0");
    rows.push({ pid: Number(match[1]), parent: Number(match[2]), group: Number(match[3]), text });
  }
  return rows;
}

function psFinder(platform: NodeJS.Platform, belongs: (row: PsRow) => boolean): Finder {
  if (platform === "win32") return () => Promise.resolve({ pids: [], complete: true });
  // -E (macOS) and e (others) add the environment to the command.
  const columns = ["-o", "pid=,ppid=,pgid=,stat=,command="];
  const args = platform === "darwin" ? ["-axwwE", ...columns] : ["axeww", ...columns];
  return () =>
    new Promise((resolve) => {
      execFile("ps", args, { maxBuffer: 256 * 1024 * 1024 }, (_error, output) => {
        const rows = parsePs(output).filter((row) => row.pid > 1 && row.pid !== process.pid);
        const found = new Set(rows.filter(belongs).map((row) => row.pid));
        for (let before = -1; before !== found.size;) {
          before = found.size;
          for (const row of rows) if (found.has(row.parent)) found.add(row.pid);
        }
        resolve({ pids: [...found], complete: true });
      });
    });
}

function carries(environment: string, marker: string): boolean {
  const entry = `BASIN_MARKER=${marker}`;
  for (let at = environment.indexOf(entry); at >= 0; at = environment.indexOf(entry, at + 1)) {
    const before = at === 0 ? "\0" : environment[at - 1];
    const after = environment[at + entry.length] ?? "\0";
    if (before === "\0" && (after === "\0" || after === markerSeparator)) return true;
  }
  return false;
}

/** Signals one process; false when it is gone or may not be signalled. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * Ends what `find` finds: SIGTERM, `graceMs` to go by itself, then SIGKILL again and again, since a process can fork while
 * it is being looked for. Resolves with the pids that could not be ended (those of another user, or stuck in the kernel).
 */
export async function endProcesses(find: Finder, graceMs: number): Promise<readonly number[]> {
  let left = await findSurely(find);
  if (left.length > 0 && graceMs > 0) {
    for (const pid of left) signalProcess(pid, "SIGTERM");
    const until = performance.now() + graceMs;
    while (left.length > 0 && performance.now() < until) {
      await delay(20);
      left = await findSurely(find);
    }
  }
  for (let round = 0; left.length > 0 && round < 200; round++) {
    for (const pid of left) signalProcess(pid, "SIGKILL");
    await delay(Math.min(round, 50));
    left = await findSurely(find);
  }
  return left;
}

/** "None" counts only when nothing went away meanwhile; on a machine too busy for that, after some tries. */
async function findSurely(find: Finder): Promise<readonly number[]> {
  for (let tries = 0; tries < 50; tries++) {
    const { pids, complete } = await find();
    if (pids.length > 0 || complete) return pids;
    if (tries > 5) await delay(tries % 7);
  }
  return [];
}

/** Windows: the whole tree below `pid`, by force. */
export function taskkill(pid: number): Promise<void> {
  return new Promise((resolve) => {
    execFile("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true }, () => resolve());
  });
}

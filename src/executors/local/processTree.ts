/**
 * Every process of a trial, and their end: children, the process group, the session, and strays that carry the marker.
 * Invariant: a process is only signalled when it was found to belong to the trial in a listing made just before.
 */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot on Linux; 0 where it is unknown. */
  readonly startedAt: number;
  /** Environment (and, from ps, arguments) as text; empty where it may not be read. */
  readonly environment: () => Promise<string>;
}

export interface TrialProcesses {
  /** Leader of the process group the trial was started in. */
  readonly root: number;
  readonly marker: string;
  /** `startedAt` of the root: older processes cannot belong to the trial. */
  readonly since?: number;
}

/** Processes of this machine except zombies. Linux reads /proc; elsewhere `ps`; Windows has none (taskkill does the work). */
export async function listProcesses(platform = process.platform): Promise<ProcessRow[]> {
  if (platform === "win32") return [];
  return platform === "linux" ? listProc() : listPs(platform);
}

async function listProc(): Promise<ProcessRow[]> {
  const names = await readdir("/proc").catch(() => []);
  const rows: ProcessRow[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const row = await procRow(Number(name));
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

async function procRow(pid: number): Promise<ProcessRow | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The command's name is in parentheses and may hold anything, parentheses included.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 20 || fields[0] === "Z" || fields[0] === "X") return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startedAt: Number(fields[19]),
    environment: () => readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""),
  };
}

/** Start time of a process in the unit of `ProcessRow.startedAt`; undefined when it is gone or the platform does not tell. */
export async function startTimeOf(pid: number): Promise<number | undefined> {
  return process.platform === "linux" ? (await procRow(pid))?.startedAt : undefined;
}

function listPs(platform: NodeJS.Platform): Promise<ProcessRow[]> {
  // -E (macOS) and e (others) add the environment to the command.
  const columns = ["-o", "pid=,ppid=,pgid=,stat=,command="];
  const args = platform === "darwin" ? ["-axwwE", ...columns] : ["axeww", ...columns];
  return new Promise((resolve) => {
    execFile("ps", args, { maxBuffer: 256 * 1024 * 1024 }, (_error, output) => resolve(parsePs(output)));
  });
}

/** Rows of `ps -o pid=,ppid=,pgid=,stat=,command=`; exported for tests. */
export function parsePs(output: string): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of output.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s?(.*)$/.exec(line);
    if (match === null || match[4]!.startsWith("Z")) continue;
    const [, pid, parent, group, , command] = match;
    rows.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      startedAt: 0,
      environment: () => Promise.resolve((command ?? "").replaceAll(" ", "\0")),
    });
  }
  return rows;
}

/** Pids of the trial that are alive, this process excepted. O(processes) reads of small files. */
export async function findTrial(trial: TrialProcesses, rows?: readonly ProcessRow[]): Promise<number[]> {
  const all = (rows ?? (await listProcesses())).filter(
    (row) => row.pid !== process.pid && row.pid > 1 && row.startedAt >= (trial.since ?? 0),
  );
  const found = new Set<number>();
  for (const row of all) {
    const ours = row.pid === trial.root || row.group === trial.root || row.session === trial.root;
    if (ours || carries(await row.environment(), trial.marker)) found.add(row.pid);
  }
  // Children of those, whatever environment or session they gave themselves.
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const row of all) if (found.has(row.parent)) found.add(row.pid);
  }
  return [...found];
}

/** Pids that carry the marker in their environment, this process excepted. */
export async function findMarked(marker: string, rows?: readonly ProcessRow[]): Promise<number[]> {
  const found: number[] = [];
  for (const row of rows ?? (await listProcesses())) {
    if (row.pid !== process.pid && row.pid > 1 && carries(await row.environment(), marker)) found.push(row.pid);
  }
  return found;
}

function carries(environment: string, marker: string): boolean {
  const entry = `BASIN_MARKER=${marker}`;
  for (let at = environment.indexOf(entry); at >= 0; at = environment.indexOf(entry, at + 1)) {
    const before = at === 0 ? "\0" : environment[at - 1];
    const after = environment[at + entry.length] ?? "\0";
    if (before === "\0" && after === "\0") return true;
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
export async function endProcesses(find: () => Promise<number[]>, graceMs: number): Promise<number[]> {
  let left = await find();
  if (left.length > 0 && graceMs > 0) {
    for (const pid of left) signalProcess(pid, "SIGTERM");
    const until = performance.now() + graceMs;
    while (left.length > 0 && performance.now() < until) {
      await delay(20);
      left = await find();
    }
  }
  for (let round = 0; left.length > 0 && round < 100; round++) {
    for (const pid of left) signalProcess(pid, "SIGKILL");
    await delay(Math.min(5 * (round + 1), 100));
    left = await find();
  }
  return left;
}

/** Windows: the whole tree below `pid`, by force. */
export function taskkill(pid: number): Promise<void> {
  return new Promise((resolve) => {
    execFile("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true }, () => resolve());
  });
}

/**
 * Processes as Linux shows them in /proc.
 * Invariant: a look never claims to be complete when a process went away (or became a zombie) while it was taken: what that
 * process had forked may not have been in the list.
 */
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

export interface ProcRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startedAt: number;
  readonly zombie: boolean;
}

/** `/proc/<pid>/stat` as a row; undefined when the text is none (the process is gone). */
export function parseStat(pid: number, text: string): ProcRow | undefined {
  // The command's name is in parentheses and may hold anything, parentheses included.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 20) return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startedAt: Number(fields[19]),
    zombie: fields[0] === "Z" || fields[0] === "X",
  };
}

/** Start time of a process; undefined when it is gone. */
export async function startTimeOf(pid: number): Promise<number | undefined> {
  const row = parseStat(pid, await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""));
  return row?.startedAt;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** What is asked of each process: whether it is one of those looked for, given its environment ("" = unreadable, empty). */
export type Belongs = (row: ProcRow, environment: () => string) => boolean;

export interface Look {
  readonly pids: readonly number[];
  readonly complete: boolean;
}

/**
 * Takes looks at /proc, remembering from one to the next which processes are others': only the first reads all of them, in
 * slices that do not block, and later ones are quick enough (a millisecond) to catch a process that forks to get away.
 */
export class ProcLooker {
  readonly #belongs: Belongs;
  /** Processes that started before this cannot belong. */
  readonly #since: number;
  #others = new Set<number>();
  #zombies = new Set<number>();
  #ours = new Map<number, number>();
  #first = true;

  constructor(belongs: Belongs, since = 0) {
    this.#belongs = belongs;
    this.#since = since;
  }

  async look(): Promise<Look> {
    const pids = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    let complete = true;
    const rows: ProcRow[] = [];
    const others = new Set<number>();
    const zombies = new Set<number>();
    for (const [index, pid] of pids.entries()) {
      if (this.#first && index % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
      if (this.#others.has(pid) || pid <= 1 || pid === process.pid) {
        others.add(pid);
        continue;
      }
      const row = parseStat(pid, readOr(`/proc/${pid}/stat`));
      if (row === undefined) complete = false;
      else if (row.startedAt < this.#since) others.add(pid);
      else if (row.zombie) {
        zombies.add(pid);
        if (!this.#zombies.has(pid)) complete = false;
      } else rows.push(row);
    }
    const ours = new Map<number, number>();
    for (const row of rows) {
      let environment: string | undefined;
      const mine = this.#ours.get(row.pid) === row.startedAt;
      if (mine || this.#belongs(row, () => (environment ??= readOr(`/proc/${row.pid}/environ`)))) {
        ours.set(row.pid, row.startedAt);
      } else if (environment === "") {
        // Not ours to read, started without one, or gone since.
        const now = parseStat(row.pid, readOr(`/proc/${row.pid}/stat`));
        if (now === undefined || now.zombie) complete = false;
      }
    }
    // Children of those, whatever environment or session they gave themselves.
    for (let before = -1; before !== ours.size;) {
      before = ours.size;
      for (const row of rows) if (ours.has(row.parent)) ours.set(row.pid, row.startedAt);
    }
    for (const row of rows) if (!ours.has(row.pid)) others.add(row.pid);
    this.#first = false;
    this.#others = others;
    this.#zombies = zombies;
    this.#ours = ours;
    return { pids: [...ours.keys()], complete };
  }
}

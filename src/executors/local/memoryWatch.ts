/**
 * Ends the trial that is about to be killed for want of memory, with a reason, before the system kills it, or the engine,
 * without one. Invariant: one trial is ended at a time, the one that holds most, and only while next to nothing is left and
 * trials hold a good part of it.
 */
import { readdir, readFile } from "node:fs/promises";
import { type MachineMemory, machineMemory } from "./machineMemory.ts";
import { parseStat } from "./procFolder.ts";

export interface WatchedTrial {
  readonly pid: number | undefined;
  readonly finished: Promise<void>;
  /** `detail` says for people how much it held and how much was left. */
  endForMemory(detail: string): void;
}

export interface MemoryWatchOptions {
  readonly log: (message: string) => void;
  readonly read?: () => Promise<MachineMemory | undefined>;
  /** Resident bytes of the process trees with these roots; default from /proc. */
  readonly resident?: (roots: readonly number[]) => Promise<ReadonlyMap<number, number>>;
  /** Between looks, in ms. */
  readonly everyMs?: number;
}

/** Less than this share of all memory left: the next allocation may be the last. */
const lowShare = 0.02;
/** The same in bytes, for large machines. */
const lowBytes = 1024 ** 3;
/** Trials that hold a smaller share of all memory together are not what fills it. */
const guiltyShare = 0.2;

/** Whether so little is left that a process will be killed soon. */
export function isLow({ available, total }: MachineMemory): boolean {
  return available < Math.min(lowShare * total, lowBytes);
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #trials = new Set<WatchedTrial>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #told = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  watch(trial: WatchedTrial): void {
    this.#trials.add(trial);
    this.#timer ??= setInterval(() => void this.#look(), this.#options.everyMs ?? 1_000).unref();
  }

  forget(trial: WatchedTrial): void {
    this.#trials.delete(trial);
    if (this.#trials.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const memory = await (this.#options.read ?? machineMemory)();
      if (memory === undefined) {
        // The system does not tell; it will not later either.
        clearInterval(this.#timer);
        return;
      }
      if (isLow(memory)) await this.#relieve(memory);
    } catch (error) {
      this.#options.log(`Memory could not be looked at: ${String(error)}`);
    } finally {
      this.#looking = false;
    }
  }

  async #relieve({ available, total }: MachineMemory): Promise<void> {
    const roots = [...this.#trials].map(({ pid }) => pid).filter((pid) => pid !== undefined);
    const resident = await (this.#options.resident ?? residentOf)(roots);
    let largest: WatchedTrial | undefined;
    let held = 0;
    let together = 0;
    for (const trial of this.#trials) {
      const bytes = resident.get(trial.pid ?? 0) ?? 0;
      together += bytes;
      if (bytes > held) [largest, held] = [trial, bytes];
    }
    if (largest === undefined || together < guiltyShare * total) {
      if (!this.#told)
        this.#options.log(`Only ${gigabytes(available)} of memory are left, and trials hold little of it.`);
      this.#told = true;
      return;
    }
    largest.endForMemory(
      `it held ${gigabytes(held)} of memory, and only ${gigabytes(available)} of ${gigabytes(total)} were left`,
    );
    // Until its memory is back, another look would find the next victim.
    await largest.finished;
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}

/** Resident memory of the process trees with these roots, by /proc. Shared pages count once in each. O(processes). */
export async function residentOf(roots: readonly number[]): Promise<Map<number, number>> {
  const names = await readdir("/proc").catch(() => []);
  const rootOf = new Map<number, number>(roots.map((root) => [root, root]));
  const found: { readonly pid: number; readonly parent: number; readonly group: number }[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const row = parseStat(Number(name), await readFile(`/proc/${name}/stat`, "latin1").catch(() => ""));
    if (row !== undefined) found.push(row);
  }
  for (let before = -1; before !== rootOf.size;) {
    before = rootOf.size;
    for (const { pid, parent, group } of found) {
      const root = rootOf.get(group) ?? rootOf.get(parent);
      if (root !== undefined && !rootOf.has(pid)) rootOf.set(pid, root);
    }
  }
  const resident = new Map<number, number>();
  for (const [pid, root] of rootOf) {
    const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
    const bytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    resident.set(root, (resident.get(root) ?? 0) + bytes);
  }
  return resident;
}

/**
 * How much memory this machine, or the container it is, has left before the system starts to kill processes.
 * Invariant: never throws; undefined where the system does not tell it in a way that means this (only Linux does: elsewhere
 * the system swaps or refuses, and kills nobody).
 */
import { readFile } from "node:fs/promises";

export interface MachineMemory {
  /** Bytes. */
  readonly available: number;
  readonly total: number;
}

type Read = (path: string) => Promise<string>;

const readOr: Read = (path) => readFile(path, "latin1").catch(() => "");

/** Memory and swap of the machine by `/proc/meminfo`. */
export function parseMeminfo(text: string): MachineMemory | undefined {
  const bytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    return found === undefined ? undefined : Number(found) * 1024;
  };
  const available = bytes("MemAvailable");
  const total = bytes("MemTotal");
  if (available === undefined || total === undefined) return undefined;
  return { available: available + (bytes("SwapFree") ?? 0), total: total + (bytes("SwapTotal") ?? 0) };
}

/** What a control group has left; undefined when it has no limit. File caches count as free: they are given up first. */
export function parseGroup(limit: string, usage: string, stat: string): MachineMemory | undefined {
  const total = Number(limit.trim());
  const used = Number(usage.trim());
  // Version 1 writes "no limit" as a number near 2^63.
  if (limit.trim() === "" || usage.trim() === "" || !(total < 2 ** 60) || !Number.isFinite(used)) return undefined;
  const field = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  const cache = Math.max(field("inactive_file") + field("active_file"), field("total_inactive_file"));
  return { available: Math.min(total, Math.max(0, total - used + cache)), total };
}

/** Folders of this process's control groups that may limit memory, innermost first. */
export function groupFolders(text: string): { readonly version: 1 | 2; readonly folder: string }[] {
  const folders: { version: 1 | 2; folder: string }[] = [];
  for (const line of text.split("\n")) {
    const [id, controllers, group] = line.split(":", 3);
    if (group === undefined) continue;
    const version = id === "0" && controllers === "" ? 2 : 1;
    if (version === 1 && controllers?.split(",").includes("memory") !== true) continue;
    const base = version === 2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const parts = group.split("/").filter((part) => part !== "" && part !== "..");
    for (let length = parts.length; length >= 0; length--)
      folders.push({ version, folder: [base, ...parts.slice(0, length)].join("/") });
  }
  return folders;
}

/** The tightest of the machine's and its control groups' memory. */
export async function machineMemory(read: Read = readOr): Promise<MachineMemory | undefined> {
  let least = parseMeminfo(await read("/proc/meminfo"));
  if (least === undefined) return undefined;
  for (const { version, folder } of groupFolders(await read("/proc/self/cgroup"))) {
    const [limit, usage] =
      version === 2 ? ["memory.max", "memory.current"] : ["memory.limit_in_bytes", "memory.usage_in_bytes"];
    const limitText = await read(`${folder}/${limit}`);
    if (!/^\d/.test(limitText)) continue;
    const group = parseGroup(limitText, await read(`${folder}/${usage}`), await read(`${folder}/memory.stat`));
    if (group !== undefined && group.available < least.available) least = group;
  }
  return least;
}

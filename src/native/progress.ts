/**
 * How far an installation is, in one number that only grows.
 * Invariant: steps are told in their order; a step's own fraction never leaves the step's part of the whole.
 */
import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";

export type InstallStep = "check" | "packages" | "official" | "library" | "compile" | "try" | "finish";

export interface NativeProgress {
  readonly step: InstallStep;
  /** Of the whole installation, 0 to 100. */
  readonly percent: number;
  readonly message: string;
}

/** Where each step ends, by what it takes on an ordinary machine. */
const ends: Readonly<Record<InstallStep, number>> = {
  check: 2,
  packages: 20,
  official: 45,
  library: 75,
  compile: 92,
  try: 98,
  finish: 100,
};
const order = Object.keys(ends) as InstallStep[];

export type TellProgress = (step: InstallStep, message: string, fraction?: number) => void;

/** Turns steps and fractions into percent for `tell`. Repeated messages without progress are dropped. */
export function progressOf(tell: (progress: NativeProgress) => void): TellProgress {
  let reached = 0;
  let said = "";
  return (step, message, fraction = 0) => {
    const before = order[order.indexOf(step) - 1];
    const from = before === undefined ? 0 : ends[before];
    // A share of an unknown whole (0 / 0) is none.
    const percent = Math.max(reached, Math.round(from + (ends[step] - from) * Math.min(1, Math.max(0, fraction || 0))));
    if (percent === reached && message === said) return;
    reached = percent;
    said = message;
    tell({ step, percent, message });
  };
}

/** Bytes of all files below a folder; 0 when there is none. Files that vanish while it counts do not count. */
export function folderBytes(folder: string): number {
  let bytes = 0;
  try {
    for (const name of readdirSync(folder, { recursive: true }) as string[]) {
      const entry = lstatSync(path.join(folder, name), { throwIfNoEntry: false });
      if (entry?.isFile() === true) bytes += entry.size;
    }
  } catch {
    // The folder is not there yet, or is being removed.
  }
  return bytes;
}

const lookEveryMs = 500;

/** Does `work` while telling, twice a second, how many bytes have come into `folder`. */
export async function watchingBytes<T>(
  folder: string,
  tell: (bytes: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => tell(folderBytes(folder)), lookEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/**
 * GPUs of this machine, dealt to trials through CUDA_VISIBLE_DEVICES.
 * Invariant: a GPU's number of holders is the number of `take`s that held it and were not released; the least held go first.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

export interface GpuLease {
  /** Value for CUDA_VISIBLE_DEVICES ("" hides all); undefined = leave it alone, there is no GPU. */
  readonly visible: string | undefined;
  /** "GPU 0", "GPUs 0, 1"; empty when it holds none. */
  readonly label: string;
  /** Gives them back; calling it again does nothing. */
  release(): void;
}

/** Ids for CUDA_VISIBLE_DEVICES from `nvidia-smi -L`: the index, or the UUIDs of a GPU's MIG devices when it is cut up. */
export function parseNvidiaSmi(output: string): string[] {
  const ids: string[] = [];
  let migs = 0;
  for (const line of output.split(/\r?\n/)) {
    const gpu = /^GPU (\d+):/.exec(line)?.[1];
    const mig = /^\s+MIG .*\(UUID: (MIG-[^)]+)\)/.exec(line)?.[1];
    if (gpu !== undefined) {
      ids.push(gpu);
      migs = 0;
    } else if (mig !== undefined && ids.length > 0) {
      // The first MIG device takes the place of the whole GPU, which CUDA does not offer any more.
      if (migs === 0) ids.pop();
      ids.push(mig);
      migs += 1;
    }
  }
  return ids;
}

/** The ids a CUDA_VISIBLE_DEVICES that is already set leaves; CUDA stops reading at the first negative one. */
export function visibleIds(value: string): string[] {
  const ids: string[] = [];
  for (const id of value.split(",").map((part) => part.trim())) {
    if (id === "" || id.startsWith("-") || id === "NoDevFiles") break;
    ids.push(id);
  }
  return ids;
}

const smiOptions = { timeout: 15_000, windowsHide: true, encoding: "utf8" } as const;

function knownWithoutAsking(env: NodeJS.ProcessEnv): string[] | undefined {
  const set = env["CUDA_VISIBLE_DEVICES"];
  if (set !== undefined) return visibleIds(set);
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => existsSync(path.join(folder, `nvidia-smi${suffix}`))) ? undefined : [];
}

/** Ids of the GPUs to deal, without blocking; none when there is no nvidia-smi or no driver. */
export function findGpus(env: NodeJS.ProcessEnv): Promise<string[]> {
  const known = knownWithoutAsking(env);
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    execFile("nvidia-smi", ["-L"], { ...smiOptions, env }, (error, output) =>
      resolve(error === null ? parseNvidiaSmi(output) : []),
    );
  });
}

/** The same, blocking while nvidia-smi runs (up to seconds). */
export function findGpusSync(env: NodeJS.ProcessEnv): string[] {
  const known = knownWithoutAsking(env);
  if (known !== undefined) return known;
  try {
    return parseNvidiaSmi(
      execFileSync("nvidia-smi", ["-L"], { ...smiOptions, env, stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return [];
  }
}

export class GpuPool {
  readonly #ids: readonly string[];
  readonly #holders: number[];

  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.#holders = ids.map(() => 0);
  }

  get size(): number {
    return this.#ids.length;
  }

  /** `count` GPUs, the least held first (ties by order); fewer when the machine has fewer. O(GPUs log GPUs). */
  take(count: number): GpuLease {
    if (this.#ids.length === 0) return { visible: undefined, label: "", release: () => undefined };
    const taken = this.#ids
      .map((_, index) => index)
      .sort((a, b) => this.#holders[a]! - this.#holders[b]! || a - b)
      .slice(0, Math.max(0, count))
      .sort((a, b) => a - b);
    for (const index of taken) this.#holders[index]! += 1;
    const ids = taken.map((index) => this.#ids[index]!);
    let held = true;
    return {
      visible: ids.join(","),
      label: ids.length === 0 ? "" : `GPU${ids.length > 1 ? "s" : ""} ${ids.join(", ")}`,
      release: () => {
        if (!held) return;
        held = false;
        for (const index of taken) this.#holders[index]! -= 1;
      },
    };
  }
}

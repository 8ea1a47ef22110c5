/**
 * What is costly to get and the same for the trials of a study: the back end and the data. A process that serves several
 * trials keeps both. Invariant: kept data is that of the same specification and unchanged files, and nobody has written into
 * it since.
 */
import { stat } from "node:fs/promises";
import type { DataSpec, TfjsBackendName } from "../../core/study/definition.ts";
import type { LoadedBackend, LoadOptions } from "./backends/backend.ts";
import { selectBackend } from "./backends/select.ts";
import { differences, processState, type ProcessState } from "./cleanState.ts";
import { loadDataset, type Dataset } from "./data/dataset.ts";
import { formatOf } from "./data/formats/registry.ts";

export interface Resources {
  dataset(spec: DataSpec, root: string, splitSeed: number, log: Log): Promise<Dataset>;
  backend(wanted: TfjsBackendName, options: LoadOptions, log: Log): Promise<LoadedBackend>;
}

type Log = (message: string) => void;

/** For one trial. */
export const freshResources: Resources = {
  dataset: (spec, root, splitSeed, log) => loadDataset(spec, root, splitSeed, { log }),
  backend: selectBackend,
};

export interface KeptResources extends Resources {
  /** What the trial has left behind, in words; undefined = the process is as it was before it. */
  leftovers(): Promise<string | undefined>;
}

/** For trials in turn. */
export function keptResources(load: Resources = freshResources): KeptResources {
  let data: { readonly key: string; readonly dataset: Dataset; readonly print: number } | undefined;
  let chosen: { readonly key: string; readonly backend: LoadedBackend; readonly lines: readonly string[] } | undefined;
  let before: ProcessState | undefined;
  let heapBefore = 0;
  return {
    async dataset(spec, root, splitSeed, log) {
      const key = JSON.stringify([spec, root, splitSeed, await stamps(spec, root)]);
      if (data?.key !== key) {
        // The old one need not be in memory beside the new one.
        data = undefined;
        const dataset = await load.dataset(spec, root, splitSeed, log);
        data = { key, dataset, print: fingerprint(dataset) };
      }
      return data.dataset;
    },
    async backend(wanted, options, log) {
      const key = JSON.stringify([wanted, options]);
      if (chosen === undefined) {
        const lines: string[] = [];
        const backend = await load.backend(wanted, options, (message) => lines.push(message));
        chosen = { key, backend, lines };
        before = processState(backend.tf);
        heapBefore = heapBytes(backend);
      } else if (chosen.key !== key) {
        throw new Error(`This process computes with ${chosen.key}, not with ${key}.`);
      }
      // Every trial's log says why better ones are not used, whichever trial it was that tried them.
      for (const line of chosen.lines) log(line);
      return chosen.backend;
    },
    async leftovers() {
      if (before === undefined || chosen === undefined) return "it has no back end";
      if (data !== undefined && fingerprint(data.dataset) !== data.print) return "the data was written into";
      const grown = heapBytes(chosen.backend) - heapBefore;
      if (grown > mostHeapGrowth) return `the WebAssembly heap has grown by ${Math.round(grown / 1e6)} MB`;
      // Handles that are being closed need some turns of the event loop.
      for (let look = 0; ; look++) {
        const found = differences(before, processState(chosen.backend.tf));
        if (found.length === 0) return undefined;
        if (look === 20) return found.slice(0, 5).join("; ");
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/**
 * A heap never shrinks and may be full of holes, and how a batch is split depends on what fits: with more than this, a trial
 * might compute otherwise than in a new process.
 */
const mostHeapGrowth = 512 * 1024 ** 2;

function heapBytes({ name, tf }: LoadedBackend): number {
  if (name !== "wasm") return 0;
  const { wasm } = tf.backend() as unknown as { readonly wasm?: { readonly HEAPU8?: Uint8Array } };
  return wasm?.HEAPU8?.byteLength ?? 0;
}

/** Size and time of every file the data is read from. */
async function stamps(spec: DataSpec, root: string): Promise<string[]> {
  return Promise.all(
    formatOf(spec)
      .files(spec, root)
      .map(async (file) => {
        const entry = await stat(file, { bigint: true }).catch(() => undefined);
        return entry === undefined ? `${file}: none` : `${file}: ${entry.size} ${entry.mtimeNs} ${entry.ino}`;
      }),
  );
}

/** Values of an array that are looked at. */
const samples = 4096;

/** Of some values of every typed array in `value`: enough to notice that somebody has scaled or shuffled it in place. */
function fingerprint(value: unknown, depth = 3): number {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // Odd, so that all bytes of a number are looked at in turn.
    const stride = Math.max(1, Math.floor(bytes.length / samples) | 1);
    let hash = bytes.length | 0;
    for (let i = 0; i < bytes.length; i += stride) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    return hash;
  }
  if (typeof value !== "object" || value === null || depth === 0) return 0;
  let hash = 7;
  for (const inner of Object.values(value)) hash = (Math.imul(hash, 31) + fingerprint(inner, depth - 1)) | 0;
  return hash;
}

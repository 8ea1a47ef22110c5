/**
 * Checkpoints on disk: weights, optimizer slots and where in which epoch the training stands.
 * Invariant: a file under its final name is complete (written aside, then renamed) and carries a digest; a damaged one is
 * skipped for the one before it.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { errorText } from "../../../core/errors.ts";
import type { Progress } from "./schedule.ts";

export interface TrainingState {
  /** Epochs done. */
  readonly epoch: number;
  /** Batches done of the epoch under way, and its sums so far. */
  readonly batch: number;
  readonly loss: number;
  readonly correct: number;
  /** Steps done over all epochs. */
  readonly step: number;
  /** Updates done by the optimizer, and its rule. */
  readonly time: number;
  readonly rule: string;
  readonly progress: Progress;
  /** Rows a batch: another batch size ends an epoch elsewhere, so the epoch under way then starts again. */
  readonly batchSize: number;
}

export interface Checkpoint {
  readonly state: TrainingState;
  readonly weights: readonly Float32Array[];
  readonly slots: readonly Float32Array[];
  /** Weights of the best epoch, where early stopping may go back to them; else empty. */
  readonly best: readonly Float32Array[];
}

const magic = "BASINCK1";
const namePattern = /^checkpoint-(\d{12})\.bin$/;

interface Header {
  readonly state: StateJson;
  readonly sizes: { readonly weights: number[]; readonly slots: number[]; readonly best: number[] };
  readonly sha256: string;
}

/** Infinity has no JSON form, and the best loss begins with it. */
interface StateJson extends Omit<TrainingState, "loss" | "progress"> {
  readonly loss: string;
  readonly progress: Omit<Progress, "bestLoss"> & { readonly bestLoss: string };
}

const stateToJson = (state: TrainingState): StateJson => ({
  ...state,
  loss: String(state.loss),
  progress: { ...state.progress, bestLoss: String(state.progress.bestLoss) },
});

/** Undoes `stateToJson`: numbers that went as text come back as numbers. */
function stateFromJson(json: StateJson): TrainingState {
  return { ...json, loss: Number(json.loss), progress: { ...json.progress, bestLoss: Number(json.progress.bestLoss) } };
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Writes a checkpoint into `folder` (made if missing), keeps the one before it, and gives the new file's path. */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<string> {
  await mkdir(folder, { recursive: true });
  const arrays = [...checkpoint.weights, ...checkpoint.slots, ...checkpoint.best];
  const hash = createHash("sha256");
  for (const values of arrays) hash.update(bytesOf(values));
  const lengths = (list: readonly Float32Array[]): number[] => list.map((values) => values.length);
  const header = Buffer.from(
    JSON.stringify({
      state: stateToJson(checkpoint.state),
      sizes: { weights: lengths(checkpoint.weights), slots: lengths(checkpoint.slots), best: lengths(checkpoint.best) },
      sha256: hash.digest("hex"),
    }),
  );
  const prefix = Buffer.alloc(12);
  prefix.write(magic, 0, "latin1");
  prefix.writeUInt32LE(header.length, 8);
  const name = `checkpoint-${String(checkpoint.state.step).padStart(12, "0")}.bin`;
  const file = path.join(folder, name);
  const aside = `${file}.${process.pid}.tmp`;
  await writeFile(aside, Buffer.concat([prefix, header, ...arrays.map(bytesOf)]));
  await rename(aside, file);
  const older = (await checkpointNames(folder)).filter((other) => other < name).slice(1);
  const unfinished = (await readdir(folder)).filter((other) => other.endsWith(".tmp"));
  await Promise.all([...older, ...unfinished].map((other) => rm(path.join(folder, other), { force: true })));
  return file;
}

/** Names of the checkpoints in `folder`, newest first. */
async function checkpointNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => namePattern.test(name)).sort((a, b) => (a < b ? 1 : -1));
  } catch {
    return [];
  }
}

function parse(bytes: Buffer): Checkpoint {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 8) !== magic) throw new Error("it is no checkpoint");
  const start = 12 + bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.toString("utf8", 12, start)) as Header;
  const body = bytes.subarray(start);
  if (createHash("sha256").update(body).digest("hex") !== header.sha256) throw new Error("its contents are damaged");
  let at = 0;
  const take = (sizes: readonly number[]): Float32Array[] =>
    sizes.map((size) => {
      const values = new Float32Array(size);
      bytesOf(values).set(body.subarray(at, at + 4 * size));
      at += 4 * size;
      return values;
    });
  return {
    state: stateFromJson(header.state),
    weights: take(header.sizes.weights),
    slots: take(header.sizes.slots),
    best: take(header.sizes.best),
  };
}

/**
 * The newest checkpoint in `folder` that is whole and that `fits` accepts; undefined if there is none.
 * @param log told about each one that was skipped
 */
export async function readNewestCheckpoint(
  folder: string,
  fits: (checkpoint: Checkpoint) => boolean,
  log: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const name of await checkpointNames(folder)) {
    try {
      const checkpoint = parse(await readFile(path.join(folder, name)));
      if (fits(checkpoint)) return checkpoint;
      log(`${name} is of another model and was skipped.`);
    } catch (error) {
      log(`${name} was skipped: ${errorText(error)}.`);
    }
  }
  return undefined;
}

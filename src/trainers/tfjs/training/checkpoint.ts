/**
 * Checkpoints on disk: named weights with shapes, optimizer slots, rates and where in which epoch the training stands.
 * Layout: "BASINCK2", length of the header (uint32, little endian), header (JSON), values (float32), SHA-256 of all before.
 * Invariant: a file under its final name is complete (written aside, synchronised, renamed); a damaged one is skipped for
 * the one before it, and one that another format or model wrote is named and left alone.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { BasinError, errorText } from "../../../core/errors.ts";
import type { Rates } from "./hypergradient.ts";
import type { Progress } from "./progress.ts";

export interface TrainingState {
  /** Epochs done. */
  readonly epoch: number;
  /** Batches done of the epoch under way, and its sums so far. */
  readonly batch: number;
  readonly loss: number;
  readonly correct: number;
  /** Steps done over all epochs. */
  readonly step: number;
  /** Steps done by the optimizer, what its slots are, and the rates it has set itself. */
  readonly time: number;
  readonly slotKind: string;
  readonly rates?: Rates;
  readonly progress: Progress;
  /** Metrics of the last epoch. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What the order of the data depends on: with other values the epoch under way starts again. */
  readonly batchSize: number;
  readonly rows: number;
  readonly seed: number;
  /** What the weights mean, for built-in models. */
  readonly architecture?: string;
  /** The run is over: weights are final, slots and best weights are not kept. */
  readonly finished: boolean;
}

export interface NamedValues {
  /** "dense0/kernel"; of a slot "dense0/kernel/mean". */
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

export interface Checkpoint {
  readonly state: TrainingState;
  /** Every variable of the model in its order, moving averages of batch norm included. */
  readonly weights: readonly NamedValues[];
  readonly slots: readonly NamedValues[];
  /** Weights of the best epoch, where early stopping may go back to them; else empty. */
  readonly best: readonly NamedValues[];
}

const magic = "BASINCK2";
const prefixBytes = 12;
const digestBytes = 32;
const namePattern = /^checkpoint-(\d{12})\.bin$/;
const nameOf = (step: number): string => `checkpoint-${String(step).padStart(12, "0")}.bin`;

/**
 * The name of a copy of another trial's checkpoint: older than all that its new owner writes, whose larger batches may count
 * fewer steps for as many epochs.
 */
export const copiedCheckpointName = nameOf(0);
const parts = ["weights", "slots", "best"] as const;

interface Header {
  readonly state: TrainingState;
  readonly tensors: readonly {
    readonly part: (typeof parts)[number];
    readonly name: string;
    readonly shape: number[];
  }[];
}

/** Infinity and NaN have no JSON form. */
const writeNumber = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value;
const readNumber = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && "number" in value && typeof value.number === "string"
    ? Number(value.number)
    : value;

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Makes a rename survive a loss of power. Not every platform lets folders be synchronised. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file itself is safe; its name may be lost with the power, and then the one before it is found.
  }
}

/**
 * Writes a checkpoint into `folder` (made if missing) and gives the new file's path. Keeps the one before it, or none once
 * the run is over. Takes 4 bytes for each number: weights, plus slots, plus best weights.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<string> {
  await mkdir(folder, { recursive: true });
  const tensors = parts.flatMap((part) => checkpoint[part].map((tensor) => ({ part, ...tensor })));
  const header = Buffer.from(
    JSON.stringify(
      { state: checkpoint.state, tensors: tensors.map(({ part, name, shape }) => ({ part, name, shape })) },
      writeNumber,
    ),
  );
  const prefix = Buffer.alloc(prefixBytes);
  prefix.write(magic, 0, "latin1");
  prefix.writeUInt32LE(header.length, magic.length);
  const pieces: Uint8Array[] = [prefix, header, ...tensors.map(({ values }) => bytesOf(values))];
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  pieces.push(hash.digest());
  const name = nameOf(checkpoint.state.step);
  const file = path.join(folder, name);
  const aside = `${file}.${process.pid}.tmp`;
  const handle = await open(aside, "w");
  try {
    await handle.writeFile(pieces);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  await syncFolder(folder);
  const older = (await checkpointNames(folder)).filter((other) => other < name);
  const superseded = checkpoint.state.finished ? older : older.slice(1);
  const unfinished = (await readdir(folder)).filter((other) => other.endsWith(".tmp"));
  await Promise.all([...superseded, ...unfinished].map((other) => rm(path.join(folder, other), { force: true })));
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

/** @throws Error that says why the bytes are no checkpoint */
function parse(bytes: Buffer): Checkpoint {
  const found = bytes.toString("latin1", 0, magic.length);
  if (found !== magic) {
    throw new Error(
      found.startsWith("BASINCK")
        ? `another version of Basin wrote it (format ${found.slice("BASINCK".length)}, this one reads ${magic.slice("BASINCK".length)})`
        : "it is no checkpoint",
    );
  }
  const end = bytes.length - digestBytes;
  const start = bytes.length < prefixBytes + digestBytes ? -1 : prefixBytes + bytes.readUInt32LE(magic.length);
  const whole =
    start >= 0 &&
    start <= end &&
    createHash("sha256").update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end));
  if (!whole) throw new Error("its contents are damaged");
  const header = JSON.parse(bytes.toString("utf8", prefixBytes, start), readNumber) as Header;
  let at = start;
  const take = (shape: readonly number[]): Float32Array => {
    const values = new Float32Array(sizeOf(shape));
    bytesOf(values).set(bytes.subarray(at, at + values.byteLength));
    at += values.byteLength;
    return values;
  };
  const read = header.tensors.map(({ part, name, shape }) => ({ part, tensor: { name, shape, values: take(shape) } }));
  const of = (wanted: (typeof parts)[number]): NamedValues[] =>
    read.flatMap(({ part, tensor }) => (part === wanted ? [tensor] : []));
  return { state: header.state, weights: of("weights"), slots: of("slots"), best: of("best") };
}

/**
 * The newest checkpoint in `folder` that is whole and that fits; undefined if there is none.
 * @param misfit why a checkpoint cannot be used ("it is of another model"), or undefined if it can
 * @param log told about each one that was skipped, and why
 */
export async function readNewestCheckpoint(
  folder: string,
  misfit: (checkpoint: Checkpoint) => string | undefined,
  log: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const name of await checkpointNames(folder)) {
    try {
      const checkpoint = parse(await readFile(path.join(folder, name)));
      const reason = misfit(checkpoint);
      if (reason === undefined) return checkpoint;
      log(`${name} was skipped: ${reason}.`);
    } catch (error) {
      log(`${name} was skipped: ${errorText(error)}.`);
    }
  }
  return undefined;
}

/**
 * The checkpoint in this file.
 * @throws BasinError "trainer" when it is not there (a training replaces its older ones) or is no whole checkpoint
 */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new BasinError(
      "trainer",
      `The checkpoint ${path.basename(file)} cannot be read: ${errorText(error)}.`,
      "A trial that trains on replaces its checkpoints; ask again.",
      { cause: error },
    );
  }
  try {
    return parse(bytes);
  } catch (error) {
    throw new BasinError("trainer", `The checkpoint ${path.basename(file)} cannot be used: ${errorText(error)}.`, "", {
      cause: error,
    });
  }
}

/** The newest checkpoint of a folder by its name, and what tells its content apart from any other. */
export interface CheckpointIdentity {
  /** Absolute. */
  readonly file: string;
  /** SHA-256 of the content, hexadecimal, as the file itself says it. */
  readonly digest: string;
}

/** Without reading all of it; undefined when there is none. What is damaged is found out by whoever reads it. */
export async function newestCheckpoint(folder: string): Promise<CheckpointIdentity | undefined> {
  for (const name of await checkpointNames(folder)) {
    const file = path.join(folder, name);
    const handle = await open(file, "r").catch(() => undefined);
    if (handle === undefined) continue;
    try {
      const { size } = await handle.stat();
      if (size < prefixBytes + digestBytes) continue;
      const digest = Buffer.alloc(digestBytes);
      await handle.read(digest, 0, digestBytes, size - digestBytes);
      return { file, digest: digest.toString("hex") };
    } finally {
      await handle.close();
    }
  }
  return undefined;
}

/** Weights of a trial as they lie on disk. */
export interface StoredWeights {
  readonly epoch: number;
  readonly step: number;
  /** Whether the run is over and the weights are its result. */
  readonly finished: boolean;
  readonly architecture?: string;
  /** In the model's order; see `NamedValues`. */
  readonly weights: readonly NamedValues[];
}

/**
 * The weights in a trial's checkpoint folder, for whoever looks at a model after its training: those of the finished run, or of
 * the newest checkpoint that is whole. Undefined if there is none.
 */
export async function readWeights(
  folder: string,
  log: (message: string) => void = () => undefined,
): Promise<StoredWeights | undefined> {
  const checkpoint = await readNewestCheckpoint(folder, () => undefined, log);
  if (checkpoint === undefined) return undefined;
  const { epoch, step, finished, architecture } = checkpoint.state;
  return {
    epoch,
    step,
    finished,
    weights: checkpoint.weights,
    ...(architecture === undefined ? {} : { architecture }),
  };
}

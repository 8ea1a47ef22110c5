/**
 * The samples of a study as training sees them: read, checked, split, standardised. Knows nothing of TensorFlow.js.
 * Invariant: nothing about the validation and test parts has entered the standardisation.
 */
import path from "node:path";
import { BasinError, errorText } from "../../../core/errors.ts";
import type { DataSpec } from "../../../core/study/definition.ts";
import { createAugmenter, type Augmenter } from "./augment.ts";
import type { Table } from "./csv.ts";
import { tableSource } from "./formats/csv.ts";
import { formatOf } from "./formats/registry.ts";
import { readTargets } from "./labels.ts";
import { openPrepared, preparedName, writePrepared, type Prepared, type SamplesInfo } from "./preparedData.ts";
import { memoryStore, type RowStore } from "./rowStore.ts";
import type { Source } from "./source.ts";
import { sampleRows, splitRows, type Split } from "./split.ts";
import { fitScaling, scalerFor, unitBytes, unscaled, type Scaling } from "./standardize.ts";

/** Rows that stay where they lie and are scaled when they are asked for. */
export interface StoredRows {
  readonly width: number;
  /** The rows with these numbers (of the part), scaled, into the start of `out`. */
  gather(rows: Int32Array, out: Float32Array): void;
}

export interface Part {
  readonly rows: number;
  /** All of them, row-major and scaled; or rows of a file. */
  readonly features: Float32Array | StoredRows;
  /** Class index, or target value (standardised as `targetScale` says). */
  readonly targets: Float32Array;
  /** Changes of training images; undefined = none. */
  readonly augment?: Augmenter;
}

/** All features of a part at once, row-major: for small parts, probes and benchmarks. Do not write into them. */
export function allFeatures({ features, rows }: Part): Float32Array {
  if (features instanceof Float32Array) return features;
  const all = new Float32Array(rows * features.width);
  features.gather(
    Int32Array.from({ length: rows }, (_, i) => i),
    all,
  );
  return all;
}

/** What a model has to know of its data. */
export interface DataShape {
  readonly task: "classification" | "regression";
  /** Shape of one sample: [features] or [height, width, channels]. */
  readonly inputShape: readonly number[];
  /** Width of the model's last layer: number of classes, or 1. */
  readonly outputs: number;
  /** Names of the classes by index; empty for regression. */
  readonly classes: readonly string[];
}

export interface Dataset extends DataShape {
  readonly train: Part;
  readonly validation: Part;
  readonly test: Part;
  /** Original target = mean + scale * target; 0 and 1 for classification. */
  readonly targetMean: number;
  readonly targetScale: number;
}

export interface LoadOptions {
  /** Folder for prepared data, default BASIN_CACHE_DIR of the environment; "" = large data is held in memory. */
  readonly cacheFolder?: string;
  readonly log?: (message: string) => void;
  /** Data that takes more bytes as float32 is read by position. */
  readonly memoryLimit?: number;
}

const defaultMemoryLimit = 64 * 1024 ** 2;
const sayEveryMs = 2000;
/** Of the rows, where the study names no fraction and the data has no test part. */
const defaultTest = 0.2;

function invalid(message: string, hint = ""): BasinError {
  return new BasinError("invalid-argument", message, hint);
}

/** Row numbers of the three parts. */
function partsOf({ info, targets }: Prepared, spec: DataSpec, seed: number): Split {
  const strata = (from: number, count: number): Int32Array =>
    info.classes.length === 0 ? new Int32Array(count) : Int32Array.from(targets.subarray(from, from + count));
  const share = spec.subset === undefined ? 1 : Math.min(1, spec.subset / info.rows);
  const chosen = sampleRows(strata(0, info.rows), Math.round(info.rows * share), seed);
  const official = info.testRows > 0 && spec.test === undefined;
  const pool = strata(0, info.rows);
  const split = splitRows(
    chosen.map((row) => pool[row]!),
    spec.validation,
    official ? 0 : (spec.test ?? defaultTest),
    seed,
  );
  const original = (rows: Int32Array): Int32Array => rows.map((row) => chosen[row]!);
  const test = official
    ? sampleRows(strata(info.rows, info.testRows), Math.ceil(info.testRows * share), seed).map((row) => info.rows + row)
    : original(split.test);
  return { train: original(split.train), validation: original(split.validation), test };
}

function checkImage(info: SamplesInfo, spec: DataSpec): readonly number[] {
  const image = spec.image ?? info.image;
  if (image === undefined) {
    if (spec.augment !== undefined) throw invalid("Only images can be augmented, and these rows are none.");
    return [info.width];
  }
  const values = image[0] * image[1] * image[2];
  if (values !== info.width) {
    throw invalid(`image: [${image.join(", ")}] needs ${values} feature columns, but there are ${info.width}.`);
  }
  return image;
}

function scalingFor({ info, store }: Prepared, spec: DataSpec, shape: readonly number[], train: Int32Array): Scaling {
  if (spec.standardize) return fitScaling(store, shape.length === 3 ? shape[2]! : info.width, train);
  return info.type === "uint8" && shape.length === 3 ? unitBytes : unscaled;
}

function storedRows(store: RowStore, rows: Int32Array, scaling: Scaling): StoredRows {
  const scale = scalerFor(scaling, store.type);
  let buffer = store.type === "uint8" ? new Uint8Array() : new Float32Array();
  return {
    width: store.width,
    gather(wanted, out) {
      const size = wanted.length * store.width;
      if (buffer.length < size) buffer = store.type === "uint8" ? new Uint8Array(size) : new Float32Array(size);
      const values = buffer.subarray(0, size);
      store.read(
        wanted.map((row) => rows[row]!),
        values,
      );
      scale(values, out);
    },
  };
}

function partOf(
  prepared: Prepared,
  targets: Float32Array,
  rows: Int32Array,
  scaling: Scaling,
  inMemory: boolean,
  augment?: Augmenter,
): Part {
  const stored = storedRows(prepared.store, rows, scaling);
  let features: Part["features"] = stored;
  if (inMemory) {
    features = new Float32Array(rows.length * stored.width);
    stored.gather(
      rows.map((_, i) => i),
      features,
    );
  }
  return {
    rows: rows.length,
    features,
    targets: Float32Array.from(rows, (row) => targets[row]!),
    ...(augment === undefined ? {} : { augment }),
  };
}

/** Splits and scales what was read. */
function datasetOf(prepared: Prepared, spec: DataSpec, splitSeed: number, inMemory: boolean): Dataset {
  const { info } = prepared;
  const inputShape = checkImage(info, spec);
  const split = partsOf(prepared, spec, splitSeed);
  if (split.train.length === 0 || split.validation.length === 0) {
    throw invalid(
      `${info.rows} rows are too few: the training part would hold ${split.train.length} and the validation part ${split.validation.length}.`,
    );
  }
  const scaling = scalingFor(prepared, spec, inputShape, split.train);
  let { targets } = prepared;
  let targetMean = 0;
  let targetScale = 1;
  if (spec.task === "regression" && spec.standardize) {
    const scaling = fitScaling(memoryStore(targets, 1), 1, split.train);
    const scaled = new Float32Array(targets.length);
    scalerFor(scaling, "float32")(targets, scaled);
    targets = scaled;
    targetMean = scaling.mean[0]!;
    targetScale = scaling.scale[0]!;
  }
  const augment = createAugmenter(spec.augment, inputShape);
  return {
    task: spec.task,
    inputShape,
    outputs: spec.task === "classification" ? info.classes.length : 1,
    classes: info.classes,
    train: partOf(prepared, targets, split.train, scaling, inMemory, augment),
    validation: partOf(prepared, targets, split.validation, scaling, inMemory),
    test: partOf(prepared, targets, split.test, scaling, inMemory),
    targetMean,
    targetScale,
  };
}

/** The source's blocks, every number of them finite. */
function* checkedBlocks(source: Source): Generator<Uint8Array | Float32Array> {
  let row = 0;
  const { width } = source;
  for (const block of source.blocks()) {
    if (block instanceof Float32Array) {
      const bad = block.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw invalid(
          `Row ${row + 1 + Math.floor(bad / width)}, value ${1 + (bad % width)} of the features is ${block[bad]!}, not a finite number of 32 bits.`,
          "Fill gaps and remove infinities before training.",
        );
      }
    }
    yield block;
    row += block.length / width;
  }
}

function infoOf(source: Source, classes: readonly string[]): SamplesInfo {
  const { image, rows, testRows, type, width } = source;
  return { rows, testRows, width, type, classes, ...(image === undefined ? {} : { image }) };
}

function readIntoMemory(source: Source, info: SamplesInfo, targets: Float32Array): Prepared {
  const size = (info.rows + info.testRows) * info.width;
  const values = info.type === "uint8" ? new Uint8Array(size) : new Float32Array(size);
  let at = 0;
  for (const block of checkedBlocks(source)) {
    values.set(block, at);
    at += block.length;
  }
  return { info, targets, store: memoryStore(values, info.width) };
}

/** A parsed table as a dataset; see `loadDataset`. */
export function datasetFrom(table: Table, spec: DataSpec, splitSeed: number): Dataset {
  const source = tableSource(table);
  const { classes, values } = readTargets(source, spec);
  return datasetOf(readIntoMemory(source, infoOf(source, classes), values), spec, splitSeed, true);
}

interface Loaded {
  readonly prepared: Prepared;
  readonly inMemory: boolean;
}

/** Reads the data, or finds it in the cache. */
async function prepare(spec: DataSpec, root: string, options: LoadOptions): Promise<Loaded> {
  const format = formatOf(spec);
  const { cacheFolder = process.env["BASIN_CACHE_DIR"] ?? "", memoryLimit = defaultMemoryLimit } = options;
  const name = cacheFolder === "" ? "" : preparedName(spec, format.files(spec, root));
  const known = cacheFolder === "" ? undefined : openPrepared(cacheFolder, name);
  if (known !== undefined) return { prepared: known, inMemory: false };
  const source = format.open(spec, root);
  try {
    const { classes, values } = readTargets(source, spec);
    const info = infoOf(source, classes);
    const inMemory = (info.rows + info.testRows) * info.width * 4 <= memoryLimit;
    if (!inMemory && cacheFolder !== "") {
      const written = await intoCache(source, info, values, path.join(cacheFolder, name), options.log);
      if (written !== undefined) return { prepared: written, inMemory };
    }
    return { prepared: readIntoMemory(source, info, values), inMemory };
  } finally {
    source.close();
  }
}

/** undefined when the cache cannot be written. */
async function intoCache(
  source: Source,
  info: SamplesInfo,
  targets: Float32Array,
  file: string,
  log: (message: string) => void = () => undefined,
): Promise<Prepared | undefined> {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  log(`The data is written once into ${folder}, from where all trials read it.`);
  // A line now and then, so that nobody takes a trial that reads much for one that hangs.
  let said = performance.now();
  const alive = (share: number): void => {
    if (performance.now() - said < sayEveryMs) return;
    said = performance.now();
    log(`${Math.round(100 * share)}% of the data is written.`);
  };
  try {
    return await writePrepared(folder, name, info, targets, checkedBlocks(source), alive);
  } catch (error) {
    if (error instanceof BasinError) throw error;
    log(`The data could not be prepared in ${folder} and is held in memory: ${errorText(error)}`);
    return undefined;
  }
}

/**
 * Reads and prepares the data of a study. Small data comes back in memory; large data is read by position from the cache,
 * where the first trial puts it.
 * @param root absolute folder that the files are relative to
 * @param splitSeed equal for all trials of a study
 * @throws BasinError "invalid-argument" for missing or malformed files
 */
export async function loadDataset(
  spec: DataSpec,
  root: string,
  splitSeed: number,
  options: LoadOptions = {},
): Promise<Dataset> {
  const { inMemory, prepared } = await prepare(spec, root, options);
  let inUse = false;
  try {
    const dataset = datasetOf(prepared, spec, splitSeed, inMemory);
    inUse = !inMemory;
    return dataset;
  } finally {
    if (!inUse) prepared.store.close();
  }
}

/**
 * The samples of a study as training sees them: read, checked, split, standardised. Knows nothing of TensorFlow.js.
 * Invariant: nothing about the validation and test parts has entered the standardisation.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { BasinError, errorText } from "../../../core/errors.ts";
import type { DataSpec } from "../../../core/study/definition.ts";
import { parseCsv, type Table } from "./csv.ts";
import { splitRows } from "./split.ts";
import { applyScaling, fitScaling } from "./standardize.ts";

export interface Part {
  readonly rows: number;
  /** Row-major, rows x features. */
  readonly features: Float32Array;
  /** Class index, or target value (standardised as `targetScale` says). */
  readonly targets: Float32Array;
}

export interface Dataset {
  readonly task: "classification" | "regression";
  /** Shape of one sample: [features] or [height, width, channels]. */
  readonly inputShape: readonly number[];
  /** Width of the model's last layer: number of classes, or 1. */
  readonly outputs: number;
  /** Names of the classes by index; empty for regression. */
  readonly classes: readonly string[];
  readonly train: Part;
  readonly validation: Part;
  readonly test: Part;
  /** Original target = mean + scale * target; 0 and 1 for classification. */
  readonly targetMean: number;
  readonly targetScale: number;
}

function invalid(message: string, hint = ""): BasinError {
  return new BasinError("invalid-argument", message, hint);
}

/** Classes in a stable order: by number when all labels are numbers, else by code point. */
function classNames(labels: readonly string[]): string[] {
  const names = [...new Set(labels)];
  const numeric = names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)));
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function take(table: Table, targets: Float32Array, rows: Int32Array): Part {
  const columns = table.featureNames.length;
  const features = new Float32Array(rows.length * columns);
  const out = new Float32Array(rows.length);
  rows.forEach((row, i) => {
    features.set(table.features.subarray(row * columns, (row + 1) * columns), i * columns);
    out[i] = targets[row]!;
  });
  return { rows: rows.length, features, targets: out };
}

/** A parsed table as a dataset; see `loadDataset`. */
export function datasetFrom(table: Table, spec: DataSpec, splitSeed: number): Dataset {
  const columns = table.featureNames.length;
  if (spec.image !== undefined) {
    const [height, width, channels] = spec.image;
    if (height * width * channels !== columns) {
      throw invalid(
        `image: [${spec.image.join(", ")}] needs ${height * width * channels} feature columns, but there are ${columns}.`,
      );
    }
  }
  const targets = new Float32Array(table.rows);
  const strata = new Int32Array(table.rows);
  let classes: string[] = [];
  if (spec.task === "classification") {
    classes = classNames(table.labels);
    if (classes.length < 2) throw invalid(`The label column "${spec.label}" holds one class only.`);
    if (classes.length > 10_000 || classes.length > table.rows / 2) {
      throw invalid(
        `The label column "${spec.label}" holds ${classes.length} different values in ${table.rows} rows.`,
        'For a numeric target set "task: regression" under data.',
      );
    }
    const index = new Map(classes.map((name, i) => [name, i]));
    table.labels.forEach((label, row) => {
      strata[row] = index.get(label)!;
      targets[row] = strata[row]!;
    });
  } else {
    table.labels.forEach((label, row) => {
      const value = label.trim() === "" ? Number.NaN : Number(label);
      if (!Number.isFinite(value))
        throw invalid(
          `Row ${row + 1} of the data: the target "${label.slice(0, 40)}" is not a finite number.`,
          'For names of classes set "task: classification" under data.',
        );
      targets[row] = value;
    });
  }
  const split = splitRows(strata, spec.validation, spec.test, splitSeed);
  if (split.train.length === 0 || split.validation.length === 0) {
    throw invalid(
      `${table.rows} rows are too few: the training part would hold ${split.train.length} and the validation part ${split.validation.length}.`,
    );
  }
  let targetMean = 0;
  let targetScale = 1;
  if (spec.standardize) {
    applyScaling(table.features, columns, fitScaling(table.features, columns, spec.image?.[2] ?? columns, split.train));
    if (spec.task === "regression") {
      const scaling = fitScaling(targets, 1, 1, split.train);
      applyScaling(targets, 1, scaling);
      targetMean = scaling.mean[0]!;
      targetScale = scaling.scale[0]!;
    }
  }
  return {
    task: spec.task,
    inputShape: spec.image ?? [columns],
    outputs: spec.task === "classification" ? classes.length : 1,
    classes,
    train: take(table, targets, split.train),
    validation: take(table, targets, split.validation),
    test: take(table, targets, split.test),
    targetMean,
    targetScale,
  };
}

/**
 * Reads and prepares the data of a study.
 * @param root absolute folder that `spec.csv` is relative to
 * @param splitSeed equal for all trials of a study
 * @throws BasinError "invalid-argument" for a missing or malformed file
 */
export async function loadDataset(spec: DataSpec, root: string, splitSeed: number): Promise<Dataset> {
  const file = path.resolve(root, spec.csv);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new BasinError(
      "invalid-argument",
      `The data file ${spec.csv} cannot be read: ${errorText(error)}.`,
      "data.csv is relative to the study file.",
      { cause: error },
    );
  }
  try {
    return datasetFrom(parseCsv(bytes, spec.label), spec, splitSeed);
  } catch (error) {
    if (error instanceof BasinError)
      throw new BasinError(error.code, `${spec.csv}: ${error.message}`, error.hint, { cause: error });
    throw error;
  }
}

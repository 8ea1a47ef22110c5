/**
 * Labels as a source has them, made into what is trained on: class indices in a stable order, or numeric targets.
 * Invariant: every class of the result occurs in the rows to split, or the format itself names the classes.
 */
import { BasinError } from "../../../core/errors.ts";
import type { DataSpec } from "../../../core/study/definition.ts";
import type { Source } from "./source.ts";

export interface Targets {
  /** Class index, or value, of every row. */
  readonly values: Float32Array;
  /** Names of the classes by index; empty for regression. */
  readonly classes: readonly string[];
}

const mostClasses = 10_000;

function invalid(message: string, hint = ""): BasinError {
  return new BasinError("invalid-argument", message, hint);
}

/** "The label column "y"", "The labels". */
function labelsOf(spec: DataSpec): string {
  return "csv" in spec ? `The label column "${spec.label}" holds` : "The labels hold";
}

/** Classes in a stable order: by number when all labels are numbers, else by code point. */
function inOrder(names: readonly string[]): string[] {
  const numeric = names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)));
  return [...names].sort(numeric ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** @throws BasinError for labels that cannot be what the task needs */
export function readTargets(source: Source, spec: DataSpec): Targets {
  const all = source.rows + source.testRows;
  if (source.labels.length !== all) {
    throw invalid(`There are ${source.labels.length} labels for ${all} rows.`, "Every row needs one label.");
  }
  return spec.task === "regression" ? numericTargets(source) : classTargets(source, spec);
}

function numericTargets({ labels }: Source): Targets {
  const values = new Float32Array(labels.length);
  for (let row = 0; row < values.length; row++) {
    const label = labels[row]!;
    const value = typeof label === "number" ? label : label.trim() === "" ? Number.NaN : Number(label);
    values[row] = value;
    if (Number.isFinite(values[row])) continue;
    throw invalid(
      `Row ${row + 1} of the data: the target "${String(label).slice(0, 40)}" is not a finite number.`,
      'For names of classes set "task: classification" under data.',
    );
  }
  return { values, classes: [] };
}

function classTargets({ classes, labels, rows }: Source, spec: DataSpec): Targets {
  const values = new Float32Array(labels.length);
  if (classes !== undefined && labels instanceof Float64Array) {
    values.set(labels);
    if (new Set(values.subarray(0, rows)).size < 2) throw invalid(`${labelsOf(spec)} one class only.`);
    return { values, classes };
  }
  if (labels instanceof Float64Array) {
    const bad = labels.findIndex((label) => !Number.isFinite(label));
    if (bad >= 0) {
      throw invalid(`Row ${bad + 1} of the data: the label is ${labels[bad]!}.`, "Remove the row or give it a class.");
    }
  }
  const seen = new Map<string | number, number>();
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (label === "") throw invalid(`Row ${row + 1} of the data: the label is empty.`, "Remove the row or fill it in.");
    if (!seen.has(label)) seen.set(label, 0);
  }
  if (seen.size < 2) throw invalid(`${labelsOf(spec)} one class only.`);
  if (seen.size > mostClasses || seen.size > rows / 2) {
    throw invalid(
      `${labelsOf(spec)} ${seen.size} different values in ${rows} rows.`,
      'For a numeric target set "task: regression" under data.',
    );
  }
  const names = inOrder([...seen.keys()].map(String));
  const index = new Map(names.map((name, i) => [name, i]));
  for (const label of seen.keys()) seen.set(label, index.get(String(label))!);
  for (let row = 0; row < values.length; row++) {
    const label = labels[row]!;
    const found = seen.get(label) ?? index.get(String(label));
    if (found === undefined) {
      throw invalid(`The test part has the label "${String(label).slice(0, 40)}", which no training row has.`);
    }
    values[row] = found;
  }
  return { values, classes: names };
}

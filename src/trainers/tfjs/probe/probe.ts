/**
 * The fixed probe: samples of one part of the data that are looked at in every trial of a study.
 * Invariant: the rows depend on the labels, the number asked for and the split seed alone, so all trials see the same samples
 * in the same order; they are never augmented; test rows are never among them.
 */
import { createHash } from "node:crypto";
import type { Dataset, Part } from "../data/dataset.ts";
import { sampleRows } from "../data/split.ts";

export interface Probe {
  /** Row numbers in the part, increasing. */
  readonly rows: Int32Array;
  /** The samples by themselves, without augmentation. */
  readonly part: Part;
  /**
   * 16 hexadecimal digits of SHA-256 over which part, which rows and their targets: what is computed on different samples is
   * never compared.
   */
  readonly indexHash: string;
}

/** A process that keeps its data for trial after trial keeps their probes, too. */
const probes = new WeakMap<Dataset, Map<string, Probe>>();

/**
 * `count` samples of a part, every class in its share; all of them where there are no more. O(rows of the part) and a copy of
 * the samples.
 * @param splitSeed equal for all trials of a study
 */
export function probeOf(dataset: Dataset, from: "train" | "validation", count: number, splitSeed: number): Probe {
  const known = probes.get(dataset) ?? new Map<string, Probe>();
  probes.set(dataset, known);
  const key = `${from} ${count} ${splitSeed}`;
  const probe = known.get(key) ?? newProbe(dataset, from, count, splitSeed);
  known.set(key, probe);
  return probe;
}

function newProbe(dataset: Dataset, from: "train" | "validation", count: number, splitSeed: number): Probe {
  const part = dataset[from];
  const classes = dataset.task === "classification" ? Int32Array.from(part.targets) : new Int32Array(part.rows);
  const rows = sampleRows(classes, count, splitSeed);
  const targets = Float32Array.from(rows, (row) => part.targets[row]!);
  const hash = createHash("sha256").update(`${from}\n${part.rows}\n`);
  for (const values of [rows, targets])
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return {
    rows,
    part: { rows: rows.length, features: featuresOf(part, rows), targets },
    indexHash: hash.digest("hex").slice(0, 16),
  };
}

function featuresOf({ features, rows: all }: Part, rows: Int32Array): Float32Array {
  if (!(features instanceof Float32Array)) {
    const values = new Float32Array(rows.length * features.width);
    features.gather(rows, values);
    return values;
  }
  const width = features.length / Math.max(1, all);
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => values.set(features.subarray(row * width, (row + 1) * width), i * width));
  return values;
}

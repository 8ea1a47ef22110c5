/**
 * Pairs of a training and a validation metric among a study's columns, and their difference.
 * Invariant: a larger gap always means that the model does worse on what it has not seen.
 */
import type { TrialColumns } from "../../src/core/columns.ts";

export interface Gap {
  /** Names of both metrics. */
  readonly training: string;
  readonly validation: string;
  /** Larger values of the metric are better, so the gap is training minus validation. */
  readonly rising: boolean;
}

/** Metrics of which more is better, by the words people name them with. */
const risingWords = /acc|f1|auc|r2|precision|recall|iou|dice|bleu|score/iu;

function columnNamed(columns: TrialColumns, name: string): Float64Array | undefined {
  return (
    columns.objectives.find(({ metric }) => metric === name)?.values ??
    columns.metrics.find(({ metric }) => metric === name)?.values
  );
}

/** Losses first, in the order of the study otherwise. */
export function gapsOf(columns: TrialColumns): readonly Gap[] {
  const names = [...columns.objectives, ...columns.metrics].map(({ metric }) => metric);
  const gaps: Gap[] = [];
  for (const validation of names) {
    const bare = /^val(?:idation)?[_./-](.+)$/iu.exec(validation)?.[1];
    if (bare === undefined) continue;
    const training = [`train_${bare}`, `training_${bare}`, `train/${bare}`, `train.${bare}`, bare].find((name) =>
      names.includes(name),
    );
    if (training === undefined) continue;
    const objective = columns.objectives.find(({ metric }) => metric === validation);
    const rising = objective === undefined ? risingWords.test(bare) : objective.direction === "maximize";
    gaps.push({ training, validation, rising });
  }
  return gaps.sort((a, b) => Number(a.rising) - Number(b.rising));
}

/** One value a trial, in rows of `columns`; NaN where either metric is missing. */
export function gapValues(columns: TrialColumns, { training, validation, rising }: Gap): Float64Array {
  const [a, b] = [columnNamed(columns, training), columnNamed(columns, validation)];
  const values = new Float64Array(columns.count).fill(Number.NaN);
  if (a === undefined || b === undefined) return values;
  for (let row = 0; row < values.length; row++) values[row] = rising ? a[row]! - b[row]! : b[row]! - a[row]!;
  return values;
}

export function gapTitle({ training, validation, rising }: Gap): string {
  return rising ? `${training} − ${validation}` : `${validation} − ${training}`;
}

/**
 * Studies, rows and columns for the host's unit tests.
 * Invariant: imported by tests only.
 */
import type { TrialColumns } from "../core/columns.ts";
import { trialStates, type TrialState } from "../core/trial.ts";
import type { StudySummary, TrialRow } from "../protocol/engine.ts";

export function summaryOf(changes: Partial<StudySummary> = {}): StudySummary {
  return {
    id: 1,
    name: "digits-mlp",
    path: "/home/ada/digits.study.yaml",
    generation: 1,
    state: "running",
    reason: "",
    revision: 3,
    objectives: [{ metric: "val_accuracy", direction: "maximize" }],
    counts: { waiting: 0, running: 2, paused: 0, complete: 10, pruned: 1, failed: 1 },
    budgetTrials: 50,
    parallel: 2,
    createdAt: 1000,
    elapsedMs: 61_000,
    best: { number: 7, values: [0.981], params: {} },
    slots: [],
    ...changes,
  };
}

export function rowOf(changes: Partial<TrialRow> = {}): TrialRow {
  return {
    number: 7,
    state: "complete",
    params: { learningRate: 0.0031, optimizer: "adam" },
    values: [0.981],
    reason: "",
    ...changes,
  };
}

/** `count` trials: values 0, 0.01, 0.02 ... complete, every tenth failed; learningRate 1 / (number + 1); optimizer alternates. */
export function columnsOf(count: number): TrialColumns {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const stateOf = (i: number): TrialState => (i % 10 === 9 ? "failed" : "complete");
  return {
    studyId: 1,
    revision: 1,
    count,
    number: Int32Array.from(numbers),
    state: Uint8Array.from(numbers, (i) => trialStates.indexOf(stateOf(i))),
    objectives: [
      {
        metric: "val_accuracy",
        direction: "maximize",
        values: Float64Array.from(numbers, (i) => (stateOf(i) === "failed" ? Number.NaN : i / 100)),
      },
    ],
    params: [
      {
        kind: "number",
        name: "learningRate",
        scale: "log",
        integer: false,
        low: 1e-5,
        high: 1,
        values: Float64Array.from(numbers, (i) => 1 / (i + 1)),
      },
      {
        kind: "category",
        name: "optimizer",
        categories: ["sgd", "adam"],
        codes: Int32Array.from(numbers, (i) => (i % 5 === 4 ? -1 : i % 2)),
      },
    ],
    metrics: [{ metric: "loss", values: Float64Array.from(numbers, (i) => -i) }],
    lastValue: Float64Array.from(numbers, (i) => i / 100),
    lastStep: Float64Array.from(numbers, () => 3),
    startedAt: Float64Array.from(numbers, () => 5),
    finishedAt: Float64Array.from(numbers, () => Number.NaN),
    slot: new Int32Array(count),
  };
}

/** Printable ASCII, line ends, controls, letters of other scripts, an emoji of two code units. */
export const anyCharacters: readonly string[] = Array.from({ length: 95 }, (_, i) =>
  String.fromCharCode(32 + i),
).concat(["\r", "\n", "\t", "\0", "\u202e", "é", "ß", "中", "א", "–", "😀"]);

/**
 * The history of a study as points and a best-so-far line, in data units. Pure.
 * Invariant: only complete trials make the line; a pruned or running trial's point is its last report, and says so by shape.
 */
import type { TrialColumns } from "../../src/core/columns.ts";
import { isBetter } from "../../src/core/objective.ts";
import { trialStates } from "../../src/core/trial.ts";
import { sortIndex } from "../shared/sortIndex.ts";

export interface History {
  /** Per row: trial number, or ms since the first start; NaN if it has none yet. */
  readonly x: Float64Array;
  /** Per row: objective, or last report; NaN = no value. */
  readonly y: Float64Array;
  /** Best-so-far: x and value at each improvement, in x order. */
  readonly bestX: Float64Array;
  readonly bestY: Float64Array;
  /** Row of the incumbent, -1 = none. */
  readonly incumbent: number;
  /** Rows by x, those without x left out. */
  readonly byX: Int32Array;
}

const completeState = trialStates.indexOf("complete");

/** O(n) over trial numbers, O(n log n) over time. */
export function historyOf(data: TrialColumns, axis: "number" | "time"): History {
  const { count } = data;
  const objective = data.objectives[0];
  const direction = objective?.direction ?? "minimize";
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  let origin = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (data.startedAt[i]! < origin) origin = data.startedAt[i]!;
    if (data.startedAt[i]! > latest) latest = data.startedAt[i]!;
    if (data.finishedAt[i]! > latest) latest = data.finishedAt[i]!;
  }
  for (let i = 0; i < count; i++) {
    const value = objective?.values[i] ?? Number.NaN;
    y[i] = Number.isNaN(value) ? data.lastValue[i]! : value;
    if (axis === "number") x[i] = data.number[i]!;
    else if (!Number.isNaN(data.finishedAt[i]!)) x[i] = data.finishedAt[i]! - origin;
    else x[i] = Number.isNaN(data.startedAt[i]!) ? Number.NaN : latest - origin;
  }
  const order = sortIndex(x, false);
  let known = order.length;
  while (known > 0 && Number.isNaN(x[order[known - 1]!]!)) known--;
  const byX = order.subarray(0, known);
  const bestX: number[] = [];
  const bestY: number[] = [];
  let best = Number.NaN;
  let incumbent = -1;
  for (const row of byX) {
    const value = objective?.values[row] ?? Number.NaN;
    if (data.state[row] !== completeState || !isBetter(value, best, direction)) continue;
    best = value;
    incumbent = row;
    bestX.push(x[row]!);
    bestY.push(value);
  }
  return { x, y, bestX: Float64Array.from(bestX), bestY: Float64Array.from(bestY), incumbent, byX };
}

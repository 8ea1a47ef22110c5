/**
 * Where curves continue others: a trial that began with another one's checkpoint goes on from that trial's value. Pure.
 * Invariant: only curves that are drawn are joined, and only where the earlier one has a value by then.
 */
import type { CurveColumns } from "../../src/core/columns.ts";
import type { LineageRow } from "../../src/protocol/schedule.ts";
import { indexOfSorted } from "../shared/sortIndex.ts";

export interface Connection {
  /** Index of the curve that goes on. */
  readonly curve: number;
  /** Index of the point it goes on from, and of its own first point. */
  readonly from: number;
  readonly to: number;
}

/** O(lineage * log points). */
export function connections(
  { number, offsets, steps, values }: Pick<CurveColumns, "number" | "offsets" | "steps" | "values">,
  lineage: readonly LineageRow[],
): readonly Connection[] {
  const found: Connection[] = [];
  for (const row of lineage) {
    const curve = indexOfSorted(number, row.number);
    const parent = indexOfSorted(number, row.parent);
    if (curve < 0 || parent < 0) continue;
    const to = offsets[curve]!;
    if (to === offsets[curve + 1]) continue;
    let low = offsets[parent]!;
    let high = offsets[parent + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (steps[middle]! <= row.step) low = middle + 1;
      else high = middle;
    }
    const from = low - 1;
    if (from >= offsets[parent]! && Number.isFinite(values[from]!)) found.push({ curve, from, to });
  }
  return found;
}

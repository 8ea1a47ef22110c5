/**
 * The differences between selected trials. Pure.
 * Invariant: a row counts as different when the values differ as shown in full, so equal rows can be folded away safely.
 */
import { fullText, type PanelColumn } from "../shared/columnModel.ts";

export interface ComparedRow {
  readonly column: PanelColumn;
  readonly differs: boolean;
  /** Position in `rows` of the best value; -1 unless the column has a direction. */
  readonly best: number;
}

/** One row a column, in the table's order; O(columns * rows). */
export function compareTrials(columns: readonly PanelColumn[], rows: readonly number[]): readonly ComparedRow[] {
  return columns
    .filter((column) => column.role !== "number")
    .map((column) => {
      const first = fullText(column, rows[0] ?? -1);
      const differs = rows.some((row) => fullText(column, row) !== first);
      return { column, differs, best: bestOf(column, rows) };
    });
}

function bestOf({ direction, values }: PanelColumn, rows: readonly number[]): number {
  if (direction === undefined) return -1;
  let best = -1;
  rows.forEach((row, i) => {
    const value = values[row]!;
    if (Number.isNaN(value)) return;
    const present = best < 0 ? Number.NaN : values[rows[best]!]!;
    if (best < 0 || (direction === "maximize" ? value > present : value < present)) best = i;
  });
  return best;
}

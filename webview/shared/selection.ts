/**
 * Selected trials as a sorted set of trial numbers: the form that survives new revisions, the explorer and `setState`.
 * Invariant: increasing, without repeats; every function returns a new array and leaves its arguments alone.
 */
import { indexOfSorted } from "./sortIndex.ts";

export const noTrials: Int32Array = new Int32Array(0);

export type SelectMode = "replace" | "toggle" | "add";

/** Any numbers as a selection. O(n log n). */
export function toSelection(numbers: ArrayLike<number>): Int32Array {
  const sorted = Int32Array.from(numbers).sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!;
  }
  return sorted.slice(0, count);
}

/**
 * Click (replace), ctrl+click (toggle), shift or lasso (add). Toggling several at once removes them when all are selected
 * and adds them otherwise, so that the same gesture twice does nothing.
 */
export function selectWith(current: Int32Array, numbers: ArrayLike<number>, mode: SelectMode): Int32Array {
  const given = toSelection(numbers);
  if (mode === "replace") return given;
  if (mode === "toggle" && given.every((n) => indexOfSorted(current, n) >= 0)) {
    return current.filter((n) => indexOfSorted(given, n) < 0);
  }
  const both = new Int32Array(current.length + given.length);
  both.set(current);
  both.set(given, current.length);
  return toSelection(both);
}

export function sameSelection(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Rows of the selected trials that are in `numbers` (increasing). O(k log n). */
export function rowsOf(selection: Int32Array, numbers: Int32Array): Int32Array {
  const rows = new Int32Array(selection.length);
  let count = 0;
  for (const n of selection) {
    const row = indexOfSorted(numbers, n);
    if (row >= 0) rows[count++] = row;
  }
  return rows.slice(0, count);
}

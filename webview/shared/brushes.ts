/**
 * Brushes: per axis a set of closed intervals in the axis's own unit; a trial passes when on every brushed axis its value
 * lies in one of them. Categories are brushed by code, so that reordering the axis moves no brush.
 * Invariant: intervals of one axis are sorted and disjoint.
 */

export type Interval = readonly [number, number];
export type Brushes = Readonly<Record<string, readonly Interval[]>>;

/** Sorted and merged where they touch or overlap; reversed ones are turned round. */
export function normalised(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = intervals
    .filter(([a, b]) => !Number.isNaN(a) && !Number.isNaN(b))
    .map(([a, b]): Interval => (a <= b ? [a, b] : [b, a]))
    .sort((p, q) => p[0] - q[0]);
  const merged: Interval[] = [];
  for (const interval of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && interval[0] <= last[1])
      merged[merged.length - 1] = [last[0], Math.max(last[1], interval[1])];
    else merged.push(interval);
  }
  return merged;
}

/** The brushes with those of one axis replaced; an empty list removes the axis. */
export function withAxis(brushes: Brushes, axis: string, intervals: readonly Interval[]): Brushes {
  const { [axis]: _removed, ...rest } = brushes;
  const clean = normalised(intervals);
  return clean.length === 0 ? rest : { ...rest, [axis]: clean };
}

export function isBrushed(brushes: Brushes): boolean {
  return Object.keys(brushes).length > 0;
}

/** Clears `mask` where the value is in no interval; NaN is in none. O(n * intervals). */
export function applyBrush(mask: Uint8Array, values: ArrayLike<number>, intervals: readonly Interval[]): void {
  if (intervals.length === 1) {
    const [low, high] = intervals[0]!;
    for (let i = 0; i < mask.length; i++) if (!(values[i]! >= low && values[i]! <= high)) mask[i] = 0;
    return;
  }
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const value = values[i]!;
    let inside = false;
    for (const [low, high] of intervals) if (value >= low && value <= high) inside = true;
    if (!inside) mask[i] = 0;
  }
}

/** Brushes from stored state: anything malformed is dropped. */
export function readBrushes(stored: unknown): Brushes {
  if (typeof stored !== "object" || stored === null) return {};
  let brushes: Brushes = {};
  for (const [axis, list] of Object.entries(stored)) {
    if (!Array.isArray(list)) continue;
    const intervals = list.filter(
      (i): i is Interval => Array.isArray(i) && i.length === 2 && typeof i[0] === "number" && typeof i[1] === "number",
    );
    brushes = withAxis(brushes, axis, intervals);
  }
  return brushes;
}

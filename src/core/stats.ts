/**
 * Small statistics over plain arrays.
 * Invariant: NaN entries are left out; no value at all gives NaN, never an exception.
 */

/** The values that are numbers, ascending, infinities included. O(n log n). */
function sorted(values: Iterable<number>): Float64Array {
  return Float64Array.from([...values].filter((value) => !Number.isNaN(value))).sort();
}

/** Quantile with linear interpolation between order statistics (Hyndman & Fan 1996, type 7); `q` in [0, 1]. */
export function quantile(values: Iterable<number>, q: number): number {
  const data = sorted(values);
  if (data.length === 0) return Number.NaN;
  const position = Math.max(0, Math.min(1, q)) * (data.length - 1);
  const below = data[Math.floor(position)]!;
  const above = data[Math.ceil(position)]!;
  // Equal neighbours first: between two infinities the difference would be NaN.
  return below === above ? below : below + (above - below) * (position - Math.floor(position));
}

/** Median; the mean of the middle two when the count is even. */
export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

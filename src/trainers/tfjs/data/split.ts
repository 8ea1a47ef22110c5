/**
 * Seeded splits of the rows into training, validation and test parts. All trials of a study share the split: it depends on the
 * labels, the fractions and the split seed alone.
 */
import { rngForKey } from "../../../core/rng.ts";

export interface Split {
  /** Row numbers, increasing. */
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Largest-remainder shares of `total` over groups of the given sizes, so that the parts sum to it exactly. O(g log g).
 */
function apportion(sizes: readonly number[], fraction: number, total: number): number[] {
  const exact = sizes.map((size) => size * fraction);
  const shares = exact.map(Math.floor);
  let left = total - shares.reduce((sum, share) => sum + share, 0);
  const order = exact
    .map((value, i) => ({ i, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order) {
    if (left <= 0) break;
    if (shares[i]! < sizes[i]!) {
      shares[i]!++;
      left--;
    }
  }
  return shares;
}

/**
 * Stratified split: each class keeps its share of every part, up to rounding. `classes` has one entry a row; pass the same
 * number for all rows (regression) to split without strata. Parts hold round(rows * fraction) rows. O(n).
 */
export function splitRows(classes: Int32Array, validation: number, test: number, seed: number): Split {
  const groups = new Map<number, number[]>();
  classes.forEach((label, row) => {
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [row]);
    else group.push(row);
  });
  const labels = [...groups.keys()].sort((a, b) => a - b);
  const shuffled = labels.map((label) => rngForKey(`${seed}:split:${label}`).shuffle(groups.get(label)!));
  const sizes = shuffled.map((rows) => rows.length);
  const testShares = apportion(sizes, test, Math.round(classes.length * test));
  const validationShares = apportion(
    sizes.map((size, i) => size - testShares[i]!),
    test < 1 ? validation / (1 - test) : 0,
    Math.round(classes.length * validation),
  );
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  shuffled.forEach((rows, i) => {
    const a = testShares[i]!;
    const b = a + validationShares[i]!;
    for (const row of rows.slice(0, a)) parts.test.push(row);
    for (const row of rows.slice(a, b)) parts.validation.push(row);
    for (const row of rows.slice(b)) parts.train.push(row);
  });
  const sorted = (rows: number[]): Int32Array => Int32Array.from(rows).sort();
  return { train: sorted(parts.train), validation: sorted(parts.validation), test: sorted(parts.test) };
}

/**
 * `count` rows of all, each class in its share, in increasing order; all rows when there are no more. O(n).
 */
export function sampleRows(classes: Int32Array, count: number, seed: number): Int32Array {
  if (count >= classes.length) return Int32Array.from(classes, (_, row) => row);
  const rest = splitRows(classes, 0, count / classes.length, seed);
  return rest.test;
}

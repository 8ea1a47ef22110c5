/**
 * Growing one regression tree: numbers are split at thresholds, categories by subsets, inactive parameters on a side of their
 * own. Sources: L. Breiman et al., "Classification and Regression Trees" (1984); W. D. Fisher (1958) for subsets: the best one of
 * a squared loss is a prefix of the categories in the order of their means; F. Hutter et al., "Algorithm runtime prediction"
 * (2014), section 4.3, for thresholds anywhere in the gap. Invariant: every order of a node lists the same rows.
 */
import type { Rng } from "../../core/rng.ts";
import { inactive } from "../gp/features.ts";

/** What trees are grown on, column by column: unit values of numbers, indices of categories, `inactive` for what is inactive. */
export interface Columns {
  readonly columns: readonly Float64Array[];
  /** Number of categories of each column, 0 for numbers. */
  readonly categories: Int32Array;
  /** Centred: sums of squares are compared by their differences, which an offset would drown. */
  readonly values: Float64Array;
}

/** A tree's nodes in parallel arrays; children come after their parents. */
export interface Tree {
  /** The column that is split, -1 for a leaf. */
  readonly column: Int32Array;
  /** Threshold of a number (up to it: left); of a category, where the marks of its split begin. */
  readonly split: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** For each split of a category, inactive and then every category: 1 goes left. */
  readonly marks: Uint8Array;
}

export interface Split {
  readonly column: number;
  /** How much the sum of squares falls. */
  readonly gain: number;
  /** Numbers: the values on both sides of the gap. */
  readonly below: number;
  readonly above: number;
  /** Categories: what goes left, `inactive` among them. */
  readonly subset: readonly number[] | undefined;
}

/** Rows by each numeric column, ties by row; by number for categories. Sorted once for all trees. O(columns n log n). */
export function sortedRows({ columns, categories, values }: Columns): Int32Array[] {
  return columns.map((column, k) => {
    const rows = Int32Array.from(values.keys());
    return categories[k]! > 0 ? rows : rows.sort((a, b) => column[a]! - column[b]! || a - b);
  });
}

/**
 * The split of the rows at [from, to) of the orders that lowers their sum of squares most; the first among equals, undefined when
 * all values are equal or no column tells two rows apart. Where no single split lowers anything (two parameters that matter only
 * together) one is made all the same: the splits after it do. @param weights how often each row counts. O(rows * columns).
 */
export function bestSplit(
  { columns, categories, values }: Columns,
  orders: readonly Int32Array[],
  weights: Int32Array,
  from: number,
  to: number,
): Split | undefined {
  let total = 0;
  let sum = 0;
  let isFlat = true;
  const any = orders[0]!;
  for (let i = from; i < to; i++) {
    const row = any[i]!;
    total += weights[row]!;
    sum += weights[row]! * values[row]!;
    isFlat &&= values[row] === values[any[from]!];
  }
  if (isFlat) return undefined;
  const whole = (sum * sum) / total;
  let bestGain = -Infinity;
  let best: Split | undefined;
  for (let k = 0; k < columns.length; k++) {
    const column = columns[k]!;
    const order = orders[k]!;
    const count = categories[k]!;
    if (count === 0) {
      let weight = 0;
      let part = 0;
      let at = -1;
      for (let i = from; i + 1 < to; i++) {
        const row = order[i]!;
        weight += weights[row]!;
        part += weights[row]! * values[row]!;
        if (!(column[order[i + 1]!]! > column[row]!)) continue;
        const gain = (part * part) / weight + ((sum - part) * (sum - part)) / (total - weight) - whole;
        if (gain > bestGain) [bestGain, at] = [gain, i];
      }
      if (at >= 0)
        best = {
          column: k,
          gain: bestGain,
          below: column[order[at]!]!,
          above: column[order[at + 1]!]!,
          subset: undefined,
        };
      continue;
    }
    const counts = new Float64Array(count + 1);
    const sums = new Float64Array(count + 1);
    for (let i = from; i < to; i++) {
      const row = order[i]!;
      const at = column[row]! + 1;
      counts[at]! += weights[row]!;
      sums[at]! += weights[row]! * values[row]!;
    }
    const present: number[] = [];
    for (let at = 0; at <= count; at++) if (counts[at]! > 0) present.push(at);
    present.sort((a, b) => sums[a]! / counts[a]! - sums[b]! / counts[b]! || a - b);
    let weight = 0;
    let part = 0;
    for (let i = 0; i + 1 < present.length; i++) {
      weight += counts[present[i]!]!;
      part += sums[present[i]!]!;
      const gain = (part * part) / weight + ((sum - part) * (sum - part)) / (total - weight) - whole;
      if (!(gain > bestGain)) continue;
      bestGain = gain;
      best = { column: k, gain, below: 0, above: 0, subset: present.slice(0, i + 1).map((at) => at - 1) };
    }
  }
  return best;
}

/** A threshold in the gap: anywhere between two values, and just below zero when one side is the inactive rows. */
function thresholdIn(below: number, above: number, rng: Rng): number {
  if (below === inactive) return inactive / 2;
  const threshold = below + rng.next() * (above - below);
  return threshold < above ? threshold : below;
}

/**
 * A tree grown until its leaves are pure or cannot be split.
 * @param sorted `sortedRows` of the data @param weights how often each row counts; those that do not are left out
 * O(rows columns depth).
 */
export function growTree(data: Columns, sorted: readonly Int32Array[], weights: Int32Array, rng: Rng): Tree {
  const { columns, categories, values } = data;
  const orders = sorted.map((order) => order.filter((row) => weights[row]! > 0));
  const rows = orders[0]!.length;
  const column: number[] = [];
  const split: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const mean: number[] = [];
  const variance: number[] = [];
  const marks: number[] = [];
  const goesLeft = new Uint8Array(values.length);
  const later = new Int32Array(rows);

  /** Brings the rows that go left to the front of every order, which else stays as it is; how many they are. */
  const partition = (from: number, to: number): number => {
    let count = 0;
    for (const order of orders) {
      let front = from;
      let kept = 0;
      for (let i = from; i < to; i++) {
        const row = order[i]!;
        if (goesLeft[row] === 1) order[front++] = row;
        else later[kept++] = row;
      }
      for (let i = 0; i < kept; i++) order[front + i] = later[i]!;
      count = front - from;
    }
    return count;
  };

  const grow = (from: number, to: number): number => {
    const id = column.length;
    const any = orders[0]!;
    let total = 0;
    let sum = 0;
    for (let i = from; i < to; i++) {
      total += weights[any[i]!]!;
      sum += weights[any[i]!]! * values[any[i]!]!;
    }
    const middle = sum / total;
    let squares = 0;
    for (let i = from; i < to; i++) squares += weights[any[i]!]! * (values[any[i]!]! - middle) ** 2;
    column.push(-1);
    split.push(0);
    left.push(-1);
    right.push(-1);
    mean.push(middle);
    variance.push(squares / total);
    const chosen = squares > 0 ? bestSplit(data, orders, weights, from, to) : undefined;
    if (chosen === undefined) return id;

    const k = chosen.column;
    const own = columns[k]!;
    column[id] = k;
    if (chosen.subset === undefined) {
      const threshold = thresholdIn(chosen.below, chosen.above, rng);
      split[id] = threshold;
      for (let i = from; i < to; i++) goesLeft[any[i]!] = own[any[i]!]! <= threshold ? 1 : 0;
    } else {
      const start = marks.length;
      split[id] = start;
      const present = new Set<number>();
      for (let i = from; i < to; i++) present.add(own[any[i]!]!);
      // Categories that no row of the node has go either way: trees shall not agree on what they do not know.
      for (let category = inactive; category < categories[k]!; category++)
        marks.push(present.has(category) ? Number(chosen.subset.includes(category)) : rng.int(2));
      for (let i = from; i < to; i++) goesLeft[any[i]!] = marks[start + own[any[i]!]! - inactive]!;
    }
    const middleOf = from + partition(from, to);
    left[id] = grow(from, middleOf);
    right[id] = grow(middleOf, to);
    return id;
  };
  grow(0, rows);
  return {
    column: Int32Array.from(column),
    split: Float64Array.from(split),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    mean: Float64Array.from(mean),
    variance: Float64Array.from(variance),
    marks: Uint8Array.from(marks),
  };
}

/** The leaf that a point ends in. O(depth). */
export function leafOf(tree: Tree, categories: Int32Array, point: Float64Array): number {
  const { column, split, left, right, marks } = tree;
  let node = 0;
  for (;;) {
    const k = column[node]!;
    if (k < 0) return node;
    const value = point[k]!;
    const isLeft = categories[k] === 0 ? value <= split[node]! : marks[split[node]! + value - inactive] === 1;
    node = isLeft ? left[node]! : right[node]!;
  }
}

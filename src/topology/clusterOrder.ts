/**
 * The order in which a matrix of distances shows its groups: average-linkage clustering (UPGMA; R. Sokal and C. Michener 1958)
 * by chains of nearest neighbours (F. Murtagh 1983), leaves turned so that neighbours in the order are close.
 * Invariant: a permutation, and a function of the distances alone; equal distances are taken in the order of their items.
 */
import { BasinError } from "../core/errors.ts";

export interface ClusterTree {
  /** Items from left to right. */
  readonly order: Int32Array;
  /** Two nodes a join, joins by height: below n an item, n + i the result of join i. */
  readonly joins: Int32Array;
  /** Mean distance between the two sides of each join, increasing. */
  readonly heights: Float64Array;
}

interface Join {
  readonly left: number;
  readonly right: number;
  readonly height: number;
}

/**
 * Clusters n items. O(n^2) time and memory.
 * @param distances n x n, row by row, symmetric; the diagonal is not read
 * @throws BasinError `invalid-argument` for another size, or a distance that is NaN or infinite
 */
export function clusterOrder(distances: ArrayLike<number>, n: number): ClusterTree {
  if (!Number.isInteger(n) || n < 0 || distances.length !== n * n)
    throw new BasinError("invalid-argument", `${distances.length} distances are no matrix of ${n} items.`);
  const d = Float64Array.from(distances);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (!Number.isFinite(d[i * n + j]!))
        throw new BasinError("invalid-argument", `The distance of items ${j} and ${i} is not a number.`);
  return treeOf(chainJoins(d, n), Float64Array.from(distances), n);
}

/** Joins in the order in which chains find them; `left` and `right` are the smallest items of their sides. Changes `d`. */
function chainJoins(d: Float64Array, n: number): Join[] {
  const size = new Float64Array(n).fill(1);
  const alive = new Uint8Array(n).fill(1);
  const joins: Join[] = [];
  const chain: number[] = [];
  while (joins.length < n - 1) {
    if (chain.length === 0) chain.push(alive.indexOf(1));
    const tip = chain.at(-1)!;
    const before = chain.at(-2) ?? -1;
    const next = nearest(d, alive, n, tip, before);
    if (next !== before) {
      chain.push(next);
      continue;
    }
    // Two clusters that are each other's nearest are joined, in average linkage, whatever else happens.
    chain.length -= 2;
    const [left, right] = tip < before ? [tip, before] : [before, tip];
    joins.push({ left, right, height: d[left * n + right]! });
    const total = size[left]! + size[right]!;
    for (let k = 0; k < n; k++) {
      if (alive[k] === 0 || k === left || k === right) continue;
      const mean = (size[left]! * d[left * n + k]! + size[right]! * d[right * n + k]!) / total;
      d[left * n + k] = mean;
      d[k * n + left] = mean;
    }
    size[left] = total;
    alive[right] = 0;
  }
  return joins;
}

/** The nearest living cluster; of equal ones `favoured`, else the first. */
function nearest(d: Float64Array, alive: Uint8Array, n: number, of: number, favoured: number): number {
  let best = favoured;
  let least = favoured < 0 ? Number.POSITIVE_INFINITY : d[of * n + favoured]!;
  for (let k = 0; k < n; k++) {
    if (alive[k] === 0 || k === of || !(d[of * n + k]! < least)) continue;
    best = k;
    least = d[of * n + k]!;
  }
  return best;
}

/** Sorts the joins by height, names their sides, and lines the items up. */
function treeOf(found: readonly Join[], distances: Float64Array, n: number): ClusterTree {
  const sorted = found.map((join, at) => ({ ...join, at })).sort((a, b) => a.height - b.height || a.at - b.at);
  const joins = new Int32Array(2 * sorted.length);
  const heights = Float64Array.from(sorted, ({ height }) => height);
  // Node that holds an item at present, by the smallest item of its cluster.
  const node = Int32Array.from({ length: n }, (_, i) => i);
  const root = Int32Array.from({ length: n }, (_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (root[at] !== at) at = root[at]!;
    return at;
  };
  const lines: number[][] = Array.from({ length: n }, (_, i) => [i]);
  sorted.forEach(({ left, right }, i) => {
    const [a, b] = [find(left), find(right)];
    const [low, high] = a < b ? [a, b] : [b, a];
    joins[2 * i] = node[low]!;
    joins[2 * i + 1] = node[high]!;
    lines[low] = joined(lines[low]!, lines[high]!, distances, n);
    root[high] = low;
    node[low] = n + i;
  });
  return { order: Int32Array.from(lines[0] ?? []), joins, heights };
}

/** Two lines end to end, each turned so that the ends that meet are as close as may be. */
function joined(left: readonly number[], right: readonly number[], distances: Float64Array, n: number): number[] {
  const gap = (a: number, b: number): number => distances[a * n + b]!;
  const [l0, l1, r0, r1] = [left[0]!, left.at(-1)!, right[0]!, right.at(-1)!];
  const gaps = [gap(l1, r0), gap(l1, r1), gap(l0, r0), gap(l0, r1)];
  const best = gaps.indexOf(Math.min(...gaps));
  return [...(best < 2 ? left : left.toReversed()), ...(best % 2 === 0 ? right : right.toReversed())];
}

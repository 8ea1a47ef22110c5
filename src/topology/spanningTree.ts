/**
 * Lengths of minimum spanning trees of complete graphs whose edges are sorted already (J. B. Kruskal 1956).
 * Invariant: edges are taken in the order of their lengths, so a length does not depend on the order of the points but for
 * rounding.
 */

/** Edges in ascending order: `i << 16 | j`, and their lengths. */
export interface SortedEdges {
  readonly count: number;
  readonly pairs: Uint32Array;
  readonly sorted: Float64Array;
}

/** Length of the minimum spanning tree. O(n^2) at most, and less where the points are joined early. */
export function treeLength(edges: SortedEdges): number {
  const forest = new Forest(edges.count);
  let length = 0;
  for (let k = 0; forest.parts > 1; k++) if (forest.join(edges.pairs[k]!)) length += edges.sorted[k]!;
  return length;
}

/** Length of the minimum spanning tree of the edges' shorter lengths, of two lists of the same edges. O(n^2) at most. */
export function commonTreeLength(a: SortedEdges, b: SortedEdges): number {
  const forest = new Forest(a.count);
  const total = a.pairs.length;
  let length = 0;
  // What comes first for an edge is its shorter length; when the longer one comes, its ends are joined.
  for (let [k, l] = [0, 0]; forest.parts > 1;) {
    const takeFirst = l >= total || (k < total && a.sorted[k]! <= b.sorted[l]!);
    const edges = takeFirst ? a : b;
    const at = takeFirst ? k++ : l++;
    if (forest.join(edges.pairs[at]!)) length += edges.sorted[at]!;
  }
  return length;
}

/** Disjoint sets of points. */
class Forest {
  parts: number;
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.parts = count;
    this.#parents = Int32Array.from({ length: count }, (_, k) => k);
  }

  /** Joins the sets of an edge's ends; false when they are one already. */
  join(pair: number): boolean {
    const one = this.#rootOf(pair >>> 16);
    const other = this.#rootOf(pair & 0xffff);
    if (one === other) return false;
    this.#parents[one] = other;
    this.parts--;
    return true;
  }

  /** Halves the way to the root on its way. */
  #rootOf(point: number): number {
    const parents = this.#parents;
    let at = point;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]!]!;
    return at;
  }
}

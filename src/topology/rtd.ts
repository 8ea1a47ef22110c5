/**
 * Representation topology divergence of two embeddings of the same samples, and its lower bound RTD-Lite.
 * Source: S. Barannikov, I. Trofimov, N. Balabin, E. Burnaev, "Representation Topology Divergence" (ICML 2022).
 * Invariant: symmetric in its arguments but for the names of the two directions; a function of the points alone.
 */
import { crossBarcodes } from "./crossBarcodes.ts";
import { treeLength } from "./spanningTree.ts";
import type { Preparation } from "./preparation.ts";

/** Births and deaths of the bars of one direction, in the order of their deaths. */
export interface Barcode {
  readonly births: Float64Array;
  readonly deaths: Float64Array;
  /** Sum of the lengths. */
  readonly total: number;
  /** The part of it that is due to connected components: RTD-Lite. */
  readonly lite: number;
}

export interface Divergence {
  /** Half the sum of both directions. */
  readonly score: number;
  /** The same of RTD-Lite: at most `score`. */
  readonly lite: number;
  /** What min(a, b) has beyond the first embedding, and beyond the second. */
  readonly directions: readonly [Barcode, Barcode];
}

/** RTD of two prepared embeddings. @throws BasinError `invalid-argument` for different numbers of points */
export function divergence(a: Preparation, b: Preparation): Divergence {
  const bars = crossBarcodes(a, b);
  const { lite, directed } = liteDivergence(a, b);
  const [first, second] = ([0, 1] as const).map((direction): Barcode => {
    const own = bars.filter((bar) => bar.direction === direction);
    return {
      births: Float64Array.from(own, ({ birth }) => birth),
      deaths: Float64Array.from(own, ({ death }) => death),
      total: own.reduce((sum, { birth, death }) => sum + (death - birth), 0),
      lite: directed[direction],
    };
  }) as [Barcode, Barcode];
  return { score: (first.total + second.total) / 2, lite, directions: [first, second] };
}

/** RTD-Lite alone: how much longer the clouds' minimum spanning trees are than the one of their minimum. O(n^2). */
export function liteDivergence(
  a: Preparation,
  b: Preparation,
): { readonly lite: number; readonly directed: readonly [number, number] } {
  const common = treeLength(
    a.distances.map((distance, at) => Math.min(distance, b.distances[at]!)),
    a.count,
  );
  const directed = [treeLength(a.distances, a.count) - common, treeLength(b.distances, b.count) - common] as const;
  return { lite: (directed[0] + directed[1]) / 2, directed };
}

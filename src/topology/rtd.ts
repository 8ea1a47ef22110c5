/**
 * Representation topology divergence of two embeddings of the same samples, and its lower bound RTD-Lite.
 * Source: S. Barannikov, I. Trofimov, N. Balabin, E. Burnaev, "Representation Topology Divergence" (ICML 2022).
 * Invariant: symmetric in its arguments but for the names of the two directions; a function of the points alone.
 */
import { noBars, totalLength, type Bars } from "./bars.ts";
import { crossBarcodes, requireSameCount, type WalkOptions } from "./crossBarcodes.ts";
import type { Preparation } from "./preparation.ts";
import { commonTreeLength } from "./spanningTree.ts";

/** One direction: its bars, births and deaths in the order of the deaths. */
export interface DirectedDivergence extends Bars {
  /** Sum of the bars' lengths. */
  readonly total: number;
  /** The part of it that is due to connected components: RTD-Lite. */
  readonly lite: number;
}

export interface LiteDivergence {
  /** Half the sum of both directions: at most RTD. */
  readonly lite: number;
  readonly directed: readonly [number, number];
  /** Which embeddings are one point but for rounding. Where one is, nothing is compared and all numbers are 0. */
  readonly collapsed: readonly [boolean, boolean];
}

export interface Divergence {
  /** Half the sum of both directions. */
  readonly score: number;
  /** The same of RTD-Lite: at most `score`. */
  readonly lite: number;
  /** What min(a, b) has beyond the first embedding, and beyond the second. */
  readonly directions: readonly [DirectedDivergence, DirectedDivergence];
  /** As in `LiteDivergence`. */
  readonly collapsed: readonly [boolean, boolean];
}

/**
 * RTD of two prepared embeddings. About n^2.5 operations.
 * @throws BasinError `invalid-argument` for different numbers of points; whatever `onProgress` throws
 */
export function divergence(a: Preparation, b: Preparation, options: WalkOptions = {}): Divergence {
  const { lite, directed, collapsed } = liteDivergence(a, b);
  const bars = collapsed.includes(true) ? ([noBars, noBars] as const) : crossBarcodes(a, b, options);
  const directionOf = (which: 0 | 1): DirectedDivergence => ({
    ...bars[which],
    total: totalLength(bars[which]),
    lite: directed[which],
  });
  const directions = [directionOf(0), directionOf(1)] as const;
  return { score: (directions[0].total + directions[1].total) / 2, lite, directions, collapsed };
}

/**
 * RTD-Lite alone: how much longer the clouds' minimum spanning trees are than the one of their minimum. O(n^2).
 * @throws BasinError `invalid-argument` for different numbers of points
 */
export function liteDivergence(a: Preparation, b: Preparation): LiteDivergence {
  requireSameCount(a, b);
  const collapsed = [a.isCollapsed, b.isCollapsed] as const;
  if (collapsed.includes(true)) return { lite: 0, directed: [0, 0], collapsed };
  const common = commonTreeLength(a, b);
  const directed = [a.treeLength - common, b.treeLength - common] as const;
  return { lite: (directed[0] + directed[1]) / 2, directed, collapsed };
}

/**
 * Regression forests: the mean of trees, each grown on a bootstrap of the rows, and how far they disagree.
 * Sources: L. Breiman, "Random Forests" (2001); F. Hutter et al., "Algorithm runtime prediction" (2014), section 4.3, for the
 * variance: that of the trees' means and the mean one within their leaves (the law of total variance).
 * Invariant: a forest is a function of its rows and its stream of randomness.
 */
import type { Rng } from "../../core/rng.ts";
import { growTree, leafOf, sortedRows, type Columns } from "./tree.ts";

export interface Rows {
  /** Unit values of numbers, indices of categories, `inactive` for what is inactive; of equal length. */
  readonly points: readonly Float64Array[];
  readonly values: Float64Array;
  /** Number of categories of each coordinate, 0 for numbers. */
  readonly categories: Int32Array;
}

export interface Prediction {
  readonly mean: number;
  readonly variance: number;
}

export interface Forest {
  /** O(trees * depth). */
  predict(point: Float64Array): Prediction;
}

/**
 * A forest of trees grown to pure leaves, each on as many rows as there are, drawn with replacement (or, without `bootstrap`,
 * on all of them). @param rows at least one row of at least one coordinate. O(trees n columns depth).
 */
export function growForest({ points, values, categories }: Rows, trees: number, rng: Rng, bootstrap = true): Forest {
  const n = values.length;
  const centre = values.reduce((sum, value) => sum + value, 0) / n;
  const data: Columns = {
    columns: Array.from(categories, (_, k) => Float64Array.from(points, (point) => point[k]!)),
    categories,
    values: values.map((value) => value - centre),
  };
  const sorted = sortedRows(data);
  const grown = Array.from({ length: trees }, () => {
    const weights = new Int32Array(n).fill(bootstrap ? 0 : 1);
    if (bootstrap) for (let i = 0; i < n; i++) weights[rng.int(n)]! += 1;
    return growTree(data, sorted, weights, rng);
  });
  return {
    predict(point) {
      // Welford's update: the trees' means may be close to each other and far from zero.
      let mean = 0;
      let spread = 0;
      let within = 0;
      for (let i = 0; i < trees; i++) {
        const tree = grown[i]!;
        const leaf = leafOf(tree, categories, point);
        const step = tree.mean[leaf]! - mean;
        mean += step / (i + 1);
        spread += step * (tree.mean[leaf]! - mean);
        within += tree.variance[leaf]!;
      }
      return { mean: mean + centre, variance: (spread + within) / trees };
    },
  };
}

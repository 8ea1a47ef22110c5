/**
 * Spearman's rank correlation with a confidence interval: whether one number goes up where another does, whatever the shape.
 * Invariant: pairs with a number missing are left out; too few pairs give NaN, never an exception.
 */

export interface RankCorrelation {
  /** In [-1, 1]; NaN below 3 pairs or when one side is constant. */
  readonly rho: number;
  /** 95 % interval; NaN below 4 pairs or where `rho` is. */
  readonly low: number;
  readonly high: number;
  /** Pairs that count. */
  readonly pairs: number;
}

/** 97.5 % quantile of the standard normal. */
const z = 1.959963984540054;

/** Ranks from 1, equal values sharing their mean rank. O(n log n). */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/**
 * Pearson's correlation of the average ranks, and Fisher's interval with the variance of D. Bonett and T. Wright (Psychometrika
 * 65, 2000): (1 + rho^2 / 2) / (n - 3) on the scale of artanh. The interval is for independent pairs; trials of a sampler that
 * learns are not quite that. O(n log n).
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): RankCorrelation {
  const kept: number[] = [];
  // Infinities have a rank; only what is not a number has none.
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (!Number.isNaN(x[i]!) && !Number.isNaN(y[i]!)) kept.push(i);
  const pairs = kept.length;
  const rho =
    pairs < 3 ? Number.NaN : pearson(averageRanks(kept.map((i) => x[i]!)), averageRanks(kept.map((i) => y[i]!)));
  if (pairs < 4 || Number.isNaN(rho)) return { rho, low: Number.NaN, high: Number.NaN, pairs };
  const half = z * Math.sqrt((1 + rho ** 2 / 2) / (pairs - 3));
  // At the ends artanh is infinite, and so is the confidence it would express.
  const centre = Math.atanh(Math.min(1 - 1e-15, Math.max(-1 + 1e-15, rho)));
  return { rho, low: Math.tanh(centre - half), high: Math.tanh(centre + half), pairs };
}

function pearson(a: Float64Array, b: Float64Array): number {
  const mean = (a.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - mean) * (b[i]! - mean);
    aa += (a[i]! - mean) ** 2;
    bb += (b[i]! - mean) ** 2;
  }
  return aa === 0 || bb === 0 ? Number.NaN : Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb)));
}

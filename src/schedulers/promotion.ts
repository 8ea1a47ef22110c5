/**
 * Which trial of a rung goes on to the next one as results come in: the rule of asynchronous successive halving.
 * Source: L. Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), algorithm 2.
 * Invariant: a function of the rung alone; ties go to the trial that arrived first.
 */

export interface RungResult {
  readonly number: number;
  /** Lower is better; NaN never goes on. */
  readonly loss: number;
}

/**
 * The best trial among the top floor(n / eta) of a rung's n results that has not been promoted yet; undefined when there is none,
 * and a free slot should start a new configuration. @param results in the order of arrival. O(n log n).
 */
export function promotable(
  results: readonly RungResult[],
  promoted: ReadonlySet<number>,
  eta: number,
): RungResult | undefined {
  const top = Math.floor(results.length / eta + 1e-9);
  return results
    .filter(({ loss }) => !Number.isNaN(loss))
    .sort((a, b) => (a.loss < b.loss ? -1 : a.loss > b.loss ? 1 : 0))
    .slice(0, top)
    .find(({ number }) => !promoted.has(number));
}

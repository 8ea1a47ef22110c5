/**
 * RTD of two embeddings from beginning to end: of the whole of them, or the mean over random subsets, as the reference
 * implementation takes it (10 of 500 points). RTD grows with the number of points: compare scores of equal numbers only.
 * Invariant: the result is a function of the points and the options; embeddings of up to `batch` points are compared once, as
 * all their subsets would be the same.
 */
import { BasinError } from "../core/errors.ts";
import { requireSameCount } from "./crossBarcodes.ts";
import { fewestPoints, type PointCloud } from "./pointCloud.ts";
import { prepare } from "./preparation.ts";
import { divergence, type Divergence } from "./rtd.ts";
import { randomSubset, takeRows } from "./subsets.ts";

export interface RtdOptions {
  /** Points in a subset; all points unless said. */
  readonly batch?: number;
  /** Subsets; 10 unless said. */
  readonly trials?: number;
  /** Of the subsets; 0 unless said. */
  readonly seed?: number;
  /** Told the share that is done, from 0 to 1; what it throws ends the computation and is thrown. */
  readonly onProgress?: (share: number) => void;
}

/** The divergence of one subset. */
export interface RtdTrial extends Divergence {
  /** The 0.9-quantiles that the two embeddings' distances were divided by. */
  readonly scales: readonly [number, number];
}

export interface RtdResult {
  /** Points of each embedding, and of each subset. */
  readonly count: number;
  readonly batch: number;
  readonly trials: readonly RtdTrial[];
  /** Means over the trials. */
  readonly score: number;
  readonly lite: number;
  readonly directed: readonly [number, number];
  readonly directedLite: readonly [number, number];
  /** Which embeddings were one point but for rounding in any trial: there the numbers are 0. */
  readonly collapsed: readonly [boolean, boolean];
}

/**
 * Representation topology divergence of two embeddings of the same samples: row k of both is sample k.
 * O(trials (batch^2 width + batch^2.5)) operations as observed.
 * @param a from `pointCloud`, as `b`
 * @throws BasinError `invalid-argument` for different numbers of points and for options that are no whole numbers in range
 */
export function computeRtd(a: PointCloud, b: PointCloud, options: RtdOptions = {}): RtdResult {
  requireSameCount(a, b);
  const { batch: wanted = a.count, trials: repeats = 10, seed = 0, onProgress } = options;
  requireWhole("batch", wanted, fewestPoints);
  requireWhole("trials", repeats, 1);
  requireWhole("seed", seed, 0);
  const { count } = a;
  const batch = Math.min(wanted, count);
  const runs = batch === count ? 1 : repeats;
  const trials: RtdTrial[] = [];
  for (let trial = 0; trial < runs; trial++) {
    const rows = randomSubset(count, batch, seed, trial);
    const [first, second] = [prepare(takeRows(a, rows)), prepare(takeRows(b, rows))];
    const found = divergence(first, second, {
      ...(onProgress && { onProgress: (share: number) => onProgress((trial + share) / runs) }),
    });
    trials.push({ ...found, scales: [first.scale, second.scale] });
    onProgress?.((trial + 1) / runs);
  }
  const mean = (value: (trial: RtdTrial) => number): number =>
    trials.reduce((sum, trial) => sum + value(trial), 0) / trials.length;
  return {
    count,
    batch,
    trials,
    score: mean(({ score }) => score),
    lite: mean(({ lite }) => lite),
    directed: [mean(({ directions }) => directions[0].total), mean(({ directions }) => directions[1].total)],
    directedLite: [mean(({ directions }) => directions[0].lite), mean(({ directions }) => directions[1].lite)],
    collapsed: [trials.some(({ collapsed }) => collapsed[0]), trials.some(({ collapsed }) => collapsed[1])],
  };
}

function requireWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new BasinError("invalid-argument", `${name} is ${value}.`, `It must be a whole number from ${least}.`);
}

/**
 * Means and tests for comparisons of methods over tasks and repeats.
 * Sources: J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets" (2006) for Wilcoxon, Friedman and
 * Nemenyi; Y. Benjamini and Y. Hochberg (1995); A. Vargha and H. Delaney (2000). Invariant: pure functions, two-sided p-values.
 */
import { normalCdf } from "../../src/core/normal.ts";

export interface Estimate {
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
}

/** Mean of repeats; the error of a single one is not known and given as 0. */
export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Ranks from 1, ties sharing their mean. O(n log n). */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = values.map(() => 0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** Sizes of the groups of equal values. */
function tieSizes(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
}

/** Counts of the ways to reach each sum with some of `parts`, each at most once; with `size`, exactly so many of them. */
function subsetSums(parts: readonly number[], size?: number): Map<number, number> {
  let table = new Map<string, number>([["0|0", 1]]);
  for (const part of parts) {
    const next = new Map(table);
    for (const [key, ways] of table) {
      const [count, sum] = key.split("|").map(Number) as [number, number];
      const longer = `${count + 1}|${sum + part}`;
      next.set(longer, (next.get(longer) ?? 0) + ways);
    }
    table = next;
  }
  const sums = new Map<number, number>();
  for (const [key, ways] of table) {
    const [count, sum] = key.split("|").map(Number) as [number, number];
    if (size === undefined || count === size) sums.set(sum, (sums.get(sum) ?? 0) + ways);
  }
  return sums;
}

/** Two-sided probability, under the counts of `sums`, of a sum at least as far out as `sum`. */
function exactTwoSided(sums: ReadonlyMap<number, number>, sum: number): number {
  let all = 0;
  let below = 0;
  let above = 0;
  for (const [other, ways] of sums) {
    all += ways;
    if (other <= sum) below += ways;
    if (other >= sum) above += ways;
  }
  return Math.min(1, (2 * Math.min(below, above)) / all);
}

/** Samples up to this size, without ties, are tested exactly. */
const exactPairs = 16;
const exactSample = 8;

/**
 * Wilcoxon's signed-rank test that differences lie around 0. Zero differences are left out. Exact up to 16 of them without
 * ties, else by the normal approximation with corrections for ties and continuity.
 */
export function wilcoxonSignedRank(differences: readonly number[]): number {
  const left = differences.filter((difference) => difference !== 0);
  const n = left.length;
  if (n === 0) return 1;
  const sizes = left.map(Math.abs);
  const ranks = ranksOf(sizes);
  const positive = ranks.reduce((sum, rank, i) => sum + (left[i]! > 0 ? rank : 0), 0);
  if (n <= exactPairs && new Set(sizes).size === n) return exactTwoSided(subsetSums(ranks), positive);
  const mean = (n * (n + 1)) / 4;
  const ties = tieSizes(sizes).reduce((sum, t) => sum + t ** 3 - t, 0);
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - ties / 48);
  return twoSidedNormal(positive - mean, deviation);
}

function twoSidedNormal(distance: number, deviation: number): number {
  if (deviation === 0) return 1;
  const z = Math.max(0, Math.abs(distance) - 0.5) / deviation;
  return Math.min(1, 2 * normalCdf(-z));
}

export interface MannWhitney {
  /** Pairs in which `a` is larger, ties counting half. */
  readonly u: number;
  readonly p: number;
}

/** Mann and Whitney's test of two samples: exact for up to 8 values each without ties, else with both corrections. */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const all = [...a, ...b];
  const ranks = ranksOf(all);
  const sum = ranks.slice(0, a.length).reduce((total, rank) => total + rank, 0);
  const u = sum - (a.length * (a.length + 1)) / 2;
  if (a.length <= exactSample && b.length <= exactSample && new Set(all).size === all.length)
    return { u, p: exactTwoSided(subsetSums(ranks, a.length), sum) };
  const n = all.length;
  const ties = tieSizes(all).reduce((total, t) => total + t ** 3 - t, 0);
  const deviation = Math.sqrt(((a.length * b.length) / 12) * (n + 1 - ties / (n * (n - 1))));
  return { u, p: twoSidedNormal(u - (a.length * b.length) / 2, deviation) };
}

/** p-values adjusted so that a share of at most alpha of those below alpha is false. */
export function benjaminiHochberg(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const adjusted = values.map(() => 1);
  let least = 1;
  for (const [i, index] of order.entries()) {
    least = Math.min(least, (values[index]! * values.length) / (values.length - i));
    adjusted[index] = least;
  }
  return adjusted;
}

/** How often a value of `a` is larger than one of `b`, ties counting half: Vargha and Delaney's A12. */
export function varghaDelaney(a: readonly number[], b: readonly number[]): number {
  let larger = 0;
  for (const x of a) for (const y of b) larger += x > y ? 1 : x === y ? 0.5 : 0;
  return larger / (a.length * b.length);
}

/** Upper 5 % points of the studentised range over sqrt 2, by the number of methods (Demsar 2006, table 5). */
const nemenyiPoints = [1.96, 2.343, 2.569, 2.728, 2.85, 2.949, 3.031, 3.102, 3.164];

/**
 * Mean ranks closer than this are not told apart at 5 %, for 2 to 10 methods; undefined for more, which the table has not.
 */
export function nemenyiDistance(methods: number, tasks: number): number | undefined {
  const point = nemenyiPoints[methods - 2];
  return point === undefined ? undefined : point * Math.sqrt((methods * (methods + 1)) / (6 * tasks));
}

/** Two-sided 95 % points of Student's t by degrees of freedom 1, 2, ... */
const studentPoints = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Mean of `values` and half the width of its 95 % interval by Student's t. */
export function meanInterval(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, half: Infinity };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: (studentPoints[n - 2] ?? 1.96) * Math.sqrt(variance / n) };
}

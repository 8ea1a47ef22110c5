/**
 * How finished trials compare, for every sampler that ranks them.
 * Order: complete trials by loss, then pruned ones by (later step, better last value); failed trials and values that are not
 * a number have no place; an infinite objective, of either sign, ranks last among the complete. Several objectives: by rank
 * of non-domination, within a rank by crowding distance. Invariant: a total order; ties go to the earlier trial.
 */
import { toLoss, type Objective } from "../core/objective.ts";
import type { FinishedTrial } from "../core/trial.ts";

export interface Ranked {
  readonly number: number;
  /** 0 complete, 1 pruned. */
  readonly tier: number;
  readonly first: number;
  readonly second: number;
}

export function compareRanked(a: Ranked, b: Ranked): number {
  return a.tier - b.tier || order(a.first, b.first) || order(a.second, b.second) || a.number - b.number;
}

/** Not a subtraction: infinities would give NaN. */
export function order(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The losses of a trial, one an objective; undefined when it has none or one is NaN. Infinities count as +Infinity. */
export function lossesOf(trial: FinishedTrial, objectives: readonly Objective[]): number[] | undefined {
  const out: number[] = [];
  for (let i = 0; i < objectives.length; i++) {
    const value = trial.values[i];
    if (value === undefined || Number.isNaN(value)) return undefined;
    out.push(Number.isFinite(value) ? toLoss(value, objectives[i]!.direction) : Number.POSITIVE_INFINITY);
  }
  return out;
}

/** A pruned trial's place: the later step first, then the better value; without a usable report it comes last. */
export function rankedPruned(trial: FinishedTrial, objectives: readonly Objective[]): Ranked {
  const value = trial.last === undefined ? Number.NaN : toLoss(trial.last.value, objectives[0]!.direction);
  const step = trial.last === undefined ? Number.POSITIVE_INFINITY : -trial.last.step;
  const second = Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
  return { number: trial.number, tier: 1, first: step, second };
}

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) return false;
    if (a[i]! < b[i]!) better = true;
  }
  return better;
}

/**
 * Rank of non-domination of each point, 0 for the first front (Deb et al. 2002). O(m n^2) at worst, nearer to m n log n where
 * fronts are short: a point looks only at those before it in lexicographic order (Zhang et al., "An Efficient Approach to
 * Nondominated Sorting for Evolutionary Multiobjective Optimization", 2015).
 */
export function frontRanks(points: readonly (readonly number[])[]): number[] {
  const ranks = points.map(() => 0);
  const width = points[0]?.length ?? 0;
  const inOrder = points.map((_, index) => index);
  inOrder.sort((a, b) => {
    for (let m = 0; m < width; m++) {
      const sign = order(points[a]![m]!, points[b]![m]!);
      if (sign !== 0) return sign;
    }
    return a - b;
  });
  const fronts: number[][] = [];
  for (const index of inOrder) {
    // A point that a front dominates, all better fronts dominate too: the first that does not is found by halving.
    let [low, high] = [0, fronts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (fronts[middle]!.some((other) => dominates(points[other]!, points[index]!))) low = middle + 1;
      else high = middle;
    }
    ranks[index] = low;
    const front = fronts[low];
    if (front === undefined) fronts.push([index]);
    else front.push(index);
  }
  return ranks;
}

/** Crowding distances of points of one front, each objective scaled by its range; the ends are infinitely far. O(m n log n). */
export function crowding(points: readonly (readonly number[])[]): number[] {
  const distance = points.map(() => 0);
  const width = points[0]?.length ?? 0;
  for (let m = 0; m < width; m++) {
    const by = points.map((_, index) => index).sort((a, b) => order(points[a]![m]!, points[b]![m]!) || a - b);
    const low = points[by[0]!]![m]!;
    const high = points[by[by.length - 1]!]![m]!;
    distance[by[0]!] = Number.POSITIVE_INFINITY;
    distance[by[by.length - 1]!] = Number.POSITIVE_INFINITY;
    const range = high - low;
    if (!(range > 0) || !Number.isFinite(range)) continue;
    for (let i = 1; i + 1 < by.length; i++) {
      distance[by[i]!]! += (points[by[i + 1]!]![m]! - points[by[i - 1]!]![m]!) / range;
    }
  }
  return distance;
}

/**
 * Trials from best to worst; those that have no place are left out. O(n log n) for one objective, O(n^2) for several.
 */
export function bestFirst(trials: readonly FinishedTrial[], objectives: readonly Objective[]): FinishedTrial[] {
  const complete: { readonly trial: FinishedTrial; readonly losses: readonly number[] }[] = [];
  const pruned: { readonly trial: FinishedTrial; readonly ranked: Ranked }[] = [];
  for (const trial of trials) {
    if (trial.state === "pruned") pruned.push({ trial, ranked: rankedPruned(trial, objectives) });
    const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
    if (losses !== undefined) complete.push({ trial, losses });
  }
  pruned.sort((a, b) => compareRanked(a.ranked, b.ranked));
  const places = placesOf(complete.map(({ losses }) => losses));
  const inOrder = complete
    .map(({ trial }, index) => ({ trial, place: places[index]! }))
    .sort((a, b) => order(a.place[0], b.place[0]) || order(b.place[1], a.place[1]) || a.trial.number - b.trial.number);
  return [...inOrder.map(({ trial }) => trial), ...pruned.map(({ trial }) => trial)];
}

/** For each point (lower is better, higher is better): the loss itself, or rank and crowding within it. */
function placesOf(points: readonly (readonly number[])[]): (readonly [number, number])[] {
  if ((points[0]?.length ?? 1) === 1) return points.map(([loss]) => [loss!, 0]);
  const ranks = frontRanks(points);
  const places: (readonly [number, number])[] = points.map((_, index) => [ranks[index]!, 0]);
  for (const rank of new Set(ranks)) {
    const members = ranks.flatMap((own, index) => (own === rank ? [index] : []));
    const distances = crowding(members.map((index) => points[index]!));
    members.forEach((index, i) => (places[index] = [rank, distances[i]!]));
  }
  return places;
}

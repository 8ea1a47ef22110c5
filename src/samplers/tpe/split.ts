/**
 * Which finished trials count as good: the best tenth, at most 25 (several objectives: at most 100).
 * Order: complete trials by loss, then pruned ones by (later step, better last value); failed trials and values that are not
 * a number stay out; an infinite objective, of either sign, ranks last among the complete. Several objectives (Ozaki et al.
 * 2020): by rank of non-domination, of the last rank admitted those that cover most hypervolume. Invariant: the answer
 * depends on the trials added, not on when it was asked for. O(25) per trial for one objective; O(trials) for several.
 */
import { hypervolumeContributions, hypervolumeSubset, worstReference } from "../../core/hypervolume.ts";
import type { Objective } from "../../core/objective.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { compareRanked, crowding, dominates, lossesOf, order, rankedPruned, type Ranked } from "../ranking.ts";

export interface Split {
  /** Whether the trial takes part in the model. */
  add(trial: FinishedTrial): boolean;
  /** Trials taking part. */
  readonly count: number;
  /** Numbers of the good ones. */
  good(): number[];
  /**
   * How much each of the good ones counts, largest 1: its share of the hypervolume. Undefined for one objective, where the
   * age decides. O(good^2) for two objectives.
   */
  weights(good: readonly number[]): ReadonlyMap<number, number> | undefined;
}

/** An empty split for these objectives. */
export function createSplit(objectives: readonly Objective[]): Split {
  return objectives.length === 1 ? singleSplit(objectives) : frontSplit(objectives);
}

/** Keeps the best `limit` of what it is given, in order. */
function insertBest(best: Ranked[], entry: Ranked, limit: number): void {
  let at = best.length;
  while (at > 0 && compareRanked(entry, best[at - 1]!) < 0) at -= 1;
  if (at >= limit) return;
  best.splice(at, 0, entry);
  if (best.length > limit) best.pop();
}

function singleSplit(objectives: readonly Objective[]): Split {
  const limit = 25;
  const best: Ranked[] = [];
  let count = 0;
  return {
    add: (trial) => {
      if (trial.state === "failed") return false;
      if (trial.state === "pruned") insertBest(best, rankedPruned(trial, objectives), limit);
      else {
        const loss = lossesOf(trial, objectives);
        if (loss === undefined) return false;
        insertBest(best, { number: trial.number, tier: 0, first: loss[0]!, second: 0 }, limit);
      }
      count += 1;
      return true;
    },
    get count() {
      return count;
    },
    good: () => best.slice(0, Math.min(Math.ceil(0.1 * count), limit)).map((entry) => entry.number),
    weights: () => undefined,
  };
}

interface FrontEntry {
  readonly number: number;
  readonly losses: readonly number[];
  /** How many others dominate it, counted up to the largest number of good trials. */
  dominators: number;
}

function frontSplit(objectives: readonly Objective[]): Split {
  const limit = 100;
  // Those with fewer than `limit` dominators. Whatever the others dominate has as many among these (a linear extension of its
  // dominators begins with them), so the others need not be asked again.
  let entries: FrontEntry[] = [];
  const prunedBest: Ranked[] = [];
  let count = 0;
  return {
    add: (trial) => {
      if (trial.state === "failed") return false;
      if (trial.state === "pruned") insertBest(prunedBest, rankedPruned(trial, objectives), limit);
      else {
        const own = lossesOf(trial, objectives);
        if (own === undefined) return false;
        const entry: FrontEntry = { number: trial.number, losses: own, dominators: 0 };
        let closed = 0;
        for (const other of entries) {
          if (dominates(other.losses, own)) entry.dominators += 1;
          else if (dominates(own, other.losses) && ++other.dominators === limit) closed += 1;
        }
        if (closed > 0) entries = entries.filter(({ dominators }) => dominators < limit);
        if (entry.dominators < limit) entries.push(entry);
      }
      count += 1;
      return true;
    },
    get count() {
      return count;
    },
    good: () => {
      const wanted = Math.min(Math.ceil(0.1 * count), limit);
      const chosen: number[] = [];
      // Whoever has `wanted` dominators has at least that many trials in ranks before its own.
      let rest = entries.filter((entry) => entry.dominators < wanted);
      let front = rest.filter((entry) => entry.dominators === 0);
      while (chosen.length < wanted && rest.length > 0) {
        const room = wanted - chosen.length;
        const admitted = front.length <= room ? front : coveringMost(front, room);
        chosen.push(...admitted.map((entry) => entry.number));
        const gone = new Set(front);
        rest = rest.filter((entry) => !gone.has(entry));
        const left = rest;
        front = left.filter((entry) => !left.some((other) => dominates(other.losses, entry.losses)));
      }
      for (const entry of prunedBest) if (chosen.length < wanted) chosen.push(entry.number);
      return chosen;
    },
    weights: (good) => {
      const wanted = new Set(good);
      const members = entries.filter((entry) => wanted.has(entry.number));
      const losses = members.map((entry) => entry.losses);
      const shares = hypervolumeContributions(losses, worstReference(losses));
      const most = Math.max(...shares, leastWeight);
      return new Map(members.map((entry, i) => [entry.number, Math.max(shares[i]! / most, leastWeight)]));
    },
  };
}

/** Of what adds no hypervolume: it must not vanish from the mixture's arithmetic. */
const leastWeight = 1e-12;
/** Longest front whose hypervolumes are worked out; longer ones are thinned by crowding distance first. */
const longestFront = 200;

/** The `room` entries of a front that together cover most hypervolume, greedily. */
function coveringMost(front: readonly FrontEntry[], room: number): FrontEntry[] {
  const members = front.length > longestFront ? leastCrowded(front, longestFront) : front;
  const losses = members.map((entry) => entry.losses);
  return hypervolumeSubset(losses, room, worstReference(losses)).map((index) => members[index]!);
}

/** The `room` entries with the largest crowding distance (Deb et al. 2002, III-B), ties to the earlier trial. */
function leastCrowded(front: readonly FrontEntry[], room: number): FrontEntry[] {
  const distance = crowding(front.map((entry) => entry.losses));
  return front
    .map((entry, index) => ({ entry, distance: distance[index]! }))
    .sort((a, b) => order(b.distance, a.distance) || a.entry.number - b.entry.number)
    .slice(0, room)
    .map(({ entry }) => entry);
}

/**
 * The bookkeeping of trust regions: how long their sides are, which trials are theirs, and when one is given up.
 * Source: D. Eriksson et al., "Scalable Global Optimization via Local Bayesian Optimization" (NeurIPS 2019), section 2 and
 * supplement; several objectives after S. Daulton et al., "MORBO" (UAI 2022): a success is a trial that joins the front.
 * Invariant: the state is a fold over the finished trials; it does not ask what was suggested when.
 */
import type { Params } from "../../core/space/parameter.ts";
import { dominates } from "../ranking.ts";

/** Sides of a region, as shares of the parameters' ranges (paper: 0.8, 2^-7, 1.6). */
export const firstLength = 0.8;
export const leastLength = 2 ** -7;
export const mostLength = 1.6;
/** Batches in a row that must bring an improvement before a region doubles. */
const successes = 3;
/** What counts as an improvement, as a share of the best value. */
const leastImprovement = 1e-3;

export interface Member {
  readonly params: Params;
  readonly point: Float64Array;
  /** Finite. */
  readonly losses: readonly number[];
}

export interface Region {
  /** Side of the box in a parameter of average lengthscale. */
  length: number;
  /** Finished trials with a value, in the order of finishing; the first ones are the start-up. */
  members: Member[];
  /** Members that no other dominates: the best one where there is one objective. */
  front: Member[];
  /** Counted batches in a row. */
  succeeded: number;
  failed: number;
  /** The batch that is being filled: trials in it, and whether one of them improved. */
  filled: number;
  improved: boolean;
  /** Trials with lesser numbers were handed out before this region began. */
  since: number;
}

export interface RegionRules {
  readonly dimension: number;
  /** Trials that run at a time: so many make a batch. */
  readonly parallel: number;
  /** Trials with a value that a region begins with, before anything is counted. */
  readonly startup: number;
  readonly regions: number;
}

/** What the fold has to know of a finished trial; without losses it failed, was pruned or had no finite value. */
export interface Outcome {
  readonly number: number;
  readonly member: Member | undefined;
}

export interface Regions {
  readonly all: Region[];
  /** Finished trials of this study. */
  finished: number;
  /** Regions that were given up. */
  restarts: number;
}

export function newRegions(rules: RegionRules): Regions {
  return { all: Array.from({ length: rules.regions }, () => newRegion(-Infinity)), finished: 0, restarts: 0 };
}

function newRegion(since: number): Region {
  return {
    length: firstLength,
    members: [],
    front: [],
    succeeded: 0,
    failed: 0,
    filled: 0,
    improved: false,
    since,
  };
}

/** Trials of one batch: slots are shared among the regions. */
export function batchSize({ parallel, regions }: RegionRules): number {
  return Math.max(1, Math.round(parallel / regions));
}

/** Batches in a row without improvement after which a region halves: ceil(max(4 / q, d / q)). */
export function failureTolerance(rules: RegionRules): number {
  const q = batchSize(rules);
  return Math.ceil(Math.max(4, rules.dimension) / q);
}

/** Whether losses improve on a front: by a thousandth of the best one, or, of several, by not being dominated or equalled. */
export function improves(losses: readonly number[], front: readonly Member[]): boolean {
  if (losses.length === 1) {
    const best = front[0]?.losses[0] ?? Infinity;
    return losses[0]! < best - leastImprovement * (best === Infinity ? 0 : Math.abs(best));
  }
  return !front.some(
    (member) => dominates(member.losses, losses) || member.losses.every((value, k) => value === losses[k]),
  );
}

/** Takes a finished trial in. O(front + regions * dimension). */
export function takeTrial(state: Regions, rules: RegionRules, { number, member }: Outcome): void {
  if (number >= 0) state.finished++;
  const region = regionOf(state, rules, number, member);
  if (region === undefined) return;
  const counts = region.members.length >= rules.startup;
  const improved = member !== undefined && improves(member.losses, region.front);
  if (member !== undefined) {
    region.members.push(member);
    const joins = member.losses.length === 1 ? member.losses[0]! < (region.front[0]?.losses[0] ?? Infinity) : improved;
    if (joins) {
      const left = region.front.filter((other) => !dominates(member.losses, other.losses));
      region.front = [...left, member];
    }
  }
  if (!counts) return;
  region.filled++;
  region.improved ||= improved;
  if (region.filled < batchSize(rules)) return;
  closeBatch(region, rules);
  if (region.length >= leastLength) return;
  state.restarts++;
  // With every slot taken, the trials that still run from the old region have numbers below this one.
  state.all[state.all.indexOf(region)] = newRegion(state.finished + rules.parallel - 1);
}

function closeBatch(region: Region, rules: RegionRules): void {
  region.succeeded = region.improved ? region.succeeded + 1 : 0;
  region.failed = region.improved ? 0 : region.failed + 1;
  region.filled = 0;
  region.improved = false;
  if (region.succeeded === successes) {
    region.length = Math.min(2 * region.length, mostLength);
    region.succeeded = 0;
  } else if (region.failed === failureTolerance(rules)) {
    region.length /= 2;
    region.failed = 0;
  }
}

/** The region in its start-up, if there is one. */
export function startingRegion(state: Regions, { startup }: RegionRules): Region | undefined {
  return state.all.find((region) => region.members.length < startup);
}

/**
 * Whose a trial is: the starting region's, or, among several, that with the nearest centre in units of its side. Trials from
 * before a region began are not its own: they come from where it was given up.
 */
function regionOf(state: Regions, rules: RegionRules, number: number, member: Member | undefined): Region | undefined {
  const isOf = (region: Region): boolean => number < 0 || number >= region.since;
  const starting = startingRegion(state, rules);
  if (starting !== undefined && isOf(starting)) return starting;
  const running = state.all.filter((region) => region !== starting && region.members.length >= rules.startup);
  const own = running.filter(isOf);
  if (own.length <= 1 || member === undefined) return own[Math.max(0, number) % Math.max(1, own.length)];
  const distance = (region: Region): number => {
    const centre = region.front[0]!.point;
    return member.point.reduce((far, x, k) => Math.max(far, Math.abs(x - centre[k]!)), 0) / region.length;
  };
  return own.reduce((nearest, region) => (distance(region) < distance(nearest) ? region : nearest));
}

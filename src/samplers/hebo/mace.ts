/**
 * The trade-offs between three views of where to look next (multi-objective acquisition ensemble): the lower confidence bound, the
 * log expected improvement and the log probability of improvement, by a generation-wise NSGA-II over configurations.
 * Sources: W. Lyu et al., "Batch Bayesian Optimization via Multi-objective Acquisition Ensemble" (ICML 2018); K. Deb et al. (2002).
 * Invariant: what is given back is feasible and new, and no member dominates another.
 */
import { logNormalMass } from "../../core/normal.ts";
import type { Rng } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Params } from "../../core/space/parameter.ts";
import { childOf, type Variation } from "../evolution/variation.ts";
import { logExpectedImprovement } from "../gp/acquisition.ts";
import type { Features } from "../gp/features.ts";
import { pointKey } from "../gp/pointKey.ts";
import type { Prediction, Predictions } from "../gp/regression.ts";
import { crowding, frontRanks } from "../ranking.ts";
import type { SamplerContext } from "../sampler.ts";

export interface MaceRequest {
  /** Means and variances of the standardised values at encoded configurations. */
  readonly predict: (points: readonly Float64Array[]) => Predictions;
  /** The value to improve upon. */
  readonly best: number;
  readonly kappa: number;
  /** Configurations of the best trials: the first parents. */
  readonly good: readonly Params[];
  /** Keys (`pointKey`) of the points that have been tried. */
  readonly tried: ReadonlySet<number>;
  readonly rng: Rng;
}

export interface MaceMember extends Prediction {
  readonly params: Params;
  /** To be minimised: lower confidence bound, minus log EI, minus log PI. */
  readonly scores: readonly number[];
}

export interface MaceSize {
  readonly population: number;
  readonly generations: number;
}

/** The confidence that the bound holds with, and its share of exploration (Srinivas et al. 2010, theorem 2). */
const failure = 0.01;
const exploration = 0.5;

/** How many deviations the lower confidence bound lies below the mean at iteration t >= 1 in d dimensions. */
export function kappaAt(t: number, dimension: number): number {
  const growth = (2 + dimension / 2) * Math.log(t) + Math.log((3 * Math.PI ** 2) / (3 * failure));
  return Math.sqrt(2 * exploration * growth);
}

/** Improvements smaller than this, in standard deviations of the values, do not count for the probability of one. */
const margin = 1e-4;

/** The three views of a normal value, all to be minimised. */
export function maceScores(mean: number, variance: number, best: number, kappa: number): readonly number[] {
  const deviation = Math.sqrt(variance);
  return [
    mean - kappa * deviation,
    -logExpectedImprovement(mean, variance, best).value,
    -logNormalMass(-Infinity, (best - margin - mean) / deviation),
  ];
}

/** Crossover and swap as in NSGA-II of evolution/; mutations step wider: a search of few generations has to travel. */
const variation: Variation = { crossover: 0.9, swap: 0.5, mutations: 1, eta: 8 };
/** Draws for each member that a generation lacks, before it stays smaller. */
const tries = 4;

/** The front of the last generation; empty where neither draws nor children satisfy the constraints and are new. */
export function maceFront(
  { space, isFeasible }: Pick<SamplerContext, "space" | "isFeasible">,
  features: Features,
  { population, generations }: MaceSize,
  { predict, best, kappa, good, tried, rng }: MaceRequest,
): readonly MaceMember[] {
  const seen = new Set(tried);
  /** Up to `count` configurations that are feasible and were never looked at. */
  const gather = (count: number, draw: (index: number) => Params): MaceMember[] => {
    const fresh: Params[] = [];
    const points: Float64Array[] = [];
    for (let i = 0; i < tries * count && fresh.length < count; i++) {
      const params = draw(i);
      const point = features.encode(params);
      const key = pointKey(point);
      if (seen.has(key) || !isFeasible(params)) continue;
      seen.add(key);
      fresh.push(params);
      points.push(point);
    }
    const { means, variances } = predict(points);
    return fresh.map((params, i) => {
      const [mean, variance] = [means[i]!, variances[i]!];
      return { params, mean, variance, scores: maceScores(mean, variance, best, kappa) };
    });
  };

  const child = (a: Params, b: Params): Params => childOf(space, a, b, variation, rng);
  let members = survivors(
    gather(2 * population, (i) =>
      i % 2 === 0 || good.length === 0 ? uniformParams(space, rng) : child(rng.choice(good), rng.choice(good)),
    ),
    population,
  );
  for (let generation = 1; generation < generations && members.length > 1; generation++) {
    // Members are in order: the lesser of two indices wins the tournament.
    const parent = (): Params => members[Math.min(rng.int(members.length), rng.int(members.length))]!.params;
    const children = gather(population, () => child(parent(), parent()));
    if (children.length === 0) break;
    members = survivors([...members, ...children], population);
  }
  const ranks = frontRanks(members.map(({ scores }) => scores));
  return members.filter((_, index) => ranks[index] === 0);
}

/** The best `size`, front by front, the more room the earlier within a front. */
function survivors(members: readonly MaceMember[], size: number): MaceMember[] {
  const points = members.map(({ scores }) => scores);
  const ranks = frontRanks(points);
  const out: MaceMember[] = [];
  for (let rank = 0; out.length < Math.min(size, members.length); rank++) {
    const front = ranks.flatMap((own, index) => (own === rank ? [index] : []));
    const room = crowding(front.map((index) => points[index]!));
    const inOrder = front.map((_, i) => i).toSorted((a, b) => room[b]! - room[a]! || a - b);
    for (const i of inOrder) if (out.length < size) out.push(members[front[i]!]!);
  }
  return out;
}

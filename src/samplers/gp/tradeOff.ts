/**
 * Two objectives: the next trial is where the volume that the front dominates is expected to grow most.
 * Sources: M. Emmerich, K. Giannakoglou, B. Naujoks (2006) for the criterion; K. Yang et al., "Efficient computation of expected
 * hypervolume improvement using box decomposition algorithms" (2019) for its exact form in strips; the logarithm as in S. Ament et
 * al. (NeurIPS 2023).
 * Invariant: each objective has a model of its own; nothing is random.
 */
import { formatNumber } from "../../core/format.ts";
import { dominates } from "../ranking.ts";
import { logImprovement } from "./acquisition.ts";
import type { growingModel, Observed } from "./growing.ts";
import type { Landscape } from "./landscape.ts";
import type { Moment, View } from "./modelSampler.ts";
import type { Model } from "./regression.ts";

/** How far beyond, as a share of the extent. */
const margin = 0.1;
/** Members of the front near which candidates are drawn. */
const members = 10;

export type Pair = readonly [number, number];

/** Pairs that no other is better than, by rising first and falling second loss; equal ones once. O(n log n). */
export function frontOf(pairs: readonly Pair[]): Pair[] {
  const front: Pair[] = [];
  for (const pair of pairs.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = front.at(-1);
    if (last === undefined || pair[1] < last[1]) front.push(pair);
  }
  return front;
}

/**
 * What volumes are measured up to: beyond the worst of each loss that was seen, not only on the front, whose extent vanishes when
 * all of it lies at one end.
 */
export function referenceOf(all: readonly Pair[]): Pair {
  const beyond = (k: 0 | 1): number => {
    const low = all.reduce((least, pair) => Math.min(least, pair[k]), Infinity);
    const high = all.reduce((most, pair) => Math.max(most, pair[k]), -Infinity);
    return high + margin * (high > low ? high - low : 1);
  };
  return [beyond(0), beyond(1)];
}

export interface TradeOffValue {
  /** Logarithm of the expected growth of the dominated volume. */
  readonly value: number;
  /** Derivatives by the two means and the two variances. */
  readonly byMean: Pair;
  readonly byVariance: Pair;
}

interface Part {
  /** log E[(t - y)+], and its derivatives. */
  readonly log: number;
  readonly byMean: number;
  readonly byVariance: number;
}

const nothing: Part = { log: -Infinity, byMean: 0, byVariance: 0 };

/** log E[(t - y)+] of a normal y. */
function shortfall(t: number, mean: number, deviation: number): Part {
  if (t === -Infinity) return nothing;
  const z = (t - mean) / deviation;
  const { value, slope } = logImprovement(z);
  return {
    log: value + Math.log(deviation),
    byMean: -slope / deviation,
    byVariance: (1 - slope * z) / (2 * deviation * deviation),
  };
}

/**
 * Log expected hypervolume improvement of a point with independent normal losses, by strips between the first losses of the
 * front: in each the improvement is the product of two shortfalls. O(front).
 */
export function logVolumeImprovement(
  front: readonly Pair[],
  reference: Pair,
  means: Pair,
  variances: Pair,
): TradeOffValue {
  const deviations: Pair = [Math.sqrt(variances[0]), Math.sqrt(variances[1])];
  const terms: { readonly log: number; readonly slopes: readonly [number, number, number, number] }[] = [];
  let left = nothing;
  for (let i = 0; i <= front.length; i++) {
    const right = shortfall(i < front.length ? front[i]![0] : reference[0], means[0], deviations[0]);
    const below = shortfall(i === 0 ? reference[1] : front[i - 1]![1], means[1], deviations[1]);
    // E[(right - y)+] - E[(left - y)+], in logarithms; where rounding leaves nothing the strip has no width.
    const share = Math.exp(left.log - right.log);
    if (share < 1 && right.log > -Infinity) {
      const rest = 1 - share;
      terms.push({
        log: right.log + Math.log(rest) + below.log,
        slopes: [
          (right.byMean - share * left.byMean) / rest,
          (right.byVariance - share * left.byVariance) / rest,
          below.byMean,
          below.byVariance,
        ],
      });
    }
    left = right;
  }
  const most = terms.reduce((found, { log }) => Math.max(found, log), -Infinity);
  if (most === -Infinity) return { value: -1e6, byMean: [0, 0], byVariance: [0, 0] };
  const sums = [0, 0, 0, 0];
  let total = 0;
  for (const { log, slopes } of terms) {
    const weight = Math.exp(log - most);
    total += weight;
    slopes.forEach((slope, k) => (sums[k]! += weight * slope));
  }
  return {
    value: most + Math.log(total),
    byMean: [sums[0]! / total, sums[2]! / total],
    byVariance: [sums[1]! / total, sums[3]! / total],
  };
}

/** The landscape of that improvement over two models. */
export function tradeOffLandscape(models: readonly [Model, Model], front: readonly Pair[], reference: Pair): Landscape {
  const [a, b] = models;
  return {
    size: Math.max(a.size, b.size) * Math.SQRT2,
    heights(points) {
      const [first, second] = [a.predictMany(points), b.predictMany(points)];
      return first.means.map(
        (mean, i) =>
          logVolumeImprovement(front, reference, [mean, second.means[i]!], [first.variances[i]!, second.variances[i]!])
            .value,
      );
    },
    slope(point) {
      const [first, second] = [a.predictWithSlopes(point), b.predictWithSlopes(point)];
      const { value, byMean, byVariance } = logVolumeImprovement(
        front,
        reference,
        [first.mean, second.mean],
        [first.variance, second.variance],
      );
      return {
        height: value,
        gradient: first.meanSlope.map(
          (slope, k) =>
            byMean[0] * slope +
            byVariance[0] * first.varianceSlope[k]! +
            byMean[1] * second.meanSlope[k]! +
            byVariance[1] * second.varianceSlope[k]!,
        ),
      };
    },
  };
}

/** @param models one for each of the two objectives */
export function tradeOffView(
  models: readonly [ReturnType<typeof growingModel>, ReturnType<typeof growingModel>],
): (moment: Moment) => Promise<View> {
  const split = splitter();
  return async ({ observations, pending, rng }) => {
    const columns = split(observations);
    const [first, second] = [await models[0](columns[0]), await models[1](columns[1])];
    let [a, b] = [first.model, second.model];
    for (const point of pending) {
      a = a.with(point, a.predict(point).mean);
      b = b.with(point, b.predict(point).mean);
    }
    // Both models may leave trials out, and not the same ones: what they hold of each other's is not needed.
    const place = new Map(second.rows.map((row, i) => [row, i]));
    const shared = first.rows.flatMap((row, i) => (place.has(row) ? [{ row, i, j: place.get(row)! }] : []));
    const running = pending.map((_, i) => ({ row: -1, i: first.rows.length + i, j: second.rows.length + i }));
    const all = [...shared, ...running].map(({ row, i, j }) => ({ row, pair: [a.fitted[i]!, b.fitted[j]!] as Pair }));
    const pairs = all.map(({ pair }) => pair);
    const front = frontOf(pairs);
    const best = all.filter(({ row, pair }) => row >= 0 && !pairs.some((other) => dominates(other, pair)));
    return {
      landscape: tradeOffLandscape([a, b], front, referenceOf(pairs)),
      good: rng
        .shuffle(best)
        .slice(0, members)
        .map(({ row }) => observations[row]!.params),
      reason: (height) =>
        `expected gain of dominated volume ${formatNumber(height === undefined ? 0 : Math.exp(height))} in standard deviations, front of ${best.length}`,
    };
  };
}

/** The observations of each objective by itself; the same arrays whenever the observations go on. */
function splitter(): (observations: readonly Observed[]) => readonly [Observed[], Observed[]] {
  let source: readonly Observed[] | undefined;
  let columns: readonly [Observed[], Observed[]] = [[], []];
  return (observations) => {
    if (source !== observations) {
      source = observations;
      columns = [[], []];
    }
    for (const { point, losses } of observations.slice(columns[0].length))
      columns.forEach((column, k) => column.push({ point, losses: [losses[k]!] }));
    return columns;
  };
}

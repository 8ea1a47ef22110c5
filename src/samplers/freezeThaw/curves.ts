/**
 * Learning curves as the freeze-thaw model wants them: losses that decay from their first report on, few enough to be cheap.
 * Source of dropping what lies before a spike: K. Swersky, J. Snoek, R. P. Adams, "Freeze-Thaw Bayesian Optimization" (2014).
 * Invariant: steps increase, all losses are finite, and there are at most `mostReports` of them.
 */
import type { Direction } from "../../core/objective.ts";
import { toLoss } from "../../core/objective.ts";
import { median } from "../../core/stats.ts";
import type { Report } from "../../core/trial.ts";

export interface Curve {
  /** The step that time counts from: 0, or the last report before a spike. */
  readonly origin: number;
  /** When each loss was reported, from the origin on. */
  readonly steps: Float64Array;
  readonly losses: Float64Array;
}

/** Longer curves are thinned to so many reports, evenly on the logarithm: a curve costs the cube of its length. */
export const mostReports = 16;
/** A rise is a spike when it is more than this share of the curve's range, and so many times its usual change. */
const spikeShare = 0.5;
const spikeChanges = 5;

/**
 * The part of a trial's reports that decays: from the last spike on, or all of it where there is none. Reports that are not
 * finite are left out. O(n log n).
 */
export function decayingCurve(reports: readonly Report[], direction: Direction): Curve {
  const finite = reports.filter(({ value }) => Number.isFinite(value));
  const losses = finite.map(({ value }) => toLoss(value, direction));
  const spike = lastSpike(losses);
  const origin = spike === 0 ? 0 : finite[spike - 1]!.step;
  const kept = thinned(finite.length - spike).map((index) => spike + index);
  return {
    origin,
    steps: Float64Array.from(kept, (index) => finite[index]!.step - origin),
    losses: Float64Array.from(kept, (index) => losses[index]!),
  };
}

/** Index of the last loss that jumped up from the one before it; 0 if none did. */
export function lastSpike(losses: readonly number[]): number {
  const low = losses.reduce((least, value) => Math.min(least, value), Infinity);
  const high = losses.reduce((most, value) => Math.max(most, value), -Infinity);
  const changes = losses.slice(1).map((value, i) => value - losses[i]!);
  const jump = Math.max(spikeShare * (high - low), spikeChanges * median(changes.map(Math.abs)));
  return changes.findLastIndex((change) => change > jump) + 1;
}

/** Of indices 0 to count - 1 the first and the last and, where there are many, others at even steps of the logarithm. */
function thinned(count: number): number[] {
  if (count <= mostReports) return Array.from({ length: count }, (_, index) => index);
  const chosen = new Set<number>();
  for (let i = 0; i < mostReports; i++) chosen.add(Math.round(count ** (i / (mostReports - 1))) - 1);
  return [...chosen];
}

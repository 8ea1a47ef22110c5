/**
 * ASHA for trade-offs: a rung is ranked by fronts of non-domination, within a front by the room round a trial or by an epsilon-net.
 * Source: R. Schmucker, M. Donini, M. B. Zafar, D. Salinas, C. Archambeau, "Multi-objective Asynchronous Successive Halving" (2021);
 * ranks and crowding distance of K. Deb et al., NSGA-II (2002).
 * Invariant: places follow from what trials have shown at the rung; ties go to the trial that arrived first.
 */
import { z } from "zod";
import { crowding, frontRanks, order } from "../samplers/ranking.ts";
import { promotionScheduler, type Arrival, type PlacesOf } from "./ashaPromotion.ts";
import { defineScheduler } from "./entry.ts";
import { ladder, lossOf, refusesShort, reportFrom, rungOptions } from "./rungs.ts";
import type { ScheduleView } from "./scheduler.ts";

type Point = readonly number[];

export const multiObjectiveAshaScheduler = defineScheduler(
  {
    kind: "multi-objective-asha",
    label: "Multi-objective ASHA",
    summary:
      "ASHA for several objectives: trials that no other beats in all of them go on first, spread along the front. Every objective must be reported as trials train.",
    source:
      "R. Schmucker, M. Donini, M. B. Zafar, D. Salinas, C. Archambeau, Multi-objective Asynchronous Successive Halving (2021)",
    needsSteps: true,
    judgesAll: true,
    refuses: refusesShort,
    options: z.strictObject({
      ...rungOptions(3),
      within: z
        .enum(["crowding", "epsilon-net"])
        .default("crowding")
        .describe(
          "Who goes first within a front: trials with the most room round them, or each time the one farthest from all before it.",
        ),
    }),
  },
  ({ eta, minSteps, within }) =>
    promotionScheduler({
      eta,
      stepsOf: (maximum) => ladder({ minimum: minSteps, maximum, eta }),
      placesOf: remembering(within === "crowding" ? crowdingOrder : epsilonNet),
    }),
);

/** Points of one front, as indices in the order in which they go. */
type WithinFront = (points: readonly Point[]) => readonly number[];

/** Ranks a rung again only when somebody has come there, or has shown something else than before. */
function remembering(within: WithinFront): PlacesOf {
  const known = new Map<number, { readonly points: readonly Point[]; readonly places: readonly number[] }>();
  return (view, step, arrivals) => {
    const points = arrivals.map((arrival) => pointOf(view, step, arrival));
    const before = known.get(step);
    if (before !== undefined && equal(before.points, points)) return before.places;
    const places = placesOf(points, within);
    known.set(step, { points, places });
    return places;
  };
}

function equal(a: readonly Point[], b: readonly Point[]): boolean {
  return a.length === b.length && a.every((point, i) => point.every((value, m) => value === b[i]![m]));
}

/** What a trial has shown at a rung, one loss an objective; what it has not reported, or not as a number, is as bad as can be. */
function pointOf(view: ScheduleView, step: number, { trial, loss }: Arrival): Point {
  if (Number.isNaN(loss)) return view.objectives.map(() => Infinity);
  return view.objectives.map(({ metric, direction }, m) => {
    if (m === 0) return loss;
    const reports = view.reportsOf(trial.number, metric);
    const value = (reportFrom(reports, step) ?? reports.at(-1))?.value ?? Number.NaN;
    return Number.isNaN(value) ? Infinity : lossOf(value, direction);
  });
}

/** The place of each point: fronts one after the other. O(m n^2) at worst. */
export function placesOf(points: readonly Point[], within: WithinFront): number[] {
  const ranks = frontRanks(points);
  const fronts: number[][] = [];
  ranks.forEach((rank, index) => (fronts[rank] ??= []).push(index));
  const places = points.map(() => 0);
  let place = 0;
  for (const members of fronts) {
    for (const at of within(members.map((index) => points[index]!))) places[members[at]!] = place++;
  }
  return places;
}

/** Most room first. O(m n log n). */
export const crowdingOrder: WithinFront = (points) => {
  const room = crowding(points);
  return points.map((_, index) => index).sort((a, b) => order(room[b]!, room[a]!) || a - b);
};

/**
 * The best in the first objective, and then always the one whose nearest chosen one is farthest, each objective scaled by its range
 * (the paper's epsilon-net, by greedy choice). O(m n^2).
 */
export const epsilonNet: WithinFront = (points) => {
  const width = points[0]?.length ?? 0;
  const ranges = Array.from({ length: width }, (_, m) => {
    const values = points.map((point) => point[m]!).filter(Number.isFinite);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { low, range: high > low ? high - low : 0 };
  });
  // An infinite value lies a range beyond the worst finite one.
  const scaled = points.map((point) =>
    point.map((value, m) => {
      const { low, range } = ranges[m]!;
      if (!Number.isFinite(value)) return 2;
      return range > 0 ? (value - low) / range : 0;
    }),
  );
  const nearest = points.map(() => Infinity);
  const left = new Set(points.keys());
  const chosen: number[] = [];
  let next = points.reduce((best, point, i) => (point[0]! < points[best]![0]! ? i : best), 0);
  while (left.size > 0) {
    chosen.push(next);
    left.delete(next);
    let farthest = -1;
    for (const i of left) {
      let distance = 0;
      for (let m = 0; m < width; m++) distance += (scaled[i]![m]! - scaled[next]![m]!) ** 2;
      nearest[i] = Math.min(nearest[i]!, distance);
      if (farthest < 0 || nearest[i] > nearest[farthest]!) farthest = i;
    }
    next = farthest;
  }
  return chosen;
};

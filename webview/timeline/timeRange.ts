/**
 * The part of time that is looked at: zooming about a moment, moving, and staying within what there is. Pure.
 * Invariant: a range lies within its limits and is never shorter than the shortest.
 */
import { durationTicks, linearScale, linearTicks, type Scale } from "../shared/scales.ts";

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A shorter range shows nothing that is recorded. */
export const shortestRange = 200;

/** The range moved, and if need be shortened, to lie within the limits. */
export function within({ from, to }: TimeRange, limits: TimeRange): TimeRange {
  const whole = Math.max(shortestRange, limits.to - limits.from);
  const span = Math.min(whole, Math.max(shortestRange, to - from));
  const begin = Math.min(Math.max(limits.from, from), limits.from + whole - span);
  return { from: begin, to: begin + span };
}

/** @param factor above 1 zooms out; `at` stays where it is on screen */
export function zoomed({ from, to }: TimeRange, factor: number, at: number, limits: TimeRange): TimeRange {
  const span = Math.min(
    Math.max(shortestRange, limits.to - limits.from),
    Math.max(shortestRange, (to - from) * factor),
  );
  const share = to > from ? (at - from) / (to - from) : 0.5;
  return within({ from: at - span * share, to: at + span * (1 - share) }, limits);
}

/** @param share of the range's own length, positive = later */
export function moved({ from, to }: TimeRange, share: number, limits: TimeRange): TimeRange {
  const by = (to - from) * share;
  return within({ from: from + by, to: to + by }, limits);
}

/** Moved by no more than needed to hold [from, to], with some room beside it; its start if it is longer than the range. */
export function showing(range: TimeRange, from: number, to: number, limits: TimeRange): TimeRange {
  if (from >= range.from && to <= range.to) return range;
  const room = (range.to - range.from) * 0.05;
  const by = from < range.from || to - from > range.to - range.from ? from - room - range.from : to + room - range.to;
  return within({ from: range.from + by, to: range.to + by }, limits);
}

/** Whether the range is all there is, so that it follows what is added. */
export function isWhole(range: TimeRange, limits: TimeRange): boolean {
  return range.to - range.from >= limits.to - limits.from;
}

/** Time since `origin`: as clocks have it, below a few seconds with decimals. */
export function timeScale({ from, to }: TimeRange, origin: number): Scale {
  const scale = linearScale(from - origin, Math.max(to, from + shortestRange) - origin);
  const span = scale.high - scale.low;
  return {
    ...scale,
    toUnit: (time) => scale.toUnit(time - origin),
    fromUnit: (unit) => scale.fromUnit(unit) + origin,
    ticks: (count) =>
      (span < 5000
        ? linearTicks(scale.low / 1000, scale.high / 1000, count).map(({ value, label }) => ({
            value: value * 1000,
            label: `${label} s`,
          }))
        : durationTicks(scale.low, scale.high, count)
      ).map(({ value, label }) => ({ value: value + origin, label })),
  };
}

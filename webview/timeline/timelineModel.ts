/**
 * Attempts of trials as lanes of slots over time: order, look-up, how busy slots were. Pure.
 * Invariant: attempts of a lane are ordered by start; what still runs ends now.
 */
import type { AttemptColumns } from "../../src/protocol/schedule.ts";

export interface Timeline {
  readonly attempts: AttemptColumns;
  readonly count: number;
  /** Lanes drawn, of so many slots. */
  readonly lanes: number;
  readonly slots: number;
  /** Attempts of lane l: order[starts[l]] .. order[starts[l + 1]], by start. */
  readonly order: Int32Array;
  readonly starts: Int32Array;
  /** Place of each attempt in `order`. */
  readonly place: Int32Array;
  /** The same trial's earlier attempt, -1 = none. */
  readonly before: Int32Array;
  /** First start and last start or end; equal when there is nothing. */
  readonly from: number;
  readonly to: number;
  readonly running: boolean;
}

/** More lanes than these are no picture any more, and a canvas of them would not fit into memory. */
export const laneLimit = 128;

/** O(n log n). @param planned slots at least, so that one that never ran is seen as idle */
export function timelineOf(attempts: AttemptColumns, planned: number): Timeline {
  const count = attempts.number.length;
  let slots = Math.max(1, planned);
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let running = false;
  for (let i = 0; i < count; i++) {
    slots = Math.max(slots, attempts.slot[i]! + 1);
    from = Math.min(from, attempts.startedAt[i]!);
    to = Math.max(to, attempts.startedAt[i]!);
    const end = attempts.endedAt[i]!;
    if (Number.isNaN(end)) running = true;
    else to = Math.max(to, end);
  }
  if (count === 0) from = to = 0;
  const lanes = Math.min(slots, laneLimit);
  const slotOf = (i: number): number => Math.max(0, attempts.slot[i]!);
  const all = Int32Array.from({ length: count }, (_, i) => i);
  const order = all
    .filter((i) => slotOf(i) < lanes)
    .sort((a, b) => slotOf(a) - slotOf(b) || attempts.startedAt[a]! - attempts.startedAt[b]! || a - b);
  const starts = new Int32Array(lanes + 1);
  const place = new Int32Array(count);
  for (let k = 0; k < order.length; k++) {
    starts[slotOf(order[k]!) + 1]!++;
    place[order[k]!] = k;
  }
  for (let l = 1; l <= lanes; l++) starts[l]! += starts[l - 1]!;
  const before = new Int32Array(count).fill(-1);
  const newest = new Map<number, number>();
  for (const i of all.sort((a, b) => attempts.attempt[a]! - attempts.attempt[b]! || a - b)) {
    before[i] = newest.get(attempts.number[i]!) ?? -1;
    newest.set(attempts.number[i]!, i);
  }
  return { attempts, count, lanes, slots, order, starts, place, before, from, to, running };
}

/** End of an attempt; what runs ends now, and never before it began. */
export function endOf({ attempts }: Timeline, i: number, now: number): number {
  const end = attempts.endedAt[i]!;
  return Number.isNaN(end) ? Math.max(now, attempts.startedAt[i]!) : end;
}

export function laneOf({ attempts }: Timeline, i: number): number {
  return Math.max(0, attempts.slot[i]!);
}

/** Places in `order` of the attempts of a lane that may reach into [from, to]. O(log n). */
export function visibleInLane(timeline: Timeline, lane: number, from: number, to: number): readonly [number, number] {
  const { attempts, order, starts } = timeline;
  const first = starts[lane]!;
  const end = starts[lane + 1]!;
  const after = (time: number): number => {
    let low = first;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (attempts.startedAt[order[middle]!]! > time) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  // A slot runs one attempt at a time, so only the last one that began before may still reach in.
  return [Math.max(first, after(from) - 1), after(to)];
}

/** Share of [from, to] in which a lane was busy, 0..1. O(attempts in it). */
export function busyShare(timeline: Timeline, lane: number, from: number, to: number, now: number): number {
  if (!(to > from)) return 0;
  const [first, end] = visibleInLane(timeline, lane, from, to);
  let busy = 0;
  let covered = from;
  for (let k = first; k < end; k++) {
    const i = timeline.order[k]!;
    const begin = Math.max(covered, timeline.attempts.startedAt[i]!);
    const stop = Math.min(to, endOf(timeline, i, now));
    if (stop > begin) busy += stop - begin;
    covered = Math.max(covered, stop);
  }
  return busy / (to - from);
}

/** The same over all lanes. */
export function utilisation(timeline: Timeline, from: number, to: number, now: number): number {
  let sum = 0;
  for (let lane = 0; lane < timeline.lanes; lane++) sum += busyShare(timeline, lane, from, to, now);
  return sum / timeline.lanes;
}

/** The attempt of a lane at a time, or the nearest within `reach` ms; -1 = none. O(log n). */
export function attemptAt(timeline: Timeline, lane: number, time: number, reach: number, now: number): number {
  if (lane < 0 || lane >= timeline.lanes) return -1;
  const [first, end] = visibleInLane(timeline, lane, time - reach, time + reach);
  let best = -1;
  let closest = reach;
  for (let k = first; k < end; k++) {
    const i = timeline.order[k]!;
    const distance = Math.max(timeline.attempts.startedAt[i]! - time, time - endOf(timeline, i, now), 0);
    if (distance > closest || (distance === closest && best >= 0 && distance > 0)) continue;
    best = i;
    closest = distance;
  }
  return best;
}

/** Where an arrow leads: along the slot, or to what ran in the next slot at that time. -1 = nowhere yet. */
export function neighbourAttempt(timeline: Timeline, at: number, key: string, now: number): number | undefined {
  const { count, order, place, starts, attempts } = timeline;
  if (count === 0) return undefined;
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[key];
  if (key === "Home") return order[starts[at < 0 ? 0 : laneOf(timeline, at)]!] ?? order[0];
  if (key === "End")
    return order[starts[(at < 0 ? timeline.lanes - 1 : laneOf(timeline, at)) + 1]! - 1] ?? order.at(-1);
  if (step === undefined) return undefined;
  if (at < 0) return order[0];
  const lane = laneOf(timeline, at);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return order[Math.min(starts[lane + 1]! - 1, Math.max(starts[lane]!, place[at]! + step))];
  }
  const middle = (attempts.startedAt[at]! + endOf(timeline, at, now)) / 2;
  for (let other = lane + step; other >= 0 && other < timeline.lanes; other += step) {
    const found = attemptAt(timeline, other, middle, Number.POSITIVE_INFINITY, now);
    if (found >= 0) return found;
  }
  return at;
}

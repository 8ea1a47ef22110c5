import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptOutcomes, type AttemptColumns, type AttemptOutcome } from "../../src/protocol/schedule.ts";
import {
  attemptAt,
  busyShare,
  endOf,
  laneLimit,
  laneOf,
  neighbourAttempt,
  timelineOf,
  utilisation,
  visibleInLane,
} from "./timelineModel.ts";

type Row = readonly [
  number: number,
  attempt: number,
  slot: number,
  start: number,
  end: number,
  outcome?: AttemptOutcome,
];

function attempts(rows: readonly Row[]): AttemptColumns {
  const column = (pick: (row: Row) => number): number[] => rows.map(pick);
  return {
    number: Int32Array.from(column((row) => row[0])),
    attempt: Int32Array.from(column((row) => row[1])),
    slot: Int32Array.from(column((row) => row[2])),
    startedAt: Float64Array.from(column((row) => row[3])),
    endedAt: Float64Array.from(column((row) => row[4])),
    fromStep: new Float64Array(rows.length),
    toStep: new Float64Array(rows.length),
    outcome: Uint8Array.from(column((row) => attemptOutcomes.indexOf(row[5] ?? "complete"))),
  };
}

/** Slot 0: #0 0-10, #2 20-30, #0 again 40-now; slot 1: #1 0-40. */
const some = attempts([
  [0, 1, 0, 0, 10, "paused"],
  [1, 1, 1, 0, 40],
  [2, 1, 0, 20, 30, "failed"],
  [0, 2, 0, 40, Number.NaN, "running"],
]);
const now = 50;

describe("timelineOf", () => {
  const timeline = timelineOf(some, 1);
  it("sorts attempts into the lanes of their slots and joins what was resumed", () => {
    expect(timeline.lanes).toBe(2);
    expect([...timeline.order]).toEqual([0, 2, 3, 1]);
    expect([...timeline.starts]).toEqual([0, 3, 4]);
    expect([...timeline.before]).toEqual([-1, -1, -1, 0]);
    expect([timeline.from, timeline.to, timeline.running]).toEqual([0, 40, true]);
  });
  it("has a lane for a slot that never ran, and none of nothing", () => {
    expect(timelineOf(some, 4).lanes).toBe(4);
    const empty = timelineOf(attempts([]), 2);
    expect([empty.count, empty.lanes, empty.from, empty.to]).toEqual([0, 2, 0, 0]);
    expect(neighbourAttempt(empty, -1, "ArrowRight", 0)).toBeUndefined();
  });
  it("draws no more lanes than fit", () => {
    const wide = timelineOf(
      attempts([
        [0, 1, 5000, 0, 10],
        [1, 1, 3, 0, 10],
      ]),
      1,
    );
    expect([wide.slots, wide.lanes]).toEqual([5001, laneLimit]);
    expect([...wide.order]).toEqual([1]);
  });
  it("lets what runs end now and never before it began", () => {
    expect(endOf(timeline, 3, now)).toBe(50);
    expect(endOf(timeline, 3, 35)).toBe(40);
  });
});

describe("busyShare", () => {
  const timeline = timelineOf(some, 1);
  it("counts the parts of attempts inside the range", () => {
    expect(busyShare(timeline, 0, 0, 50, now)).toBeCloseTo(0.6);
    expect(busyShare(timeline, 0, 5, 25, now)).toBeCloseTo(0.5);
    expect(busyShare(timeline, 1, 0, 50, now)).toBeCloseTo(0.8);
    expect(utilisation(timeline, 0, 50, now)).toBeCloseTo(0.7);
    expect(busyShare(timeline, 0, 10, 10, now)).toBe(0);
  });
  it("counts time once where attempts overlap", () => {
    const overlapping = timelineOf(
      attempts([
        [0, 1, 0, 0, 10],
        [1, 1, 0, 5, 8],
        [2, 1, 0, 9, 12],
      ]),
      1,
    );
    expect(busyShare(overlapping, 0, 0, 20, 20)).toBeCloseTo(0.6);
  });
});

/** Slots that run one attempt after the other with gaps, as an engine's do. */
const schedules = fc
  .array(fc.tuple(fc.nat(2), fc.nat(20), fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 40 })
  .map((list) => {
    const free = [0, 0, 0];
    return list.map(([slot, gap, length], i): Row => {
      const start = free[slot]! + gap;
      free[slot] = start + length;
      return [i, 1, slot, start, start + length];
    });
  });

describe("look-up by time", () => {
  it("finds what a look at every attempt finds", () => {
    fc.assert(
      fc.property(schedules, fc.nat(200), fc.nat(100), (rows, from, span) => {
        const timeline = timelineOf(attempts(rows), 3);
        const to = from + span;
        for (let lane = 0; lane < 3; lane++) {
          const [first, end] = visibleInLane(timeline, lane, from, to);
          const found = new Set(timeline.order.subarray(first, end));
          rows.forEach(([, , slot, start, stop], i) => {
            if (slot === lane && start <= to && stop > from) expect(found.has(i)).toBe(true);
          });
          let busy = 0;
          for (const [, , slot, start, stop] of rows)
            if (slot === lane) busy += Math.max(0, Math.min(to, stop) - Math.max(from, start));
          if (span > 0) expect(busyShare(timeline, lane, from, to, 1000)).toBeCloseTo(busy / span);
          const at = attemptAt(timeline, lane, from, 0, 1000);
          const holding = rows.findIndex((row) => row[2] === lane && row[3] <= from && row[4] > from);
          if (holding >= 0) expect(laneOf(timeline, at)).toBe(lane);
          if (holding >= 0 && rows[holding]![3] < from) expect(at).toBe(holding);
        }
      }),
    );
  });
  it("reaches a little beside a bar, and not beyond the lanes", () => {
    const timeline = timelineOf(some, 1);
    expect(attemptAt(timeline, 0, 12, 3, now)).toBe(0);
    expect(attemptAt(timeline, 0, 14, 3, now)).toBe(-1);
    expect(attemptAt(timeline, 2, 12, 3, now)).toBe(-1);
  });
});

describe("neighbourAttempt", () => {
  const timeline = timelineOf(some, 4);
  it("moves along a slot and between slots at the same time", () => {
    expect(neighbourAttempt(timeline, -1, "ArrowRight", now)).toBe(0);
    expect(neighbourAttempt(timeline, 0, "ArrowRight", now)).toBe(2);
    expect(neighbourAttempt(timeline, 3, "ArrowRight", now)).toBe(3);
    expect(neighbourAttempt(timeline, 2, "ArrowDown", now)).toBe(1);
    expect(neighbourAttempt(timeline, 1, "ArrowUp", now)).toBe(2);
  });
  it("stays where no other slot has run anything", () => {
    expect(neighbourAttempt(timeline, 1, "ArrowDown", now)).toBe(1);
    expect(neighbourAttempt(timeline, 0, "Home", now)).toBe(0);
    expect(neighbourAttempt(timeline, 0, "End", now)).toBe(3);
    expect(neighbourAttempt(timeline, 0, "x", now)).toBeUndefined();
  });
});

/** The bookkeeping of trust regions on sequences made by hand. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  failureTolerance,
  improves,
  leastLength,
  mostLength,
  newRegions,
  startingRegion,
  takeTrial,
  type Member,
  type Regions,
  type RegionRules,
} from "./region.ts";

const rules: RegionRules = { dimension: 5, parallel: 1, startup: 2, regions: 1 };
const member = (losses: readonly number[], x = 0.5): Member => ({ params: {}, point: Float64Array.of(x), losses });

/** Regions after trials with these losses; undefined for a trial without one. */
function after(losses: readonly (number | undefined)[], own: RegionRules = rules): Regions {
  const state = newRegions(own);
  losses.forEach((loss, number) =>
    takeTrial(state, own, { number, member: loss === undefined ? undefined : member([loss]) }),
  );
  return state;
}
const lengthAfter = (losses: readonly (number | undefined)[], own: RegionRules = rules): number =>
  after(losses, own).all[0]!.length;
const times = (count: number): number[] => Array<number>(count).fill(99);
const failed = (count: number): undefined[] => Array<undefined>(count).fill(undefined);

describe("one region, one slot", () => {
  it("doubles after three successes in a row, up to its bound", () => {
    expect(lengthAfter([10, 9])).toBe(0.8);
    expect(lengthAfter([10, 9, 8, 7])).toBe(0.8);
    expect(lengthAfter([10, 9, 8, 7, 6])).toBe(1.6);
    expect(lengthAfter([10, 9, 8, 7, 6, 5, 4, 3])).toBe(mostLength);
    expect(lengthAfter([10, 9, 8, 7, 99, 6, 5])).toBe(0.8);
    expect(lengthAfter([10, 9, 8, 7, 99, 6, 5, 4])).toBe(1.6);
  });

  it("halves after as many failures in a row as there are parameters, at least four; failed and pruned trials count", () => {
    expect(failureTolerance(rules)).toBe(5);
    expect(failureTolerance({ ...rules, dimension: 2 })).toBe(4);
    expect(lengthAfter([10, 9, ...times(4)])).toBe(0.8);
    expect(lengthAfter([10, 9, ...times(5)])).toBe(0.4);
    expect(lengthAfter([10, 9, ...failed(5)])).toBe(0.4);
    expect(lengthAfter([10, 9, ...times(4), 1, ...times(4)])).toBe(0.8);
    expect(lengthAfter([10, 9, ...times(10)])).toBe(0.2);
  });

  it("counts an improvement from a thousandth of the best value on", () => {
    const front = [member([-10])];
    expect(improves([-10.0099], front)).toBe(false);
    expect(improves([-10.0101], front)).toBe(true);
    expect(improves([9.991], [member([10])])).toBe(false);
    expect(improves([9.989], [member([10])])).toBe(true);
    expect(improves([-1e-9], [member([0])])).toBe(true);
    expect(improves([5], [])).toBe(true);
    // The best is still the best, though it did not count.
    expect(after([10, 9.999]).all[0]!.front[0]!.losses).toEqual([9.999]);
  });

  it("is given up below its least length and begins again without what it knew", () => {
    // 0.8 / 2^7 is below 2^-7, 0.8 / 2^6 is not.
    expect(lengthAfter([10, 9, ...times(30)])).toBeGreaterThanOrEqual(leastLength);
    const state = after([10, 9, ...times(35)]);
    expect(state.restarts).toBe(1);
    expect(state.all[0]).toMatchObject({ length: 0.8, members: [], front: [], since: 37 });
    takeTrial(state, rules, { number: 37, member: member([50]) });
    expect(state.all[0]!.members).toHaveLength(1);
    expect(startingRegion(state, rules)).toBe(state.all[0]);
  });

  it("counts nothing while it starts, whatever fails", () => {
    expect(lengthAfter([undefined, 10, ...failed(20)])).toBe(0.8);
    expect(after([undefined, 10, ...failed(20)]).all[0]!.members).toHaveLength(1);
  });
});

describe("several slots", () => {
  const slots: RegionRules = { ...rules, parallel: 4 };

  it("takes as many trials as there are slots for a batch, whose best trial decides", () => {
    expect(failureTolerance(slots)).toBe(2);
    expect(failureTolerance({ ...slots, parallel: 16 })).toBe(1);
    expect(lengthAfter([10, 9, ...times(7)], slots)).toBe(0.8);
    expect(lengthAfter([10, 9, ...times(8)], slots)).toBe(0.4);
    expect(lengthAfter([10, 9, 99, 8, 99, 99, 99, 99, 7, 99, 6, 99, 99, 99], slots)).toBe(1.6);
  });

  it("leaves out of a new region what still ran from the old one", () => {
    const state = after([10, 9, ...times(56)], slots);
    expect(state.restarts).toBe(1);
    // 58 have finished, three more may be running.
    expect(state.all[0]!.since).toBe(61);
    takeTrial(state, slots, { number: 60, member: member([1]) });
    expect(state.all[0]!.members).toHaveLength(0);
    takeTrial(state, slots, { number: 61, member: member([50]) });
    expect(state.all[0]!.members).toHaveLength(1);
  });
});

it("shares trials among several regions: start-up one after another, then by the nearest centre", () => {
  const two: RegionRules = { ...rules, regions: 2 };
  const state = newRegions(two);
  const take = (number: number, loss: number, x: number): void =>
    takeTrial(state, two, { number, member: member([loss], x) });
  take(0, 5, 0.1);
  take(1, 6, 0.9);
  take(2, 7, 0.8);
  take(3, 8, 0.2);
  expect(state.all.map(({ members }) => members.length)).toEqual([2, 2]);
  // Centres are at 0.1 and 0.8.
  take(4, 9, 0.3);
  take(5, 9, 0.6);
  take(6, 1, 0.7);
  expect(state.all.map(({ members }) => members.length)).toEqual([3, 4]);
  expect(state.all[1]!.front[0]!.point[0]).toBe(0.7);
});

it("takes trials of earlier studies as its own", () => {
  const state = newRegions(rules);
  takeTrial(state, rules, { number: -2, member: member([3]) });
  takeTrial(state, rules, { number: -1, member: member([2]) });
  expect(state.all[0]!.members).toHaveLength(2);
  expect(state.finished).toBe(0);
});

it("counts trials that join the front of several objectives as successes", () => {
  const front = [member([1, 5]), member([4, 2])];
  expect(improves([2, 3], front)).toBe(true);
  expect(improves([4, 2], front)).toBe(false);
  expect(improves([4, 3], front)).toBe(false);
  const state = newRegions(rules);
  [
    [1, 5],
    [4, 2],
    [2, 3],
    [1, 2],
    [4, 4],
  ].forEach((losses, number) => takeTrial(state, rules, { number, member: member(losses) }));
  expect(state.all[0]!.front.map(({ losses }) => losses)).toEqual([[1, 2]]);
  expect(state.all[0]!).toMatchObject({ succeeded: 0, failed: 1 });
});

it("keeps every length within its bounds, whatever happens", () => {
  const losses = fc.array(fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined, freq: 5 }), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(losses, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 }), (list, regions, parallel) => {
      const own = { ...rules, regions, parallel };
      for (const { length, members, front } of after(list, own).all) {
        expect(length).toBeGreaterThanOrEqual(leastLength);
        expect(length).toBeLessThanOrEqual(mostLength);
        expect(Math.min(...members.map((each) => each.losses[0]!))).toBe(front[0]?.losses[0] ?? Infinity);
      }
    }),
  );
});

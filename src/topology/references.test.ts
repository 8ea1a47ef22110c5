import { array, assert, double, integer, property } from "fast-check";
import { expect, it } from "vitest";
import { ReferenceSet } from "./references.ts";

/** Offers points on a line one after the other. */
function offered(points: readonly number[], limit: number): ReferenceSet {
  const set = new ReferenceSet(limit);
  points.forEach((point, number) => {
    set.offer(
      number,
      set.members.map((member) => Math.abs(points[member]! - point)),
    );
  });
  return set;
}

const spread = (points: readonly number[], members: readonly number[]): number => {
  let least = Number.POSITIVE_INFINITY;
  for (const a of members)
    for (const b of members) if (a < b) least = Math.min(least, Math.abs(points[a]! - points[b]!));
  return least;
};

it("takes everybody while there is room", () => {
  expect(offered([3, 1, 2], 3).members).toEqual([0, 1, 2]);
});

it("lets the one go that says least", () => {
  // 0, 1 and 10; then 5 comes: 0 and 1 are the closest, and 1 is nearer to the others.
  expect(offered([0, 1, 10, 5], 3).members).toEqual([0, 2, 3]);
  // A newcomer beside a member stays out.
  expect(offered([0, 5, 10, 5.1], 3).members).toEqual([0, 1, 2]);
});

it("keeps the older of equals", () => {
  expect(offered([0, 1, 1, 1], 2).members).toEqual([0, 1]);
});

it("never comes closer together, and never has more members than it may", () => {
  const points = array(double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
  assert(
    property(points, integer({ min: 1, max: 6 }), (line, limit) => {
      let before = 0;
      for (let count = limit; count <= line.length; count++) {
        const { members } = offered(line.slice(0, count), limit);
        expect(members.length).toBe(limit);
        const now = spread(line, members);
        expect(now).toBeGreaterThanOrEqual(before);
        before = now;
      }
    }),
  );
});

it("refuses what does not fit", () => {
  expect(() => new ReferenceSet(0)).toThrow(RangeError);
  expect(() => new ReferenceSet(2).offer(0, [1])).toThrow(RangeError);
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  hypervolume,
  hypervolumeContributions,
  hypervolumeGain,
  hypervolumeSubset,
  worstReference,
  type Point,
} from "./hypervolume.ts";

/** Volume of the union of boxes by inclusion and exclusion. O(2^n). */
function bruteForce(points: readonly Point[], reference: Point): number {
  let sum = 0;
  for (let subset = 1; subset < 1 << points.length; subset++) {
    const members = points.filter((_, i) => (subset & (1 << i)) !== 0);
    const volume = reference.reduce(
      (product, limit, m) => product * Math.max(0, limit - Math.max(...members.map((point) => point[m]!))),
      1,
    );
    sum += members.length % 2 === 1 ? volume : -volume;
  }
  return sum;
}

const coordinate = fc.oneof(fc.double({ min: 0, max: 1.2, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 0.75, 1));
const front = fc
  .integer({ min: 1, max: 5 })
  .chain((width) => fc.array(fc.array(coordinate, { minLength: width, maxLength: width }), { maxLength: 8 }));
const one = (points: readonly Point[]): number[] => Array.from({ length: points[0]?.length ?? 2 }, () => 1);

describe("hypervolume", () => {
  it("is 17 for the textbook front", () => {
    const points = [
      [1, 5],
      [2, 3],
      [4, 1],
      [3, 4],
      [5, 5],
    ];
    expect(hypervolume(points, [6, 6])).toBe(17);
    expect(hypervolumeContributions(points, [6, 6])).toEqual([1, 3, 4, 0, 0]);
  });
  it("equals inclusion and exclusion in one to five objectives", () => {
    fc.assert(
      fc.property(front, (points) => {
        expect(hypervolume(points, one(points))).toBeCloseTo(bruteForce(points, one(points)), 9);
      }),
    );
  });
  it("contributions are what is lost without the point", () => {
    fc.assert(
      fc.property(front, (points) => {
        const reference = one(points);
        const whole = bruteForce(points, reference);
        hypervolumeContributions(points, reference).forEach((contribution, i) => {
          const others = points.filter((_, other) => other !== i);
          expect(contribution).toBeCloseTo(whole - bruteForce(others, reference), 9);
          expect(hypervolumeGain(points[i]!, others, reference)).toBe(contribution);
        });
      }),
    );
  });
  it("leaves out what is not below the reference", () => {
    expect(hypervolume([[2, 0]], [1, 1])).toBe(0);
    expect(
      hypervolume(
        [
          [Number.NaN, 0],
          [0, Infinity],
          [0.5, 0.5],
          [-Infinity, 0],
        ],
        [1, 1],
      ),
    ).toBe(0.25);
    expect(hypervolume([], [1, 1, 1])).toBe(0);
  });
});

describe("a subset of large hypervolume", () => {
  it("is chosen greedily, each time the point that adds most", () => {
    fc.assert(
      fc.property(front, fc.nat(8), (points, count) => {
        const reference = one(points);
        const chosen = hypervolumeSubset(points, count, reference);
        expect(chosen).toHaveLength(Math.min(count, points.length));
        expect(new Set(chosen).size).toBe(chosen.length);
        const members: Point[] = [];
        for (const index of chosen) {
          const gain = hypervolumeGain(points[index]!, members, reference);
          const most = Math.max(...points.map((point) => hypervolumeGain(point, members, reference)));
          expect(gain).toBeCloseTo(most, 9);
          members.push(points[index]!);
        }
      }),
    );
  });
  it("prefers the knee and then the ends", () => {
    const points = [
      [0, 1],
      [0.2, 0.2],
      [0.21, 0.19],
      [1, 0],
    ];
    expect(hypervolumeSubset(points, 3, [1.1, 1.1]).toSorted((a, b) => a - b)).toEqual([0, 1, 3]);
  });
});

describe("the reference of multi-objective TPE", () => {
  it("lies beyond the worst, whatever the sign", () => {
    const points = [
      [1, -2, 0],
      [3, -1, -4],
    ];
    const [a, b, c] = worstReference(points);
    expect(a).toBeCloseTo(3.3, 12);
    expect(b).toBeCloseTo(-0.9, 12);
    expect(c).toBeGreaterThan(0);
    expect(c).toBeLessThan(1e-10);
    expect(worstReference([[Infinity, 2]])[0]).toBe(1);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rngForKey } from "../core/rng.ts";
import { clusterOrder } from "./clusterOrder.ts";

function symmetric(n: number, entry: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i === j ? 0 : entry(Math.min(i, j), Math.max(i, j));
  });
}

/** Average linkage by definition: each time the two groups with the least mean distance. O(n^4). */
function bruteForceHeights(d: Float64Array, n: number): number[] {
  let groups = Array.from({ length: n }, (_, i) => [i]);
  const heights: number[] = [];
  while (groups.length > 1) {
    let best = { mean: Number.POSITIVE_INFINITY, a: 0, b: 0 };
    for (let a = 0; a < groups.length; a++)
      for (let b = a + 1; b < groups.length; b++) {
        let sum = 0;
        for (const i of groups[a]!) for (const j of groups[b]!) sum += d[i * n + j]!;
        const mean = sum / (groups[a]!.length * groups[b]!.length);
        if (mean < best.mean) best = { mean, a, b };
      }
    heights.push(best.mean);
    const both = [...groups[best.a]!, ...groups[best.b]!];
    groups = [...groups.filter((_, g) => g !== best.a && g !== best.b), both];
  }
  return heights;
}

describe("clustering order", () => {
  test("property: heights are those of average linkage by definition, the order is a permutation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 }), fc.integer(), (n, seed) => {
        const rng = rngForKey(`cluster:${seed}`);
        const d = symmetric(n, () => rng.next());
        // One number an unordered pair: the generator is called for both halves.
        for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) d[i * n + j] = d[j * n + i]!;
        const { order, joins, heights } = clusterOrder(d, n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        const expected = bruteForceHeights(d, n);
        expect(heights).toHaveLength(expected.length);
        heights.forEach((height, i) => expect(height).toBeCloseTo(expected[i]!, 10));
        expect(joins).toHaveLength(2 * heights.length);
        // Every node but the last is joined exactly once.
        expect([...joins].sort((a, b) => a - b)).toEqual(Array.from({ length: Math.max(0, 2 * n - 2) }, (_, i) => i));
      }),
    );
  });

  test("groups that are mixed in the input stand together, and a path is unrolled", () => {
    const colour = [0, 1, 0, 1, 2, 0, 2, 1];
    const { order } = clusterOrder(
      symmetric(8, (i, j) => (colour[i] === colour[j] ? 1 : 10)),
      8,
    );
    const seen = [...order].map((i) => colour[i]);
    expect(seen.filter((c, i) => i === 0 || c !== seen[i - 1])).toHaveLength(3);
    const place = [0, 40, 10, 30, 20];
    const path = clusterOrder(
      symmetric(5, (i, j) => Math.abs(place[i]! - place[j]!) ** 1.01),
      5,
    );
    const line = [...path.order].map((i) => place[i]!);
    const rising = line[0]! < line.at(-1)! ? line : line.toReversed();
    expect(rising).toEqual([0, 10, 20, 30, 40]);
  });

  test("equal distances end, and always in the same order", () => {
    const d = symmetric(9, () => 3);
    const { order, heights } = clusterOrder(d, 9);
    expect(clusterOrder(d, 9).order).toEqual(order);
    expect([...heights]).toEqual(Array.from({ length: 8 }, () => 3));
  });

  test("refuses gaps and other sizes", () => {
    expect(() => clusterOrder([0, Number.NaN, Number.NaN, 0], 2)).toThrow("items 0 and 1");
    expect(() => clusterOrder([0, 1, 1], 2)).toThrow("no matrix");
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rngForKey } from "../core/rng.ts";
import { classicalMds } from "./classicalMds.ts";

function distancesOf(points: readonly (readonly [number, number])[]): Float64Array {
  const n = points.length;
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [a, b] = [points[Math.floor(at / n)]!, points[at % n]!];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  });
}

describe("classical scaling", () => {
  test("property: points of the plane come back up to a motion, with no stress", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer(), fc.boolean(), (n, seed, onALine) => {
        const rng = rngForKey(`mds:${seed}`);
        const given = distancesOf(Array.from({ length: n }, () => [rng.normal(), onALine ? 0 : rng.normal()] as const));
        const { x, y, stress } = classicalMds(given, n);
        expect(stress).toBeLessThan(1e-7);
        const found = distancesOf(Array.from(x, (px, i) => [px, y[i]!] as const));
        found.forEach((d, i) => expect(d).toBeCloseTo(given[i]!, 6));
      }),
    );
  });

  test("a tetrahedron does not fit into the plane, and the stress says so", () => {
    const { stress } = classicalMds([0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0], 4);
    expect(stress).toBeGreaterThan(0.1);
  });

  test("distances that are no metric's still have a layout of numbers", () => {
    const { x, y, stress } = classicalMds([0, 1, 9, 1, 0, 1, 9, 1, 0], 3);
    expect([...x, ...y, stress].every(Number.isFinite)).toBe(true);
    expect(x[0]! * x[2]!).toBeLessThan(0);
  });

  test("nothing, one item, and items all alike have a place", () => {
    expect(classicalMds([], 0)).toEqual({ x: new Float64Array(0), y: new Float64Array(0), stress: 0 });
    expect([...classicalMds([0], 1).x]).toEqual([0]);
    const alike = classicalMds([0, 0, 0, 0], 2);
    expect([...alike.x, ...alike.y, alike.stress]).toEqual([0, 0, 0, 0, 0]);
  });

  test("the same distances give the same picture, the heavier axis first", () => {
    const d = distancesOf([
      [0, 0],
      [4, 0],
      [0, 1],
      [4, 1.5],
    ]);
    const one = classicalMds(d, 4);
    expect(classicalMds(d, 4)).toEqual(one);
    const spread = (v: Float64Array): number => Math.max(...v) - Math.min(...v);
    expect(spread(one.x)).toBeGreaterThan(spread(one.y));
  });

  test("refuses what is no matrix of distances", () => {
    expect(() => classicalMds([0, 1], 2)).toThrow("no matrix");
    expect(() => classicalMds([0, Number.NaN, 1, 0], 2)).toThrow("not negative");
    expect(() => classicalMds([0, -1, -1, 0], 2)).toThrow("not negative");
  });
});

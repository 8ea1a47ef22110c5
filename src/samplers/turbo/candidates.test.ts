/** Candidates against the region's box, on any space. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { spaces } from "../../../test/contract/spaces.ts";
import { rngForKey } from "../../core/rng.ts";
import { checkParams, uniformParams } from "../../core/space/configuration.ts";
import type { Space } from "../../core/space/parameter.ts";
import { featuresOf } from "../gp/features.ts";
import { drawCandidates, perturbed, proportions } from "./candidates.ts";

it("moves about twenty coordinates, every one as often as the others, the last included, and never none", () => {
  const counts = new Float64Array(100);
  const rng = rngForKey("mask");
  for (let i = 0; i < 2000; i++) {
    const moves = perturbed(100, rng);
    expect(moves).toContain(true);
    moves.forEach((does, k) => (counts[k]! += does ? 1 : 0));
  }
  // Binomial(2000, 0.2): 400 with a deviation of 18.
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(90);
  expect(perturbed(20, rng)).toEqual(Array(20).fill(true));
});

it("picks any coordinate where chance moves none", () => {
  const picked = new Set<number>();
  for (let i = 0; i < 300; i++) {
    // All draws of the mask miss; then one of the three is chosen.
    const rng = rngForKey(`one ${i}`);
    const moves = perturbed(3, { ...rng, next: () => 0.999999999999 + 8 });
    expect(moves.filter(Boolean)).toHaveLength(1);
    picked.add(moves.indexOf(true));
  }
  expect(picked).toEqual(new Set([0, 1, 2]));
});

it("shapes the box by lengthscales, with a geometric mean of 1", () => {
  const space: Space = ["x", "y", "z"].map((name) => ({ name, type: "float", low: 0, high: 1, log: false }));
  const shares = proportions(featuresOf(space), Float64Array.of(1, 4, 16));
  // Lengthscales 1, 1/2, 1/4.
  [2, 1, 0.5].forEach((share, k) => expect(shares[k]).toBeCloseTo(share, 12));
});

it("stays within the box in numbers without a grid", () => {
  const space: Space = ["x", "y"].map((name) => ({ name, type: "float", low: 0, high: 10, log: false }));
  const centre = { x: 3, y: 9.9 };
  const candidates = drawCandidates(space, featuresOf(space), centre, Float64Array.of(0.1, 0.2), 200, rngForKey("box"));
  for (const { x, y } of candidates) {
    expect(Math.abs(Number(x) - 3)).toBeLessThanOrEqual(0.5 + 1e-9);
    expect(Math.abs(Number(y) - 9.9)).toBeLessThanOrEqual(1 + 1e-9);
    expect(y).toBeLessThanOrEqual(10);
  }
  expect(new Set(candidates.map(({ x }) => x)).size).toBe(200);
});

it("moves to neighbours on a grid that is wider than the box, and changes something in every candidate", () => {
  const space: Space = [
    { name: "a", type: "int", low: 1, high: 8, log: false },
    { name: "b", type: "int", low: 1, high: 256, log: true },
    { name: "c", type: "categorical", choices: ["r", "s", "t"] },
  ];
  const centre = { a: 1, b: 16, c: "s" };
  const sides = new Float64Array(3).fill(0.001);
  const candidates = drawCandidates(space, featuresOf(space), centre, sides, 400, rngForKey("grid"));
  let changes = 0;
  for (const { a, b, c } of candidates) {
    const changed = Number(a !== 1) + Number(b !== 16) + Number(c !== "s");
    expect(changed).toBeGreaterThan(0);
    changes += changed;
    expect([1, 2]).toContain(a);
    expect([15, 16, 17]).toContain(b);
  }
  // One for sure and a third of each of the others.
  expect(changes / 400).toBeLessThan(2);
  for (const c of ["r", "t"]) expect(candidates.some((params) => params["c"] === c)).toBe(true);
});

it("gives configurations of any space", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("floats", "integers", "categories", "conditional", "a hundred"),
      fc.integer(),
      fc.double({ min: 0.005, max: 1.6, noNaN: true }),
      (label, seed, side) => {
        const space = spaces[label]!;
        const features = featuresOf(space);
        const rng = rngForKey(`candidates ${seed}`);
        const sides = new Float64Array(features.dimension).fill(side);
        for (const params of drawCandidates(space, features, uniformParams(space, rng), sides, 10, rng))
          expect(checkParams(space, params)).toEqual([]);
      },
    ),
    { numRuns: 50 },
  );
});

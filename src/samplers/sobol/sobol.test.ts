/** The sequence against SciPy and its definition; the sampler's dealings with conditions, constraints and order. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFor, rngForKey } from "../../core/rng.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import oracle from "../../../test/fixtures/oracles/sobol.json" with { type: "json" };
import { samplerStream } from "../sampler.ts";
import { maxSobolDimensions, sobolSequence } from "./sequence.ts";
import { sobolSampler } from "./sobol.ts";

describe("sequence", () => {
  it("begins as published", () => {
    const sequence = sobolSequence(3, "none", rngForKey("unused"));
    const first = Array.from({ length: 5 }, (_, index) => [...sequence.point(index)]);
    expect(first).toEqual([
      [0, 0, 0],
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
    ]);
  });

  it("equals SciPy's in every dimension of the table", () => {
    expect(oracle.dimensions).toBe(maxSobolDimensions);
    const sequence = sobolSequence(maxSobolDimensions, "none", rngForKey("unused"));
    for (const { index, coordinates } of oracle.points)
      expect([...sequence.point(index)].map((value) => Math.round(value * 2 ** 30))).toEqual(coordinates);
  });

  it.each(["owen", "shift", "none"] as const)("fills every box of a net with one point each: %s", (scramble) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 9 }), (seed, k, block) => {
        const sequence = sobolSequence(5, scramble, rngForKey(String(seed)));
        const count = 2 ** k;
        const points = Array.from({ length: count }, (_, i) => sequence.point(block * count + i));
        for (let axis = 0; axis < 5; axis++)
          expect(new Set(points.map((point) => Math.floor(point[axis]! * count))).size).toBe(count);
        // The first two dimensions are a (0, 2)-sequence: one point in every box of area 1 / count.
        for (let a = 0; a <= k; a++) {
          const boxes = points.map(
            (point) => `${Math.floor(point[0]! * 2 ** a)},${Math.floor(point[1]! * 2 ** (k - a))}`,
          );
          expect(new Set(boxes).size).toBe(count);
        }
      }),
    );
  });

  it("scrambles to a uniform law: mean and variance of single points over seeds", () => {
    const values = Array.from(
      { length: 4000 },
      (_, seed) => sobolSequence(2, "owen", rngForKey(`u${seed}`)).point(5)[1]!,
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // Five standard errors of a uniform variable's moments.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / values.length));
  });

  it("integrates a smooth function far better than random points", () => {
    const integrand = (point: Float64Array): number => point.reduce((product, x) => product * (1 + (x - 0.5) / 2), 1);
    const count = 1024;
    const errors = { owen: 0, random: 0 };
    for (let seed = 0; seed < 10; seed++) {
      const sequence = sobolSequence(6, "owen", rngForKey(`integral ${seed}`));
      const rng = rngForKey(`random ${seed}`);
      let owen = 0;
      let random = 0;
      for (let i = 0; i < count; i++) {
        owen += integrand(sequence.point(i)) / count;
        random += integrand(Float64Array.from({ length: 6 }, () => rng.next())) / count;
      }
      errors.owen += (owen - 1) ** 2;
      errors.random += (random - 1) ** 2;
    }
    expect(errors.owen * 100).toBeLessThan(errors.random);
  });

  it("refuses dimensions it has no table for", () => {
    expect(() => sobolSequence(0, "none", rngForKey(""))).toThrow(RangeError);
    expect(() => sobolSequence(maxSobolDimensions + 1, "none", rngForKey(""))).toThrow(RangeError);
  });
});

describe("sampler", () => {
  const space: Space = [
    { name: "x", type: "float", low: 0, high: 1, log: false },
    { name: "y", type: "float", low: 0, high: 1, log: false },
  ];
  const create = (isFeasible: (params: Params) => boolean, seed = 3) =>
    sobolSampler.create(
      {
        space,
        objectives: [{ metric: "loss", direction: "minimize" }],
        isFeasible,
        parallel: 1,
        rng: samplerStream(seed),
      },
      {},
    );
  const at = async (sampler: ReturnType<typeof create>, number: number): Promise<Params> =>
    (await sampler.suggest({ history: [], pending: [], number, rng: rngFor(3, number, "suggest") })).params;

  it("gives trial n the n-th feasible point, in whatever order trials are asked for", async () => {
    const half = (params: Params): boolean => Number(params["x"]) < 0.5;
    const forwards = create(half);
    const there: Params[] = [];
    for (let number = 0; number < 32; number++) there.push(await at(forwards, number));
    expect(await at(create(half), 31)).toEqual(there[31]);
    expect(await at(create(half), 7)).toEqual(there[7]);
    // Half of the first 64 points, and evenly spread: one in each of 32 columns of the feasible half.
    expect(new Set(there.map((params) => Math.floor(Number(params["x"]) * 64))).size).toBe(32);
  });

  it("falls back to exact uniform draws where constraints leave hardly anything", async () => {
    const tight = create((params) => params["x"] === 0.25);
    await expect((async () => at(tight, 0))()).rejects.toMatchObject({ code: "no-feasible-point" });
  });
});

/** Operators by hand; what the sampler promises on a known function; the population in a conditional space. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import { lowest, searcher } from "../testing/search.ts";
import { differentialEvolutionSampler } from "./differentialEvolution.ts";
import { crossed, emptyPopulation, mayEnter, mutantOf, threeParents, withMember } from "./operators.ts";

const floats = (count: number): Space =>
  Array.from({ length: count }, (_, i) => ({ name: `x${i}`, type: "float", low: 0, high: 1, log: false }));

describe("operators", () => {
  it("add the scaled difference of two parents to a third, and draw anew what leaves the cube", () => {
    const rng = rngForKey("mutant");
    const [base, a, b] = [Float64Array.of(0.5, 0.9, 0.1), Float64Array.of(0.4, 0.8, 0), Float64Array.of(0.2, 0, 0.6)];
    const mutant = mutantOf([base, a, b], 0.5, rng);
    expect(mutant[0]).toBeCloseTo(0.6, 12);
    // 0.9 + 0.4 and 0.1 - 0.3 lie outside: uniform draws take their places.
    const redrawn = Array.from({ length: 400 }, () => mutantOf([base, a, b], 0.5, rng)[1]!);
    expect(redrawn.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(redrawn.reduce((sum, x) => sum + x, 0) / 400).toBeCloseTo(0.5, 1);
  });

  it("cross at least one coordinate, and the rest with the given chance", () => {
    const rng = rngForKey("crossed");
    const [target, mutant] = [new Float64Array(10), new Float64Array(10).fill(1)];
    const taken = (rate: number): number => crossed(target, mutant, rate, rng).reduce((sum, x) => sum + x, 0);
    expect(taken(0)).toBe(1);
    expect(taken(1)).toBe(10);
    const mean = Array.from({ length: 2000 }, () => taken(0.5)).reduce((sum, x) => sum + x, 0) / 2000;
    // One for certain and half of the other nine; standard error 0.034.
    expect(mean).toBeGreaterThan(5.3);
    expect(mean).toBeLessThan(5.7);
    expect(crossed(new Float64Array(0), new Float64Array(0), 0.5, rng)).toHaveLength(0);
  });

  it("choose three different parents, from elsewhere where there are fewer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 4 }), fc.integer(), (own, more, seed) => {
        const points = Array.from({ length: own + more }, (_, i) => Float64Array.of(i));
        const parents = threeParents(points.slice(0, own), points.slice(own), rngForKey(`parents ${seed}`));
        if (own + more < 3) return parents === undefined;
        const inside = parents!.filter((point) => point[0]! < own).length;
        return new Set(parents).size === 3 && inside >= Math.min(3, own);
      }),
    );
  });

  it("replace one to one, as soon as a result is no worse", () => {
    const noWorse = (a: number, b: number): boolean => a <= b;
    const empty = emptyPopulation<number>(3);
    expect(mayEnter(empty, 1, 5, noWorse)).toBe(true);
    const one = withMember(empty, 1, { point: Float64Array.of(0), result: 5 });
    expect(empty).toEqual([undefined, undefined, undefined]);
    expect([6, 5, 4].map((result) => mayEnter(one, 1, result, noWorse))).toEqual([false, true, true]);
  });
});

async function best(space: Space, f: (params: Params) => number, trials: number, seed: number): Promise<number> {
  return lowest(await searcher(differentialEvolutionSampler, {}, seed).search(space, f, trials));
}

describe("differential evolution", () => {
  it("finds the minimum of a bowl that random search does not come near", async () => {
    const space = floats(5);
    const bowl = (params: Params): number =>
      Object.values(params).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, 0);
    for (const seed of [1, 2, 3]) {
      const rng = rngForKey(`random ${seed}`);
      const random = Math.min(...Array.from({ length: 400 }, () => bowl(uniformParams(space, rng))));
      expect(await best(space, bowl, 400, seed)).toBeLessThan(random / 20);
    }
  });

  it("evolves discrete and conditional parameters", async () => {
    const space: Space = [
      { name: "model", type: "categorical", choices: ["a", "b", "c"] },
      { name: "n", type: "int", low: 1, high: 64, log: false, when: { model: ["b"] } },
      { name: "x", type: "float", low: 0, high: 1, log: false, when: { model: ["b", "c"] } },
    ];
    const f = (params: Params): number =>
      params["model"] === "b"
        ? Math.abs(Number(params["n"]) - 50) / 64 + (Number(params["x"]) - 0.8) ** 2
        : params["model"] === "c"
          ? 0.2 + (Number(params["x"]) - 0.1) ** 2
          : 0.4;
    const found = await Promise.all([1, 2, 3].map((seed) => best(space, f, 300, seed)));
    expect(found.filter((loss) => loss < 0.02).length).toBeGreaterThanOrEqual(2);
  });
});

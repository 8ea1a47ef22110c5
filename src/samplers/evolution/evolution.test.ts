/** Operators against published numbers and their promises; what the population keeps; fronts on a known trade-off. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { checkParams, paramsKey, uniformParams } from "../../core/space/configuration.ts";
import { gridCount } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { spaces } from "../../../test/contract/spaces.ts";
import { lowest, searcher } from "../testing/search.ts";
import { geneticSampler } from "./genetic.ts";
import { nsga2Sampler } from "./nsga2.ts";
import { childOf, crossoverSpread, mutated, polynomialStep, type Variation } from "./variation.ts";

const variation: Variation = { crossover: 0.9, swap: 0.5, mutations: 1, eta: 20 };

describe("variation", () => {
  it("takes the published step", () => {
    expect(polynomialStep(0.3, 20)).toBeCloseTo(-0.0240316, 7);
    expect(polynomialStep(0.5, 20)).toBe(0);
    expect(polynomialStep(0.7, 20)).toBeCloseTo(0.0240316, 7);
  });

  it("spreads blended numbers as published, on average by nothing", () => {
    expect(crossoverSpread(0.3, 20)).toBeCloseTo(0.9759684394674119, 14);
    expect(crossoverSpread(0.5, 20)).toBe(1);
    // Contracting and expanding factors mirror each other.
    expect(crossoverSpread(0.7, 20)).toBeCloseTo(1 / crossoverSpread(0.3, 20), 12);
    const space: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
    const rng = rngForKey("blend");
    const all = { ...variation, crossover: 1, mutations: 0, blend: 1 };
    const children = Array.from({ length: 4000 }, () => Number(childOf(space, { x: 0.4 }, { x: 0.6 }, all, rng)["x"]));
    expect(children.reduce((sum, x) => sum + x, 0) / 4000).toBeCloseTo(0.5, 1);
    const near = children.filter((x) => Math.min(Math.abs(x - 0.4), Math.abs(x - 0.6)) < 0.02).length;
    expect(near).toBeGreaterThan(3500);
    expect(children.some((x) => x < 0.4) && children.some((x) => x > 0.4 && x < 0.6)).toBe(true);
  });

  it("always changes what can change, and stays inside", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(spaces)), fc.integer(), (label, seed) => {
        const space = spaces[label]!;
        const rng = rngForKey(`mutation ${seed}`);
        const params = uniformParams(space, rng);
        for (const parameter of space) {
          const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
          if (value === undefined) continue;
          const other = mutated(parameter, value, 20, rng);
          if (gridCount(parameter) > 1 && gridCount(parameter) < Infinity) expect(other).not.toBe(value);
          expect(checkParams([{ ...parameter, when: {} }], { [parameter.name]: other })).toEqual([]);
        }
      }),
    );
  });

  it("makes configurations of the space from any two, and only of their values where nothing mutates", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(spaces)), fc.integer(), (label, seed) => {
        const space = spaces[label]!;
        const rng = rngForKey(`child ${seed}`);
        const [first, second] = [uniformParams(space, rng), uniformParams(space, rng)];
        expect(checkParams(space, childOf(space, first, second, variation, rng))).toEqual([]);
        const child = childOf(space, first, second, { ...variation, mutations: 0 }, rng);
        for (const [name, value] of Object.entries(child)) {
          const parents = [first, second].filter((params) => Object.hasOwn(params, name));
          if (parents.length > 0) expect(parents.map((params) => params[name])).toContain(value);
        }
      }),
    );
  });
});

describe("genetic", () => {
  it("breeds from the best so many trials only", async () => {
    const space: Space = Array.from({ length: 4 }, (_, i) => ({
      name: `x${i}`,
      type: "float",
      low: 0,
      high: 1,
      log: false,
    }));
    const bowl = (params: Params): number[] => [
      Object.values(params).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, 0),
    ];
    const { history, reasons } = await searcher(geneticSampler, { population: 8 }).walk(space, bowl, 150);
    expect(reasons.slice(0, 8).every((reason) => reason.startsWith("first population"))).toBe(true);
    reasons.forEach((reason, number) => {
      const parents = [...reason.matchAll(/\d+/gu)].map(([text]) => Number(text));
      if (!reason.startsWith("child")) return;
      const best = history
        .slice(0, number)
        .toSorted((a, b) => a.values[0]! - b.values[0]! || a.number - b.number)
        .slice(0, 8);
      for (const own of parents) expect(best.map((trial) => trial.number)).toContain(own);
    });
    expect(lowest(history)).toBeLessThan(lowest(history.slice(0, 75)));
  });

  it("never loses its best trial: somebody breeds from it as long as it leads", async () => {
    const space: Space = Array.from({ length: 3 }, (_, i) => ({
      name: `x${i}`,
      type: "float",
      low: 0,
      high: 1,
      log: false,
    }));
    const flatAtTheBottom = (params: Params): number[] => [
      Math.max(
        0,
        Object.values(params).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, -0.02),
      ),
    ];
    const { history, reasons } = await searcher(geneticSampler).walk(space, flatAtTheBottom, 200);
    const first = history.findIndex(({ values }) => values[0] === 0);
    expect(first).toBeGreaterThanOrEqual(0);
    const leader = new RegExp(`\\b${first}\\b`, "u");
    // Ties go to the earlier trial, so the first to reach the best loss leads to the end.
    expect(reasons.slice(-40).some((reason) => leader.test(reason))).toBe(true);
  });

  it("tries no configuration twice while others are left", async () => {
    const space: Space = [
      { name: "a", type: "categorical", choices: ["x", "y", "z"] },
      { name: "b", type: "int", low: 1, high: 10, log: false },
    ];
    const { search } = searcher(geneticSampler, { population: 4 });
    const history = await search(space, (params) => Number(params["b"]), 30);
    expect(new Set(history.slice(4).map(({ params }) => paramsKey(params))).size).toBeGreaterThanOrEqual(25);
  });
});

describe("nsga2", () => {
  it("spreads over the front of a known trade-off", async () => {
    const space: Space = Array.from({ length: 6 }, (_, i) => ({
      name: `x${i}`,
      type: "float",
      low: 0,
      high: 1,
      log: false,
    }));
    // ZDT1: the front is f2 = 1 - sqrt(f1).
    const zdt1 = (params: Params): number[] => {
      const x = space.map(({ name }) => Number(params[name]));
      const g = 1 + (9 * x.slice(1).reduce((sum, value) => sum + value, 0)) / 5;
      return [x[0]!, g * (1 - Math.sqrt(x[0]! / g))];
    };
    const volume = (trials: readonly FinishedTrial[]): number => {
      let sum = 0;
      let floor = 1.1;
      for (const [a, b] of trials.map(({ values }) => values).toSorted((p, q) => p[0]! - q[0]!)) {
        if (a! >= 1.1 || b! >= floor) continue;
        sum += (1.1 - a!) * (floor - b!);
        floor = b!;
      }
      return sum;
    };
    const history = await searcher(nsga2Sampler, { population: 30 }).search(space, zdt1, 1000);
    // The whole front has 0.8767 over (1.1, 1.1).
    expect(volume(history)).toBeGreaterThan(0.8);
    const tail = history.slice(-200);
    for (const [low, high] of [
      [0, 0.33],
      [0.33, 0.66],
      [0.66, 1],
    ] as const)
      expect(tail.filter(({ values }) => values[0]! >= low && values[0]! <= high).length).toBeGreaterThan(20);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../core/rng.ts";
import { checkParams, uniformParams } from "../core/space/configuration.ts";
import type { Parameter, Space } from "../core/space/parameter.ts";
import { changesText, perturbed, varied } from "./explore.ts";

const space: Space = [
  { name: "learningRate", type: "float", low: 1e-4, high: 1, log: true },
  { name: "dropout", type: "float", low: 0, high: 0.9, log: false, step: 0.1 },
  { name: "batchSize", type: "int", low: 1, high: 512, log: true },
  { name: "optimizer", type: "categorical", choices: ["sgd", "adam", "rmsprop"] },
  { name: "momentum", type: "float", low: 0, high: 0.99, log: false, when: { optimizer: ["sgd"] } },
  { name: "width", type: "int", low: 4, high: 256, log: true, step: 4 },
  { name: "epochs", type: "constant", value: 9 },
];
const view = { space, isStructural: (name: string) => name === "width" };
const rule = { resample: 0.25, factors: [0.8, 1.2] as const };

describe("perturbation", () => {
  it("stays in the space, and lets structural parameters and constants be", () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const rng = rngForKey(seed);
        const before = uniformParams(space, rng);
        const after = varied(view, before, rng, (parameter, value) => perturbed(parameter, value, rule, rng));
        expect(checkParams(space, after)).toEqual([]);
        expect(after["width"]).toBe(before["width"]);
        expect(Object.keys(after)).toEqual(space.map(({ name }) => name).filter((name) => Object.hasOwn(after, name)));
      }),
    );
  });

  it("multiplies by 0.8 or 1.2 unless it draws anew, about a quarter of the time", () => {
    const rng = rngForKey("factors");
    const parameter: Parameter = { name: "p", type: "float", low: 0, high: 1000, log: false };
    const counts = { down: 0, up: 0, fresh: 0 };
    for (let i = 0; i < 4000; i++) {
      const value = perturbed(parameter, 1, rule, rng);
      if (value === 0.8) counts.down += 1;
      else if (value === 1.2) counts.up += 1;
      else counts.fresh += 1;
    }
    // Five standard deviations.
    for (const [count, share] of [
      [counts.down, 0.375],
      [counts.up, 0.375],
      [counts.fresh, 0.25],
    ] as const)
      expect(Math.abs(count / 4000 - share)).toBeLessThan(0.04);
  });

  it("never lets a whole number, or one on a grid, stay where it is by rounding", () => {
    const int: Parameter = { name: "p", type: "int", low: 0, high: 100, log: false };
    const tenths: Parameter = { name: "p", type: "float", low: 0.1, high: 1, log: false, step: 0.1 };
    const never = { ...rule, resample: 0 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 2, max: 9 }),
        fc.string(),
        (whole, tenth, seed) => {
          const rng = rngForKey(seed);
          expect(perturbed(int, whole, never, rng)).not.toBe(whole);
          const value = tenth / 10;
          expect(perturbed(tenths, value, never, rng)).not.toBe(value);
        },
      ),
    );
    const seen = new Set(Array.from({ length: 20 }, (_, i) => perturbed(int, 1, never, rngForKey(String(i)))));
    expect(seen).toEqual(new Set([0, 2]));
    expect(perturbed(int, 100, never, rngForKey("high"))).toBeLessThanOrEqual(100);
  });

  it("leads away from zero, and to the neighbours of a choice", () => {
    const float: Parameter = { name: "p", type: "float", low: 0, high: 1, log: false };
    expect(perturbed(float, 0, { ...rule, resample: 0 }, rngForKey("zero"))).toBeGreaterThan(0);
    const list: Parameter = { name: "p", type: "categorical", choices: ["a", "b", "c", "d"] };
    const never = { ...rule, resample: 0 };
    const neighbours = (value: string): ReadonlySet<unknown> =>
      new Set(Array.from({ length: 40 }, (_, i) => perturbed(list, value, never, rngForKey(`${i}`))));
    expect(neighbours("b")).toEqual(new Set(["a", "c"]));
    expect(neighbours("a")).toEqual(new Set(["b"]));
    expect(neighbours("d")).toEqual(new Set(["c"]));
  });

  it("says what it changed", () => {
    expect(changesText({ a: 0.01, b: "x", c: 1 }, { a: 0.012, b: "x", d: 2 })).toBe(
      "a 0.01 → 0.012, c 1 → none, d none → 2",
    );
    expect(changesText({ a: 1 }, { a: 1 })).toBe("with the same parameters");
  });
});

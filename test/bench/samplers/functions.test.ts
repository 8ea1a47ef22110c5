/** What the functions are known to be at some places, and the trade-offs' hypervolumes against sums over fine fronts. */
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../../src/core/rng.ts";
import { mannWhitney } from "../statistics.ts";
import { functions } from "./functions.ts";
import { hypervolumeBySlices, tradeOffs } from "./tradeoffs.ts";

const valueOf = (name: string, coordinates: Record<string, number>): number =>
  functions.find((one) => one.name === name)!.evaluate(coordinates);
const named = (values: readonly number[]): Record<string, number> =>
  Object.fromEntries(values.map((value, i) => [`x${i}`, value]));

describe("what samplers are compared on", () => {
  it("has Branin's minima and values", () => {
    for (const [x, y, value] of [
      [-Math.PI, 12.275, 0.39788735772973816],
      [Math.PI, 2.275, 0.39788735772973816],
      [9.42478, 2.475, 0.39788735775266204],
      [0, 0, 55.602112642270264],
      [2.5, 7.5, 24.129964413622268],
    ] as const)
      expect(valueOf("branin", { x, y })).toBeCloseTo(value, 12);
  });

  it("has Hartmann's minimum and value in the middle", () => {
    const at = [
      0.20168950951538991, 0.15001069419071691, 0.47687396818684064, 0.2753324297064554, 0.3116516142343206,
      0.6573005347233564,
    ];
    expect(valueOf("hartmann6", named(at))).toBeCloseTo(-3.3223680114155143, 9);
    expect(valueOf("hartmann6", named(at.map(() => 0.5)))).toBeCloseTo(-0.5053149917022333, 9);
  });

  it("has minima of 0 where the others are known to have them", () => {
    expect(valueOf("rastrigin5", named([0, 0, 0, 0, 0]))).toBe(0);
    expect(valueOf("rosenbrock4", named([1, 1, 1, 1]))).toBe(0);
  });

  it("has ZDT1's hypervolume, and what finely laid out fronts add up to", () => {
    const zdt1 = tradeOffs.find(({ name }) => name === "zdt1")!;
    expect(zdt1.hypervolume).toBeCloseTo(0.8766667, 7);
    for (const [name, f] of [
      ["zdt1", (x: number) => 1 - Math.sqrt(x)],
      ["zdt2", (x: number) => 1 - x * x],
    ] as const) {
      const { hypervolume, reference } = tradeOffs.find((one) => one.name === name)!;
      const front = Array.from({ length: 2001 }, (_, k) => [k / 2000, f(k / 2000)]);
      const sum = hypervolumeBySlices(front, reference);
      expect(sum).toBeLessThan(hypervolume);
      expect(sum).toBeGreaterThan(hypervolume - 1e-3);
    }
    expect(
      hypervolumeBySlices(
        [
          [1, 5],
          [2, 3],
          [4, 1],
          [3, 4],
          [5, 5],
        ],
        [6, 6],
      ),
    ).toBe(17);
  });

  it("tells methods apart as often as twenty repeats can", () => {
    // Share of significant differences at 5 % for shifts of so many standard deviations, from 600 simulations.
    const rng = rngForKey("power");
    const sample = (shift: number): number[] => Array.from({ length: 20 }, () => rng.normal() + shift);
    for (const [shift, power] of [
      [0.5, 0.308],
      [1, 0.857],
      [1.5, 0.997],
    ] as const) {
      const runs = 600;
      const found = Array.from({ length: runs }, () => mannWhitney(sample(shift), sample(0)).p < 0.05);
      expect(Math.abs(found.filter(Boolean).length / runs - power)).toBeLessThan(0.08);
    }
  });
});

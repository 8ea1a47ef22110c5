import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../rng.ts";
import { checkParams } from "./configuration.ts";
import { contains, gridCount, gridIndex, gridValue, toUnit } from "./domain.ts";
import { feasibleSampler } from "./feasible.ts";
import type { Parameter, Prior, Space } from "./parameter.ts";
import {
  beliefOf,
  drawPriorOf,
  feasiblePrior,
  hasPrior,
  logPrior,
  logPriorOf,
  priorMode,
  priorParams,
} from "./prior.ts";

const confidences = ["low", "medium", "high"] as const;
const believed = (value: Prior["value"], confidence: Prior["confidence"] = "medium"): { prior: Prior } => ({
  prior: { value, confidence },
});

const float: Parameter = { name: "x", type: "float", low: 0, high: 1, log: false, ...believed(0.3) };
const logFloat: Parameter = { name: "lr", type: "float", low: 1e-5, high: 1, log: true, ...believed(1e-3, "high") };
const int: Parameter = { name: "n", type: "int", low: 1, high: 9, log: false, ...believed(3, "low") };
const logInt: Parameter = { name: "w", type: "int", low: 8, high: 300, log: true, ...believed(64) };
const category: Parameter = { name: "c", type: "categorical", choices: ["a", "b", "c"], ...believed("b") };

describe("a belief in one parameter", () => {
  it("has the stated spread on the (log-)range", () => {
    // The density falls by e^-1/2 at one standard deviation.
    for (const [confidence, sd] of [
      ["low", 0.5],
      ["medium", 0.25],
      ["high", 0.125],
    ] as const) {
      const linear: Parameter = { ...float, ...believed(0.25, confidence) };
      expect(logPriorOf(linear, 0.25) - logPriorOf(linear, 0.25 + sd)).toBeCloseTo(0.5, 10);
      const log: Parameter = { ...logFloat, ...believed(1e-4, confidence) };
      expect(logPriorOf(log, 1e-4) - logPriorOf(log, 1e-4 * 10 ** (5 * sd))).toBeCloseTo(0.5, 10);
    }
  });
  it("is a density: it integrates to one", () => {
    for (const parameter of [float, logFloat]) {
      let sum = 0;
      const n = 20_000;
      for (let k = 0; k < n; k++) {
        const u = (k + 0.5) / n;
        const value = parameter.type === "float" && parameter.log ? 1e-5 * 1e5 ** u : u;
        sum += Math.exp(logPriorOf(parameter, value)) / n;
      }
      expect(sum).toBeCloseTo(1, 6);
    }
  });
  it("gives a preferred choice 2, 4 or 6 times the mass of another", () => {
    for (const [k, confidence] of confidences.entries()) {
      const parameter: Parameter = { ...category, ...believed("b", confidence) };
      const mass = ["a", "b", "c"].map((choice) => Math.exp(logPriorOf(parameter, choice)) / 3);
      expect(mass[1]! / mass[0]!).toBeCloseTo(2 * (k + 1), 10);
      expect(mass.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    }
  });
  it("says nothing without one, of constants and of single values", () => {
    const plain: Parameter = { name: "x", type: "float", low: 0, high: 1, log: false };
    expect(logPriorOf(plain, 0.9)).toBe(0);
    expect(beliefOf({ name: "k", type: "constant", value: 1, ...believed(1) })).toBeUndefined();
    expect(beliefOf({ name: "k", type: "int", low: 2, high: 2, log: false, ...believed(2) })).toBeUndefined();
    expect(hasPrior([plain])).toBe(false);
    expect(hasPrior([plain, int])).toBe(true);
  });
  it.each([int, logInt, category])("draws what its mass says: $name", (parameter) => {
    const count = gridCount(parameter);
    const n = 40_000;
    const counts = Array.from({ length: count }, () => 0);
    const rng = rngForKey(`prior ${parameter.name}`);
    for (let k = 0; k < n; k++) counts[gridIndex(parameter, drawPriorOf(parameter, rng))]! += 1;
    const widths = counts.map((_, k) => Math.exp(logPriorOf(parameter, gridValue(parameter, k))));
    const shares =
      parameter.type === "int" && parameter.log
        ? widths.map((density, k) => {
            const value = 8 + k;
            return (density * Math.log((value + 0.5) / (value - 0.5))) / Math.log(300.5 / 7.5);
          })
        : widths.map((density) => density / count);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    const chi2 = counts.reduce((sum, seen, k) => sum + (seen - n * shares[k]!) ** 2 / (n * shares[k]!), 0);
    const freedom = count - 1;
    expect(chi2).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom) + 8);
  });
  it("stays inside, wherever the belief lies", () => {
    const bounds = fc.tuple(
      fc.double({ min: 1e-9, max: 1e3, noNaN: true }),
      fc.double({ min: 1.01, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(...confidences),
      fc.boolean(),
    );
    fc.assert(
      fc.property(bounds, fc.nat(), ([low, factor, at, confidence, log], seed) => {
        const high = low * factor;
        const value = Math.min(high, low + at * (high - low));
        const parameter: Parameter = { name: "p", type: "float", low, high, log, ...believed(value, confidence) };
        const drawn = drawPriorOf(parameter, rngForKey(String(seed)));
        expect(contains(parameter, drawn)).toBe(true);
        expect(logPriorOf(parameter, drawn)).toBeLessThanOrEqual(logPriorOf(parameter, value) + 1e-9);
      }),
    );
  });
});

const space: Space = [
  { name: "model", type: "categorical", choices: ["svm", "net"], ...believed("net", "high") },
  { name: "c", type: "float", low: 1e-3, high: 1e3, log: true, when: { model: ["svm"] }, ...believed(1) },
  { name: "layers", type: "int", low: 1, high: 3, log: false, when: { model: ["net"] }, ...believed(2) },
  { name: "free", type: "float", low: 0, high: 1, log: false },
  { name: "k", type: "constant", value: 5 },
];

describe("beliefs in a space", () => {
  it("add up over the active parameters", () => {
    const params = { model: "net", layers: 2, free: 0.1, k: 5 };
    const parts = [logPriorOf(space[0]!, "net"), logPriorOf(space[2]!, 2)];
    expect(logPrior(space, params)).toBeCloseTo(parts[0]! + parts[1]!, 12);
    expect(logPrior(space, { ...params, layers: 1 })).toBeLessThan(logPrior(space, params));
  });
  it("give whole configurations, nearer to what is believed than uniform ones", () => {
    const rng = rngForKey("space");
    const rows = Array.from({ length: 400 }, () => priorParams(space, rng));
    for (const params of rows) expect(checkParams(space, params)).toEqual([]);
    const nets = rows.filter((params) => params["model"] === "net");
    expect(nets.length).toBeGreaterThan(310);
    const offset = (params: (typeof rows)[number]): number => Math.abs(toUnit(space[1]!, params["c"]!) - 0.5);
    const svms = rows.filter((params) => params["model"] === "svm");
    expect(svms.reduce((sum, params) => sum + offset(params), 0) / svms.length).toBeLessThan(0.235);
  });
  it("have a mode: the believed values that are active together", () => {
    const params = priorMode(space, rngForKey("mode"));
    expect(params).toMatchObject({ model: "net", layers: 2, k: 5 });
    expect(checkParams(space, params)).toEqual([]);
  });
  it("keep to constraints, and leave the belief where it is infeasible", () => {
    const few = (params: Readonly<Record<string, unknown>>): boolean => params["model"] === "svm";
    const drawn = feasiblePrior(space, few, feasibleSampler(space, few), rngForKey("few"));
    expect(drawn["model"]).toBe("svm");
    const tight = (params: Readonly<Record<string, unknown>>): boolean => Number(params["x"]) > 0.999;
    const one: Space = [{ ...float, ...believed(0, "high") }];
    expect(feasiblePrior(one, tight, feasibleSampler(one, tight), rngForKey("tight"))["x"]).toBeGreaterThan(0.999);
    const none = (): boolean => false;
    expect(() => feasiblePrior(space, none, feasibleSampler(space, none), rngForKey("none"))).toThrow(
      expect.objectContaining({ code: "no-feasible-point" }),
    );
  });
});

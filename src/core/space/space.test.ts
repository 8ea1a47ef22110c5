import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../rng.ts";
import { checkParams, completeParams, paramsKey, spaceSize, uniformParams } from "./configuration.ts";
import { binOf, contains, fromUnit, gridCount, gridIndex, gridValue, toUnit } from "./domain.ts";
import { enumerateParams, feasibleSampler } from "./feasible.ts";
import type { CategoricalParameter, Parameter, Params, Space } from "./parameter.ts";

const unit = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, 1 - Number.EPSILON / 2, Number.MIN_VALUE),
);

const float: fc.Arbitrary<Parameter> = fc
  .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true }))
  .map(([low, width]) => ({ name: "p", type: "float", low, high: low + width, log: false }));
const logFloat: fc.Arbitrary<Parameter> = fc
  .tuple(fc.double({ min: 1e-12, max: 1e3, noNaN: true }), fc.double({ min: 1, max: 1e6, noNaN: true }))
  .map(([low, factor]) => ({ name: "p", type: "float", low, high: low * factor, log: true }));
const stepped: fc.Arbitrary<Parameter> = fc
  .tuple(
    fc.integer({ min: -500, max: 500 }),
    fc.integer({ min: 1, max: 400 }),
    fc.constantFrom(0.001, 0.05, 0.1, 0.25, 0.3, 1, 7),
    fc.boolean(),
  )
  .map(([low, count, step, ragged]) => ({
    name: "p",
    type: "float",
    low: low / 10,
    high: low / 10 + step * (count + (ragged ? 0.4 : 0)),
    log: false,
    step,
  }));
const int: fc.Arbitrary<Parameter> = fc
  .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 50 }))
  .map(([low, width, step]) => ({ name: "p", type: "int", low, high: low + width, log: false, step }));
const logInt: fc.Arbitrary<Parameter> = fc
  .tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 9 }))
  .map(([low, width, step]) => ({ name: "p", type: "int", low, high: low + width, log: true, step }));
const categorical: fc.Arbitrary<Parameter> = fc
  .uniqueArray(fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null)), { minLength: 1, maxLength: 30 })
  .map((choices) => ({ name: "p", type: "categorical", choices }));
const any = fc.oneof(float, logFloat, stepped, int, logInt, categorical);
const discrete = fc.oneof(stepped, int, logInt, categorical);

describe("domains", () => {
  it("fromUnit lands inside, whatever it is given", () => {
    fc.assert(fc.property(any, unit, (parameter, u) => contains(parameter, fromUnit(parameter, u))));
    fc.assert(fc.property(any, fc.double(), (parameter, u) => contains(parameter, fromUnit(parameter, u))));
  });
  it("discrete values survive the way to the unit interval and back", () => {
    fc.assert(
      fc.property(discrete, unit, (parameter, u) => {
        const value = fromUnit(parameter, u);
        expect(fromUnit(parameter, toUnit(parameter, value))).toBe(value);
        expect(gridValue(parameter, gridIndex(parameter, value))).toBe(value);
      }),
    );
  });
  it("continuous ones do to rounding", () => {
    fc.assert(
      fc.property(fc.oneof(float, logFloat), unit, (parameter, u) => {
        const value = Number(fromUnit(parameter, u));
        const back = Number(fromUnit(parameter, toUnit(parameter, value)));
        const scale = parameter.type === "float" ? Math.max(Math.abs(parameter.low), Math.abs(parameter.high)) : 1;
        // A range of the very smallest doubles rounds by one of them, and a billionth of it is zero.
        expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.max(1e-9 * scale, Number.MIN_VALUE));
      }),
    );
  });
  it("bins cover the unit interval without a gap, and fromUnit agrees with them", () => {
    fc.assert(
      fc.property(discrete, fc.nat(), (parameter, pick) => {
        const count = gridCount(parameter);
        const index = pick % count;
        const bin = binOf(parameter, index);
        expect(bin.to).toBeGreaterThan(bin.from);
        expect(index === 0 ? 0 : binOf(parameter, index - 1).to).toBeCloseTo(bin.from, 12);
        if (index === count - 1) expect(bin.to).toBe(1);
        expect(gridIndex(parameter, fromUnit(parameter, (bin.from + bin.to) / 2))).toBe(index);
      }),
    );
  });
  it("writes grid values without binary dust, and the last one within the range", () => {
    const tenths: Parameter = { name: "p", type: "float", low: 0, high: 1, log: false, step: 0.1 };
    expect(Array.from({ length: gridCount(tenths) }, (_, k) => gridValue(tenths, k))).toEqual([
      0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
    ]);
    const ragged: Parameter = { name: "p", type: "int", low: 16, high: 250, log: false, step: 32 };
    expect(fromUnit(ragged, 1)).toBe(240);
    expect(contains(ragged, 250)).toBe(false);
    expect(contains(ragged, 48.0)).toBe(true);
  });
  it("tells values by type", () => {
    const odd: CategoricalParameter = { name: "p", type: "categorical", choices: [1, "1", null] };
    expect([1, "1", null, true].map((value) => contains(odd, value))).toEqual([true, true, true, false]);
    expect(gridIndex(odd, "1")).toBe(1);
  });
  it("draws log integers log-uniformly, both ends included", () => {
    const parameter: Parameter = { name: "p", type: "int", low: 1, high: 1000, log: true };
    const rng = rngForKey("decades");
    const counts = [0, 0, 0];
    const n = 30_000;
    let ends = 0;
    for (let k = 0; k < n; k++) {
      const value = Number(fromUnit(parameter, rng.next()));
      if (value <= 1000 && value > 100) counts[2]! += 1;
      else counts[value > 10 ? 1 : 0]! += 1;
      if (value === 1 || value === 1000) ends += 1;
    }
    const range = Math.log(1000.5 / 0.5);
    const expected = [Math.log(10.5 / 0.5), Math.log(100.5 / 10.5), Math.log(1000.5 / 100.5)].map(
      (width) => (n * width) / range,
    );
    const chi2 = counts.reduce((sum, count, k) => sum + (count - expected[k]!) ** 2 / expected[k]!, 0);
    expect(chi2).toBeLessThan(13.8); // 99.9% point, 2 degrees of freedom
    expect(ends).toBeGreaterThan(0);
  });
  it("draws floats uniformly", () => {
    const counts = Array.from({ length: 10 }, () => 0);
    const rng = rngForKey("bins");
    const parameter: Parameter = { name: "p", type: "float", low: -1, high: 1, log: false };
    for (let k = 0; k < 20_000; k++) counts[Math.floor((Number(fromUnit(parameter, rng.next())) + 1) * 5)]! += 1;
    expect(counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(27.9);
  });
});

const space: Space = [
  { name: "model", type: "categorical", choices: ["svm", "net"] },
  { name: "kernel", type: "categorical", choices: ["rbf", "linear", "poly"], when: { model: ["svm"] } },
  { name: "layers", type: "int", low: 1, high: 3, log: false, when: { model: ["net"] } },
  { name: "units", type: "int", low: 1, high: 10, log: false, when: { layers: [2, 3] } },
  { name: "epochs", type: "constant", value: 5 },
];

describe("configurations", () => {
  it("are drawn with exactly the active parameters", () => {
    for (let k = 0; k < 200; k++) expect(checkParams(space, uniformParams(space, rngForKey(String(k))))).toEqual([]);
  });
  it("are checked name by name", () => {
    expect(checkParams(space, { model: "net", kernel: "rbf", layers: 7, extra: 1 })).toEqual([
      { parameter: "kernel", message: 'is not active here (only when model is "svm")' },
      { parameter: "layers", message: "must be between 1 and 3, not 7" },
      { parameter: "epochs", message: "is missing" },
      { parameter: "extra", message: "is not a parameter of this study" },
    ]);
  });
  it("are completed without touching what was given", () => {
    const params = completeParams(space, { model: "net", layers: 2 }, rngForKey("complete"));
    expect(params).toMatchObject({ model: "net", layers: 2, epochs: 5 });
    expect(checkParams(space, params)).toEqual([]);
    const wrong = completeParams(space, { model: "tree", nonsense: 3 }, rngForKey("complete"));
    expect(checkParams(space, wrong).map((problem) => problem.parameter)).toEqual(["model", "nonsense"]);
  });
  it("are counted, conditions respected", () => {
    expect(spaceSize(space)).toBe(3 + 1 + 2 * 10);
    expect(spaceSize([])).toBe(1);
    expect(spaceSize([{ name: "x", type: "float", low: 0, high: 1, log: false }])).toBe(Infinity);
    expect(
      spaceSize(Array.from({ length: 12 }, (_, k) => ({ name: `p${k}`, type: "int", low: 1, high: 10, log: false }))),
    ).toBe(1e12);
  });
  it("are enumerated as they are counted, with the probabilities of the draw", () => {
    const rows = enumerateParams(space)!;
    expect(rows).toHaveLength(24);
    expect(new Set(rows.map((row) => paramsKey(row.params))).size).toBe(24);
    expect(rows.reduce((sum, row) => sum + row.weight, 0)).toBeCloseTo(1, 12);
    for (const row of rows) expect(checkParams(space, row.params)).toEqual([]);
    expect(enumerateParams(space, 23)).toBeUndefined();
  });
});

describe("feasible draws", () => {
  it("find the one feasible configuration of a small space", () => {
    const rare: Space = [
      { name: "a", type: "int", low: 1, high: 90, log: false },
      { name: "b", type: "int", low: 1, high: 90, log: true },
    ];
    const sampler = feasibleSampler(rare, (params) => params["a"] === 77 && params["b"] === 3);
    expect(sampler.draw(rngForKey("rare"))).toEqual({ a: 77, b: 3 });
  });
  it("keep the distribution of rejection when they enumerate", () => {
    const rare: Space = [{ name: "a", type: "int", low: 1, high: 5000, log: true }];
    const feasible = (params: Params): boolean => params["a"] === 2000 || params["a"] === 4000;
    const sampler = feasibleSampler(rare, feasible);
    let low = 0;
    for (let k = 0; k < 600; k++) if (sampler.draw(rngForKey(`draw ${k}`))["a"] === 2000) low += 1;
    // Probabilities 2 : 1; four standard deviations.
    expect(Math.abs(low - 400)).toBeLessThan(47);
  });
  it("say when there is none", () => {
    const sampler = feasibleSampler(space, () => false);
    expect(() => sampler.draw(rngForKey("none"))).toThrow(expect.objectContaining({ code: "no-feasible-point" }));
    const continuous = feasibleSampler([{ name: "x", type: "float", low: 0, high: 1, log: false }], () => false);
    expect(() => continuous.draw(rngForKey("none"))).toThrow(expect.objectContaining({ code: "no-feasible-point" }));
  });
  it("complete a partial configuration", () => {
    const sampler = feasibleSampler(space, (params) => params["units"] === undefined || params["units"] === 7);
    expect(sampler.complete({ model: "net", layers: 3 }, rngForKey("partial"))).toEqual({
      model: "net",
      layers: 3,
      units: 7,
      epochs: 5,
    });
  });
});

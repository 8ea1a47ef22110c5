/** Improvement and logarithms against integrals and by hand; the sampler on functions with known minima. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalPdf } from "../../core/normal.ts";
import { rngFor, rngForKey } from "../../core/rng.ts";
import { checkParams, paramsKey, uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { spaces } from "../../../test/contract/spaces.ts";
import { logExpectedImprovement } from "../gp/acquisition.ts";
import { samplerStream, type Suggestion } from "../sampler.ts";
import { logged, logLognormalImprovement } from "./improvement.ts";
import { createSearch, withValue } from "./localSearch.ts";
import { smacSampler } from "./smac.ts";

describe("improvement", () => {
  it("is the integral of what a value lies below the best one", () => {
    for (const [mean, variance, best] of [
      [0, 1, 0],
      [0.5, 0.3, -1],
      [-2, 2, 0.7],
      [2.5, 0.4, 0],
      [1, 0.02, 0],
    ] as const) {
      const s = Math.sqrt(variance);
      const v = (best - mean) / s;
      // Over the logarithm's standard score up to v, by Simpson's rule.
      const [from, steps] = [Math.min(v, 0) - 12, 20_000];
      const h = (v - from) / steps;
      let sum = 0;
      for (let i = 0; i <= steps; i++) {
        const t = from + i * h;
        const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
        sum += weight * (1 - Math.exp(s * (t - v))) * normalPdf(t);
      }
      expect(logLognormalImprovement(mean, variance, best)).toBeCloseTo(Math.log((sum * h) / 3), 6);
    }
  });

  it("meets itself where the formulas change, and the normal one where the deviation is small", () => {
    for (const s of [0.01, 0.3, 2]) {
      const [inner, outer] = [3 - 1e-9, 3 + 1e-9].map((x) => logLognormalImprovement(s * x, s * s, 0));
      expect(inner).toBeCloseTo(outer!, 6);
    }
    for (const mean of [0, 1e-4, 3e-4, 1e-2])
      expect(logLognormalImprovement(mean, 1e-10, 0)).toBeCloseTo(logExpectedImprovement(mean, 1e-10, 0).value, 1);
    expect(logLognormalImprovement(1e3, 1e-10, 0)).toBeLessThan(-1e10);
  });
});

describe("logarithms", () => {
  it("are plain for positive values", () => {
    expect([...logged(Float64Array.of(1, Math.E, 100))]).toEqual([0, 1, Math.log(100)]);
  });
  it("keep the order and stay finite, whatever the values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
        (list) => {
          const values = Float64Array.from(list, (value) => value + 0);
          const logs = logged(values);
          for (let i = 0; i < values.length; i++) {
            expect(logs[i]).toSatisfy(Number.isFinite);
            for (let j = 0; j < values.length; j++)
              if (values[i]! < values[j]!) expect(logs[i]).toBeLessThanOrEqual(logs[j]!);
          }
        },
      ),
    );
  });
  it("tell values apart that are neighbouring doubles", () => {
    const [low, high] = logged(Float64Array.of(-1, -1 + 2 ** -53));
    expect(low).toSatisfy(Number.isFinite);
    expect(low).toBeLessThan(high!);
  });
  it("shift by twice the way from the 5th percentile to the minimum", () => {
    const values = Float64Array.from({ length: 101 }, (_, i) => i - 100);
    // Percentile -95, so zero is at -105; in units of 100.
    logged(values).forEach((log, i) => expect(log).toBeCloseTo(Math.log((i + 5) / 100), 9));
  });
});

describe("local search", () => {
  it("changes one value, draws what that makes active and drops what it makes inactive", () => {
    const space = spaces["conditional"]!;
    const svm: Params = { model: "svm", c: 3, ["__proto__"]: 0.5 };
    const net = withValue(space, svm, "model", "net", rngForKey("turn"));
    expect(checkParams(space, net)).toEqual([]);
    expect(net["c"]).toBeUndefined();
    expect(Object.entries(net).at(-1)).toEqual(["__proto__", 0.5]);
  });

  it("finds the top of a hill among categories and numbers", () => {
    const space: Space = [
      ...Array.from({ length: 8 }, (_, i) => ({
        name: `c${i}`,
        type: "categorical" as const,
        choices: ["a", "b", "c", "d"],
      })),
      { name: "x", type: "float", low: 0, high: 1, log: false },
      { name: "n", type: "int", low: 0, high: 50, log: false },
    ];
    const score = (params: Params): number =>
      space.reduce((sum, { name }) => sum + (params[name] === "c" ? 1 : 0), 0) -
      Math.abs(Number(params["x"]) - 0.123) -
      Math.abs(Number(params["n"]) - 17) / 50;
    const search = createSearch({
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: (params) => params["c0"] !== "c",
      parallel: 1,
      rng: samplerStream(1),
    });
    const found = search({ score, good: [], isNew: () => true, rng: rngForKey("hill") });
    expect(found.params["c0"]).not.toBe("c");
    expect(found.score).toBeGreaterThan(7 - 0.05);
  });
});

describe("sampler", () => {
  async function search(
    space: Space,
    f: (params: Params) => readonly number[],
    trials: number,
    seed = 5,
    options: Record<string, unknown> = {},
  ): Promise<{ readonly history: FinishedTrial[]; readonly suggestions: Suggestion[] }> {
    const width = f(uniformParams(space, rngForKey("width"))).length;
    const objectives = Array.from({ length: width }, (_, i) => ({ metric: `m${i}`, direction: "minimize" as const }));
    const sampler = smacSampler.create(
      {
        space,
        objectives: [objectives[0]!, ...objectives.slice(1)],
        isFeasible: () => true,
        budgetTrials: trials,
        parallel: 1,
        rng: samplerStream(seed),
      },
      options,
    );
    const history: FinishedTrial[] = [];
    const suggestions: Suggestion[] = [];
    for (let number = 0; number < trials; number++) {
      const suggestion = await sampler.suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
      suggestions.push(suggestion);
      history.push({ number, state: "complete", params: suggestion.params, values: f(suggestion.params) });
    }
    return { history, suggestions };
  }

  /** Twelve categories, of which pairs belong together; 4^12 configurations, the minimum is one of them. */
  const puzzle: Space = Array.from({ length: 12 }, (_, i) => ({
    name: `c${i}`,
    type: "categorical" as const,
    choices: ["a", "b", "c", "d"],
  }));
  const misses = (params: Params): number =>
    puzzle.reduce((sum, { name }, i) => sum + (params[name] === ["b", "d", "a"][i % 3] ? 0 : 1), 0);

  it("puts categories together far better than chance, after Sobol points and among random ones", async () => {
    const { history, suggestions } = await search(puzzle, (params) => [misses(params)], 100);
    // The best of 100 random ones misses four or five of the twelve; two or fewer once in two hundred studies.
    expect(Math.min(...history.map(({ values }) => values[0]!))).toBeLessThanOrEqual(2);
    const reasons = suggestions.map(({ reason }) => reason);
    // A quarter of the budget, though twelve parameters would have 120; later one in five at random.
    expect(reasons.map((reason) => reason.startsWith("Sobol")).lastIndexOf(true)).toBe(24);
    const random = reasons.slice(25).filter((reason) => reason.startsWith("uniform draw between")).length;
    expect(random).toBeGreaterThan(4);
    expect(random).toBeLessThan(22);
    const few = await search(puzzle, (params) => [misses(params)], 13, 5, { startupPerParameter: 1, startupShare: 1 });
    expect(few.suggestions[11]!.reason).toMatch(/^Sobol/);
    expect(few.suggestions[12]!.reason).not.toMatch(/^Sobol/);
  });

  it("finds the good branch of a conditional space and its minimum there", async () => {
    const space: Space = [
      { name: "model", type: "categorical", choices: ["a", "b", "c"] },
      { name: "x", type: "float", low: 0, high: 1, log: false, when: { model: ["a"] } },
      { name: "y", type: "float", low: 0, high: 1, log: false, when: { model: ["b"] } },
      { name: "n", type: "int", low: 1, high: 100, log: true, when: { model: ["c"] } },
    ];
    const { history } = await search(
      space,
      ({ model, x, y, n }) => [
        model === "a" ? 0.5 + (Number(x) - 0.3) ** 2 : model === "b" ? (Number(y) - 0.8) ** 2 : 0.3 + Number(n) / 100,
      ],
      60,
    );
    expect(Math.min(...history.map(({ values }) => values[0]!))).toBeLessThan(1e-3);
    const late = history.slice(30).filter(({ params }) => params["model"] === "b");
    expect(late.length).toBeGreaterThan(15);
  });

  it("tries no configuration twice while others are left", async () => {
    const space: Space = [
      { name: "a", type: "categorical", choices: ["x", "y", "z"] },
      { name: "b", type: "int", low: 1, high: 9, log: false },
    ];
    const { history } = await search(space, ({ a, b }) => [(a === "y" ? 0 : 1) + Math.abs(Number(b) - 6)], 25, 5, {
      randomShare: 0,
      startupPerParameter: 1,
    });
    expect(new Set(history.slice(2).map(({ params }) => paramsKey(params))).size).toBe(23);
  });

  it("spreads over a trade-off", async () => {
    const space: Space = [
      { name: "x", type: "float", low: 0, high: 1, log: false },
      { name: "y", type: "float", low: 0, high: 1, log: false },
    ];
    // The front is y = 0, x between 0.2 and 0.8.
    const { history } = await search(
      space,
      ({ x, y }) => [(Number(x) - 0.2) ** 2 + Number(y), (Number(x) - 0.8) ** 2 + Number(y)],
      60,
    );
    const late = history.slice(25).filter(({ params }) => Number(params["y"]) < 0.1);
    expect(late.length).toBeGreaterThan(15);
    expect(late.some(({ params }) => Number(params["x"]) < 0.4)).toBe(true);
    expect(late.some(({ params }) => Number(params["x"]) > 0.6)).toBe(true);
  });
});

/** The mathematics against published numbers, dense formulas and finite differences; the sampler on functions and histories. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median } from "../../core/stats.ts";
import { rngForKey } from "../../core/rng.ts";
import { paramsKey, uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { PendingTrial } from "../../core/trial.ts";
import { spaces } from "../../../test/contract/spaces.ts";
import { lowest, searcher, tradeOff } from "../testing/search.ts";
import { expectedImprovement, logExpectedImprovement, logImprovement } from "./acquisition.ts";
import { featuresOf } from "./features.ts";
import { gpSampler } from "./gp.ts";
import { matern, maternSlope, negativeLogPosterior, regressionModel, type Hyperparameters } from "./regression.ts";

describe("acquisition", () => {
  it("has the published values, deep in the tail too", () => {
    expect(expectedImprovement(0, 1, 0)).toBeCloseTo(0.3989422804014327, 8);
    expect(expectedImprovement(1, 0.5, 0.8)).toBeCloseTo(0.1152194184737265, 8);
    expect(logImprovement(0).value).toBeCloseTo(-0.9189385332046724, 8);
    expect(logImprovement(-1).value).toBeCloseTo(-2.4851210257126413, 7);
    expect(logImprovement(-5).value).toBeCloseTo(-16.744301162660992, 11);
    expect(logImprovement(-10).value).toBeCloseTo(-55.55312203612235, 11);
    expect(logImprovement(-20).value).toBeCloseTo(-206.9178385094251, 10);
    // The two formulas meet.
    expect(logImprovement(-3 + 1e-9).value).toBeCloseTo(logImprovement(-3 - 1e-9).value, 7);
    expect(logImprovement(-1e6).value).toBeLessThan(-1e11);
  });

  it("has the slopes it says", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.05, max: 4, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (mean, variance, best) => {
          const h = 1e-5;
          const at = (m: number, v: number): number => logExpectedImprovement(m, v, best).value;
          const { byMean, byVariance } = logExpectedImprovement(mean, variance, best);
          const close = (slope: number, difference: number): void =>
            expect(Math.abs(slope - difference)).toBeLessThan(1e-3 * Math.max(1, Math.abs(slope)));
          close(byMean, (at(mean + h, variance) - at(mean - h, variance)) / (2 * h));
          close(byVariance, (at(mean, variance + h) - at(mean, variance - h)) / (2 * h));
        },
      ),
    );
  });
});

describe("kernel", () => {
  it("has the published value and its slope", () => {
    expect(matern(1)).toBeCloseTo(0.5239941, 7);
    expect(matern(0)).toBe(1);
    for (const squared of [0.01, 0.3, 1, 5]) {
      const h = 1e-6;
      expect(maternSlope(squared)).toBeCloseTo((matern(squared + h) - matern(squared - h)) / (2 * h), 6);
    }
  });

  it("measures inactive parameters as far from active ones and at no distance from each other", () => {
    const features = featuresOf(spaces["conditional"]!);
    const svm = features.encode({ model: "svm", c: 1, ["__proto__"]: 0.5 });
    const other = features.encode({ model: "svm", c: 1000, ["__proto__"]: 0.5 });
    const net = features.encode({ model: "net", layers: 1, units1: 8, ["__proto__"]: 0.5 });
    const distance = (a: Float64Array, b: Float64Array): number =>
      features.parameters.reduce((sum, _, k) => sum + features.squared(k, a[k]!, b[k]!), 0);
    expect(distance(svm, svm)).toBe(0);
    expect(distance(svm, other)).toBeCloseTo(0.25, 9);
    expect(distance(svm, net)).toBeGreaterThan(2);
  });

  it("is positive definite on any configurations of any space", () => {
    fc.assert(
      fc.property(fc.constantFrom("floats", "integers", "categories", "conditional"), fc.integer(), (label, seed) => {
        const space = spaces[label]!;
        const features = featuresOf(space);
        const rng = rngForKey(`definite ${seed}`);
        const points = Array.from({ length: 15 }, () => features.encode(uniformParams(space, rng)));
        const hyperparameters = {
          weights: Float64Array.from({ length: features.dimension }, () => Math.exp(4 * rng.next() - 2)),
          scale: 1,
          noise: 1e-6,
        };
        expect(() =>
          regressionModel(
            features,
            hyperparameters,
            points,
            points.map(() => rng.normal()),
          ),
        ).not.toThrow();
      }),
      { numRuns: 50 },
    );
  });
});

describe("regression", () => {
  const space = spaces["conditional"]!;
  const features = featuresOf(space);
  const sample = (seed: number, count: number) => {
    const rng = rngForKey(`regression ${seed}`);
    const points = Array.from({ length: count }, () => features.encode(uniformParams(space, rng)));
    const y = Float64Array.from(points, () => rng.normal());
    const hyperparameters: Hyperparameters = {
      weights: Float64Array.from({ length: features.dimension }, () => Math.exp(2 * rng.next() - 1)),
      scale: 1.5,
      noise: 0.01,
    };
    return { rng, points, y, hyperparameters };
  };

  it("has the gradient of its posterior", () => {
    const { rng, points, y } = sample(1, 12);
    const parts = features.parameters.map((_, k) =>
      Float64Array.from(
        points.flatMap((point, i) => points.slice(0, i).map((other) => features.squared(k, point[k]!, other[k]!))),
      ),
    );
    const theta = Float64Array.from({ length: features.dimension + 2 }, () => rng.next() - 0.5);
    theta[features.dimension + 1] = Math.log(0.05);
    const { gradient } = negativeLogPosterior(theta, parts, y);
    theta.forEach((_, k) => {
      const h = 1e-5;
      const at = (step: number): number =>
        negativeLogPosterior(
          theta.map((x, i) => (i === k ? x + step : x)),
          parts,
          y,
        ).value;
      expect(gradient[k]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 5);
    });
  });

  it("goes through values without noise and falls back to the prior far away", () => {
    const line = featuresOf([{ name: "x", type: "float", low: 0, high: 1, log: false }]);
    const points = [0.1, 0.4, 0.8].map((x) => Float64Array.of(x));
    const model = regressionModel(line, { weights: Float64Array.of(400), scale: 2, noise: 1e-9 }, points, [1, -1, 0.5]);
    expect(model.predict(Float64Array.of(0.4)).mean).toBeCloseTo(-1, 6);
    expect(model.predict(Float64Array.of(0.4)).variance).toBeLessThan(1e-6);
    expect(model.fitted[2]).toBeCloseTo(0.5, 6);
    const far = regressionModel(line, { weights: Float64Array.of(1e5), scale: 2, noise: 1e-9 }, points, [1, -1, 0.5]);
    expect(far.predict(Float64Array.of(0.6)).mean).toBeCloseTo(0, 6);
    expect(far.predict(Float64Array.of(0.6)).variance).toBeCloseTo(2, 6);
  });

  it("grows a point at a time into the model of all points, and takes other values", () => {
    const { points, y, hyperparameters, rng } = sample(2, 14);
    const whole = regressionModel(features, hyperparameters, points, y);
    let grown = regressionModel(features, hyperparameters, points.slice(0, 6), y.slice(0, 6));
    for (let i = 6; i < 14; i++) grown = grown.with(points[i]!, 0);
    grown = grown.revalued(y);
    for (let i = 0; i < 10; i++) {
      const point = features.encode(uniformParams(space, rng));
      const [a, b] = [whole.predict(point), grown.predict(point)];
      expect(b.mean).toBeCloseTo(a.mean, 9);
      expect(b.variance).toBeCloseTo(a.variance, 9);
    }
  });

  it("has the slopes it says, also towards trials in which a parameter is inactive", () => {
    const { points, y, hyperparameters, rng } = sample(3, 12);
    const model = regressionModel(features, hyperparameters, points, y);
    for (let i = 0; i < 20; i++) {
      const point = features.encode(uniformParams(space, rng));
      const { mean, variance, meanSlope, varianceSlope } = model.predictWithSlopes(point);
      const plain = model.predict(point);
      expect(mean).toBeCloseTo(plain.mean, 9);
      expect(variance).toBeCloseTo(plain.variance, 9);
      features.parameters.forEach((_, k) => {
        if (features.numeric[k] !== true || point[k]! < 0) return;
        const h = 1e-5;
        const at = (step: number) => model.predict(point.map((x, j) => (j === k ? x + step : x)));
        expect(meanSlope[k]).toBeCloseTo((at(h).mean - at(-h).mean) / (2 * h), 4);
        expect(varianceSlope[k]).toBeCloseTo((at(h).variance - at(-h).variance) / (2 * h), 4);
      });
    }
  });
});

describe("sampler", () => {
  const { ask, create, search } = searcher(gpSampler, {}, 4);

  it("finds the minimum of Branin's function to a thousandth in forty trials, on most seeds", async () => {
    const space: Space = [
      { name: "x", type: "float", low: -5, high: 10, log: false },
      { name: "y", type: "float", low: 0, high: 15, log: false },
    ];
    const branin = ({ x, y }: Params): number[] => {
      const bowl = Number(y) - (5.1 * Number(x) ** 2) / (4 * Math.PI ** 2) + (5 * Number(x)) / Math.PI - 6;
      return [bowl ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(Number(x)) + 10];
    };
    const bests: number[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const history = await searcher(gpSampler, {}, seed).search(space, branin, 40);
      bests.push(lowest(history));
    }
    expect(median(bests)).toBeLessThan(0.3978874 + 1e-3);
  });

  it("tries no configuration twice while others are left", async () => {
    const space: Space = [
      { name: "a", type: "categorical", choices: ["x", "y", "z"] },
      { name: "b", type: "int", low: 1, high: 9, log: false },
    ];
    const history = await search(space, ({ a, b }) => [(a === "y" ? 0 : 1) + Math.abs(Number(b) - 6)], 25);
    expect(new Set(history.slice(10).map(({ params }) => paramsKey(params))).size).toBe(15);
    expect(history.some(({ params }) => params["a"] === "y" && params["b"] === 6)).toBe(true);
  });

  it("keeps parallel slots apart", async () => {
    const space: Space = [
      { name: "x", type: "float", low: 0, high: 1, log: false },
      { name: "y", type: "float", low: 0, high: 1, log: false },
    ];
    const hills = ({ x, y }: Params): number[] => [Math.sin(9 * Number(x)) + Math.cos(7 * Number(y)) + Number(x)];
    const history = await search(space, hills, 11);
    const pending: PendingTrial[] = [];
    for (let slot = 0; slot < 5; slot++) {
      const { params } = await ask(create(space), history, pending);
      for (const other of pending) {
        const distance = Math.hypot(
          Number(params["x"]) - Number(other.params["x"]),
          Number(params["y"]) - Number(other.params["y"]),
        );
        expect(distance).toBeGreaterThan(1e-3);
      }
      pending.push({ number: 11 + slot, state: "running", params });
    }
  });

  it("spreads over a trade-off", async () => {
    const history = await search(tradeOff.space, tradeOff.losses, 40);
    const late = history.slice(20).filter(({ params }) => Number(params["y"]) < 0.05);
    expect(late.length).toBeGreaterThan(10);
    expect(late.some(({ params }) => Number(params["x"]) < 0.4)).toBe(true);
    expect(late.some(({ params }) => Number(params["x"]) > 0.6)).toBe(true);
  });
});

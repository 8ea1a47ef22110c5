/** The expected growth of the dominated volume against sampling and finite differences; beliefs; the sampler on trade-offs. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFor, rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { samplerStream } from "../sampler.ts";
import { logExpectedImprovement } from "./acquisition.ts";
import { featuresOf } from "./features.ts";
import { gpSampler } from "./gp.ts";
import { landscapeOf, withBelief } from "./landscape.ts";
import { regressionModel } from "./regression.ts";
import { frontOf, logVolumeImprovement, referenceOf, tradeOffLandscape, type Pair } from "./tradeOff.ts";

/** Area between a front and its reference. */
function volume(pairs: readonly Pair[], reference: Pair): number {
  let area = 0;
  let lowest = reference[1];
  for (const [first, second] of frontOf(pairs)) {
    if (first >= reference[0] || second >= lowest) continue;
    area += (reference[0] - first) * (lowest - second);
    lowest = second;
  }
  return area;
}

const front: readonly Pair[] = [
  [-1, 1],
  [0, 0.2],
  [0.8, -0.9],
];
const reference: Pair = [1.3, 1.4];

describe("expected hypervolume improvement", () => {
  it("is the mean growth of the volume over draws", () => {
    const rng = rngForKey("volume");
    for (const [means, variances] of [
      [
        [0, 0],
        [1, 1],
      ],
      [
        [-0.5, 0.9],
        [0.3, 0.05],
      ],
      [
        [1, 1],
        [0.5, 2],
      ],
      [
        [-2, -2],
        [0.1, 0.1],
      ],
    ] as const) {
      const before = volume(front, reference);
      let sum = 0;
      const draws = 40_000;
      for (let i = 0; i < draws; i++) {
        const drawn: Pair = [
          means[0] + Math.sqrt(variances[0]) * rng.normal(),
          means[1] + Math.sqrt(variances[1]) * rng.normal(),
        ];
        sum += volume([...front, drawn], reference) - before;
      }
      const { value } = logVolumeImprovement(front, reference, means, variances);
      expect(Math.abs(Math.exp(value) - sum / draws)).toBeLessThan(0.02 * Math.max(1, sum / draws));
    }
  });

  it("is the product of two expected improvements where there is no front", () => {
    const { value } = logVolumeImprovement([], [0.5, -0.2], [0.1, 0.3], [0.4, 0.9]);
    const product = logExpectedImprovement(0.1, 0.4, 0.5).value + logExpectedImprovement(0.3, 0.9, -0.2).value;
    expect(value).toBeCloseTo(product, 12);
  });

  it("has the slopes it says, and stays finite far from the front", () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(number(-3, 6), number(-3, 6), number(0.02, 3), number(0.02, 3), (m1, m2, v1, v2) => {
        const at = (a: number, b: number, c: number, d: number): number =>
          logVolumeImprovement(front, reference, [a, b], [c, d]).value;
        const { value, byMean, byVariance } = logVolumeImprovement(front, reference, [m1, m2], [v1, v2]);
        expect(Number.isFinite(value)).toBe(true);
        const h = 1e-5;
        const close = (slope: number, difference: number): void =>
          expect(Math.abs(slope - difference)).toBeLessThan(1e-2 * Math.max(1, Math.abs(slope)));
        close(byMean[0], (at(m1 + h, m2, v1, v2) - at(m1 - h, m2, v1, v2)) / (2 * h));
        close(byMean[1], (at(m1, m2 + h, v1, v2) - at(m1, m2 - h, v1, v2)) / (2 * h));
        close(byVariance[0], (at(m1, m2, v1 + h, v2) - at(m1, m2, v1 - h, v2)) / (2 * h));
        close(byVariance[1], (at(m1, m2, v1, v2 + h) - at(m1, m2, v1, v2 - h)) / (2 * h));
      }),
    );
  });

  it("is measured from beyond the worst that was seen", () => {
    const corner = referenceOf(front);
    expect(corner[0]).toBeCloseTo(0.98, 12);
    expect(corner[1]).toBeCloseTo(1.19, 12);
    expect(referenceOf([[2, 1]])).toEqual([2.1, 1.1]);
    expect(
      frontOf([
        [1, 1],
        [0, 2],
        [0, 2],
        [2, 1],
        [3, 0],
      ]),
    ).toEqual([
      [0, 2],
      [1, 1],
      [3, 0],
    ]);
  });
});

describe("landscapes", () => {
  const space: Space = [
    { name: "x", type: "float", low: 0, high: 1, log: false, prior: { value: 0.8, confidence: "high" } },
    { name: "y", type: "float", low: 0, high: 1, log: false },
    { name: "c", type: "categorical", choices: ["a", "b"], prior: { value: "b", confidence: "medium" } },
  ];
  const features = featuresOf(space);
  const rng = rngForKey("landscape");
  const points = Array.from({ length: 9 }, () => features.encode(uniformParams(space, rng)));
  const model = (seed: string) => {
    const own = rngForKey(seed);
    const hyperparameters = { weights: Float64Array.of(3, 2, 1), scale: 1, noise: 0.01 };
    return regressionModel(
      features,
      hyperparameters,
      points,
      points.map(() => own.normal()),
    );
  };
  const one = landscapeOf(model("one"), (mean, variance) => logExpectedImprovement(mean, variance, -1));
  const two = tradeOffLandscape([model("one"), model("two")], front, reference);

  it("have the slopes they say", () => {
    for (const landscape of [one, two, withBelief(one, features, 5)]) {
      for (let i = 0; i < 10; i++) {
        const point = features.encode(uniformParams(space, rng));
        const { height, gradient } = landscape.slope(point);
        expect(landscape.heights([point])[0]).toBeCloseTo(height, 6);
        const h = 1e-6;
        for (const k of [0, 1]) {
          const [up, down] = landscape.heights([1, -1].map((sign) => point.with(k, point[k]! + sign * h)));
          expect(Math.abs(gradient[k]! - (up! - down!) / (2 * h))).toBeLessThan(
            1e-3 * Math.max(1, Math.abs(gradient[k]!)),
          );
        }
        expect(gradient[2]).toBe(0);
      }
    }
  });

  it("are raised where users believe, less with every trial", () => {
    const at = (x: number, c: number): Float64Array => Float64Array.of(x, 0.5, c);
    const gain = (trials: number, point: Float64Array): number =>
      withBelief(one, features, trials).heights([point])[0]! - one.heights([point])[0]!;
    expect(gain(10, at(0.8, 1))).toBeGreaterThan(gain(10, at(0.3, 1)));
    expect(gain(10, at(0.8, 1))).toBeGreaterThan(gain(10, at(0.8, 0)));
    expect(gain(1000, at(0.3, 0))).toBeCloseTo(gain(10, at(0.3, 0)) / 100, 9);
  });
});

describe("sampler", () => {
  const space: Space = [
    { name: "x", type: "float", low: 0, high: 1, log: false },
    { name: "y", type: "float", low: 0, high: 1, log: false },
  ];
  const suggest = async (
    own: Space,
    objectives: number,
    history: readonly FinishedTrial[],
    pending: readonly PendingTrial[] = [],
  ) => {
    const metrics = Array.from({ length: objectives }, (_, i) => ({ metric: `m${i}`, direction: "minimize" as const }));
    const context = { space: own, isFeasible: () => true, parallel: 1, rng: samplerStream(2) };
    const sampler = gpSampler.create({ ...context, objectives: [metrics[0]!, ...metrics.slice(1)] }, {});
    const number = history.length + pending.length;
    return sampler.suggest({ history, pending, number, rng: rngFor(2, number, "suggest") });
  };

  it("sends parallel trials to different parts of a front", async () => {
    const rng = rngForKey("history");
    const history = Array.from({ length: 16 }, (_, number): FinishedTrial => {
      const params = uniformParams(space, rng);
      const [x, y] = [Number(params["x"]), Number(params["y"])];
      return { number, state: "complete", params, values: [(x - 0.2) ** 2 + y, (x - 0.8) ** 2 + y] };
    });
    const pending: PendingTrial[] = [];
    for (let slot = 0; slot < 4; slot++) {
      const { params, reason } = await suggest(space, 2, history, pending);
      expect(reason).toContain("dominated volume");
      for (const other of pending)
        expect(Math.abs(Number(params["x"]) - Number(other.params["x"]))).toBeGreaterThan(0.01);
      pending.push({ number: 16 + slot, state: "running", params });
    }
  });

  it("begins where users believe", async () => {
    const believed: Space = space.map((parameter) => ({ ...parameter, prior: { value: 0.7, confidence: "high" } }));
    expect((await suggest(believed, 1, [])).params).toEqual({ x: 0.7, y: 0.7 });
    const draws: number[] = [];
    const history: FinishedTrial[] = [];
    for (let number = 0; number < 10; number++) {
      const { params } = await suggest(believed, 1, history);
      draws.push(Number(params["x"]));
      history.push({ number, state: "complete", params, values: [number] });
    }
    expect(Math.abs(draws.reduce((sum, x) => sum + x, 0) / draws.length - 0.7)).toBeLessThan(0.15);
  });
});

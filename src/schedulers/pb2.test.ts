import { describe, expect, it } from "vitest";
import { rngFor } from "../core/rng.ts";
import { checkParams, uniformParams } from "../core/space/configuration.ts";
import type { Space } from "../core/space/parameter.ts";
import { pb2Scheduler } from "./pb2.ts";
import { standardised, upperBound, type Observation } from "./pb2Model.ts";
import type { ScheduledTrial } from "./scheduler.ts";
import { simulate } from "./testing/simulator.ts";
import { confidenceWidth, timeVaryingCovariance } from "./timeVaryingKernel.ts";

const at = (...values: number[]): Float64Array => Float64Array.from(values);

describe("the model of gains", () => {
  it("is the Gaussian process of its kernel: two observations, worked out by hand", () => {
    const observations: Observation[] = [
      { time: 1, at: at(0.2), gain: -1 },
      { time: 3, at: at(0.7), gain: 1 },
    ];
    const predict = upperBound(observations, [], 0.1);
    // Which lengthscale and noise the evidence has chosen is seen from one prediction of the grid's.
    const found = [0.05, 0.2, 0.5, 1, 3].flatMap((lengthscale) =>
      [0.01, 0.1, 0.5].map((noise) => {
        const k = (dt: number, d: number): number =>
          timeVaryingCovariance({ forgetting: 0.1, lengthscale, variance: 1 }, dt, d * d);
        const [a, b] = [1 + noise, k(2, 0.5)];
        const determinant = a * a - b * b;
        const evidence = -0.5 * ((a + a + 2 * b) / determinant) - 0.5 * Math.log(determinant);
        const [p, q] = [k(3, 0.2), k(1, 0.3)];
        const mean = (-(a * p - b * q) + (a * q - b * p)) / determinant;
        const variance = 1 - (a * p * p - 2 * b * p * q + a * q * q) / determinant;
        return { evidence, mean, deviation: Math.sqrt(variance) };
      }),
    );
    const best = found.reduce((x, y) => (y.evidence > x.evidence ? y : x));
    const { mean, deviation, bound } = predict({ time: 4, at: at(0.4) });
    expect(mean).toBeCloseTo(best.mean, 10);
    expect(deviation).toBeCloseTo(best.deviation, 10);
    expect(bound).toBeCloseTo(best.mean + confidenceWidth(2) * best.deviation, 10);
  });

  it("adds deviations, not variances, and takes trainings under way as certain for the variance alone", () => {
    const observations = Array.from({ length: 12 }, (_, i): Observation => ({
      time: i,
      at: at(i / 11),
      gain: Math.sin(i),
    }));
    const point = { time: 12, at: at(0.5) };
    const alone = upperBound(observations, [], 0.1)(point);
    expect(alone.bound).toBeCloseTo(alone.mean + confidenceWidth(12) * alone.deviation, 12);
    const crowded = upperBound(observations, [point, point], 0.1)(point);
    expect(crowded.mean).toBe(alone.mean);
    expect(crowded.deviation).toBeLessThan(alone.deviation);
  });

  it("forgets: of two opposite experiences the later one counts", () => {
    const opposite = [0, 40].flatMap((time) =>
      Array.from({ length: 8 }, (_, i): Observation => {
        const x = i / 7;
        return { time: time + i / 10, at: at(x), gain: time === 0 ? x : 1 - x };
      }),
    );
    const recent = upperBound(opposite, [], 0.2);
    expect(recent({ time: 41, at: at(0) }).mean).toBeGreaterThan(recent({ time: 41, at: at(1) }).mean + 0.5);
    const never = upperBound(opposite, [], 0);
    expect(Math.abs(never({ time: 41, at: at(0) }).mean - never({ time: 41, at: at(1) }).mean)).toBeLessThan(0.2);
  });

  it("standardises gains and cuts them at two deviations", () => {
    expect(standardised([1, 3])).toEqual([-1, 1]);
    expect(standardised([5, 5, 5])).toEqual([0, 0, 0]);
    expect(Math.max(...standardised([...Array.from({ length: 30 }, () => 0), 1000]))).toBe(2);
  });
});

describe("population-based bandits", () => {
  const space: Space = [
    { name: "rate", type: "float", low: 0, high: 1, log: false },
    { name: "batch", type: "int", low: 1, high: 64, log: true },
    { name: "kind", type: "categorical", choices: ["a", "b"] },
    { name: "width", type: "int", low: 1, high: 9, log: false },
  ];

  /** Trainings gain most where the rate is 0.7. */
  async function study(seed: number) {
    const losses = new Map<string, number>();
    const curve = (trial: ScheduledTrial, step: number): number => {
      const from = trial.parent?.step === step - 1 ? trial.parent.number : trial.number;
      const before = step === 1 ? 10 : losses.get(`${from} ${step - 1}`)!;
      const loss = before - Math.max(0, 0.3 - (Number(trial.params["rate"]) - 0.7) ** 2);
      losses.set(`${trial.number} ${step}`, loss);
      return loss;
    };
    return simulate({
      scheduler: () => pb2Scheduler.create({}),
      maxSteps: 20,
      maxTrials: 8,
      parallel: 2,
      seed,
      space,
      isStructural: (name) => name === "width",
      suggest: (number) => uniformParams(space, rngFor(seed, number, "suggest")),
      curve,
    });
  }

  it("finds where trainings gain most, within the space and its structure", async () => {
    for (const seed of [1, 2, 3]) {
      const { trials, answers } = await study(seed);
      const copies = [...trials.values()].filter(({ parent }) => parent !== undefined);
      expect(copies.length).toBeGreaterThan(4);
      for (const { params, parent } of copies) {
        expect(checkParams(space, params)).toEqual([]);
        expect(params["width"]).toBe(trials.get(parent!.number)!.params["width"]);
      }
      const late = copies.slice(-6).map(({ params }) => Math.abs(Number(params["rate"]) - 0.7));
      expect(late.sort((a, b) => a - b)[2]).toBeLessThan(0.2);
      const said = answers.flatMap(({ answer }) =>
        "decision" in answer && answer.decision === "exploit" ? [answer.reason] : [],
      );
      expect(said.at(-1)).toMatch(/\(upper bound [\d.e−-]+ deviations of the gain of a step, \d+ results\)$/);
    }
  });

  it("decides within a few hundredths of a second on a full model", () => {
    const observations = Array.from({ length: 300 }, (_, i): Observation => ({
      time: i % 40,
      at: at(...Array.from({ length: 8 }, (_, k) => Math.abs(Math.sin(i * (k + 1))))),
      gain: Math.cos(i),
    }));
    const bound = upperBound(observations, [], 0.1);
    expect(Number.isFinite(bound({ time: 41, at: observations[5]!.at }).bound)).toBe(true);
  });
});

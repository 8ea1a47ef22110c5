import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Params } from "../../../core/space/parameter.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { applyUpdate, optimizerPlan, slotCount } from "./optimizer.ts";
import { newProgress, observeEpoch, progressPlan } from "./progress.ts";
import { learningRateAt, momentumAt } from "./schedule.ts";

interface OptimizerFixture {
  readonly start: number[];
  readonly gradients: number[][];
  readonly cases: { params: Params; weights: number[][] }[];
}

interface ScheduleFixture {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly cases: { params: Params; rates: number[]; momentum?: number[] }[];
  readonly losses: number[];
  readonly plateaus: { params: Params; ratesAfter: number[] }[];
}

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../../../test/fixtures/torch", name), "utf8"));
const optimizers = fixture("optimizers.json") as OptimizerFixture;
const schedules = fixture("schedules.json") as ScheduleFixture;
const named = <T extends { params: Params }>(cases: readonly T[]): [string, T][] =>
  cases.map((one) => [JSON.stringify(one.params), one]);

describe("optimizers compute what PyTorch's compute", () => {
  it.each(named(optimizers.cases))("%s", (_, { params, weights: expected }) => {
    const plan = optimizerPlan(resolveHyperparameters(params, "module"));
    const weights = Float32Array.from(optimizers.start);
    const slots = Array.from({ length: slotCount(plan) }, () => new Float32Array(weights.length));
    expected.forEach((wanted, step) => {
      applyUpdate(plan, {
        weights,
        gradient: Float32Array.from(optimizers.gradients[step]!),
        slots,
        out: weights,
        learningRate: plan.learningRate,
        time: step + 1,
        scale: 1,
        decays: true,
      });
      wanted.forEach((value, i) => expect(Math.abs(weights[i]! - value)).toBeLessThan(3e-6 * (1 + Math.abs(value))));
    });
  });
});

describe("schedules give the rates of PyTorch's schedulers", () => {
  const { epochs, stepsPerEpoch } = schedules;
  const length = { epochs, stepsPerEpoch };

  it.each(named(schedules.cases))("%s", (_, { params, rates, momentum }) => {
    const h = resolveHyperparameters(params, "module");
    rates.forEach((rate, step) => {
      expect(learningRateAt(h, step, length, 0)).toBeCloseTo(rate, 12);
      const moved = momentumAt(h, h.momentum, step, length);
      if (momentum === undefined) expect(moved).toBeUndefined();
      else expect(moved).toBeCloseTo(momentum[step]!, 12);
    });
  });

  it.each(named(schedules.plateaus))("%s", (_, { params, ratesAfter }) => {
    const h = resolveHyperparameters(params, "module");
    const following = progressPlan(h, "classification", 0);
    const progress = newProgress();
    ratesAfter.forEach((rate, i) => {
      observeEpoch(progress, i + 1, schedules.losses[i]!, following);
      expect(learningRateAt(h, 0, length, progress.drops)).toBeCloseTo(rate, 12);
    });
    expect(progress.drops).toBeGreaterThan(0);
  });
});

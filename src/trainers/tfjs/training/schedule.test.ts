import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { learningRateAt } from "./schedule.ts";

const plan = (params: Record<string, number | string>) =>
  resolveHyperparameters({ learningRate: 1, ...params }, "module");
const rates = (params: Record<string, number | string>, epochs = 6, perEpoch = 2): number[] =>
  Array.from({ length: epochs }, (_, epoch) =>
    learningRateAt(plan(params), epoch * perEpoch, { stepsPerEpoch: perEpoch, epochs }, 0),
  );
const six = { stepsPerEpoch: 2, epochs: 6 };

describe("learningRateAt", () => {
  it("follows each schedule", () => {
    expect(rates({})).toEqual([1, 1, 1, 1, 1, 1]);
    expect(rates({ lrSchedule: "step" }).map((rate) => Number(rate.toFixed(6)))).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01]);
    expect(rates({ lrSchedule: "step", lrStepEpochs: 3, lrDecay: 0.5 })).toEqual([1, 1, 1, 0.5, 0.5, 0.5]);
    expect(rates({ lrSchedule: "exponential", lrDecay: 0.5 }, 4)).toEqual([1, 0.5, 0.25, 0.125]);
    expect(learningRateAt(plan({ lrSchedule: "plateau" }), 9, six, 2)).toBeCloseTo(0.01, 12);
    expect(learningRateAt(plan({ lrSchedule: "cosine", lrFinal: 0.1 }), 12, six, 0)).toBeCloseTo(0.1, 12);
    expect(learningRateAt(plan({ lrSchedule: "cosine" }), 6, six, 0)).toBeCloseTo(0.5, 12);
  });

  it("warms up to the full rate, whatever follows", () => {
    const warm = plan({ warmupEpochs: 2, lrSchedule: "cosine" });
    const values = Array.from({ length: 9 }, (_, step) =>
      learningRateAt(warm, step, { stepsPerEpoch: 4, epochs: 10 }, 0),
    );
    for (let i = 1; i < values.length; i++) expect(values[i]!).toBeGreaterThan(values[i - 1]!);
    expect(values[0]!).toBeGreaterThan(0);
    expect(values[8]!).toBe(1);
  });

  it("is never negative and never above the base rate", () => {
    const any = fc.record({
      lrSchedule: fc.constantFrom("constant", "step", "exponential", "cosine", "oneCycle", "plateau"),
      warmupEpochs: fc.double({ min: 0, max: 3, noNaN: true }),
      step: fc.nat(200),
      perEpoch: fc.integer({ min: 1, max: 20 }),
      epochs: fc.integer({ min: 1, max: 30 }),
      drops: fc.nat(5),
    });
    fc.assert(
      fc.property(any, ({ step, perEpoch, epochs, drops, ...params }) => {
        const rate = learningRateAt(plan(params), step, { stepsPerEpoch: perEpoch, epochs }, drops);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

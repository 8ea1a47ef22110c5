import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { cpuBackend } from "../backends/cpu.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { hostUpdater } from "./hostUpdater.ts";
import { applyUpdate, clipScale, effectiveRule, optimizerPlan, slotCount } from "./optimizer.ts";
import { tensorUpdater } from "./tensorUpdater.ts";

let backend: LoadedBackend;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
});

const plans = fc
  .record({
    optimizer: fc.constantFrom("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"),
    weightDecay: fc.constantFrom(0, 0.01, 0.3),
    gradClip: fc.constantFrom(0, 0.5),
    momentum: fc.constantFrom(undefined, 0, 0.8),
  })
  .map(({ momentum, ...params }) =>
    optimizerPlan(resolveHyperparameters(momentum === undefined ? params : { ...params, momentum }, "module")),
  );

describe("update rules", () => {
  it("are the same on values and as tensor operations, slots included", async () => {
    const { tf, host } = backend;
    const shapes = [[3, 2], [2]];
    const gradients = fc.array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 8, maxLength: 8 }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(plans, gradients, async (plan, steps) => {
        const before = tf.memory().numTensors;
        const make = () =>
          shapes.map((shape) => {
            const start = tf.fill(shape, 0.7);
            const variable = tf.variable(start);
            start.dispose();
            return variable;
          });
        const [left, right] = [make(), make()];
        const onHost = hostUpdater(tf, host!, left, plan);
        const onDevice = tensorUpdater(tf, right, plan);
        for (const [step, values] of steps.entries()) {
          // As a one-cycle does; rules without a momentum ignore it.
          onHost.setMomentum(0.5 + 0.1 * step);
          onDevice.setMomentum(0.5 + 0.1 * step);
          const given = [tf.tensor(values.slice(0, 6), [3, 2]), tf.tensor(values.slice(6), [2])];
          onHost.apply(given, 0.1);
          onDevice.apply(given, 0.1);
          tf.dispose(given);
        }
        left.forEach((variable, i) => {
          const wanted = right[i]!.dataSync();
          variable.dataSync().forEach((value, j) => expect(value).toBeCloseTo(wanted[j]!, 4));
        });
        const slots = [await onHost.save(), await onDevice.save()];
        expect(slots[0]!.length).toBe(shapes.length * slotCount(plan));
        slots[0]!.forEach((slot, i) => slot.forEach((value, j) => expect(value).toBeCloseTo(slots[1]![i]![j]!, 4)));
        onHost.dispose();
        onDevice.dispose();
        tf.dispose([...left, ...right]);
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 60 },
    );
  });

  it("take the first Adam step of one learning rate against the gradient's sign", () => {
    const plan = optimizerPlan(resolveHyperparameters({}, "module"));
    const out = new Float32Array(2);
    applyUpdate(plan, {
      weights: Float32Array.of(1, 1),
      gradient: Float32Array.of(0.3, -70),
      slots: [new Float32Array(2), new Float32Array(2)],
      out,
      learningRate: 0.01,
      time: 1,
      scale: 1,
      decays: false,
    });
    expect(out[0]).toBeCloseTo(0.99, 5);
    expect(out[1]).toBeCloseTo(1.01, 5);
  });

  it("decay weights, not through the gradient, with AdamW", () => {
    const plan = optimizerPlan(resolveHyperparameters({ optimizer: "adamw", weightDecay: 0.5 }, "module"));
    const out = new Float32Array(1);
    applyUpdate(plan, {
      weights: Float32Array.of(2),
      gradient: Float32Array.of(0),
      slots: [new Float32Array(1), new Float32Array(1)],
      out,
      learningRate: 0.1,
      time: 1,
      scale: 1,
      decays: true,
    });
    expect(out[0]).toBeCloseTo(2 * (1 - 0.1 * 0.5), 6);
  });

  it("read sgd with a momentum as momentum, and only then", () => {
    const rule = (params: Record<string, number>) =>
      effectiveRule(optimizerPlan(resolveHyperparameters({ optimizer: "sgd", ...params }, "module")));
    expect([rule({}), rule({ momentum: 0 }), rule({ momentum: 0.9 })]).toEqual(["sgd", "sgd", "momentum"]);
  });

  it("clip only what is too long", () => {
    expect([clipScale(0, 9), clipScale(1, 0.5), clipScale(1, 4)]).toEqual([1, 1, 0.25]);
  });
});

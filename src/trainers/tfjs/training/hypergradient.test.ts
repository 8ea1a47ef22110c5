import { readFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Params } from "../../../core/space/parameter.ts";
import type { TuneOnline } from "../../../core/study/definition.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { hostUpdater } from "./hostUpdater.ts";
import { adaptRates, hypergradientPlan, type HypergradientPlan } from "./hypergradient.ts";
import { readTuneOnline } from "./onlineEnvironment.ts";
import { optimizerPlan } from "./optimizer.ts";
import { tensorUpdater } from "./tensorUpdater.ts";
import type { Updater } from "./updater.ts";

let backend: LoadedBackend;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
});

type Kind = "host" | "tensor";

interface Trace {
  /** Rates used in each step, and the weights after it. */
  readonly rates: { learningRate: number; momentum: number }[];
  readonly weights: number[][];
}

/** Runs an optimizer on given gradients from `start`; a matrix of one row, so that weight decay applies. */
async function trace(
  kind: Kind,
  params: Params,
  start: readonly number[],
  gradientAt: (weights: readonly number[], step: number) => readonly number[],
  steps: number,
  online?: TuneOnline,
): Promise<Trace> {
  const { tf, host } = backend;
  const initial = tf.tensor2d([...start], [1, start.length]);
  const variable = tf.variable(initial);
  initial.dispose();
  const plan = optimizerPlan(resolveHyperparameters(params, "module", online));
  const updater: Updater =
    kind === "host" ? hostUpdater(tf, host!, [variable], plan) : tensorUpdater(tf, [variable], plan);
  const result: Trace = { rates: [], weights: [] };
  for (let step = 0; step < steps; step++) {
    const gradient = tf.tensor2d([...gradientAt([...variable.dataSync()], step)], [1, start.length]);
    updater.apply([gradient], 99);
    gradient.dispose();
    result.rates.push((await updater.rates())!);
    result.weights.push([...variable.dataSync()]);
  }
  updater.dispose();
  variable.dispose();
  return result;
}

/** f = (x^2 + 10 y^2) / 2. */
const bowl = ([x, y]: readonly number[]): number[] => [x!, 10 * y!];
const bowlValue = ([x, y]: readonly number[]): number => (x! * x! + 10 * y! * y!) / 2;

const oracle = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, "../../../../test/fixtures/hypergradient/heavyBall.json"), "utf8"),
) as Record<string, number[][]>;

describe.each(["host", "tensor"] as const)("hypergradient descent (%s)", (kind) => {
  it.each([
    [
      "raw beta=1e-4 eta=1e-3 a0=.01 g0=.5",
      { hypergradient: "raw", hypergradientLr: 1e-4, hypergradientMomentum: 1e-3 },
    ],
    [
      "cos beta=.05 eta=.02 a0=.01 g0=.5",
      { hypergradient: "cosine", hypergradientLr: 0.05, hypergradientMomentum: 0.02 },
    ],
  ])("reproduces the table %s", async (name, rule) => {
    const params = { optimizer: "momentum", learningRate: 0.01, momentum: 0.5, ...rule };
    const { rates, weights } = await trace(kind, params, [1, 1], bowl, 6);
    const table = rates.map(({ learningRate, momentum }, i) => [learningRate, momentum, ...weights[i]!]);
    table.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(oracle[name]![i]![j]!, 5)));
  });

  it("leaves the first step at the given rates, within the bounds", async () => {
    const first = async (params: Params) => (await trace(kind, params, [1, 1], bowl, 1)).rates[0]!;
    const kept = await first({ hypergradient: "cosine", optimizer: "momentum", learningRate: 0.02, momentum: 0.6 });
    expect(kept.learningRate).toBeCloseTo(0.02, 7);
    expect(kept.momentum).toBeCloseTo(0.6, 6);
    const bound = await first({
      hypergradient: "cosine",
      hypergradientRange: "paper",
      optimizer: "momentum",
      learningRate: 5,
      momentum: 0.1,
    });
    expect(bound.learningRate).toBeCloseTo(0.2, 6);
    expect(bound.momentum).toBeCloseTo(0.7, 6);
  });

  it("skips gradients that are not finite and halves the learning rate", async () => {
    for (const optimizer of ["momentum", "adam"]) {
      const params = { hypergradient: "cosine", optimizer, learningRate: 0.01 };
      const gradients = [
        [1, 1],
        [Number.NaN, 1],
        [1, Number.POSITIVE_INFINITY],
        [1, 1],
      ];
      const { rates, weights } = await trace(kind, params, [1, 1], (_, step) => gradients[step]!, 4);
      expect(weights[2]).toEqual(weights[0]);
      expect(rates[2]!.learningRate).toBeCloseTo(rates[0]!.learningRate / 4, 7);
      expect(weights[3]!.every((value) => Number.isFinite(value))).toBe(true);
      expect(weights[3]).not.toEqual(weights[2]);
    }
  });

  it("clips the gradient before both of its uses, and counts weight decay in it", async () => {
    const base = { hypergradient: "raw", optimizer: "sgd", learningRate: 0.1, hypergradientLr: 0.01 };
    // Length 5 becomes 1: g . g_prev is 1.
    const clipped = await trace(kind, { ...base, gradClip: 1 }, [0, 0], () => [3, 4], 2);
    expect(clipped.rates[1]!.learningRate).toBeCloseTo(0.11, 6);
    expect(clipped.weights[0]![1]).toBeCloseTo(-0.08, 6);
    // Gradient 0 and decay 0.5 of weights 2: g = 1, then 0.5 * 1.9.
    const decayed = await trace(kind, { ...base, weightDecay: 0.5 }, [2, 0], () => [0, 0], 2);
    expect(decayed.weights[0]![0]).toBeCloseTo(1.9, 6);
    expect(decayed.rates[1]!.learningRate).toBeCloseTo(0.1 + 0.01 * 0.95, 6);
  });

  it("goes on from a saved state as if it had not been interrupted", async () => {
    const { tf, host } = backend;
    const params = { hypergradient: "cosine", optimizer: "nesterov", learningRate: 0.02, momentum: 0.5 };
    const plan = optimizerPlan(resolveHyperparameters(params, "module"));
    const whole = await trace(kind, params, [1, 1], bowl, 6);
    const make = (values: readonly number[]) => {
      const initial = tf.tensor2d([...values], [1, 2]);
      const variable = tf.variable(initial);
      initial.dispose();
      const updater = kind === "host" ? hostUpdater(tf, host!, [variable], plan) : tensorUpdater(tf, [variable], plan);
      const step = (): void => {
        const gradient = tf.tensor2d(bowl([...variable.dataSync()]), [1, 2]);
        updater.apply([gradient], 0);
        gradient.dispose();
      };
      return { variable, updater, step };
    };
    const first = make([1, 1]);
    for (let i = 0; i < 3; i++) first.step();
    const second = make([...first.variable.dataSync()]);
    second.updater.restore(await first.updater.save(), first.updater.time, await first.updater.rates());
    for (let i = 0; i < 3; i++) second.step();
    expect([...second.variable.dataSync()]).toEqual(whole.weights[5]);
    expect(await second.updater.rates()).toEqual(whole.rates[5]);
    for (const { variable, updater } of [first, second]) {
      variable.dispose();
      updater.dispose();
    }
  });

  it.each([
    ["stable on a badly scaled bowl where the cosine rule is used", "cosine", 0.05, 0.02, true],
    ["stable with a small raw rate", "raw", 1e-7, 1e-4, true],
    ["not with a larger raw rate, which depends on the scale", "raw", 1e-4, 1e-3, false],
  ])("is %s", async (_, hypergradient, beta, eta, converges) => {
    const steep = ([x, y]: readonly number[]): number[] => [x!, 100 * y!];
    const params = {
      hypergradient,
      optimizer: "momentum",
      hypergradientLr: beta,
      hypergradientMomentum: eta,
      learningRate: 0.005,
      momentum: 0.5,
    };
    const { weights } = await trace(kind, params, [1, 1], steep, 300);
    const last = weights.at(-1)!;
    const value = (last[0]! ** 2 + 100 * last[1]! ** 2) / 2;
    if (converges) expect(value).toBeLessThan(50.5 * 0.5);
    else expect(value > 50.5 || Number.isNaN(value)).toBe(true);
  });
});

it("gives the same numbers on values and as tensor operations, for every optimizer and rule", async () => {
  const cases = fc.record({
    optimizer: fc.constantFrom("sgd", "momentum", "nesterov", "adam", "adamw"),
    hypergradient: fc.constantFrom("cosine", "raw"),
    weightDecay: fc.constantFrom(0, 0.1),
    gradClip: fc.constantFrom(0, 1),
    gradients: fc.array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 }), {
      minLength: 2,
      maxLength: 6,
    }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ gradients, ...params }) => {
      const given = { ...params, learningRate: 0.05 };
      const [a, b] = [
        await trace("host", given, [0.7, -0.2, 0.4], (_, step) => gradients[step]!, gradients.length),
        await trace("tensor", given, [0.7, -0.2, 0.4], (_, step) => gradients[step]!, gradients.length),
      ];
      a.weights.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(b.weights[i]![j]!, 4)));
      a.rates.forEach((rate, i) => {
        expect(rate.learningRate).toBeCloseTo(b.rates[i]!.learningRate, 5);
        if (params.optimizer === "momentum" || params.optimizer === "nesterov")
          expect(rate.momentum).toBeCloseTo(b.rates[i]!.momentum, 5);
      });
    }),
    { numRuns: 40 },
  );
});

describe("the signal for the learning rate", () => {
  const plan = (params: Params): HypergradientPlan => hypergradientPlan(resolveHyperparameters(params, "module"), 0)!;

  it.each(["sgd", "momentum", "nesterov", "adam", "adamw"])(
    "is the derivative of the next loss by the rate of the last step: %s",
    async (optimizer) => {
      // The raw rule adds beta times -df/d(alpha); the derivative is taken by running with a slightly other first rate in the
      // last step before. Two steps: the first has no hypergradient, so its rate is the given one.
      const start = [1, 0.6];
      const base = {
        optimizer,
        weightDecay: 0.05,
        epsilon: 1e-3,
        momentum: optimizer === "sgd" ? 0 : 0.5,
        hypergradient: "raw",
        hypergradientLr: 1,
        hypergradientMomentum: 0,
        learningRate: 0.02,
      };
      const { momentum, ...others } = base;
      const params = optimizer === "sgd" ? others : { ...others, momentum };
      const after = async (learningRate: number): Promise<number> => {
        const [weights] = (await trace("host", { ...params, learningRate }, start, bowl, 1)).weights;
        // The decay in the gradient makes the loss f + decay |theta|^2 / 2; AdamW has its decay in the move alone.
        const decay = optimizer === "adamw" ? 0 : 0.05 / 2;
        return bowlValue(weights!) + decay * (weights![0]! ** 2 + weights![1]! ** 2);
      };
      const h = 1e-3;
      const derivative = ((await after(0.02 + h)) - (await after(0.02 - h))) / (2 * h);
      const { rates } = await trace("host", { ...params, hypergradientLr: 1e-4 }, start, bowl, 2);
      expect((rates[1]!.learningRate - rates[0]!.learningRate) / 1e-4).toBeCloseTo(-derivative, 1);
      expect(Math.abs(derivative)).toBeGreaterThan(0.5);
    },
  );

  it("for the momentum is the derivative by the length of the last move", async () => {
    const params = {
      optimizer: "momentum",
      hypergradient: "raw",
      hypergradientLr: 0,
      hypergradientMomentum: 1e-3,
      learningRate: 0.02,
      momentum: 0.5,
    };
    const { rates, weights } = await trace("host", params, [1, 1], bowl, 3);
    const [from, to] = [weights[0]!, weights[1]!];
    const stretched = (length: number): number => bowlValue(from.map((value, i) => value + length * (to[i]! - value)));
    const derivative = (stretched(1 + 1e-4) - stretched(1 - 1e-4)) / 2e-4;
    expect((rates[2]!.momentum - rates[1]!.momentum) / -1e-3).toBeCloseTo(derivative, 2);
  });

  it("does not depend on the gradient's scale in the cosine rule", () => {
    const cosine = plan({ hypergradient: "cosine" });
    const signals = { gradient: 4, along: 1, direction: 1, ahead: -1, move: 1 };
    const rates = { learningRate: 0.1, momentum: 0.5 };
    const scaled = { gradient: 4e6, along: 1e3, direction: 1, ahead: -1e3, move: 1 };
    const [a, b] = [adaptRates(cosine, rates, signals), adaptRates(cosine, rates, scaled)];
    expect(b.learningRate).toBeCloseTo(a.learningRate, 9);
    expect(b.momentum).toBeCloseTo(a.momentum, 9);
  });

  it("moves with the papers' rates where none are given", () => {
    const rate = (params: Params, steps = 0) => {
      const { beta, eta } = hypergradientPlan(resolveHyperparameters(params, "module"), steps)!;
      return [beta, eta];
    };
    expect(rate({ hypergradient: "cosine" })).toEqual([0.05, 0.02]);
    expect(rate({ hypergradient: "cosine" }, 5000)).toEqual([0.02, 0.01]);
    expect(rate({ hypergradient: "raw", optimizer: "sgd" })).toEqual([1e-3, 1e-3]);
    expect(rate({ hypergradient: "raw", optimizer: "adam" })).toEqual([1e-7, 1e-3]);
    expect(hypergradientPlan(resolveHyperparameters({ hypergradient: "raw" }, "vgg"), 0)!.beta).toBe(1e-8);
    expect(rate({ hypergradient: "raw", hypergradientLr: 0, hypergradientMomentum: 0.1 })).toEqual([0, 0.1]);
  });
});

describe("what a study tunes online", () => {
  const rate = (name: string, low: number, high: number) => ({ name, start: 0, low, high });
  const learningRate = rate("learningRate", 1e-3, 0.05);
  const momentum = rate("momentum", 0.6, 0.8);
  const given = { optimizer: "sgd", learningRate: 0.04, momentum: 0.7 };

  it("turns the rule on, and gives its bounds", () => {
    const plan = optimizerPlan(resolveHyperparameters(given, "mlp", { rule: "raw", learningRate, momentum }));
    expect(plan.hypergradient).toEqual({ rule: "raw", beta: 1e-3, eta: 1e-3, alpha: [1e-3, 0.05], gamma: [0.6, 0.8] });
  });

  it.each(["host", "tensor"] as const)("leaves the other rate as it was given (%s)", async (kind) => {
    const steep = { ...given, momentum: 0.995, learningRate: 0.001 };
    const alone = await trace(kind, steep, [1, 1], bowl, 6, { rule: "cosine", learningRate });
    for (const { momentum: now } of alone.rates) expect(now).toBeCloseTo(0.995, 6);
    expect(new Set(alone.rates.map((rates) => rates.learningRate)).size).toBe(6);
    const other = await trace(kind, { ...given, learningRate: 0.9 }, [1, 1], bowl, 3, { rule: "cosine", momentum });
    for (const { learningRate: now } of other.rates) expect(now).toBeCloseTo(0.9, 6);
    expect(other.rates[2]!.momentum).not.toBe(other.rates[1]!.momentum);
  });

  it("is never beyond its bounds", async () => {
    const { rates } = await trace("host", given, [1, 1], bowl, 30, { rule: "cosine", learningRate, momentum });
    for (const now of rates) {
      expect(now.learningRate).toBeGreaterThanOrEqual(1e-3);
      expect(now.learningRate).toBeLessThanOrEqual(0.05);
      expect(now.momentum).toBeGreaterThanOrEqual(0.6);
      expect(now.momentum).toBeLessThanOrEqual(0.8);
    }
    expect(rates.some((now) => now.learningRate === 0.05 || now.momentum === 0.8 || now.momentum === 0.6)).toBe(true);
  });

  it("is refused with a schedule, and where it cannot be understood", () => {
    const scheduled = { ...given, lrSchedule: "cosine" };
    expect(() => resolveHyperparameters(scheduled, "mlp", { rule: "cosine", learningRate })).toThrow(/lrSchedule/);
    expect(readTuneOnline(undefined)).toBeUndefined();
    expect(readTuneOnline(JSON.stringify({ rule: "raw", momentum }))).toEqual({ rule: "raw", momentum });
    expect(() => readTuneOnline('{"rule":"sideways"}')).toThrow(/BASIN_TUNE_ONLINE/);
    expect(() => readTuneOnline("{")).toThrow(/BASIN_TUNE_ONLINE/);
  });
});

it("heavy ball is faster than the sign printed in the paper, which is stable for small rates only", () => {
  // theta += -alpha L theta + sign gamma d, one dimension, L = 1: growth after many steps.
  const growth = (alpha: number, gamma: number): number => {
    let [theta, before] = [1, 1];
    for (let i = 0; i < 400; i++) [theta, before] = [theta - alpha * theta + gamma * (theta - before), theta];
    return Math.max(Math.abs(theta), Math.abs(before)) ** (1 / 400);
  };
  expect(growth(0.01, 0.9)).toBeLessThan(growth(0.01, -0.9));
  // Heavy ball up to 2 (1 + gamma) = 3.8, the other sign up to 2 (1 - gamma) = 0.2.
  expect(growth(3.7, 0.9)).toBeLessThan(1);
  expect(growth(0.19, -0.9)).toBeLessThan(1);
  expect(growth(0.25, -0.9)).toBeGreaterThan(1);
});

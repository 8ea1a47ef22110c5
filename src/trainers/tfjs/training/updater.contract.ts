/**
 * What the optimizers owe on a back end whose values lie elsewhere: the numbers that the JavaScript back end gets on plain values,
 * for every rule, with hypergradients and with gradients that are not finite. Called by a test file of each such back end.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import type { Params } from "../../../core/space/parameter.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { hostUpdater } from "./hostUpdater.ts";
import type { Rates } from "./hypergradient.ts";
import { hasMomentum, optimizerPlan } from "./optimizer.ts";
import { tensorUpdater } from "./tensorUpdater.ts";

interface Trace {
  readonly weights: number[];
  readonly slots: number[];
  readonly rates: Rates | undefined;
}

const rules: readonly Params[] = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"].flatMap((optimizer) =>
  (optimizer === "rmsprop" ? ["none"] : ["none", "cosine", "raw"]).map((hypergradient) => ({
    optimizer,
    hypergradient,
    weightDecay: 0.05,
    gradClip: 2,
    learningRate: 0.05,
    epsilon: 1e-3,
    ...(optimizer === "rmsprop" ? { momentum: 0.5 } : {}),
  })),
);
const shapes = [[3, 2], [2, 2, 1, 2], [4]] as const;
const steps = 6;

/** Random gradients; with `broken`, that of one step holds what is no number, and that of another infinity. */
function gradientsOf(step: number, broken: boolean): number[][] {
  const rng = rngForKey(`updater:${step}`);
  const values = shapes.map((shape) =>
    Array.from({ length: shape.reduce<number>((a, b) => a * b, 1) }, () => rng.normal()),
  );
  if (broken && step === 2) values[1]![0] = Number.NaN;
  if (broken && step === 3) values[0]![1] = Number.POSITIVE_INFINITY;
  return values;
}

async function trace(backend: LoadedBackend, params: Params, onHost: boolean, broken: boolean): Promise<Trace> {
  const { tf, host } = backend;
  const plan = optimizerPlan(resolveHyperparameters(params, "module"));
  const variables = shapes.map((shape, i) => tf.tidy(() => tf.variable(tf.mul(tf.ones([...shape]), 0.5 + i))));
  const updater = onHost ? hostUpdater(tf, host!, variables, plan) : tensorUpdater(tf, variables, plan);
  for (let step = 0; step < steps; step++) {
    updater.setMomentum(0.6 + 0.05 * step);
    const gradients = gradientsOf(step, broken).map((values, i) => tf.tensor(values, [...shapes[i]!]));
    updater.apply(gradients, 0.05);
    tf.dispose(gradients);
  }
  const weights = await Promise.all(variables.map(async (variable) => [...(await variable.data())]));
  const result = {
    weights: weights.flat(),
    slots: (await updater.save()).flatMap((slot) => [...slot]),
    rates: await updater.rates(),
  };
  updater.dispose();
  tf.dispose(variables);
  return result;
}

export function updaterContract(name: string, load: () => Promise<LoadedBackend>, tolerance = 2e-5): void {
  describe(`optimizers on ${name}`, () => {
    const expected = new Map<string, Trace>();
    let backend: LoadedBackend;
    const broken = (params: Params): boolean => params["hypergradient"] !== "none";
    beforeAll(async () => {
      const reference = await cpuBackend.load({ threads: 1 });
      for (const params of rules)
        expected.set(JSON.stringify(params), await trace(reference, params, true, broken(params)));
      backend = await load();
    });

    it.each(
      rules.map((params) => [`${String(params["optimizer"])}, ${String(params["hypergradient"])}`, params] as const),
    )("%s: the numbers of the reference, and no tensor left behind", async (_, params) => {
      const before = backend.tf.memory().numTensors;
      const found = await trace(backend, params, false, broken(params));
      const wanted = expected.get(JSON.stringify(params))!;
      const near = (a: readonly number[], b: readonly number[]): void => {
        expect(a.length).toBe(b.length);
        a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(tolerance * (1 + Math.abs(b[i]!))));
      };
      near(found.weights, wanted.weights);
      near(found.slots, wanted.slots);
      expect(found.rates === undefined).toBe(wanted.rates === undefined);
      if (found.rates !== undefined && wanted.rates !== undefined) {
        near([found.rates.learningRate], [wanted.rates.learningRate]);
        if (hasMomentum(optimizerPlan(resolveHyperparameters(params, "module"))))
          near([found.rates.momentum], [wanted.rates.momentum]);
      }
      expect(backend.tf.memory().numTensors).toBe(before);
    });
  });
}

/** The kernel's values, its derivatives by differences, and the model against the joint Gaussian it stands for. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choleskyInPlace, solveLower, solveUpper } from "../../core/linalg/cholesky.ts";
import { rngForKey, type Rng } from "../../core/rng.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { Report } from "../../core/trial.ts";
import { featuresOf } from "../gp/features.ts";
import { matern } from "../gp/regression.ts";
import { decayKernel, decayOf, decayTheta } from "./curveKernel.ts";
import { decayingCurve, lastSpike, mostReports } from "./curves.ts";
import { curveTrial, frameOf, type CurveTrial } from "./frame.ts";
import {
  fitData,
  fitFreezeThaw,
  freezeThawModel,
  freezeThawPosterior,
  type FreezeThawHyperparameters,
} from "./model.ts";

const space: Space = [
  { name: "x", type: "float", low: 0, high: 1, log: false },
  { name: "y", type: "float", low: 0, high: 1, log: false },
];
const features = featuresOf(space);
const reportsOf = (losses: readonly number[], first = 1): Report[] =>
  losses.map((value, i) => ({ step: first + i, value }));

/** A power law towards an asymptote that depends on the configuration. */
const asymptote = (params: Params): number => (Number(params["x"]) - 0.3) ** 2 + 0.5 * (Number(params["y"]) - 0.6) ** 2;
const lossAt = (params: Params, step: number): number =>
  asymptote(params) + (1.5 + Math.sin(20 * Number(params["y"]))) * step ** -0.8;

function trials(count: number, lengthOf: (i: number) => number, rng: Rng, steps = 30): CurveTrial[] {
  return Array.from({ length: count }, (_, i) => {
    const params = { x: rng.next(), y: rng.next() };
    const length = lengthOf(i);
    const curve = reportsOf(Array.from({ length }, (_, k) => lossAt(params, k + 1) + 0.002 * rng.normal()));
    return curveTrial(
      features,
      "minimize",
      { number: i, params, curve },
      length === steps ? asymptote(params) : undefined,
    );
  });
}

describe("kernel", () => {
  it("has the published values", () => {
    expect(decayKernel(1, 1, 1, 0.5)).toBeCloseTo(0.2, 14);
    expect(decayKernel(1, 5, 1, 0.5)).toBeCloseTo(0.07692307692307693, 14);
    expect(decayKernel(10, 10, 1, 0.5)).toBeCloseTo(0.024390243902439025, 14);
  });

  it("is the mean of products of exponential decays whose rates follow a gamma distribution", () => {
    // With shape 1 the gamma distribution is the exponential one, of rate b.
    const b = 0.5;
    const draws = 20_000;
    let sum = 0;
    for (let i = 0; i < draws; i++) {
      const rate = -Math.log(1 - (i + 0.5) / draws) / b;
      sum += Math.exp(-rate * 2) * Math.exp(-rate * 3);
    }
    expect(sum / draws).toBeCloseTo(decayKernel(2, 3, 1, b), 3);
  });
});

describe("curves", () => {
  it("begin at the last spike, with their time", () => {
    const reports = reportsOf([0.9, 0.5, 0.3, 2.4, 1, 0.6, 0.4, 0.39, 0.4]);
    const curve = decayingCurve(reports, "minimize");
    expect([...curve.losses]).toEqual([2.4, 1, 0.6, 0.4, 0.39, 0.4]);
    expect([...curve.steps]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(curve.origin).toBe(3);
  });

  it("are left whole by the noise of a plateau and by a dead run", () => {
    expect(lastSpike([0.9, 0.5, 0.3, 0.25, 0.27, 0.26, 0.28, 0.25])).toBe(0);
    expect(lastSpike([2.3, 2.31, 2.3, 2.32, 2.3])).toBe(0);
    expect(lastSpike([])).toBe(0);
    expect(lastSpike([1])).toBe(0);
  });

  it("turn maximised metrics into losses and leave out what is not finite", () => {
    const reports = reportsOf([0.1, Number.NaN, 0.5, Infinity, 0.8]);
    const { steps, losses } = decayingCurve(reports, "maximize");
    expect([...losses]).toEqual([-0.1, -0.5, -0.8]);
    expect([...steps]).toEqual([1, 3, 5]);
  });

  it("are thinned to a bounded number of reports, the ends kept", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (count) => {
        const reports = reportsOf(Array.from({ length: count }, (_, i) => 1 / (i + 1)));
        const { steps } = decayingCurve(reports, "minimize");
        expect(steps.length).toBeLessThanOrEqual(mostReports);
        expect(steps[0]).toBe(1);
        expect(steps.at(-1)).toBe(count);
        for (let i = 1; i < steps.length; i++) expect(steps[i]!).toBeGreaterThan(steps[i - 1]!);
      }),
    );
  });
});

describe("posterior of the hyperparameters", () => {
  it("has the derivatives that differences give", () => {
    const rng = rngForKey("slopes");
    const data = fitData(
      features,
      trials(9, (i) => (i % 3 === 0 ? 30 : i % 3 === 1 ? 4 : 1), rng),
    );
    const theta = Float64Array.of(0.3, -0.4, 0.2, -2, ...decayTheta({ a: 0.7, b: 3, scale: 1.4, noise: 0.02 }));
    const { gradient } = freezeThawPosterior(theta, data);
    theta.forEach((value, k) => {
      const at = (shift: number): number => freezeThawPosterior(theta.with(k, value + shift), data).value;
      const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(gradient[k]! - slope, `variable ${k}`).toBeCloseTo(0, 4);
      expect(gradient[k]! / slope, `variable ${k}`).toBeCloseTo(1, 4);
    });
  });

  it("survives its own encoding", () => {
    const decay = { a: 0.7, b: 3, scale: 1.4, noise: 0.02 };
    const back = decayOf(decayTheta(decay));
    for (const name of ["a", "b", "scale", "noise"] as const) expect(back[name]).toBeCloseTo(decay[name], 12);
  });
});

/** Mean and variance of a linear functional by the joint Gaussian of all reports and outcomes, nothing simplified. */
function jointly(
  own: readonly CurveTrial[],
  hyper: FreezeThawHyperparameters,
  row: number,
  /** undefined: the asymptote */
  step: number | undefined,
): { readonly mean: number; readonly variance: number } {
  const { weights, scale, noise, decay } = hyper;
  const all = own.flatMap(({ curve, outcome }, trial) => [
    ...Array.from(curve.steps, (time, i) => ({ trial, time, loss: curve.losses[i]! })),
    ...(outcome === undefined ? [] : [{ trial, time: undefined, loss: outcome }]),
  ]);
  const between = (i: number, j: number): number =>
    scale * matern(weights.reduce((sum, weight, k) => sum + weight * (own[i]!.point[k]! - own[j]!.point[k]!) ** 2, 0));
  const covariance = (
    p: { readonly trial: number; readonly time: number | undefined },
    q: { readonly trial: number; readonly time: number | undefined },
  ): number => {
    const decays = p.trial === q.trial && p.time !== undefined && q.time !== undefined;
    const curves = decays ? decay.scale * decayKernel(p.time, q.time, decay.a, decay.b) : 0;
    return between(p.trial, q.trial) + curves;
  };
  const { scaling, usual } = frameOf(own);
  const mean = (time: number | undefined): number => (time === undefined ? 0 : usual(time));
  const n = all.length;
  const matrix = new Float64Array(n * n);
  all.forEach((p, i) => {
    all.forEach((q, j) => (matrix[i * n + j] = covariance(p, q)));
    matrix[i * n + i]! += p.time === undefined ? noise : decay.noise;
  });
  expect(choleskyInPlace(matrix, n)).toBe(true);
  const wanted = { trial: row, time: step };
  const cross = Float64Array.from(all, (p) => covariance(p, wanted));
  const solved = solveUpper(matrix, n, solveLower(matrix, n, cross.slice()));
  const { shift, unit } = scaling;
  const centred = all.map(({ loss, time }) => (loss - shift) / unit - mean(time));
  const expected = mean(step) + centred.reduce((sum, value, i) => sum + value * solved[i]!, 0);
  const variance = covariance(wanted, wanted) - cross.reduce((sum, value, i) => sum + value * solved[i]!, 0);
  return { mean: shift + unit * expected, variance: unit * unit * variance };
}

describe("model", () => {
  const hyper: FreezeThawHyperparameters = {
    weights: Float64Array.of(2, 1.5),
    scale: 1.2,
    noise: 1e-3,
    decay: { a: 0.9, b: 2, scale: 3, noise: 1e-2 },
  };

  it("equals the joint Gaussian of every report and outcome", () => {
    const own = trials(8, (i) => (i % 4 === 0 ? 30 : 1 + 2 * i), rngForKey("joint"));
    const model = freezeThawModel(features, own, hyper);
    for (const row of own.keys()) {
      const asked = [undefined, 12, 60] as const;
      for (const step of asked) {
        const truth = jointly(own, hyper, row, step);
        const got = step === undefined ? model.asymptoteOf(row)! : model.lossOf(row, step)!;
        expect(got.mean).toBeCloseTo(truth.mean, 4);
        expect(got.variance).toBeCloseTo(truth.variance, 4);
      }
    }
    const elsewhere = { x: 0.1, y: 0.9 };
    const untried = curveTrial(features, "minimize", { number: 99, params: elsewhere }, undefined);
    const truth = jointly([...own, untried], hyper, own.length, undefined);
    expect(model.asymptoteAt(elsewhere).mean).toBeCloseTo(truth.mean, 4);
    expect(model.asymptoteAt(elsewhere).variance).toBeCloseTo(truth.variance, 4);
    const begun = jointly([...own, untried], hyper, own.length, 3);
    expect(model.lossAt(elsewhere, 3).mean).toBeCloseTo(begun.mean, 4);
    expect(model.lossAt(elsewhere, 3).variance).toBeCloseTo(begun.variance, 4);
    expect(model.asymptoteOf(99)).toBeUndefined();
    expect(model.lossOf(99, 3)).toBeUndefined();
  });

  it("counts a result that was also the last report once", () => {
    const params = { x: 0.5, y: 0.5 };
    const trial = { number: 0, params, curve: reportsOf([0.9, 0.4, 0.3]) };
    expect([...curveTrial(features, "minimize", trial, 0.3).curve.losses]).toEqual([0.9, 0.4]);
    expect([...curveTrial(features, "minimize", trial, 0.25).curve.losses]).toEqual([0.9, 0.4, 0.3]);
  });

  it("grows surer of an asymptote with every report", () => {
    const whole = trials(12, () => 30, rngForKey("surer"));
    let before = Infinity;
    for (const length of [1, 3, 8, 20]) {
      const partial = trials(1, () => length, rngForKey("partial"));
      const own = [...whole, { ...partial[0]!, number: 12 }];
      const { variance } = freezeThawModel(features, own, hyper).asymptoteOf(12)!;
      expect(variance).toBeLessThan(before);
      before = variance;
    }
  });

  it("foretells where stopped curves would have ended, far better than their last report does", () => {
    const rng = rngForKey("foretell");
    const own = trials(45, (i) => (i % 3 === 0 ? 30 : 5 + (i % 7)), rng);
    const fitted = freezeThawModel(features, own, fitFreezeThaw(features, own, 20));
    let missed = 0;
    let naive = 0;
    let outside = 0;
    let count = 0;
    for (const { number, params, outcome, curve } of own) {
      if (outcome !== undefined) continue;
      const { mean, variance } = fitted.asymptoteOf(number)!;
      const truth = asymptote(params);
      missed += (mean - truth) ** 2;
      naive += (curve.losses.at(-1)! - truth) ** 2;
      outside += Math.abs(mean - truth) > 3 * Math.sqrt(variance) + 0.01 ? 1 : 0;
      count++;
    }
    expect(Math.sqrt(missed / count)).toBeLessThan(0.35 * Math.sqrt(naive / count));
    expect(outside).toBeLessThan(count / 5);
  });

  it("is a plain Gaussian process of outcomes where nothing was reported", () => {
    const rng = rngForKey("plain");
    const own = Array.from({ length: 25 }, (_, number) => {
      const params = { x: rng.next(), y: rng.next() };
      return curveTrial(features, "minimize", { number, params }, asymptote(params));
    });
    const model = freezeThawModel(features, own, fitFreezeThaw(features, own, 20));
    for (let i = 0; i < 20; i++) {
      const params = { x: 0.1 + 0.8 * rng.next(), y: 0.1 + 0.8 * rng.next() };
      expect(Math.abs(model.asymptoteAt(params).mean - asymptote(params))).toBeLessThan(0.02);
    }
  });
});

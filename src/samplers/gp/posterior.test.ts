/** Posteriors against formulas worked out densely, by Gaussian elimination, and draws against the moments they should have. */
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import { spaces } from "../../../test/contract/spaces.ts";
import { featuresOf } from "./features.ts";
import { fitHyperparameters, matern, regressionModel } from "./regression.ts";

const space = spaces["conditional"]!;
const features = featuresOf(space);

function setting(seed: number, trials: number, asked: number) {
  const rng = rngForKey(`posterior ${seed}`);
  const draw = (count: number): Float64Array[] =>
    Array.from({ length: count }, () => features.encode(uniformParams(space, rng)));
  const points = draw(trials);
  const y = Float64Array.from(points, () => rng.normal());
  const weights = Float64Array.from({ length: features.dimension }, () => Math.exp(2 * rng.next() - 1));
  const hyperparameters = { weights, scale: 1.7, noise: 0.02 };
  const model = regressionModel(features, hyperparameters, points, y);
  const k = (a: Float64Array, b: Float64Array): number =>
    1.7 * matern(features.parameters.reduce((sum, _, i) => sum + weights[i]! * features.squared(i, a[i]!, b[i]!), 0));
  return { rng, points, y, model, candidates: draw(asked), k };
}

/** x of A x = b, by Gaussian elimination with pivots. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]!]);
  rows.forEach((_, i) => {
    const pivot = rows.findIndex(
      (row, r) => r >= i && rows.slice(i).every((x) => Math.abs(x[i]!) <= Math.abs(row[i]!)),
    );
    const top = rows[pivot]!;
    [rows[i], rows[pivot]] = [top, rows[i]!];
    for (let r = i + 1; r < rows.length; r++) {
      const factor = rows[r]![i]! / top[i]!;
      rows[r] = rows[r]!.map((x, c) => x - factor * top[c]!);
    }
  });
  const x: number[] = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    let rest = rows[i]![rows.length]!;
    for (let c = i + 1; c < rows.length; c++) rest -= rows[i]![c]! * x[c]!;
    x[i] = rest / rows[i]![i]!;
  }
  return x;
}

describe("posterior", () => {
  it("is that of the dense formulas, one point or many at a time", () => {
    for (const [trials, asked] of [
      [1, 1],
      [9, 6],
      [30, 37],
    ] as const) {
      const { points, y, model, candidates, k } = setting(trials, trials, asked);
      const covariance = points.map((a, i) => points.map((b, j) => k(a, b) + (i === j ? 0.02 + 1e-10 : 0)));
      const alpha = solve(covariance, [...y]);
      const { means, variances } = model.predictMany(candidates);
      const alone = model.means(candidates);
      candidates.forEach((candidate, c) => {
        const cross = points.map((point) => k(candidate, point));
        const mean = cross.reduce((sum, value, i) => sum + value * alpha[i]!, 0);
        const solved = solve(covariance, cross);
        const variance = 1.7 - cross.reduce((sum, value, i) => sum + value * solved[i]!, 0);
        expect(means[c]).toBeCloseTo(mean, 9);
        expect(alone[c]).toBeCloseTo(mean, 9);
        expect(variances[c]).toBeCloseTo(variance, 9);
        const single = model.predict(candidate);
        expect(single.mean).toBeCloseTo(mean, 9);
        expect(single.variance).toBeCloseTo(variance, 9);
      });
    }
  });

  it("of a point does not depend on what else is asked with it", () => {
    const { model, candidates } = setting(5, 23, 41);
    const all = model.predictMany(candidates);
    const some = model.predictMany(candidates.slice(7, 12));
    expect(some.means).toEqual(all.means.slice(7, 12));
    some.variances.forEach((variance, i) => expect(variance).toBeCloseTo(all.variances[7 + i]!, 12));
  });

  it("is drawn from with the right means and covariances", () => {
    const { model, candidates, k, points, rng } = setting(6, 12, 5);
    const covariance = points.map((a, i) => points.map((b, j) => k(a, b) + (i === j ? 0.02 + 1e-10 : 0)));
    const joint = model.joint(candidates);
    const draws = Array.from({ length: 4000 }, () => joint.draw(rng));
    candidates.forEach((a, i) => {
      const mean = draws.reduce((sum, draw) => sum + draw[i]!, 0) / draws.length;
      expect(Math.abs(mean - joint.means[i]!)).toBeLessThan(0.1);
      candidates.forEach((b, j) => {
        const solved = solve(
          covariance,
          points.map((point) => k(b, point)),
        );
        const expected = k(a, b) - points.reduce((sum, point, p) => sum + k(a, point) * solved[p]!, 0);
        const seen =
          draws.reduce((sum, draw) => sum + (draw[i]! - joint.means[i]!) * (draw[j]! - joint.means[j]!), 0) /
          draws.length;
        expect(Math.abs(seen - expected)).toBeLessThan(0.12);
      });
    });
    expect(model.samplePosterior(candidates, rngForKey("draw"))).toEqual(joint.draw(rngForKey("draw")));
  });

  it("is drawn from where points coincide with each other and with trials", () => {
    const { model, points, candidates, rng } = setting(7, 10, 2);
    const draw = model.samplePosterior([points[0]!, points[0]!, candidates[0]!, candidates[0]!], rng);
    expect(draw[0]).toBeCloseTo(draw[1]!, 2);
    expect(draw[2]).toBeCloseTo(draw[3]!, 2);
  });
});

describe("fit", () => {
  const cube = featuresOf(["a", "b", "c"].map((name) => ({ name, type: "float", low: 0, high: 1, log: false })));
  const truth = { weights: Float64Array.of(30, 4, 0.01), scale: 1, noise: 1e-3 };
  const rng = rngForKey("fit");
  const points = Array.from({ length: 90 }, () => Float64Array.from({ length: 3 }, () => rng.next()));
  const nowhere = regressionModel(cube, truth, [Float64Array.of(1e6, 1e6, 1e6)], [0]);
  const y = nowhere.samplePosterior(points, rng).map((value) => value + Math.sqrt(truth.noise) * rng.normal());

  it("recovers the lengthscales and the noise that a function was drawn with", () => {
    const { weights, noise } = fitHyperparameters(cube, points, y, 30);
    expect(weights[0]! / 30).toBeGreaterThan(1 / 3);
    expect(weights[0]! / 30).toBeLessThan(3);
    expect(weights[1]! / 4).toBeGreaterThan(1 / 3);
    expect(weights[1]! / 4).toBeLessThan(3);
    // What does not matter is as flat as the prior lets it be.
    expect(weights[2]).toBeLessThan(0.3);
    expect(noise).toBeGreaterThan(1e-4);
    expect(noise).toBeLessThan(1e-2);
  });

  it("followed up from fewer points comes to the same", () => {
    const early = fitHyperparameters(cube, points.slice(0, 60), y.slice(0, 60), 30);
    const followed = fitHyperparameters(cube, points, y, 8, early);
    const anew = fitHyperparameters(cube, points, y, 30);
    for (const k of [0, 1]) expect(followed.weights[k]! / anew.weights[k]!).toBeCloseTo(1, 0);
  });
});

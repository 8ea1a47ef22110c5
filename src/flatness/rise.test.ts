import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { averageCaseSharpness } from "./averageCase.ts";
import { maximiseInBox } from "./boxAscent.ts";
import { keskarSharpness } from "./keskar.ts";
import { samSharpness } from "./sam.ts";
import { functionOracle, normals, quadratic } from "./testing/functionOracle.ts";

const zeros = (n: number): Float64Array => new Float64Array(n);

/** Largest value over all corners of a box. */
function bestCorner(value: (z: Float64Array) => number, upper: Float64Array): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let corner = 0; corner < 2 ** upper.length; corner++)
    best = Math.max(best, value(upper.map((x, i) => ((corner >> i) & 1 ? x : -x))));
  return best;
}

describe("ascent in a box", () => {
  it("finds the inner maximum of a concave function, and stays inside", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const n = 6;
        const target = normals(`target/${seed}`, n);
        const scales = normals(`scale/${seed}`, n).map((x) => 0.3 + Math.abs(x) * 5);
        const upper = Float64Array.from({ length: n }, () => 1);
        const lower = upper.map((x) => -x);
        const inside = (z: Float64Array): void => z.forEach((x) => expect(Math.abs(x)).toBeLessThanOrEqual(1));
        const result = await maximiseInBox(
          {
            lower,
            upper,
            value: (z) => {
              inside(z);
              return Promise.resolve(-z.reduce((sum, x, i) => sum + (scales[i]! * (x - target[i]!) ** 2) / 2, 0));
            },
            gradient: (z) => Promise.resolve(z.map((x, i) => -scales[i]! * (x - target[i]!))),
          },
          zeros(n),
          { iterations: 200 },
        );
        // Separable, so the maximum is the target pushed into the box.
        const wanted = target.map((x) => Math.max(-1, Math.min(1, x)));
        wanted.forEach((x, i) => expect(result.point[i]).toBeCloseTo(x, 4));
      }),
      { numRuns: 30 },
    );
  });

  it("finds the maximum of a concave function with coupled coordinates in few iterations", async () => {
    // -(z - t)'H(z - t)/2 with a condition number of 100.
    const n = 20;
    const t = normals("coupled", n).map((x) => x / 10);
    const oracle = quadratic(Array.from({ length: n }, (_, i) => 1 + (99 * i) / (n - 1)));
    const bound = Float64Array.from({ length: n }, () => 10);
    const away = (z: Float64Array): Float64Array => z.map((x, i) => x - t[i]!);
    const result = await maximiseInBox(
      {
        lower: bound.map((x) => -x),
        upper: bound,
        value: async (z) => 1 - (await oracle.loss(away(z))),
        gradient: async (z) => (await oracle.gradient(away(z))).map((x) => -x),
      },
      zeros(n),
      { iterations: 100 },
    );
    result.point.forEach((x, i) => expect(x).toBeCloseTo(t[i]!, 3));
    expect(result.iterations).toBeLessThan(100);
  });

  it("ends at once where nothing rises", async () => {
    const one = Float64Array.of(1);
    const still = {
      lower: Float64Array.of(-1),
      upper: one,
      value: () => Promise.resolve(3),
      gradient: () => Promise.resolve(Float64Array.of(0)),
    };
    expect(await maximiseInBox(still, zeros(1), { iterations: 10 })).toMatchObject({
      value: 3,
      iterations: 0,
      converged: true,
    });
    // A gradient that lies: no step keeps its promise.
    const lying = { ...still, gradient: () => Promise.resolve(Float64Array.of(1)) };
    expect(await maximiseInBox(lying, zeros(1), { iterations: 10 })).toMatchObject({ value: 3, converged: true });
  });
});

describe("Keskar's sharpness", () => {
  const n = 8;
  const w = normals("keskar w", n);

  it("of a convex loss is the best corner's, for both epsilons", async () => {
    const slope = normals("keskar slope", n);
    const oracle = quadratic([5, 3, 1, 1, 0.5, 0.1, 0, 0], slope);
    const results = await keskarSharpness(oracle, w);
    expect(results.map((result) => result.epsilon)).toEqual([1e-3, 5e-4]);
    const loss = await oracle.loss(w);
    for (const { epsilon, sharpness, maximum } of results) {
      const upper = w.map((x) => epsilon * (Math.abs(x) + 1));
      let best = Number.NEGATIVE_INFINITY;
      for (let corner = 0; corner < 2 ** n; corner++)
        best = Math.max(best, await oracle.loss(w.map((x, i) => x + ((corner >> i) & 1 ? upper[i]! : -upper[i]!))));
      expect(maximum).toBeCloseTo(best, 12);
      expect(sharpness).toBeCloseTo((100 * (best - loss)) / (1 + loss), 8);
    }
  });

  it("measures the gradient, not the curvature, until convergence", async () => {
    // Top eigenvalue 5, gradient norm 0.035 at the point.
    const eigenvalues = [5, 3, 1, 1, 0.5, 0.1, 0, 0];
    const still = quadratic(eigenvalues);
    const here = await still.gradient(w);
    const wanted = normals("small", n);
    const length = Math.hypot(...wanted);
    const slope = wanted.map((x, i) => (0.035 * x) / length - here[i]!);
    const [first] = await keskarSharpness(quadratic(eigenvalues, slope), w);
    expect(first!.gradientNorm).toBeCloseTo(0.035, 12);
    expect(first!.firstOrder / first!.sharpness).toBeGreaterThan(0.7);
    const eigenvalueTerm = (100 * (1e-3 ** 2 / 2) * 5) / (1 + first!.loss);
    expect(first!.sharpness / eigenvalueTerm).toBeGreaterThan(20);
  });

  it("finds a rise from an exactly stationary point too, and none on a maximum", async () => {
    const bowl = quadratic([4, 2, 1], zeros(3), 1, false);
    const [first] = await keskarSharpness(bowl, zeros(3));
    const corner = bestCorner(
      (z) => (4 * z[0]! ** 2 + 2 * z[1]! ** 2 + z[2]! ** 2) / 2,
      Float64Array.of(1e-3, 1e-3, 1e-3),
    );
    expect(first!.sharpness).toBeCloseTo(50 * corner, 10);
    expect(first!.gradientNorm).toBe(0);
    const [top] = await keskarSharpness(quadratic([-4, -2, -1], zeros(3), 1, false), zeros(3));
    expect(top!.sharpness).toBe(0);
  });

  it("is the same for the same inputs, costs about 12 gradients, and survives a loss without a number", async () => {
    const oracle = quadratic([5, -3, 1, 0], normals("s", 4));
    const point = normals("p", 4);
    expect(await keskarSharpness(oracle, point, { epsilons: [0.5] })).toEqual(
      await keskarSharpness(oracle, point, { epsilons: [0.5] }),
    );
    expect(oracle.calls.gradient).toBeLessThanOrEqual(2 * 12);
    const broken = functionOracle(
      1,
      () => Number.NaN,
      () => Float64Array.of(Number.NaN),
      (_, v) => v,
    );
    expect((await keskarSharpness(broken, zeros(1)))[0]!.sharpness).toBeNaN();
    await expect(keskarSharpness(oracle, point, { epsilons: [0] })).rejects.toThrow(/must be positive/);
  });
});

describe("the worst case in a ball", () => {
  it("is one step's rise, in closed form for a quadratic", async () => {
    const slope = Float64Array.of(3, 4);
    const oracle = quadratic([2, 1], slope, 1, false);
    const { oneStep, value, gradientNorm } = await samSharpness(oracle, zeros(2), { rho: 0.1 });
    // z = rho (0.6, 0.8): slope.z + z'Hz/2.
    expect(oneStep).toBeCloseTo(0.5 + (0.01 * (2 * 0.36 + 0.64)) / 2, 12);
    expect([value, gradientNorm]).toEqual([oneStep, 5]);
    expect(oracle.calls).toMatchObject({ loss: 2, gradient: 1 });
  });

  it("grows with ascent towards the true maximum, and never beyond", async () => {
    // The gradient points along the flat direction; the ball's maximum lies along the steep one.
    const oracle = quadratic([40, 1], Float64Array.of(0.01, 0.1), 1, false);
    const rho = 0.1;
    const one = await samSharpness(oracle, zeros(2), { rho });
    const twenty = await samSharpness(oracle, zeros(2), { rho, ascentSteps: 20 });
    let best = 0;
    for (let angle = 0; angle < 2 * Math.PI; angle += 1e-3)
      best = Math.max(best, (await oracle.loss(Float64Array.of(rho * Math.cos(angle), rho * Math.sin(angle)))) - 1);
    expect(twenty.value).toBeGreaterThan(3 * one.value);
    expect(twenty.value).toBeLessThanOrEqual(best + 1e-6);
    expect(twenty.value).toBeGreaterThan(0.95 * best);
  });

  it("has no direction where there is no gradient", async () => {
    expect(await samSharpness(quadratic([1, 1]), zeros(2))).toMatchObject({ value: 0, gradientNorm: 0 });
    await expect(samSharpness(quadratic([1]), zeros(1), { rho: 0 })).rejects.toThrow(/positive/);
  });
});

describe("the average case", () => {
  it("is half sigma squared times the trace, to its error, although the gradient is large", async () => {
    const eigenvalues = [9, 4, 1, 1, 1];
    const oracle = quadratic(eigenvalues, Float64Array.of(50, 50, 50, 50, 50));
    const { value, error } = await averageCaseSharpness(oracle, normals("here", 5), { pairs: 400 });
    const wanted = (0.01 ** 2 / 2) * 16;
    expect(Math.abs(value - wanted)).toBeLessThan(4 * error);
    expect(error / wanted).toBeLessThan(0.1);
  });

  it("takes 41 losses by default and is repeatable", async () => {
    const oracle = quadratic([1, 2]);
    const first = await averageCaseSharpness(oracle, zeros(2), { seed: 3 });
    expect(oracle.calls.loss).toBe(41);
    expect(await averageCaseSharpness(oracle, zeros(2), { seed: 3 })).toEqual(first);
    expect((await averageCaseSharpness(oracle, zeros(2), { seed: 4 })).value).not.toBe(first.value);
  });
});

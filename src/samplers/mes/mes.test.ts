/** The acquisition against integrals and finite differences, Gumbel fits against their quantiles; the sampler on functions. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalCdf, normalPdf } from "../../core/normal.ts";
import { rngForKey } from "../../core/rng.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { lowest, searcher } from "../testing/search.ts";
import { gumbelOfMinima, gumbelQuantile, logEntropyGain, logInformation } from "./maxValue.ts";
import { mesSampler } from "./mes.ts";

/** By Simpson's rule. */
function integral(f: (t: number) => number, from: number, to: number): number {
  const steps = 20_000;
  const h = (to - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) sum += f(from + i * h) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

describe("information about the minimum", () => {
  it("is the entropy that a normal value loses by not falling below it", () => {
    for (const z of [-6, -4, -3, -1.5, 0, 0.7, 2, 3, 4.5]) {
      const mass = normalCdf(z);
      const density = (t: number): number => normalPdf(t) / mass;
      const entropy = integral((t) => -density(t) * Math.log(density(t)), -z, Math.max(12, 12 - z));
      const whole = 0.5 * Math.log(2 * Math.PI * Math.E);
      // The difference of two entropies of order one is known to 1e-10 or so.
      expect(Math.exp(logInformation(z).value)).toBeCloseTo(whole - entropy, 8);
    }
  });

  it("meets itself where the formulas change, and has an order in the tails", () => {
    for (const at of [-3, 3]) {
      const [below, above] = [logInformation(at - 1e-9), logInformation(at + 1e-9)];
      expect(below.value).toBeCloseTo(above.value, 7);
      expect(below.slope).toBeCloseTo(above.slope, 6);
    }
    // z^2 / 2 and the density's constant, and the logarithm of z / 2 and a small rest.
    expect(logInformation(100).value).toBeCloseTo(-5000 - 0.9189385332 + Math.log(50 + 0.01), 5);
    // log x - 1/2 + log(2 pi) / 2 for x = -z.
    expect(logInformation(-1e6).value).toBeCloseTo(Math.log(Math.log(1e6) - 0.5 + 0.9189385332), 9);
    expect(logInformation(-1e6).slope).toBeLessThan(0);
  });

  it("has the slopes it says", () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (z) => {
        const h = 1e-5;
        const difference = (logInformation(z + h).value - logInformation(z - h).value) / (2 * h);
        expect(Math.abs(logInformation(z).slope - difference)).toBeLessThan(1e-4 * Math.max(1, Math.abs(difference)));
      }),
    );
    const minima = Float64Array.of(-1.2, -0.9, -2);
    fc.assert(
      fc.property(
        fc.double({ min: -2, max: 3, noNaN: true }),
        fc.double({ min: 0.05, max: 4, noNaN: true }),
        (mean, variance) => {
          const h = 1e-5;
          const { byMean, byVariance } = logEntropyGain(mean, variance, minima);
          const at = (m: number, v: number): number => logEntropyGain(m, v, minima).value;
          const close = (slope: number, difference: number): void =>
            expect(Math.abs(slope - difference)).toBeLessThan(1e-3 * Math.max(1, Math.abs(slope)));
          close(byMean, (at(mean + h, variance) - at(mean - h, variance)) / (2 * h));
          close(byVariance, (at(mean, variance + h) - at(mean, variance - h)) / (2 * h));
        },
      ),
    );
  });

  it("is the mean over the samples", () => {
    const each = [-1, -0.4].map((minimum) => Math.exp(logInformation((0.3 - minimum) / 0.5).value));
    const both = Math.exp(logEntropyGain(0.3, 0.25, Float64Array.of(-1, -0.4)).value);
    expect(both).toBeCloseTo((each[0]! + each[1]!) / 2, 12);
  });
});

describe("Gumbel distribution of minima", () => {
  it("is found again from its own quantiles", () => {
    const known = { mode: -2.5, spread: 0.4 };
    // The quantile 1 - p of the minimum is what it is above with probability p.
    const values = Array.from({ length: 401 }, (_, i) => gumbelQuantile(known, 1 - i / 400));
    const found = gumbelOfMinima(values);
    expect(found.mode).toBeCloseTo(known.mode, 9);
    expect(found.spread).toBeCloseTo(known.spread, 9);
    expect(gumbelQuantile(known, Math.exp(-1))).toBeCloseTo(known.mode, 12);
  });

  it("fits the minima of many normal values", () => {
    const rng = rngForKey("minima");
    const minima = Array.from({ length: 400 }, () =>
      Array.from({ length: 200 }, () => rng.normal()).reduce((low, value) => Math.min(low, value)),
    );
    const gumbel = gumbelOfMinima(minima);
    for (const p of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      // P(all of 200 > y) = p.
      const above = (1 - normalCdf(gumbelQuantile(gumbel, p))) ** 200;
      expect(Math.abs(above - p)).toBeLessThan(0.08);
    }
  });

  it("takes equal values", () => {
    const { mode } = gumbelOfMinima([2, 2, 2]);
    expect(mode).toBe(2);
    expect(gumbelQuantile(gumbelOfMinima([2, 2, 2]), 0.999)).toBeCloseTo(2, 12);
  });
});

describe("sampler", () => {
  const space: Space = [
    { name: "x", type: "float", low: -5, high: 10, log: false },
    { name: "y", type: "float", low: 0, high: 15, log: false },
  ];
  const branin = ({ x, y }: Params): number => {
    const bowl = Number(y) - (5.1 * Number(x) ** 2) / (4 * Math.PI ** 2) + (5 * Number(x)) / Math.PI - 6;
    return bowl ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(Number(x)) + 10;
  };
  const { ask, create, walk } = searcher(mesSampler, {}, 4);

  it("finds the minimum of Branin's function to two hundredths in forty trials", async () => {
    const { history, reasons } = await walk(space, branin, 40);
    for (const reason of reasons.slice(10)) expect(reason).toContain("nats");
    // Forty random trials come within one of it in the median, and within two hundredths once in seventy studies.
    expect(lowest(history)).toBeLessThan(0.3978874 + 0.02);
  });

  it("keeps parallel slots apart", async () => {
    const sampler = create(space, 4);
    const rng = rngForKey("apart");
    const history = Array.from({ length: 12 }, (_, number): FinishedTrial => {
      const params = { x: 15 * rng.next() - 5, y: 15 * rng.next() };
      return { number, state: "complete", params, values: [branin(params)] };
    });
    const pending: PendingTrial[] = [];
    for (let slot = 0; slot < 4; slot++) {
      const { params } = await ask(sampler, history, pending);
      for (const other of pending) {
        const apart = Math.hypot(
          Number(params["x"]) - Number(other.params["x"]),
          Number(params["y"]) - Number(other.params["y"]),
        );
        expect(apart).toBeGreaterThan(0.02);
      }
      pending.push({ number: 12 + slot, state: "running", params });
    }
  });
});

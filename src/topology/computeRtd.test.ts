import { describe, expect, it } from "vitest";
import { rngForKey } from "../core/rng.ts";
import { computeRtd } from "./computeRtd.ts";
import { pointCloud, type PointCloud } from "./pointCloud.ts";
import { prepare } from "./preparation.ts";
import { divergence } from "./rtd.ts";
import { randomSubset, takeRows } from "./subsets.ts";
import { gaussianCloud } from "./testing/matrices.ts";
import { NumpyRandom } from "./testing/numpyRandom.ts";

describe("computeRtd", () => {
  it("gives the number in the reference implementation's README: seed 7, 1000 points in the plane, 10 subsets of 500", () => {
    const random = new NumpyRandom(7);
    const plane = (): PointCloud =>
      pointCloud(
        Float64Array.from({ length: 2000 }, () => random.next()),
        1000,
        2,
      );
    const [p, q] = [plane(), plane()];
    let sum = 0;
    for (let trial = 0; trial < 10; trial++) {
      const order = Int32Array.from({ length: 1000 }, (_, k) => k);
      random.shuffle(order);
      const rows = order.slice(0, 500).sort();
      sum += divergence(prepare(takeRows(p, rows)), prepare(takeRows(q, rows))).score;
    }
    // The reference computes in single precision.
    expect(Math.abs(sum / 10 - 35.55234398557805)).toBeLessThan(1e-7);
    // Other subsets of the same points: a few percent, as the reference's own do.
    expect(Math.abs(computeRtd(p, q, { batch: 500, seed: 1 }).score / 35.552 - 1)).toBeLessThan(0.05);
  });

  it("compares small embeddings once and whole", () => {
    const rng = rngForKey("small");
    const [a, b] = [gaussianCloud(40, 3, rng), gaussianCloud(40, 4, rng)];
    const found = computeRtd(a, b, { batch: 50, trials: 7, seed: 3 });
    expect(computeRtd(a, b)).toEqual(found);
    const whole = divergence(prepare(a), prepare(b));
    expect(found.trials).toHaveLength(1);
    expect(found).toMatchObject({ count: 40, batch: 40, score: whole.score, lite: whole.lite });
    expect(found.directed).toEqual(whole.directions.map(({ total }) => total));
    expect(found.directedLite).toEqual(whole.directions.map(({ lite }) => lite));
    expect(found.trials[0]?.scales).toEqual([prepare(a).scale, prepare(b).scale]);
  });

  it("averages subsets that follow from the seed, and are the same for both embeddings", () => {
    const rng = rngForKey("subsets");
    const [a, b] = [gaussianCloud(60, 3, rng), gaussianCloud(60, 2, rng)];
    const found = computeRtd(a, b, { batch: 20, trials: 4, seed: 5 });
    expect(computeRtd(a, b, { batch: 20, trials: 4, seed: 5 })).toEqual(found);
    expect(computeRtd(a, b, { batch: 20, trials: 4, seed: 6 }).score).not.toBe(found.score);
    const scores = [0, 1, 2, 3].map((trial) => {
      const rows = randomSubset(60, 20, 5, trial);
      expect(new Set(rows).size).toBe(20);
      return divergence(prepare(takeRows(a, rows)), prepare(takeRows(b, rows))).score;
    });
    expect(found.trials.map(({ score }) => score)).toEqual(scores);
    expect(found.score).toBeCloseTo(scores.reduce((x, y) => x + y) / 4, 12);
    expect(computeRtd(a, a, { batch: 20, trials: 4 }).score).toBe(0);
  });

  it("tells how far it is, ends when told, and refuses what is out of range", () => {
    const rng = rngForKey("progress");
    const [a, b] = [gaussianCloud(200, 8, rng), gaussianCloud(200, 8, rng)];
    const shares: number[] = [];
    computeRtd(a, b, { batch: 150, trials: 3, onProgress: (share) => shares.push(share) });
    expect(shares.length).toBeGreaterThanOrEqual(3);
    expect(shares).toEqual(shares.toSorted((p, q) => p - q));
    expect(shares.at(-1)).toBe(1);
    const ended = (): unknown =>
      computeRtd(a, b, {
        onProgress: () => {
          throw new Error("enough");
        },
      });
    expect(ended).toThrow("enough");
    expect(() => computeRtd(a, b, { batch: 2 })).toThrow("batch is 2");
    expect(() => computeRtd(a, b, { trials: 0 })).toThrow("trials is 0");
    expect(() => computeRtd(a, b, { seed: 0.5 })).toThrow("seed is 0.5");
    expect(() => computeRtd(a, gaussianCloud(199, 8, rng))).toThrow("200 and 199 points");
  });
});

import { describe, expect, it } from "vitest";
import {
  filterNormalise,
  linePath,
  positionsBetween,
  randomDirection,
  slice1d,
  slice2d,
  type ParameterLayout,
} from "./landscape.ts";
import { functionOracle, normals, quadratic } from "./testing/functionOracle.ts";

const [inputs, hidden, samples] = [3, 5, 16];
const layout: ParameterLayout = [
  { name: "W1", shape: [inputs, hidden] },
  { name: "W2", shape: [hidden, 1] },
];
const x = normals("x", samples * inputs);
const y = normals("y", samples);

/** Mean squared error of W2' relu(W1' x). */
const reluNet = functionOracle(
  inputs * hidden + hidden,
  (w) => {
    let sum = 0;
    for (let i = 0; i < samples; i++) {
      let out = 0;
      for (let j = 0; j < hidden; j++) {
        let z = 0;
        for (let r = 0; r < inputs; r++) z += x[i * inputs + r]! * w[r * hidden + j]!;
        out += Math.max(0, z) * w[inputs * hidden + j]!;
      }
      sum += (out - y[i]!) ** 2 / samples;
    }
    return sum;
  },
  () => {
    throw new Error("A slice needs losses only.");
  },
  () => {
    throw new Error("A slice needs losses only.");
  },
);
const weights = normals("w", inputs * hidden + hidden);

describe("filter-normalised directions", () => {
  it("give each column of a dense kernel and each filter of a convolution the norm of the weights' own", () => {
    const shapes: ParameterLayout = [
      { name: "conv/kernel", shape: [2, 2, 3, 4] },
      { name: "conv/bias", shape: [4] },
      { name: "norm/gamma", shape: [4] },
      { name: "dense/kernel", shape: [5, 2] },
    ];
    const w = normals("weights", 48 + 8 + 10);
    const d = randomDirection(shapes, w, 1);
    const columnNorm = (v: Float64Array, from: number, rows: number, columns: number, c: number): number =>
      Math.hypot(...Array.from({ length: rows }, (_, r) => v[from + r * columns + c]!));
    for (let f = 0; f < 4; f++) expect(columnNorm(d, 0, 12, 4, f)).toBeCloseTo(columnNorm(w, 0, 12, 4, f), 8);
    for (let c = 0; c < 2; c++) expect(columnNorm(d, 56, 5, 2, c)).toBeCloseTo(columnNorm(w, 56, 5, 2, c), 8);
    // Biases and batch norm stay.
    expect([...d.subarray(48, 56)].every((value) => value === 0)).toBe(true);
    expect(randomDirection(shapes, w, 1)).toEqual(d);
    expect(randomDirection(shapes, w, 1, 1)).not.toEqual(d);
  });

  it("see the same slice after W1 c, W2 / c, which raw directions do not", async () => {
    const c = 10;
    const rescaled = weights.map((value, i) => (i < inputs * hidden ? value * c : value / c));
    expect(await reluNet.loss(rescaled)).toBeCloseTo(await reluNet.loss(weights), 12);
    const raw = normals("raw", weights.length);
    const difference = async (normalise: boolean): Promise<number> => {
      const [a, b] = await Promise.all(
        [weights, rescaled].map((w) => slice1d(reluNet, w, normalise ? filterNormalise(layout, w, raw) : raw)),
      );
      return Math.max(...a!.losses.map((loss, i) => Math.abs(loss - b!.losses[i]!)));
    };
    expect(await difference(true)).toBeLessThan(1e-9);
    expect(await difference(false)).toBeGreaterThan(0.5);
  });

  it("of a dead filter are zero, and wrong layouts are refused", () => {
    const w = Float64Array.of(0, 1, 0, 1);
    const d = filterNormalise([{ name: "k", shape: [2, 2] }], w, Float64Array.of(1, 1, 1, 1));
    expect([d[0], d[2]]).toEqual([0, 0]);
    expect(() => filterNormalise(layout, w, w)).toThrow(/The layout has 20 weights/);
  });
});

describe("slices", () => {
  it("hold the loss itself in the middle, and that of a quadratic everywhere", async () => {
    const oracle = quadratic([2, 8], new Float64Array(2), 1, false);
    const w = Float64Array.of(1, 0);
    const { positions, losses } = await slice1d(oracle, w, Float64Array.of(0, 1));
    expect(positions).toHaveLength(51);
    expect([positions[0], positions[25], positions[50]]).toEqual([-1, 0, 1]);
    positions.forEach((a, i) => expect(losses[i]).toBeCloseTo(2 + 4 * a * a, 12));
    const square = await slice2d(oracle, w, Float64Array.of(1, 0), Float64Array.of(0, 1), { points: 5 });
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++) {
        const [a, b] = [square.positions[i]!, square.positions[j]!];
        expect(square.losses[i * 5 + j]).toBeCloseTo(1 + (1 + a) ** 2 + 4 * b * b, 12);
      }
    expect(() => positionsBetween(0, 1, 1)).toThrow(/at least 2 points/);
    await expect(slice1d(oracle, w, Float64Array.of(1))).rejects.toThrow(/direction have 1 values/);
  });
});

describe("the path between two solutions", () => {
  it("has the height of the hill between two valleys", async () => {
    // (w^2 - 1)^2 + slope: valleys at -1 and 1, a hill of height 1 between.
    const oracle = functionOracle(
      1,
      ([w]) => (w! ** 2 - 1) ** 2 + 0.1 * w!,
      () => new Float64Array(1),
      (_, v) => v,
    );
    const path = await linePath(oracle, Float64Array.of(-1), Float64Array.of(1));
    expect(path.barrier).toBeCloseTo(1, 12);
    expect(path.barrierAt).toBe(0.5);
  });

  it("has no barrier where the loss is convex, and none that is a number where a loss is not", async () => {
    const path = await linePath(quadratic([3, 1]), Float64Array.of(-1, 0), Float64Array.of(1, 2));
    expect([path.barrier, path.barrierAt]).toEqual([0, 0]);
    const broken = functionOracle(
      1,
      ([w]) => (w! > 0.3 ? Number.NaN : 0),
      () => new Float64Array(1),
      (_, v) => v,
    );
    expect((await linePath(broken, Float64Array.of(0), Float64Array.of(1))).barrier).toBeNaN();
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import fixture from "../../test/fixtures/oracles/lastLayer.json" with { type: "json" };
import { estimators, lastLayerIds, networkIds, type LastLayerId } from "../core/sharpness.ts";
import type { HeadKind } from "./headCurvature.ts";
import {
  aggregate,
  exactFrobenius,
  exactTop,
  exactTrace,
  lastLayerEstimate,
  lastLayerEstimateOverBatches,
  lastLayerProduct,
  squaredErrorScale,
  type LastLayerBatch,
} from "./lastLayer.ts";
import { norm } from "../core/linalg/vectors.ts";
import { matrix, withOnes, type Matrix } from "./matrix.ts";
import { normals } from "./testing/functionOracle.ts";

const a = matrix(4, 3, fixture.A.flat());
const w = matrix(3, 3, fixture.W.flat());
const p = matrix(4, 3, fixture.P.flat());
const batch: LastLayerBatch = { activations: a, weights: w, probabilities: p };
const sharp = { iterations: 5000, tolerance: 1e-15 };

/** Random batch of a head: probabilities from random logits. */
function random(key: string, m: number, n: number, k: number, head: HeadKind): LastLayerBatch {
  const activations = matrix(m, n, normals(`${key}/a`, m * n));
  const weights = matrix(n, k, normals(`${key}/w`, n * k));
  const logits = normals(`${key}/z`, m * k);
  const shares = logits.map((z, i) => {
    if (head === "linear") return z;
    if (head === "sigmoid") return 1 / (1 + Math.exp(-z));
    const row = logits.subarray(i - (i % k), i - (i % k) + k);
    return Math.exp(z) / row.reduce((sum, x) => sum + Math.exp(x), 0);
  });
  return { activations, weights, probabilities: matrix(m, k, shares) };
}

/** The mean loss of the head at kernel `v`, from its definition, for labels that make no difference to the Hessian. */
function loss(x: Matrix, k: number, head: HeadKind, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.rows; i++) {
    const z = Array.from({ length: k }, (_, c) => {
      let value = 0;
      for (let r = 0; r < x.columns; r++) value += x.values[i * x.columns + r]! * v[r * k + c]!;
      return value;
    });
    if (head === "softmax") sum += Math.log(z.reduce((total, value) => total + Math.exp(value), 0)) - z[i % k]!;
    else if (head === "sigmoid") for (const value of z) sum += Math.log1p(Math.exp(value)) - value * (i % 2);
    else for (const value of z) sum += (value - 0.5) ** 2 / 2;
  }
  return sum / x.rows;
}

/** Probabilities of the head at kernel v. */
function outputs(x: Matrix, k: number, head: HeadKind, v: Float64Array): Matrix {
  const values = new Float64Array(x.rows * k);
  for (let i = 0; i < x.rows; i++) {
    for (let c = 0; c < k; c++)
      for (let r = 0; r < x.columns; r++) values[i * k + c]! += x.values[i * x.columns + r]! * v[r * k + c]!;
    const row = values.subarray(i * k, (i + 1) * k);
    if (head === "sigmoid") row.forEach((z, c) => (row[c] = 1 / (1 + Math.exp(-z))));
    if (head !== "softmax") continue;
    const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
    row.forEach((z, c) => (row[c] = Math.exp(z) / total));
  }
  return matrix(x.rows, k, values);
}

/** The Hessian of `loss`, by central differences of second order. */
function differences(x: Matrix, k: number, head: HeadKind, v: Float64Array): Float64Array {
  const n = v.length;
  const h = 1e-3;
  const at = (i: number, si: number, j: number, sj: number): number => {
    const moved = Float64Array.from(v);
    moved[i]! += si * h;
    moved[j]! += sj * h;
    return loss(x, k, head, moved);
  };
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      out[i * n + j] = (at(i, 1, j, 1) - at(i, 1, j, -1) - at(i, -1, j, 1) + at(i, -1, j, -1)) / (4 * h * h);
  return out;
}

describe("the worked example", () => {
  it.each(["theorem1", "penultimate", "section", "product", "rms"] as const)("gives %s to its digits", (id) => {
    expect(lastLayerEstimate(id, batch, { head: "softmax" })).toBeCloseTo(fixture.estimators[id], 14);
  });

  it("gives the exact softmax Hessian, without and with bias", () => {
    const { softmax } = fixture;
    expect(exactFrobenius(a, p, "softmax")).toBeCloseTo(softmax.frobenius, 12);
    expect(exactTrace(a, p, "softmax")).toBeCloseTo(softmax.trace, 14);
    expect(exactTop(a, p, "softmax", sharp)).toBeCloseTo(softmax.top, 12);
    expect(exactTop(a, p, "softmax")).toBeCloseTo(softmax.top, 5);
    expect(exactFrobenius(withOnes(a), p, "softmax")).toBeCloseTo(softmax.frobenius_with_bias, 12);
    const options = { head: "softmax", bias: true } as const;
    expect(lastLayerEstimate("exact-frobenius", batch, options)).toBeCloseTo(softmax.frobenius_with_bias, 12);
  });

  it("gives the exact linear and sigmoid Hessians", () => {
    const { linear, sigmoidOfFirstColumn: one } = fixture;
    expect(exactFrobenius(a, p, "linear")).toBeCloseTo(linear.frobenius, 12);
    expect(exactTrace(a, p, "linear")).toBeCloseTo(linear.trace, 12);
    expect(exactTop(a, p, "linear", sharp)).toBeCloseTo(linear.top, 12);
    const column = Float64Array.from(fixture.W, (row) => row[0]!);
    const shares = outputs(a, 1, "sigmoid", column);
    expect(exactFrobenius(a, shares, "sigmoid")).toBeCloseTo(one.frobenius, 12);
    expect(exactTrace(a, shares, "sigmoid")).toBeCloseTo(one.trace, 12);
    expect(exactTop(a, shares, "sigmoid", sharp)).toBeCloseTo(one.top, 12);
  });
});

describe("exact Hessians of a layer", () => {
  it.each(["softmax", "sigmoid", "linear"] as const)("agree with second differences of the %s loss", (head) => {
    const [m, n, k] = [5, 3, head === "linear" ? 2 : 3];
    const x = withOnes(matrix(m, n, normals(`${head}/x`, m * n)));
    const v = normals(`${head}/v`, (n + 1) * k);
    const q = outputs(x, k, head, v);
    const hessian = differences(x, k, head, v);
    const size = v.length;
    expect(exactFrobenius(x, q, head)).toBeCloseTo(norm(hessian), 4);
    expect(exactTrace(x, q, head)).toBeCloseTo(
      v.reduce((sum, _, i) => sum + hessian[i * size + i]!, 0),
      4,
    );
    const direction = normals(`${head}/d`, size);
    const product = new Float64Array(size);
    lastLayerProduct(x, q, head, direction, product);
    for (let i = 0; i < size; i++) {
      const wanted = direction.reduce((sum, d, j) => sum + hessian[i * size + j]! * d, 0);
      expect(product[i]).toBeCloseTo(wanted, 4);
    }
  });

  it("are consistent: trace >= top, norm between top and trace, |H|^2 = sum of squared columns", () => {
    fc.assert(
      fc.property(
        // Rows are worked on by two and by four.
        fc.record({ m: fc.nat(14), n: fc.nat(4), k: fc.nat(3), seed: fc.nat() }),
        fc.constantFrom<HeadKind>("softmax", "sigmoid", "linear"),
        ({ m, n, k, seed }, head) => {
          const { activations: x, probabilities: q } = random(`${seed}`, m + 1, n + 1, k + 1, head);
          const frobenius = exactFrobenius(x, q, head);
          const trace = exactTrace(x, q, head);
          const top = exactTop(x, q, head, sharp);
          const slack = 1e-9 * (1 + trace);
          expect(top).toBeLessThanOrEqual(frobenius + slack);
          expect(frobenius).toBeLessThanOrEqual(trace + slack);
          const size = x.columns * q.columns;
          let squares = 0;
          const unit = new Float64Array(size);
          const column = new Float64Array(size);
          for (let j = 0; j < size; j++) {
            unit.fill(0);
            unit[j] = 1;
            lastLayerProduct(x, q, head, unit, column);
            squares += norm(column) ** 2;
          }
          expect(Math.abs(Math.sqrt(squares) - frobenius)).toBeLessThan(1e-9 * (1 + frobenius));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("take the factor of the loss: Keras' squared error is 2/k of the half squared one", () => {
    expect([squaredErrorScale(1), squaredErrorScale(4)]).toEqual([2, 0.5]);
    const plain = lastLayerEstimate("exact-trace", batch, { head: "linear" });
    expect(lastLayerEstimate("exact-trace", batch, { head: "linear", lossScale: squaredErrorScale(3) })).toBeCloseTo(
      (plain * 2) / 3,
      12,
    );
  });
});

describe("what the ratios are", () => {
  const { activations, weights, probabilities } = random("ratios", 24, 5, 3, "softmax");
  const all = { activations, weights, probabilities };
  const value = (id: LastLayerId, of: LastLayerBatch): number => lastLayerEstimate(id, of, { head: "softmax" });

  it("rms is product / m", () => {
    expect(value("rms", all)).toBeCloseTo(value("product", all) / 24, 14);
  });

  it("repeating the samples leaves rms and the exact measures, and lets penultimate grow by sqrt 2 and product by 2", () => {
    const twice = (x: Matrix): Matrix => matrix(2 * x.rows, x.columns, [...x.values, ...x.values]);
    const doubled = { ...all, activations: twice(activations), probabilities: twice(probabilities) };
    for (const id of lastLayerIds) {
      const growth = { penultimate: Math.SQRT2, theorem1: Math.SQRT2, activation: Math.SQRT2, product: 2 };
      const wanted = id in growth ? growth[id as keyof typeof growth] : 1;
      // Not the measures that divide by the number of samples: repeating halves or roots them.
      if (id === "section" || id === "bayesmark") continue;
      expect(value(id, doubled) / value(id, all), id).toBeCloseTo(wanted, 6);
      expect(estimators[id].dependsOnBatchSize, id).toBe(wanted !== 1);
    }
  });

  it("a -> c a, W -> W / c leaves the function, scales the Hessian by c^2 and theorem1 by c", () => {
    const c = 3;
    const scaled = {
      activations: matrix(
        24,
        5,
        activations.values.map((x) => c * x),
      ),
      weights: matrix(
        5,
        3,
        weights.values.map((x) => x / c),
      ),
      probabilities,
    };
    expect(value("exact-frobenius", scaled) / value("exact-frobenius", all)).toBeCloseTo(c * c, 10);
    expect(value("theorem1", scaled) / value("theorem1", all)).toBeCloseTo(c, 10);
  });

  it("section is 0 as soon as one sample is dead", () => {
    const values = Float64Array.from(activations.values);
    values.fill(0, 5, 10);
    expect(value("section", { ...all, activations: matrix(24, 5, values) })).toBe(0);
  });
});

describe("over batches", () => {
  const all = random("batches", 10, 4, 3, "softmax");

  it("takes the rows in order, the last partial batch included", () => {
    const parts = [
      [0, 4],
      [4, 8],
      [8, 10],
    ].map(([from, to]) =>
      lastLayerEstimate(
        "penultimate",
        {
          activations: matrix(to! - from!, 4, all.activations.values.slice(from! * 4, to! * 4)),
          weights: all.weights,
          probabilities: matrix(to! - from!, 3, all.probabilities.values.slice(from! * 3, to! * 3)),
        },
        { head: "softmax" },
      ),
    );
    const over = (how: "max" | "min"): number =>
      lastLayerEstimateOverBatches("penultimate", all, 4, { head: "softmax" }, how);
    expect(over("max")).toBe(Math.max(...parts));
    expect(over("min")).toBe(Math.min(...parts));
    const bayesmark = lastLayerEstimateOverBatches("bayesmark", all, 4, { head: "softmax" });
    expect(bayesmark).toBeCloseTo(-Math.min(...parts) / 10, 14);
  });

  it("leaves out batches that are not finite", () => {
    const values = Float64Array.from(all.activations.values);
    values[0] = Number.NaN;
    const broken = { ...all, activations: matrix(10, 4, values) };
    expect(lastLayerEstimateOverBatches("rms", broken, 5, { head: "softmax" })).toBeGreaterThan(0);
    expect(lastLayerEstimateOverBatches("rms", broken, 10, { head: "softmax" })).toBeNaN();
    for (const id of lastLayerIds)
      expect(lastLayerEstimate(id, broken, { head: "softmax" }) > 0, id).toBe(id === "theorem1");
    expect([aggregate([], "max"), aggregate([Number.POSITIVE_INFINITY, 2, 1], "max")]).toEqual([Number.NaN, 2]);
  });

  it("refuses matrices that do not belong together", () => {
    const wrong = { ...all, weights: matrix(3, 3, new Float64Array(9)) };
    expect(() => lastLayerEstimate("rms", wrong, { head: "softmax" })).toThrow(/do not belong together/);
    expect(() => matrix(2, 2, [1, 2, 3])).toThrow(/cannot hold 3 values/);
    expect(() => lastLayerEstimateOverBatches("rms", all, 0, { head: "softmax" })).toThrow(/0 rows/);
  });
});

it("every measure is described", () => {
  for (const id of [...lastLayerIds, ...networkIds]) {
    expect(estimators[id].label).not.toBe("");
    expect(estimators[id].measures).toMatch(/\.$/u);
  }
});

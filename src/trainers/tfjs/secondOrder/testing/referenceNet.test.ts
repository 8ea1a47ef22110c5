import { describe, expect, it } from "vitest";
import { rngForKey } from "../../../../core/rng.ts";
import { exactFrobenius, exactTrace } from "../../../../flatness/lastLayer.ts";
import { norm } from "../../../../core/linalg/vectors.ts";
import { matrix, withOnes } from "../../../../flatness/matrix.ts";
import { referenceHessian, referenceResult, type ReferenceProblem } from "./referenceNet.ts";

const normal = (key: string, size: number): Float64Array => {
  const rng = rngForKey(key);
  return Float64Array.from({ length: size }, () => rng.normal());
};

const image = { height: 5, width: 5, channels: 2 };
const problems: Record<string, { problem: ReferenceProblem; weights: Float64Array }> = {
  "smooth convolutions, average pooling and batch norm": {
    problem: {
      layers: [
        { kind: "conv2d", input: image, filters: 3, kernel: 3, stride: 2, padding: "same", bias: true },
        { kind: "batchNorm", mean: [0.1, -0.2, 0], variance: [1, 2, 0.5], epsilon: 1e-3 },
        { kind: "activation", activation: "softplus" },
        { kind: "averagePool2d", input: { height: 3, width: 3, channels: 3 }, size: 2, stride: 2, padding: "same" },
        { kind: "activation", activation: "sigmoid" },
        { kind: "dense", inputs: 12, units: 3, bias: true },
      ],
      features: normal("x", 4 * 50),
      targets: [0, 2, 1, 1],
      output: "logits",
      labelSmoothing: 0.1,
    },
    weights: normal("w", 54 + 3 + 6 + 36 + 3).map((x) => x / 2),
  },
  "kinked activations, overlapping max pooling and a squared error": {
    problem: {
      layers: [
        { kind: "conv2d", input: image, filters: 2, kernel: 2, stride: 1, padding: "valid", bias: false },
        { kind: "activation", activation: "elu" },
        { kind: "maxPool2d", input: { height: 4, width: 4, channels: 2 }, size: 3, stride: 1, padding: "same" },
        { kind: "activation", activation: "selu" },
        { kind: "dense", inputs: 32, units: 4, bias: true },
        { kind: "activation", activation: "relu" },
        { kind: "dense", inputs: 4, units: 1, bias: false },
      ],
      features: normal("x2", 3 * 50),
      targets: [0.5, -1, 2],
      output: "value",
    },
    weights: normal("w2", 16 + 128 + 4 + 4).map((x) => x / 2),
  },
};

describe.each(Object.entries(problems))("%s", (_, { problem, weights }) => {
  const at = (step: number, d: Float64Array) =>
    referenceResult(
      problem,
      weights.map((x, i) => x + step * d[i]!),
      d,
    );

  it("has the gradient and the products that differences give", () => {
    const v = normal("v", weights.length);
    const { gradient, product } = at(0, v);
    const h = 1e-5;
    const slope = (at(h, v).loss - at(-h, v).loss) / (2 * h);
    expect(gradient.reduce((sum, g, i) => sum + g * v[i]!, 0)).toBeCloseTo(slope, 7);
    const [plus, minus] = [at(h, v).gradient, at(-h, v).gradient];
    const difference = product.map((x, i) => x - (plus[i]! - minus[i]!) / (2 * h));
    expect(norm(difference) / norm(product)).toBeLessThan(1e-8);
  });

  it("has a symmetric Hessian whose last block is that of the closed form", () => {
    const n = weights.length;
    const hessian = referenceHessian(problem, weights);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) expect(hessian[i * n + j]).toBeCloseTo(hessian[j * n + i]!, 12);
    const { outputs } = at(0, weights);
    const rows = problem.targets.length;
    const last = problem.layers.at(-1)!;
    if (last.kind !== "dense") throw new Error("The head is dense.");
    const hidden = matrix(rows, last.inputs, outputs.at(-2)!);
    const logits = outputs.at(-1)!;
    const k = last.units;
    const shares = new Float64Array(logits.length);
    for (let i = 0; i < rows; i++) {
      const row = logits.subarray(i * k, (i + 1) * k);
      const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
      row.forEach((z, c) => (shares[i * k + c] = Math.exp(z) / total));
    }
    const p = matrix(rows, k, shares);
    const a = last.bias ? withOnes(hidden) : hidden;
    const [kind, scale] = problem.output === "value" ? (["linear", 2 / k] as const) : (["softmax", 1] as const);
    const size = last.inputs * k + (last.bias ? k : 0);
    let squares = 0;
    let trace = 0;
    for (let i = n - size; i < n; i++) {
      trace += hessian[i * n + i]!;
      for (let j = n - size; j < n; j++) squares += hessian[i * n + j]! ** 2;
    }
    expect(scale * exactFrobenius(a, p, kind)).toBeCloseTo(Math.sqrt(squares), 10);
    expect(scale * exactTrace(a, p, kind)).toBeCloseTo(trace, 10);
  });
});

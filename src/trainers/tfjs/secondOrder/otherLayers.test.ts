import { beforeAll, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import { norm } from "../../../core/linalg/vectors.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { trainableVariables } from "../models/trainable.ts";
import type { LayersModel, Tensor, Tf } from "../tf.ts";
import { tensorLoss } from "../training/tensorHead.ts";
import { createHessianVector } from "./hessianVector.ts";

let backend: LoadedBackend;
let tf: Tf;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
  tf = backend.tf;
});

const image = [6, 6, 2];
const sequence = [4, 3];

/** Layers that a user's own module may bring, each in a small smooth network. */
const models: Record<string, { shape: number[]; build: () => LayersModel }> = {
  "depthwise convolutions": {
    shape: image,
    build: () =>
      tf.sequential({
        layers: [
          tf.layers.depthwiseConv2d({ inputShape: [6, 6, 2], kernelSize: 3, strides: 2, padding: "same" }),
          tf.layers.activation({ activation: "tanh" }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 3 }),
        ],
      }),
  },
  "separable convolutions and global pooling": {
    shape: image,
    build: () =>
      tf.sequential({
        layers: [
          tf.layers.separableConv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, activation: "sigmoid" }),
          tf.layers.globalAveragePooling2d({}),
          tf.layers.dense({ units: 3 }),
        ],
      }),
  },
  "padded average pooling": {
    shape: image,
    build: () =>
      tf.sequential({
        layers: [
          tf.layers.conv2d({ inputShape: [6, 6, 2], filters: 2, kernelSize: 2, activation: "tanh" }),
          tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 3 }),
        ],
      }),
  },
  "recurrent layers": {
    shape: sequence,
    build: () =>
      tf.sequential({
        layers: [
          tf.layers.lstm({ inputShape: [4, 3], units: 3, recurrentInitializer: "glorotUniform" }),
          tf.layers.dense({ units: 3 }),
        ],
      }),
  },
  "layer normalisation, one-dimensional convolutions and a softmax inside": {
    shape: sequence,
    build: () =>
      tf.sequential({
        layers: [
          tf.layers.conv1d({ inputShape: [4, 3], filters: 4, kernelSize: 2, padding: "same", activation: "softplus" }),
          tf.layers.layerNormalization(),
          tf.layers.flatten(),
          tf.layers.dense({ units: 5, activation: "softmax" }),
          tf.layers.dense({ units: 3 }),
        ],
      }),
  },
};

it.each(Object.entries(models))("%s have exact products", async (name, { shape, build }) => {
  const rng = rngForKey(name);
  const before = tf.memory().numTensors;
  const model = build();
  const variables = trainableVariables(model);
  const draw = (size: number, scale: number): Float32Array =>
    Float32Array.from({ length: size }, () => scale * rng.normal());
  const weights = variables.map((variable) => draw(variable.size, 0.5));
  const assign = (step: number, v: Float32Array): void => {
    let at = 0;
    variables.forEach((variable, i) => {
      const values = weights[i]!.map((w) => w + step * v[at++]!);
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    });
  };
  const x = tf.tensor(draw(5 * shape.reduce((a, b) => a * b, 1), 1), [5, ...shape]);
  const head = { output: "logits", width: 3, labelSmoothing: 0 } as const;
  const targets = Float32Array.of(0, 2, 1, 1, 0);
  const hv = createHessianVector(
    backend,
    () => tensorLoss(tf, model.apply(x, { training: false }) as Tensor, targets, head),
    variables,
  );
  const v = draw(hv.dimension, 1);
  const u = draw(hv.dimension, 1);
  assign(0, v);
  const product = await hv.product(v);
  const other = await hv.product(u);
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  expect(dot(u, product)).toBeCloseTo(dot(v, other), 4);
  // Differences of float32 gradients, at the step that suits them.
  const h = (2e-3 * Math.hypot(...weights.map(norm))) / norm(v);
  assign(h, v);
  const plus = await hv.gradient();
  assign(-h, v);
  const minus = await hv.gradient();
  const error = product.map((value, i) => value - (plus[i]! - minus[i]!) / (2 * h));
  expect(norm(error) / norm(product)).toBeLessThan(1e-2);
  x.dispose();
  model.dispose();
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
});

it("an operation without a second derivative is named", async () => {
  const before = tf.memory().numTensors;
  const w = tf.tidy(() => tf.variable(tf.ones([1, 2, 2, 1])));
  const hv = createHessianVector(backend, () => tf.sum(tf.square(tf.localResponseNormalization(w as never))), [w]);
  await expect(hv.product(new Float32Array(4).fill(1))).rejects.toMatchObject({
    code: "trainer",
    message: "The model uses the operation LRNGrad, for which there is no exact second derivative.",
  });
  w.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

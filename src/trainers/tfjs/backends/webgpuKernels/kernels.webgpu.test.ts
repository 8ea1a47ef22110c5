import * as fc from "fast-check";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveHyperparameters } from "../../hyperparameters.ts";
import type { Tensor, Tf } from "../../tf.ts";
import { optimizerPlan } from "../../training/optimizer.ts";
import { tensorUpdater } from "../../training/tensorUpdater.ts";
import { tiedValues, values } from "../wasmKernels/testing.ts";
import { disagreement, loadBoth } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const random = (key: string, shape: readonly number[]): Tensor => tf.tensor(values(key, shape), [...shape]);

/** The outputs of `f` and its gradients, for a random gradient of its output, agree with the reference. */
async function agrees(inputs: () => Tensor[], f: (...inputs: Tensor[]) => Tensor, tolerance = 1e-4): Promise<void> {
  const error = await disagreement(tf, (tf) => {
    const x = inputs();
    const out = f(...x);
    const dy = random("dy", out.shape);
    return [out, ...tf.grads((...x: Tensor[]) => tf.sum(tf.mul(dy, f(...x))))(x)];
  });
  expect(error).toBeLessThan(tolerance);
}

async function holds<T>(
  arbitrary: fc.Arbitrary<T>,
  numRuns: number,
  property: (value: T) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns });
}

const side = fc.integer({ min: 1, max: 9 });
const step = fc.integer({ min: 1, max: 3 });
const pad = fc.constantFrom("same" as const, "valid" as const);

describe("kernels of the project", () => {
  it("max pooling hands gradients to the first largest cell, with overlapping windows and ties", async () => {
    const window = fc.integer({ min: 1, max: 4 });
    const pooling = fc
      .record({
        shape: fc.tuple(fc.integer({ min: 1, max: 3 }), side, side, fc.integer({ min: 1, max: 5 })),
        window: fc.tuple(window, window),
        strides: fc.tuple(step, step),
        pad,
        ties: fc.boolean(),
        seed: fc.nat(),
      })
      .filter((p) => p.pad === "same" || (p.window[0] <= p.shape[1] && p.window[1] <= p.shape[2]));
    await holds(pooling, 40, (p) =>
      agrees(
        () => [tf.tensor((p.ties ? tiedValues : values)(String(p.seed), p.shape), p.shape)],
        (x) => tf.maxPool(x as Tensor4D, p.window, p.strides, p.pad),
      ),
    );
  });

  it("convolutions have the reference's gradients over shapes, strides and paddings", async () => {
    const window = fc.integer({ min: 1, max: 4 });
    const convolution = fc
      .record({
        shape: fc.tuple(fc.integer({ min: 1, max: 3 }), side, side, fc.constantFrom(1, 3, 4, 8)),
        filters: fc.constantFrom(1, 4, 5),
        window: fc.tuple(window, window),
        strides: fc.tuple(step, step),
        pad,
        seed: fc.nat(),
      })
      .filter((p) => p.pad === "same" || (p.window[0] <= p.shape[1] && p.window[1] <= p.shape[2]));
    await holds(convolution, 25, (p) =>
      agrees(
        () => [random(`x${p.seed}`, p.shape), random(`f${p.seed}`, [p.window[0], p.window[1], p.shape[3], p.filters])],
        (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, p.strides, p.pad),
      ),
    );
  });

  it("convolutions whose filter gradient takes several tiles and splits are right", async () => {
    await agrees(
      () => [random("x", [6, 12, 11, 20]), random("f", [3, 3, 20, 36])],
      (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, "same"),
    );
    await agrees(
      () => [random("x", [2, 9, 9, 3]), random("f", [3, 3, 3, 6])],
      (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 2, "NHWC", 1, "floor"),
    );
  });

  it("cumulative sums of one length after another are right, from behind and without their own cell", async () => {
    for (const shape of [
      [4, 6],
      [4, 9],
      [3, 70],
      [4, 6],
    ]) {
      await agrees(
        () => [random("x", shape)],
        (x) => tf.cumsum(x, 1),
      );
      await agrees(
        () => [random("x", shape)],
        (x) => tf.cumsum(x, 1, true, true),
      );
    }
  });

  it("the place of a vector's extreme is a scalar", async () => {
    const error = await disagreement(tf, (tf) => {
      const x = random("x", [3000]);
      return [tf.argMax(x), tf.argMin(x), tf.argMax(tf.reshape(x, [30, 100]), 1)];
    });
    expect(error).toBeLessThan(1e-6);
  });
});

describe("the fused update", () => {
  it.each([
    { optimizer: "adam", weightDecay: 0.01, gradClip: 0.5 },
    { optimizer: "adamw", weightDecay: 0.1 },
    { optimizer: "adam" },
  ])("of %o is that of the tensor operations, step for step", async (params) => {
    const plan = optimizerPlan(resolveHyperparameters(params, "module"));
    const run = async (backend: "cpu" | "webgpu"): Promise<number[]> => {
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      const variables = tf.tidy(() => [[5, 3], [3]].map((shape) => tf.variable(random("w", shape))));
      const updater = tensorUpdater(tf, variables, plan);
      for (let step = 0; step < 4; step++) {
        const gradients = [random(`a${step}`, [5, 3]), random(`b${step}`, [3])];
        updater.apply(gradients, 0.1);
        tf.dispose(gradients);
      }
      const values = await Promise.all(variables.map(async (variable) => [...(await variable.data())]));
      const slots = (await updater.save()).map((slot) => [...slot]);
      updater.dispose();
      tf.dispose(variables);
      expect(tf.memory().numTensors).toBe(before);
      return [...values, ...slots].flat();
    };
    const wanted = await run("cpu");
    const actual = await run("webgpu");
    expect(actual).toHaveLength(wanted.length);
    actual.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 4));
  });
});

describe("upstream's kernels that training rests on agree with the reference", () => {
  it.each([
    "relu",
    "relu6",
    "elu",
    "selu",
    "sigmoid",
    "tanh",
    "softplus",
    "leakyRelu",
    "softmax",
    "logSoftmax",
  ] as const)("%s", async (name) => {
    for (const shape of [[3, 4, 5], [2048]])
      await agrees(
        () => [random(name, shape)],
        (x) => tf[name](x),
      );
  });

  it.each([
    [1, 1, 1],
    [5, 7, 3],
    [128, 64, 256],
    [33, 70, 9],
    [16, 2100, 4],
    [70, 3, 70],
  ])("products of %i x %i x %i, each way transposed", async (m, k, n) => {
    for (const [a, b] of [
      [false, false],
      [false, true],
      [true, false],
    ] as const)
      await agrees(
        () => [random("a", a ? [k, m] : [m, k]), random("b", b ? [n, k] : [k, n])],
        (p, q) => tf.matMul(p, q, a, b),
      );
  });

  it("batch normalisation, moments and dropout masks", async () => {
    for (const shape of [
      [6, 5],
      [2, 4, 3, 8],
    ]) {
      const channels = shape.at(-1)!;
      await agrees(
        () => [
          random("x", shape),
          random("mean", [channels]),
          tf.add(tf.abs(random("variance", [channels])), 0.3),
          random("offset", [channels]),
          random("scale", [channels]),
        ],
        (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 1e-3),
      );
      const axes = shape.map((_, axis) => axis).slice(0, -1);
      await agrees(
        () => [random("x", shape)],
        (x) => {
          const { mean, variance } = tf.moments(x, axes);
          return tf.add(mean, variance);
        },
      );
    }
    await agrees(
      () => [random("x", [7, 9])],
      (x) => tf.mul(x, tf.tensor(tiedValues("mask", [7, 9]), [7, 9])),
    );
  });

  it("cross-entropy from logits and from probabilities", async () => {
    const labels = (): Tensor => tf.oneHot(tf.tensor1d([0, 3, 1, 2, 4, 0], "int32"), 5);
    await agrees(
      () => [random("x", [6, 5])],
      (x) => tf.mean(tf.sub(tf.logSumExp(x, 1), tf.sum(tf.mul(x, labels()), 1))),
    );
    await agrees(
      () => [random("x", [6, 5])],
      (x) => tf.neg(tf.mean(tf.sum(tf.mul(labels(), tf.log(tf.maximum(tf.softmax(x), 1e-12))), 1))),
    );
  });

  it("depthwise and transposed convolutions, average pooling, up-sampling", async () => {
    await agrees(
      () => [random("x", [2, 7, 6, 4]), random("f", [3, 3, 4, 2])],
      (x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 2, "same"),
    );
    await agrees(
      () => [random("x", [2, 4, 4, 3]), random("f", [3, 3, 5, 3])],
      (x, filter) => tf.conv2dTranspose(x as Tensor4D, filter as Tensor4D, [2, 8, 8, 5], 2, "same"),
    );
    await agrees(
      () => [random("x", [2, 7, 6, 3])],
      (x) => tf.avgPool(x as Tensor4D, 3, 2, "same"),
    );
    // One sample: the reference's own gradient reads the wrong sample after the first.
    await agrees(
      () => [random("x", [1, 4, 5, 3])],
      (x) => tf.image.resizeNearestNeighbor(x as Tensor4D, [8, 10]),
    );
  });

  it("embeddings, segment sums, einsum, concatenation and slices", async () => {
    const ids = () => tf.tensor1d([0, 3, 3, 5, 0], "int32");
    await agrees(
      () => [random("x", [6, 5])],
      (x) => tf.gather(x, ids()),
    );
    await agrees(
      () => [random("x", [5, 4])],
      (x) => tf.unsortedSegmentSum(x, ids(), 7),
    );
    expect(
      await disagreement(tf, (tf) =>
        tf.einsum("bthd,bshd->bhts", random("a", [2, 3, 2, 4]), random("b", [2, 5, 2, 4])),
      ),
    ).toBeLessThan(1e-4);
    await agrees(
      () => [random("a", [3, 4]), random("b", [3, 2])],
      (a, b) => {
        const [first, second] = tf.split(tf.concat([a, b], 1), 2, 1);
        return tf.mul(first!, tf.reverse(second!, 0));
      },
    );
  });

  it("numbers that are none stay none", async () => {
    const error = await disagreement(tf, (tf) => {
      const x = tf.tensor2d([Number.NaN, 1, 2, 3, Number.POSITIVE_INFINITY, -1], [2, 3]);
      return [tf.relu(x), tf.tanh(x), tf.softmax(x), tf.logSumExp(x, 1), tf.sum(x, 0), tf.max(x, 1), tf.square(x)];
    });
    expect(error).toBeLessThan(1e-6);
  });
});

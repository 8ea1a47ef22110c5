/**
 * What a user's module may be built of, held against the reference back end: models of common layers trained a few steps, their
 * losses compared. Called by a test file for each back end that can be had.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import type { Backend, LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { createBatches } from "../data/batches.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import type { LayersModel, Tf } from "../tf.ts";
import { optimizerPlan } from "../training/optimizer.ts";
import { trainingRandomness } from "../training/randomness.ts";
import { createStepper } from "../training/step.ts";

const rows = 12;
const classes = 3;

type Symbolic = ReturnType<Tf["input"]>;
/** Builds from the input (a picture of 6 x 6 x 2) to features; every layer seeded. */
type Build = (tf: Tf, x: Symbolic) => Symbolic;

const seeded = (tf: Tf, seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });
const recurrent = (tf: Tf, seed: number) => ({
  ...seeded(tf, seed),
  // The stock one, orthogonal, calls chained operations, which only the bundled trainer registers.
  recurrentInitializer: tf.initializers.glorotUniform({ seed: seed + 1 }),
});
const pooled = (tf: Tf, x: Symbolic): Symbolic => tf.layers.globalAveragePooling2d({}).apply(x) as Symbolic;
/** Six time steps of twelve values. */
const sequence = (tf: Tf, x: Symbolic): Symbolic => tf.layers.reshape({ targetShape: [6, 12] }).apply(x) as Symbolic;

const builds: Readonly<Record<string, Build>> = {
  "strided convolutions": (tf, x) => {
    const first = tf.layers.conv2d({
      filters: 5,
      kernelSize: 3,
      strides: 2,
      padding: "same",
      activation: "elu",
      ...seeded(tf, 1),
    });
    const second = tf.layers.conv2d({ filters: 4, kernelSize: 2, activation: "selu", ...seeded(tf, 2) });
    return pooled(tf, second.apply(first.apply(x)) as Symbolic);
  },
  "depthwise and separable convolutions": (tf, x) => {
    const initializer = (seed: number) => tf.initializers.glorotUniform({ seed });
    const depthwise = tf.layers.depthwiseConv2d({
      kernelSize: 3,
      depthMultiplier: 2,
      depthwiseInitializer: initializer(1),
    });
    const separable = tf.layers.separableConv2d({
      filters: 5,
      kernelSize: 2,
      depthwiseInitializer: initializer(2),
      pointwiseInitializer: initializer(3),
    });
    return pooled(tf, separable.apply(depthwise.apply(x)) as Symbolic);
  },
  "transposed convolution and average pooling": (tf, x) => {
    const grown = tf.layers.conv2dTranspose({
      filters: 3,
      kernelSize: 3,
      strides: 2,
      padding: "same",
      ...seeded(tf, 1),
    });
    const small = tf.layers.averagePooling2d({ poolSize: 3, strides: 2 }).apply(grown.apply(x)) as Symbolic;
    return tf.layers.globalMaxPooling2d({}).apply(small) as Symbolic;
  },
  "overlapping max pooling and batch norm": (tf, x) => {
    const conv = tf.layers
      .conv2d({ filters: 6, kernelSize: 3, padding: "same", useBias: false, ...seeded(tf, 1) })
      .apply(x);
    const normal = tf.layers.batchNormalization({}).apply(conv) as Symbolic;
    const pool = tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" });
    return tf.layers.flatten().apply(pool.apply(tf.layers.reLU({}).apply(normal))) as Symbolic;
  },
  "one-dimensional convolution": (tf, x) => {
    const conv = tf.layers.conv1d({ filters: 5, kernelSize: 3, activation: "tanh", ...seeded(tf, 1) });
    return tf.layers.globalAveragePooling1d({}).apply(conv.apply(sequence(tf, x))) as Symbolic;
  },
  LSTM: (tf, x) => tf.layers.lstm({ units: 5, ...recurrent(tf, 1) }).apply(sequence(tf, x)) as Symbolic,
  GRU: (tf, x) => tf.layers.gru({ units: 5, ...recurrent(tf, 1) }).apply(sequence(tf, x)) as Symbolic,
  "bidirectional recurrence": (tf, x) => {
    const layer = tf.layers.simpleRNN({ units: 4, ...recurrent(tf, 1) });
    return tf.layers.bidirectional({ layer, mergeMode: "concat" }).apply(sequence(tf, x)) as Symbolic;
  },
  "layer norm, gates and residuals": (tf, x) => {
    const flat = tf.layers.flatten().apply(x) as Symbolic;
    const normal = tf.layers.layerNormalization({}).apply(flat) as Symbolic;
    const gate = tf.layers.dense({ units: 72, activation: "sigmoid", ...seeded(tf, 1) }).apply(normal) as Symbolic;
    const product = tf.layers.multiply().apply([normal, gate]) as Symbolic;
    return tf.layers.add().apply([flat, product]) as Symbolic;
  },
  "attention by dot products": (tf, x) => {
    const steps = sequence(tf, x);
    const dense = (seed: number) =>
      tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4, ...seeded(tf, seed) }) }).apply(steps) as Symbolic;
    const scores = tf.layers.dot({ axes: [2, 2] }).apply([dense(1), dense(2)]) as Symbolic;
    const weights = tf.layers.softmax({ axis: -1 }).apply(scores) as Symbolic;
    const mixed = tf.layers.dot({ axes: [2, 1] }).apply([weights, dense(3)]) as Symbolic;
    return tf.layers.globalAveragePooling1d({}).apply(mixed) as Symbolic;
  },
  "leaky and parametric activations": (tf, x) => {
    const flat = tf.layers.flatten().apply(x) as Symbolic;
    const first = tf.layers.dense({ units: 8, ...seeded(tf, 1) }).apply(flat) as Symbolic;
    const second = tf.layers.leakyReLU({}).apply(first) as Symbolic;
    return tf.layers.prelu({}).apply(tf.layers.dense({ units: 8, ...seeded(tf, 2) }).apply(second)) as Symbolic;
  },
  "padding and cropping": (tf, x) => {
    const padded = tf.layers.zeroPadding2d({ padding: 1 }).apply(x) as Symbolic;
    const conv = tf.layers.conv2d({ filters: 3, kernelSize: 3, ...seeded(tf, 1) }).apply(padded) as Symbolic;
    return pooled(
      tf,
      tf.layers
        .cropping2D({
          cropping: [
            [1, 0],
            [0, 2],
          ],
        })
        .apply(conv) as Symbolic,
    );
  },
};

function part(): { rows: number; features: Float32Array; targets: Float32Array } {
  const rng = rngForKey("layers");
  const features = Float32Array.from({ length: rows * 72 }, () => rng.normal());
  return { rows, features, targets: Float32Array.from({ length: rows }, () => rng.int(classes)) };
}

/** Losses of a few steps of Adam from the same weights. */
async function losses(backend: LoadedBackend, build: Build): Promise<number[]> {
  const { tf } = backend;
  await tf.setBackend(backend.name);
  const before = tf.memory().numTensors;
  const random = trainingRandomness(1);
  const input = tf.input({ shape: [6, 6, 2] });
  const output = tf.layers.dense({ units: classes, ...seeded(tf, 9) }).apply(build(tf, input)) as Symbolic;
  const model: LayersModel = tf.model({ inputs: input, outputs: output });
  const batches = createBatches(tf, part(), [6, 6, 2]);
  const stepper = createStepper({
    backend,
    trainable: { model, output: "logits" },
    batches,
    head: { output: "logits", width: classes, labelSmoothing: 0 },
    plan: optimizerPlan(resolveHyperparameters({}, "module")),
    microBatch: rows,
    breathe: () => Promise.resolve(),
  });
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const scores = [];
  for (let step = 0; step < 4; step++) {
    random.setStep(step);
    scores.push(...(await stepper.step(all, 0.02)));
  }
  scores.push(...(await stepper.settle()));
  batches.dispose();
  stepper.dispose();
  model.dispose();
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  return scores.map((score) => score.loss / rows);
}

/** Declares the tests for one back end. */
export function describeCommonLayers(backend: Backend): void {
  describe(`common layers on ${backend.name}`, () => {
    let reference: LoadedBackend;
    let tried: LoadedBackend;
    beforeAll(async () => {
      reference = await cpuBackend.load({ threads: 1 });
      tried = await backend.load({ threads: 1 });
    });

    it.each(Object.entries(builds))("%s train as on the reference", async (_, build) => {
      const wanted = await losses(reference, build);
      const actual = await losses(tried, build);
      expect(actual).toHaveLength(wanted.length);
      actual.forEach((loss, step) => expect(Math.abs(loss - wanted[step]!), `step ${step}`).toBeLessThan(2e-3));
      // That they train at all: the last loss is below the first.
      expect(actual.at(-1)!).toBeLessThan(actual[0]!);
    });
  });
}

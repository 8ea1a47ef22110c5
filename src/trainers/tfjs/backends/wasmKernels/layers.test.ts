import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { beforeAll, describe, expect, it } from "vitest";
import type { LayersModel, Tensor, Tf } from "../../tf.ts";
import { loadBoth, relativeError, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

type Layers = Tf["layers"];
type Layer = ReturnType<Layers["dense"]>;

interface Case {
  readonly input: number[];
  readonly layers: (layers: Layers) => Layer[];
  /** Values of the input, where not normally distributed. */
  readonly whole?: number;
}

const image = [7, 6, 3];
const sequence = [5, 4];
const one = (make: (layers: Layers) => unknown, input: number[], whole?: number): Case => ({
  input,
  layers: (layers) => [make(layers) as Layer],
  ...(whole === undefined ? {} : { whole }),
});

/** What models of users are made of; each is followed by a flatten and a dense layer of two outputs. */
const cases: Readonly<Record<string, Case>> = {
  dense: one((l) => l.dense({ units: 6, activation: "tanh" }), [9]),
  "dense, sigmoid": one((l) => l.dense({ units: 6, activation: "sigmoid" }), [9]),
  "dense, softmax": one((l) => l.dense({ units: 6, activation: "softmax" }), [9]),
  "dense, selu": one((l) => l.dense({ units: 6, activation: "selu" }), [9]),
  "dense, softplus": one((l) => l.dense({ units: 6, activation: "softplus" }), [9]),
  "dense, swish": one((l) => l.dense({ units: 6, activation: "swish" }), [9]),
  "dense, relu6": one((l) => l.dense({ units: 6, activation: "relu6" }), [9]),
  "dense over a sequence": one((l) => l.dense({ units: 6, activation: "elu" }), sequence),
  conv1d: one((l) => l.conv1d({ filters: 5, kernelSize: 3, padding: "same", activation: "relu" }), sequence),
  conv2d: one((l) => l.conv2d({ filters: 5, kernelSize: 3, strides: 2, activation: "relu" }), image),
  conv2dTranspose: one((l) => l.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }), image),
  conv3d: one((l) => l.conv3d({ filters: 3, kernelSize: 2, activation: "relu" }), [4, 3, 4, 2]),
  depthwiseConv2d: one((l) => l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }), image),
  separableConv2d: one((l) => l.separableConv2d({ filters: 5, kernelSize: 3, strides: 2 }), image),
  maxPooling1d: one((l) => l.maxPooling1d({ poolSize: 2 }), sequence),
  maxPooling2d: one((l) => l.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }), image),
  averagePooling1d: one((l) => l.averagePooling1d({ poolSize: 2 }), sequence),
  averagePooling2d: one((l) => l.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }), image),
  globalAveragePooling1d: one((l) => l.globalAveragePooling1d({}), sequence),
  globalAveragePooling2d: one((l) => l.globalAveragePooling2d({}), image),
  globalMaxPooling1d: one((l) => l.globalMaxPooling1d(), sequence),
  globalMaxPooling2d: one((l) => l.globalMaxPooling2d({}), image),
  upSampling2d: one((l) => l.upSampling2d({ size: [2, 3] }), image),
  zeroPadding2d: one(
    (l) =>
      l.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
    image,
  ),
  cropping2D: one(
    (l) =>
      l.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    image,
  ),
  batchNormalization: one((l) => l.batchNormalization({}), image),
  layerNormalization: one((l) => l.layerNormalization({}), sequence),
  leakyReLU: one((l) => l.leakyReLU({ alpha: 0.1 }), sequence),
  prelu: one((l) => l.prelu({ alphaInitializer: "ones" }), sequence),
  elu: one((l) => l.elu({}), sequence),
  thresholdedReLU: one((l) => l.thresholdedReLU({ theta: 0.3 }), sequence),
  softmax: one((l) => l.activation({ activation: "softmax" }), sequence),
  permute: one((l) => l.permute({ dims: [2, 1] }), sequence),
  repeatVector: one((l) => l.repeatVector({ n: 3 }), [4]),
  embedding: one((l) => l.embedding({ inputDim: 6, outputDim: 4 }), [5], 6),
  simpleRNN: one((l) => l.simpleRNN({ units: 4 }), sequence),
  lstm: one((l) => l.lstm({ units: 4, returnSequences: true }), sequence),
  gru: one((l) => l.gru({ units: 4 }), sequence),
  bidirectional: one((l) => l.bidirectional({ layer: l.lstm({ units: 3 }), mergeMode: "concat" }), sequence),
  timeDistributed: one((l) => l.timeDistributed({ layer: l.dense({ units: 3 }) }), sequence),
  convLstm2d: one((l) => l.convLstm2d({ filters: 2, kernelSize: 2 }), [3, 4, 4, 2]),
};

/** A model with weights that are the same on every back end. */
function build(tf: Tf, { input, layers }: Case): LayersModel {
  const model = tf.sequential();
  const [first, ...rest] = layers(tf.layers);
  model.add(tf.layers.inputLayer({ inputShape: input }));
  for (const layer of [first!, ...rest]) model.add(layer);
  if (model.outputShape.length > 2) model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: 2 }));
  const weights = model.getWeights().map((weight, i) => {
    const normal = values(`weight${i}`, weight.shape).map((value) => 0.3 * value);
    // Variances and scales are positive.
    return tf.tensor(weight.rank === 1 ? normal.map((value) => 1 + 0.2 * value) : normal, weight.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

/** Two steps of gradient descent; losses and weights afterwards. */
async function trained(
  tf: Tf,
  backend: "cpu" | "wasm",
  which: Case,
): Promise<{ losses: number[]; weights: Float32Array[] }> {
  await tf.setBackend(backend);
  const model = build(tf, which);
  const shape = [4, ...which.input];
  const normal = values("x", shape);
  const whole = which.whole;
  const x = tf.tensor(
    whole === undefined ? normal : normal.map((value) => Math.floor(Math.abs(value) * 10) % whole),
    shape,
  );
  const target = tf.tensor2d(values("y", [4, 2]), [4, 2]);
  const optimizer = tf.train.sgd(0.05);
  const losses: number[] = [];
  for (let step = 0; step < 2; step++) {
    const loss = optimizer.minimize(() => {
      const out = model.apply(x, { training: true }) as Tensor;
      return tf.mean(tf.square(tf.sub(out, target)));
    }, true)!;
    losses.push(loss.dataSync()[0]!);
    loss.dispose();
  }
  const weights = model.getWeights().map((weight) => Float32Array.from(weight.dataSync()));
  tf.dispose([x, target]);
  optimizer.dispose();
  model.dispose();
  return { losses, weights };
}

describe("two training steps on WebAssembly equal those on the reference", () => {
  it.each(Object.keys(cases))("%s", async (name) => {
    const wanted = await trained(tf, "cpu", cases[name]!);
    const actual = await trained(tf, "wasm", cases[name]!);
    expect(relativeError(Float32Array.from(actual.losses), Float32Array.from(wanted.losses))).toBeLessThan(1e-3);
    expect(actual.weights).toHaveLength(wanted.weights.length);
    actual.weights.forEach((weights, i) => {
      expect(relativeError(weights, wanted.weights[i]!), `weight ${i}`).toBeLessThan(1e-3);
    });
    // It is training that is compared.
    expect(wanted.losses[1]).not.toBe(wanted.losses[0]);
  });
});

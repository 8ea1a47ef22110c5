/**
 * For tests: random small networks of every layer and activation the trainer knows, with data, weights and a direction, as
 * pure functions of a key.
 */
import { rngForKey, type Rng } from "../../../../core/rng.ts";
import type { ActivationName } from "../../hyperparameterTable.ts";
import { outputShape, type ImageShape, type ReferenceLayer, type ReferenceProblem } from "./referenceNet.ts";

export const allActivations: readonly ActivationName[] = [
  "relu",
  "elu",
  "selu",
  "tanh",
  "sigmoid",
  "softplus",
  "linear",
];
export const smoothActivations: readonly ActivationName[] = ["tanh", "sigmoid", "softplus"];

export interface RandomNet {
  readonly problem: ReferenceProblem;
  readonly weights: Float64Array;
  /** A direction, and another one. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

export interface RandomNetOptions {
  readonly kind: "mlp" | "cnn";
  /** Activations to choose from. */
  readonly activations: readonly ActivationName[];
  /** Max pooling, whose maximum has kinks, or average pooling. */
  readonly pool: "maxPool2d" | "averagePool2d";
}

const normals = (rng: Rng, size: number): Float64Array => Float64Array.from({ length: size }, () => rng.normal());
/** Values that float32 holds exactly. */
const single = (values: Float64Array): Float64Array => values.map(Math.fround);

function batchNorm(rng: Rng, channels: number): ReferenceLayer {
  return {
    kind: "batchNorm",
    mean: Array.from({ length: channels }, () => Math.fround(0.3 * rng.normal())),
    variance: Array.from({ length: channels }, () => Math.fround(0.5 + rng.next())),
    epsilon: 1e-3,
  };
}

/** Number of weights of a layer. */
function weightsOf(layer: ReferenceLayer): number {
  switch (layer.kind) {
    case "dense":
      return layer.inputs * layer.units + (layer.bias ? layer.units : 0);
    case "conv2d":
      return layer.kernel ** 2 * layer.input.channels * layer.filters + (layer.bias ? layer.filters : 0);
    case "batchNorm":
      return 2 * layer.mean.length;
    case "maxPool2d":
    case "averagePool2d":
    case "activation":
      break;
  }
  return 0;
}

/** A network for the key; equal keys and options give equal ones. */
export function randomNet(key: string, { kind, activations, pool }: RandomNetOptions): RandomNet {
  const rng = rngForKey(key);
  const layers: ReferenceLayer[] = [];
  const samples = 2 + rng.int(4);
  const norm = rng.next() < 0.4;
  const hidden = (channels: number): void => {
    if (norm) layers.push(batchNorm(rng, channels));
    layers.push({ kind: "activation", activation: rng.choice(activations) });
  };
  let size = 2 + rng.int(4);
  let features = size;
  if (kind === "cnn") {
    const padding = rng.choice(["same", "valid"] as const);
    let image: ImageShape = { height: 5 + rng.int(3), width: 5 + rng.int(3), channels: 1 + rng.int(2) };
    features = image.height * image.width * image.channels;
    const filters = 1 + rng.int(3);
    const kernel = 1 + rng.int(3);
    const stride = 1 + rng.int(2);
    layers.push({ kind: "conv2d", input: image, filters, kernel, stride, padding, bias: !norm });
    image = outputShape(image, kernel, stride, padding, filters);
    hidden(filters);
    const window = Math.min(1 + rng.int(3), image.height, image.width);
    const step = 1 + rng.int(window);
    layers.push({ kind: pool, input: image, size: window, stride: step, padding });
    image = outputShape(image, window, step, padding, filters);
    if (rng.next() < 0.5) {
      layers.push({ kind: "conv2d", input: image, filters: 2, kernel: 2, stride: 1, padding: "same", bias: true });
      image = { ...image, channels: 2 };
      hidden(2);
    }
    size = image.height * image.width * image.channels;
  }
  const depth = kind === "mlp" ? rng.int(3) : rng.int(2);
  for (let i = 0; i < depth; i++) {
    const units = 2 + rng.int(4);
    layers.push({ kind: "dense", inputs: size, units, bias: !norm });
    hidden(units);
    size = units;
  }
  const output = rng.next() < 0.7 ? "logits" : "value";
  const units = output === "value" ? 1 : 2 + rng.int(3);
  layers.push({ kind: "dense", inputs: size, units, bias: true });
  const dimension = layers.reduce((sum, layer) => sum + weightsOf(layer), 0);
  return {
    problem: {
      layers,
      features: single(normals(rng, samples * features)),
      targets: Array.from({ length: samples }, () => (output === "value" ? Math.fround(rng.normal()) : rng.int(units))),
      output,
      labelSmoothing: rng.next() < 0.5 ? 0.1 : 0,
    },
    weights: single(normals(rng, dimension).map((x) => 0.7 * x)),
    u: single(normals(rng, dimension)),
    v: single(normals(rng, dimension)),
  };
}

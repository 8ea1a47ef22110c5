/**
 * Batch norm of a training step in two passes over its input, and its gradient in two more; TensorFlow.js composes it from a
 * dozen operations, each with a pass and a copy of its own. The gradient has a gradient, so second-order methods work.
 */
import type { KernelFunc } from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo, Tf } from "../../tf.ts";
import { columnLines, columnVector, moments, productSums, type Matrix } from "./columnSums.ts";
import { product, type KernelContext } from "./kernel.ts";

const forward = "TrainBatchNorm";
const backward = "TrainBatchNormGradient";

interface Attributes {
  readonly epsilon: number;
}

const matrixOf = ({ address }: KernelContext, x: TensorInfo): Matrix => ({
  address: address(x),
  rows: product(x.shape.slice(0, -1)),
  columns: x.shape.at(-1)!,
});

function vector({ make, values }: KernelContext, from: ArrayLike<number>): TensorInfo {
  const result = make([from.length]);
  values(result).set(from);
  return result;
}

/** [normalised, mean, variance] of x over all axes but the last. */
function normalise(
  context: KernelContext,
  x: TensorInfo,
  gamma: TensorInfo,
  beta: TensorInfo,
  epsilon: number,
): TensorInfo[] {
  const result = context.make(x.shape);
  const matrix = matrixOf(context, x);
  const { mean, variance } = moments(context, matrix);
  const [scale, shift] = [context.values(gamma).slice(), context.values(beta).slice()];
  const a = variance.map((v, i) => scale[i]! / Math.sqrt(v + epsilon));
  columnLines(context, matrix, 0, { shift: mean, a, b: shift }, context.address(result));
  return [result, vector(context, mean), vector(context, variance)];
}

/** Gradients by x, gamma and beta; with n rows and z the normalised x: gamma / s * (dy - mean(dy) - z mean(dy z)). */
function gradients(
  context: KernelContext,
  { x, dy, gamma, mean, variance }: Record<"x" | "dy" | "gamma" | "mean" | "variance", TensorInfo>,
  epsilon: number,
): TensorInfo[] {
  const result = context.make(x.shape);
  const matrix = matrixOf(context, x);
  const [means, variances, scale] = [mean, variance, gamma].map((t) => context.values(t).slice()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const shift = columnVector(context, means);
  let all: { sums: Float64Array; products: Float64Array };
  try {
    all = productSums(context, matrix, context.address(dy), shift);
  } finally {
    context.simd.release(shift);
  }
  const { sums, products } = all;
  const inverse = Float64Array.from(variances, (v) => 1 / Math.sqrt(v + epsilon));
  const a = inverse.map((s, i) => scale[i]! * s);
  const b = inverse.map((s, i) => (-a[i]! * s * s * products[i]!) / matrix.rows);
  const c = sums.map((sum, i) => (-a[i]! * sum) / matrix.rows);
  columnLines(
    context,
    { ...matrix, address: context.address(dy) },
    matrix.address,
    { shift: means, a, b, c },
    context.address(result),
  );
  return [
    result,
    vector(
      context,
      products.map((value, i) => value * inverse[i]!),
    ),
    vector(context, sums),
  ];
}

/**
 * Gradients of the three gradients, weighted with (v, vGamma, vBeta), by x, dy and gamma. Per channel, with means over n rows:
 * s = 1 / sqrt(variance + epsilon), z = (x - mean) s, S = mean dy, P = mean(dy z), V = mean v, Q = mean(v z), R = mean(v dy),
 * the weighted sum is L = n (gamma s T + vGamma P + vBeta S) with T = R - S V - P Q. What follows differentiates L by hand,
 * since TensorFlow.js cannot take gradients within a gradient function. A mean and variance that come in count as functions of x.
 */
function secondGradients(
  tf: Tf,
  { x, dy, gamma, mean, variance }: Record<"x" | "dy" | "gamma" | "mean" | "variance", Tensor>,
  [v, vGamma, vBeta]: readonly [Tensor, Tensor, Tensor],
  epsilon: number,
): { x: Tensor; dy: Tensor; gamma: Tensor } {
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const rows = product(x.shape.slice(0, -1));
  const average = (t: Tensor): Tensor => tf.mean(t, axes);
  const s = tf.div(1, tf.sqrt(tf.add(variance, epsilon)));
  const z = tf.mul(tf.sub(x, mean), s);
  const gammaS = tf.mul(gamma, s);
  const [meanDy, meanV] = [average(dy), average(v)];
  const [p, q] = [average(tf.mul(dy, z)), average(tf.mul(v, z))];
  const t = tf.sub(tf.sub(average(tf.mul(v, dy)), tf.mul(meanDy, meanV)), tf.mul(p, q));
  const centred = tf.sub(tf.sub(v, meanV), tf.mul(z, q));
  const byZ = tf.sub(tf.mul(vGamma, dy), tf.mul(gammaS, tf.add(tf.mul(q, dy), tf.mul(p, v))));
  const throughZ = tf.sub(tf.sub(byZ, average(byZ)), tf.mul(z, average(tf.mul(byZ, z))));
  return {
    x: tf.mul(s, tf.sub(throughZ, tf.mul(gammaS, tf.mul(t, z)))),
    dy: tf.add(tf.mul(gammaS, centred), tf.add(tf.mul(vGamma, z), vBeta)),
    gamma: tf.mul(tf.mul(s, t), rows),
  };
}

function registerKernels(context: KernelContext): void {
  const { tf } = context;
  const kernels: Record<string, KernelFunc> = {
    [forward]: ({ inputs, attrs }) =>
      normalise(context, inputs["x"]!, inputs["gamma"]!, inputs["beta"]!, (attrs as unknown as Attributes).epsilon),
    [backward]: ({ inputs, attrs }) =>
      gradients(context, inputs as Parameters<typeof gradients>[1], (attrs as unknown as Attributes).epsilon),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
    tf.registerKernel({
      kernelName,
      backendName: "wasm",
      kernelFunc: (args) => context.tidily(() => kernelFunc(args)),
    });
  }
}

function registerGradients(tf: Tf): void {
  if (tf.getGradient(forward) !== undefined) return;
  tf.registerGradient({
    kernelName: forward,
    inputsToSave: ["x", "gamma"],
    outputsToSave: [false, true, true],
    // Mean and variance feed the moving averages only, so nothing comes back through them.
    gradFunc: (dy, saved, attrs) => {
      const [x, gamma, mean, variance] = saved as [Tensor, Tensor, Tensor, Tensor];
      const inputs = { x, dy: (dy as Tensor[])[0]!, gamma, mean, variance };
      const [dx, dGamma, dBeta] = tf.engine().runKernel(backward, inputs, attrs) as unknown as [Tensor, Tensor, Tensor];
      return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
    },
  });
  tf.registerGradient({
    kernelName: backward,
    inputsToSave: ["x", "dy", "gamma", "mean", "variance"],
    gradFunc: (dys, saved, attrs) => {
      const [x, dy, gamma, mean, variance] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const { epsilon } = attrs as unknown as Attributes;
      const weights = dys as unknown as [Tensor, Tensor, Tensor];
      const second = secondGradients(tf, { x, dy, gamma, mean, variance }, weights, epsilon);
      return {
        x: () => second.x,
        dy: () => second.dy,
        gamma: () => second.gamma,
        mean: () => tf.zerosLike(mean),
        variance: () => tf.zerosLike(variance),
      };
    },
  });
}

/** What is used of TensorFlow.js's layer. */
interface Layer {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: Weight;
  readonly beta?: Weight;
  readonly movingMean: Weight;
  readonly movingVariance: Weight;
}
interface Weight {
  read(): Tensor;
  write(value: Tensor): void;
}
type Call = (this: Layer, inputs: Tensor | Tensor[], kwargs: { training?: boolean }) => Tensor | Tensor[];

const patched = new WeakSet<object>();

/** Lets the layer `batchNormalization` use the kernels while it trains on WebAssembly; elsewhere it stays as it is. */
function patchLayer(tf: Tf): void {
  const prototype = Object.getPrototypeOf(tf.layers.batchNormalization({})) as { call: Call };
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const original = prototype.call;
  prototype.call = function call(inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const last = this.axis === -1 || this.axis === x.rank - 1;
    if (kwargs.training !== true || !last || x.dtype !== "float32" || x.size === 0 || tf.getBackend() !== "wasm")
      return original.call(this, inputs, kwargs);
    return tf.tidy(() => {
      const channels = x.shape.at(-1)!;
      const gamma = this.gamma?.read() ?? tf.ones([channels]);
      const beta = this.beta?.read() ?? tf.zeros([channels]);
      const [result, mean, variance] = tf
        .engine()
        .runKernel(forward, { x, gamma, beta }, { epsilon: this.epsilon }) as unknown as [Tensor, Tensor, Tensor];
      for (const [moving, value] of [
        [this.movingMean, mean],
        [this.movingVariance, variance],
      ] as const)
        tf.tidy(() => moving.write(tf.add(tf.mul(moving.read(), this.momentum), tf.mul(value, 1 - this.momentum))));
      return result;
    });
  };
}

export function registerTrainBatchNorm(context: KernelContext): void {
  registerKernels(context);
  registerGradients(context.tf);
  patchLayer(context.tf);
}

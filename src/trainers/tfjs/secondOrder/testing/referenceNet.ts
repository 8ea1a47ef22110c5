/**
 * For tests: small networks in plain float64 with exact loss, gradient and Hessian-vector product, independent of
 * TensorFlow.js and of its tape. Layouts are those of TensorFlow.js (NHWC, kernels [rows, columns, in, out], dense [in, out]).
 *
 * Every value is a pair (value, tangent): the value of a quantity at w and its derivative along v. Running ordinary
 * backpropagation on such pairs gives the gradient as values and H v as tangents (forward over reverse, Pearlmutter 1994).
 */
import type { ActivationName } from "../../hyperparameterTable.ts";

/** A quantity and its derivative along the direction. */
export interface Dual {
  readonly value: Float64Array;
  readonly tangent: Float64Array;
}

export const dual = (size: number): Dual => ({ value: new Float64Array(size), tangent: new Float64Array(size) });

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export type ReferenceLayer =
  | { readonly kind: "dense"; readonly inputs: number; readonly units: number; readonly bias: boolean }
  | {
      readonly kind: "conv2d";
      readonly input: ImageShape;
      readonly filters: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: "same" | "valid";
      readonly bias: boolean;
    }
  | {
      readonly kind: "maxPool2d" | "averagePool2d";
      readonly input: ImageShape;
      readonly size: number;
      readonly stride: number;
      readonly padding: "same" | "valid";
    }
  /** Batch norm in inference mode: gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axis. */
  | {
      readonly kind: "batchNorm";
      readonly mean: readonly number[];
      readonly variance: readonly number[];
      readonly epsilon: number;
    }
  | { readonly kind: "activation"; readonly activation: ActivationName };

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** f, f' and f'' of an activation. */
export function activationDerivatives(name: ActivationName, x: number): readonly [number, number, number] {
  switch (name) {
    case "linear":
      return [x, 1, 0];
    case "relu":
      return x > 0 ? [x, 1, 0] : [0, 0, 0];
    case "elu":
      return x >= 0 ? [x, 1, 0] : [Math.expm1(x), Math.exp(x), Math.exp(x)];
    case "selu": {
      const slope = seluScale * seluAlpha * Math.exp(x);
      return x > 0 ? [seluScale * x, seluScale, 0] : [seluScale * seluAlpha * Math.expm1(x), slope, slope];
    }
    case "tanh": {
      const y = Math.tanh(x);
      return [y, 1 - y * y, -2 * y * (1 - y * y)];
    }
    case "sigmoid": {
      const y = 1 / (1 + Math.exp(-x));
      return [y, y * (1 - y), y * (1 - y) * (1 - 2 * y)];
    }
    case "softplus":
      break;
  }
  const y = 1 / (1 + Math.exp(-x));
  return [Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), y, y * (1 - y)];
}

/** Cells of the output and where each window begins, as TensorFlow counts them. */
function windows(size: number, kernel: number, stride: number, padding: "same" | "valid") {
  const out = padding === "same" ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;
  const pad = padding === "same" ? Math.max(0, (out - 1) * stride + kernel - size) : 0;
  return { out, begin: (i: number) => i * stride - Math.floor(pad / 2) };
}

/** Shape that a convolution or pooling gives. */
export function outputShape(
  input: ImageShape,
  kernel: number,
  stride: number,
  padding: "same" | "valid",
  channels: number,
): ImageShape {
  return {
    height: windows(input.height, kernel, stride, padding).out,
    width: windows(input.width, kernel, stride, padding).out,
    channels,
  };
}

/** Multiplies-and-adds of a layer that is linear in its input and in its kernel: out[o] += x[i] * w[j] for each triple given. */
type Triples = (visit: (out: number, x: number, w: number) => void) => void;

function denseTriples(rows: number, inputs: number, units: number): Triples {
  return (visit) => {
    for (let n = 0; n < rows; n++)
      for (let i = 0; i < inputs; i++)
        for (let j = 0; j < units; j++) visit(n * units + j, n * inputs + i, i * units + j);
  };
}

function windowTriples(
  rows: number,
  input: ImageShape,
  kernel: number,
  stride: number,
  padding: "same" | "valid",
  visit: (n: number, cell: number, a: number, b: number, pixel: number) => void,
): void {
  const vertical = windows(input.height, kernel, stride, padding);
  const horizontal = windows(input.width, kernel, stride, padding);
  for (let n = 0; n < rows; n++)
    for (let i = 0; i < vertical.out; i++)
      for (let j = 0; j < horizontal.out; j++)
        for (let a = 0; a < kernel; a++)
          for (let b = 0; b < kernel; b++) {
            const y = vertical.begin(i) + a;
            const x = horizontal.begin(j) + b;
            if (y < 0 || x < 0 || y >= input.height || x >= input.width) continue;
            visit(n, (n * vertical.out + i) * horizontal.out + j, a, b, (n * input.height + y) * input.width + x);
          }
}

function convTriples(rows: number, layer: Extract<ReferenceLayer, { kind: "conv2d" }>): Triples {
  const { input, kernel, stride, padding, filters } = layer;
  return (visit) =>
    windowTriples(rows, input, kernel, stride, padding, (_, cell, a, b, pixel) => {
      for (let c = 0; c < input.channels; c++)
        for (let f = 0; f < filters; f++)
          visit(cell * filters + f, pixel * input.channels + c, ((a * kernel + b) * input.channels + c) * filters + f);
    });
}

/** A layer run forwards; `backward` takes dL/d(out), adds to the layer's part of the gradient and gives dL/d(in). */
interface Step {
  readonly out: Dual;
  readonly backward: (dOut: Dual) => Dual;
}

interface Parameters {
  /** The next `size` weights, and where their gradient goes. */
  take(size: number): { readonly weight: Dual; readonly gradient: Dual };
}

function bilinear(x: Dual, size: number, weight: Dual, gradient: Dual, triples: Triples): Step {
  const out = dual(size);
  triples((o, i, j) => {
    out.value[o]! += x.value[i]! * weight.value[j]!;
    out.tangent[o]! += x.tangent[i]! * weight.value[j]! + x.value[i]! * weight.tangent[j]!;
  });
  return {
    out,
    backward(d) {
      const dx = dual(x.value.length);
      triples((o, i, j) => {
        dx.value[i]! += d.value[o]! * weight.value[j]!;
        dx.tangent[i]! += d.tangent[o]! * weight.value[j]! + d.value[o]! * weight.tangent[j]!;
        gradient.value[j]! += d.value[o]! * x.value[i]!;
        gradient.tangent[j]! += d.tangent[o]! * x.value[i]! + d.value[o]! * x.tangent[i]!;
      });
      return dx;
    },
  };
}

function withBias(step: Step, units: number, bias: Dual, gradient: Dual): Step {
  const { value, tangent } = step.out;
  for (let o = 0; o < value.length; o++) {
    value[o]! += bias.value[o % units]!;
    tangent[o]! += bias.tangent[o % units]!;
  }
  return {
    out: step.out,
    backward(d) {
      for (let o = 0; o < value.length; o++) {
        gradient.value[o % units]! += d.value[o]!;
        gradient.tangent[o % units]! += d.tangent[o]!;
      }
      return step.backward(d);
    },
  };
}

function activate(x: Dual, name: ActivationName): Step {
  const out = dual(x.value.length);
  const slopes = x.value.map((z) => activationDerivatives(name, z)[1]);
  const bends = x.value.map((z) => activationDerivatives(name, z)[2]);
  x.value.forEach((z, i) => {
    out.value[i] = activationDerivatives(name, z)[0];
    out.tangent[i] = slopes[i]! * x.tangent[i]!;
  });
  return {
    out,
    backward(d) {
      const dx = dual(x.value.length);
      for (let i = 0; i < slopes.length; i++) {
        dx.value[i] = d.value[i]! * slopes[i]!;
        dx.tangent[i] = d.tangent[i]! * slopes[i]! + d.value[i]! * bends[i]! * x.tangent[i]!;
      }
      return dx;
    },
  };
}

function pool(x: Dual, rows: number, layer: Extract<ReferenceLayer, { kind: "maxPool2d" | "averagePool2d" }>): Step {
  const { input, size, stride, padding } = layer;
  const { height, width, channels } = outputShape(input, size, stride, padding, input.channels);
  /** Share of each input cell in each output cell: pairs (out, in). */
  const pairs: [number, number][] = [];
  const counts = new Float64Array(rows * height * width * channels);
  const largest = new Map<number, number>();
  windowTriples(rows, input, size, stride, padding, (_, cell, _a, _b, pixel) => {
    for (let c = 0; c < channels; c++) {
      const o = cell * channels + c;
      const i = pixel * channels + c;
      const best = largest.get(o);
      if (best === undefined || x.value[i]! > x.value[best]!) largest.set(o, i);
      if (layer.kind === "averagePool2d") pairs.push([o, i]);
      counts[o]!++;
    }
  });
  if (layer.kind === "maxPool2d") {
    pairs.push(...largest);
    counts.fill(1);
  }
  const out = dual(counts.length);
  for (const [o, i] of pairs) {
    out.value[o]! += x.value[i]! / counts[o]!;
    out.tangent[o]! += x.tangent[i]! / counts[o]!;
  }
  return {
    out,
    backward(d) {
      const dx = dual(x.value.length);
      for (const [o, i] of pairs) {
        dx.value[i]! += d.value[o]! / counts[o]!;
        dx.tangent[i]! += d.tangent[o]! / counts[o]!;
      }
      return dx;
    },
  };
}

function normalise(x: Dual, layer: Extract<ReferenceLayer, { kind: "batchNorm" }>, parameters: Parameters): Step {
  const channels = layer.mean.length;
  const inverse = layer.variance.map((v) => 1 / Math.sqrt(v + layer.epsilon));
  const centred: Dual = {
    value: x.value.map((z, i) => (z - layer.mean[i % channels]!) * inverse[i % channels]!),
    tangent: x.tangent.map((z, i) => z * inverse[i % channels]!),
  };
  const gamma = parameters.take(channels);
  const beta = parameters.take(channels);
  const triples: Triples = (visit) => x.value.forEach((_, i) => visit(i, i, i % channels));
  const scaled = bilinear(centred, x.value.length, gamma.weight, gamma.gradient, triples);
  const step = withBias(scaled, channels, beta.weight, beta.gradient);
  return {
    out: step.out,
    backward(d) {
      const dx = step.backward(d);
      const scale = (values: Float64Array): Float64Array => values.map((z, i) => z * inverse[i % channels]!);
      return { value: scale(dx.value), tangent: scale(dx.tangent) };
    },
  };
}

function run(layer: ReferenceLayer, x: Dual, rows: number, parameters: Parameters): Step {
  switch (layer.kind) {
    case "dense": {
      const { weight, gradient } = parameters.take(layer.inputs * layer.units);
      const step = bilinear(x, rows * layer.units, weight, gradient, denseTriples(rows, layer.inputs, layer.units));
      if (!layer.bias) return step;
      const bias = parameters.take(layer.units);
      return withBias(step, layer.units, bias.weight, bias.gradient);
    }
    case "conv2d": {
      const { input, kernel, stride, padding, filters } = layer;
      const { height, width } = outputShape(input, kernel, stride, padding, filters);
      const { weight, gradient } = parameters.take(kernel * kernel * input.channels * filters);
      const step = bilinear(x, rows * height * width * filters, weight, gradient, convTriples(rows, layer));
      if (!layer.bias) return step;
      const bias = parameters.take(filters);
      return withBias(step, filters, bias.weight, bias.gradient);
    }
    case "maxPool2d":
    case "averagePool2d":
      return pool(x, rows, layer);
    case "batchNorm":
      return normalise(x, layer, parameters);
    case "activation":
      break;
  }
  return activate(x, layer.activation);
}

export interface ReferenceProblem {
  readonly layers: readonly ReferenceLayer[];
  readonly features: Float64Array;
  /** Class indices, or values for a squared error with one output. */
  readonly targets: readonly number[];
  readonly output: "logits" | "value";
  readonly labelSmoothing?: number;
}

export interface ReferenceResult {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** H v. */
  readonly product: Float64Array;
  /** Outputs of every layer, the last one's being the logits or values. */
  readonly outputs: readonly Float64Array[];
}

/** Mean loss, and dL/d(output), as pairs. */
function head(problem: ReferenceProblem, z: Dual): { loss: number; d: Dual } {
  const rows = problem.targets.length;
  const k = z.value.length / rows;
  const d = dual(z.value.length);
  let loss = 0;
  const smoothing = problem.labelSmoothing ?? 0;
  for (let n = 0; n < rows; n++) {
    const at = n * k;
    if (problem.output === "value") {
      const difference = z.value[at]! - problem.targets[n]!;
      loss += (difference * difference) / rows;
      d.value[at] = (2 * difference) / rows;
      d.tangent[at] = (2 * z.tangent[at]!) / rows;
      continue;
    }
    const row = z.value.subarray(at, at + k);
    const largest = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
    const p = row.map((x) => Math.exp(x - largest) / total);
    const mean = p.reduce((sum, share, c) => sum + share * z.tangent[at + c]!, 0);
    for (let c = 0; c < k; c++) {
      const wanted = (c === problem.targets[n] ? 1 - smoothing : 0) + smoothing / k;
      loss += (wanted * (Math.log(total) + largest - row[c]!)) / rows;
      d.value[at + c] = (p[c]! - wanted) / rows;
      d.tangent[at + c] = (p[c]! * (z.tangent[at + c]! - mean)) / rows;
    }
  }
  return { loss, d };
}

/** Loss, gradient and H v at `weights` along `v` (all in float64). O(layers' multiplies), about four gradients. */
export function referenceResult(problem: ReferenceProblem, weights: Float64Array, v: Float64Array): ReferenceResult {
  const gradient = dual(weights.length);
  let next = 0;
  const parameters: Parameters = {
    take(size) {
      const part = (values: Float64Array): Float64Array => values.subarray(next, next + size);
      const taken = {
        weight: { value: part(weights), tangent: part(v) },
        gradient: { value: part(gradient.value), tangent: part(gradient.tangent) },
      };
      next += size;
      return taken;
    },
  };
  const steps: Step[] = [];
  let x: Dual = { value: problem.features, tangent: new Float64Array(problem.features.length) };
  for (const layer of problem.layers) {
    const step = run(layer, x, problem.targets.length, parameters);
    steps.push(step);
    x = step.out;
  }
  if (next !== weights.length) throw new Error(`The layers have ${next} weights, not ${weights.length}.`);
  const { loss, d } = head(problem, x);
  let backwards = d;
  for (const step of steps.toReversed()) backwards = step.backward(backwards);
  return { loss, gradient: gradient.value, product: gradient.tangent, outputs: steps.map((step) => step.out.value) };
}

/** The whole Hessian, row-major, column by column from products with unit vectors. For small networks only. */
export function referenceHessian(problem: ReferenceProblem, weights: Float64Array): Float64Array {
  const n = weights.length;
  const hessian = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    unit[j] = 1;
    const { product } = referenceResult(problem, weights, unit);
    for (let i = 0; i < n; i++) hessian[i * n + j] = product[i]!;
    unit[j] = 0;
  }
  return hessian;
}

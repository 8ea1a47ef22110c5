/**
 * A trained model and a fixed probe of samples as the loss that the measures of src/flatness work on.
 * Invariant: dropout is off and batch norm uses its running statistics, so equal weights give equal losses; calls queue up one
 * behind the other, since they share the model's variables; after `dispose` the model has exactly the weights it came with.
 */
import { BasinError } from "../../../core/errors.ts";
import type { ParameterLayout } from "../../../flatness/landscape.ts";
import type { LossOracle } from "../../../flatness/oracle.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Batches } from "../data/batches.ts";
import { trainableVariables, type TrainableModel } from "../models/trainable.ts";
import type { Scalar, Tensor } from "../tf.ts";
import type { HeadOptions } from "../training/head.ts";
import { activationBytes, microBatchSize } from "../training/microBatch.ts";
import { outputOf } from "../training/step.ts";
import { tensorLoss } from "../training/tensorHead.ts";
import { decaysWeights } from "../training/updater.ts";
import { createHessianVector } from "./hessianVector.ts";
import { probeLoss } from "./probeLoss.ts";

export interface FlatnessOracleOptions {
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  /** The probe: all its rows, in their order, are the loss. The same for every trial of a study. */
  readonly probe: Batches;
  readonly head: HeadOptions;
  /** Adds decay/2 |w|^2 over the kernels that training decays; default 0, the loss of the data alone. */
  readonly weightDecay?: number;
  /** Rows of a micro-batch; default what fits the back end's budget. */
  readonly microBatch?: number;
  /** Called between micro-batches, so that the process stays responsive. */
  readonly breathe?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface FlatnessOracle extends LossOracle {
  /** The model's weights as they were: the point to measure at. */
  readonly weights: Float64Array;
  /** Tensors of the flattened weights, for filter-normalised directions. */
  readonly layout: ParameterLayout;
  /** Gives the model its weights back, when what is running has ended. The probe stays the caller's. */
  dispose(): Promise<void>;
}

/**
 * A second differentiation keeps the activations of both sweeps: 2.7 (relu) to 3.7 times (tanh) what `activationBytes` counts
 * for a gradient, as measured on convolutional networks.
 */
const secondOrderCopies = 4;

export async function createFlatnessOracle(options: FlatnessOracleOptions): Promise<FlatnessOracle> {
  const { backend, trainable, probe, head, weightDecay = 0, signal, breathe } = options;
  const { tf } = backend;
  const { model } = trainable;
  const variables = trainableVariables(model);
  const rows = probe.rows;
  if (rows === 0 || variables.length === 0)
    throw new BasinError(
      "invalid-argument",
      rows === 0 ? "The probe has no rows." : "The model has no trainable weights.",
      "Sharpness is measured on a fixed set of samples, by the trainable weights.",
    );
  const perRow = secondOrderCopies * activationBytes(model);
  const microBatch = options.microBatch ?? microBatchSize(rows, perRow, backend.activationBudget);
  const parts = Math.ceil(rows / microBatch);
  const range = (part: number): readonly [number, number] => [
    part * microBatch,
    Math.min(rows, (part + 1) * microBatch),
  ];

  const forward = (features: Tensor): Tensor =>
    outputOf(model.apply(features, { training: false }) as Tensor | Tensor[]);
  /** Regularisers that the model itself carries; they count once, with the first micro-batch. */
  const penalties = (): Scalar[] => model.calculateLosses();

  const lossOf = (part: number): Scalar => {
    const [from, to] = range(part);
    const { features, targets } = probe.slice(from, to);
    let loss: Scalar = tf.mul(tensorLoss(tf, forward(features), targets, head), (to - from) / rows);
    if (part === 0) for (const penalty of penalties()) loss = tf.add(loss, penalty);
    return loss;
  };
  const derivatives = createHessianVector(backend, lossOf, variables, {
    parts,
    ...(signal === undefined ? {} : { signal }),
    ...(breathe === undefined ? {} : { onPart: breathe }),
  });
  const { dimension } = derivatives;

  const original: Float32Array[] = [];
  for (const variable of variables) original.push(Float32Array.from(await variable.data()));
  const weights = new Float64Array(dimension);
  const decayed = new Uint8Array(dimension);
  let at = 0;
  for (const [i, variable] of variables.entries()) {
    weights.set(original[i]!, at);
    if (decaysWeights(variable)) decayed.fill(1, at, at + variable.size);
    at += variable.size;
  }

  /** What the variables hold now. */
  let current = Float64Array.from(weights);
  const assign = (w: Float64Array): void => {
    if (w.length !== dimension)
      throw new BasinError("invalid-argument", `There are ${w.length} weights, but the model has ${dimension}.`);
    if (w.every((x, i) => x === current[i])) return;
    let from = 0;
    for (const variable of variables) {
      const part = Float32Array.from(w.subarray(from, (from += variable.size)));
      // A new tensor each time: back ends keep packed weights by tensor.
      tf.tidy(() => variable.assign(tf.tensor(part, variable.shape)));
    }
    current = Float64Array.from(w);
  };

  const decay = (w: Float64Array): number => {
    if (weightDecay === 0) return 0;
    let sum = 0;
    for (let i = 0; i < dimension; i++) if (decayed[i] === 1) sum += w[i]! * w[i]!;
    return (weightDecay / 2) * sum;
  };
  /** `values` plus the decay's own derivative, which is linear in `x` (the weights, or the direction). */
  const withDecay = (values: Float32Array, x: Float64Array): Float64Array =>
    Float64Array.from(values, (value, i) => (decayed[i] === 1 ? value + weightDecay * x[i]! : value));

  const loss = (): Promise<number> => probeLoss({ tf, model, probe, head, microBatch, breathe, signal });

  let last: Promise<unknown> = Promise.resolve();
  let disposed = false;
  /** Runs one thing after the other; a failure of one is its own caller's. */
  const inTurn = <T>(work: () => Promise<T> | T): Promise<T> => {
    const result = last.then(() => {
      if (disposed) throw new BasinError("internal", "The sharpness oracle has been disposed of.");
      return work();
    });
    last = result.catch(() => undefined);
    return result;
  };

  return {
    dimension,
    weights,
    layout: variables.map(({ name, shape }) => ({ name, shape: [...shape] })),
    loss: (w) =>
      inTurn(async () => {
        assign(w);
        return (await loss()) + decay(w);
      }),
    gradient: (w) =>
      inTurn(async () => {
        assign(w);
        return withDecay(await derivatives.gradient(), w);
      }),
    hessianVector: (w, v) =>
      inTurn(async () => {
        assign(w);
        return withDecay(await derivatives.product(Float32Array.from(v)), v);
      }),
    async dispose() {
      await last;
      if (disposed) return;
      assign(weights);
      derivatives.dispose();
      disposed = true;
    },
  };
}

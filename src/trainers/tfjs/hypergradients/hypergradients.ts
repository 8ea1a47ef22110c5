/**
 * The derivative of the validation loss by hyperparameters of the training objective, at the end of a training.
 * Source: F. Pedregosa, "Hyperparameter optimization with approximate gradient" (HOAG), ICML 2016, algorithm 1: with weights w
 * that minimise the objective L(w, lambda), solve (d2L/dw2) q = d(val)/dw up to a tolerance that shrinks from trial to trial;
 * then d(val)/d(lambda) = -q . d2L/(dw d lambda). The validation loss knows no hyperparameter, so nothing is added to it.
 * Invariant: the weights are read and never changed; dropout is off, batch norm uses its running statistics, rows are not
 * augmented; no tensor made here is left.
 */
import { BasinError, errorText } from "../../../core/errors.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Batch, Batches } from "../data/batches.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { trainableVariables, type TrainableModel } from "../models/trainable.ts";
import { createHessianVector, type HessianVector } from "../secondOrder/hessianVector.ts";
import type { Scalar, Tensor } from "../tf.ts";
import type { HeadOptions } from "../training/head.ts";
import { activationBytes, microBatchSize } from "../training/microBatch.ts";
import { outputOf } from "../training/step.ts";
import { tensorLoss } from "../training/tensorHead.ts";
import { decaysWeights } from "../training/updater.ts";
import { dot } from "../../../core/linalg/vectors.ts";
import { solveDamped } from "./conjugateGradients.ts";
import { differentiableOf, metricByLoss, probeRows } from "./differentiable.ts";

/** What the study wants to know. */
export interface HypergradientRequest {
  /** The metric to differentiate: that of the first objective. */
  readonly metric: string;
  /** k of the tolerance 0.1 * 0.9^k: how many trials came before. */
  readonly iteration: number;
}

export interface HypergradientOptions {
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  readonly hyperparameters: Hyperparameters;
  /** All of the training rows; a probe of them is used. */
  readonly training: Batches;
  readonly validation: Batches;
  /** Of training, and of evaluation. */
  readonly head: HeadOptions;
  readonly plainHead: HeadOptions;
  readonly request: HypergradientRequest;
  /** The trial's final metrics so far. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Epochs done, by which the cost is bounded. */
  readonly epochs: number;
  /** Rows of the probe at most; default `largestProbe`. */
  readonly probe?: number;
  readonly observer: HypergradientObserver;
}

/** What of the training's observer is needed here. */
export interface HypergradientObserver {
  alive(fraction: number): void;
  breathe(): Promise<void>;
  log(message: string): void;
  /** A stop was asked for: looked at after each micro-batch. */
  readonly stopping: boolean;
}

/** Training rows whose loss stands for the objective. */
export const largestProbe = 2048;
/** Pedregosa 2016, section 4: tolerances 0.1 * 0.9^k. Below the least one, products in float32 say no more. */
const firstTolerance = 0.1;
const toleranceDecay = 0.9;
const leastTolerance = 1e-5;
/** A product costs about three gradients. The solve may cost what the training cost, within these bounds. */
const gradientsOfProduct = 3;
const fewestProducts = 20;
/** The solve keeps a vector for each product: large models get fewer. */
const basisBytes = 256 * 1024 ** 2;
const mostProducts = 100;
/** As in flatnessOracle.ts: what a second differentiation keeps, in units of `activationBytes`. */
const secondOrderCopies = 4;

/**
 * Metrics `hypergradient.<name>`: derivatives of `request.metric`, each in the hyperparameter's own scale. Empty, with a line
 * in the log, where there is nothing to differentiate or the model cannot be differentiated twice; undefined when a stop was
 * asked for.
 * Costs at most `mostProducts` products over the probe (fewer after short trainings) and a gradient over the validation rows.
 */
export async function hypergradients(options: HypergradientOptions): Promise<Record<string, number> | undefined> {
  const { request, metrics, hyperparameters, head } = options;
  const log = (message: string): void => options.observer.log(message);
  const factor = metricByLoss(request.metric, metrics);
  if (factor === undefined) {
    log(`No hypergradients: ${request.metric} is no smooth function of the validation loss.`);
    return {};
  }
  const wanted = differentiableOf(hyperparameters, head);
  if (wanted.length === 0) {
    log(
      "No hypergradients: the training objective depends smoothly on none of the parameters that the trial was given.",
    );
    return {};
  }
  try {
    const found = await derivatives(options, wanted);
    const usable = found.filter(([, value]) => Number.isFinite(value));
    if (usable.length < found.length) log("Hypergradients that are not finite are left out.");
    return Object.fromEntries(usable.map(([name, value]) => [`hypergradient.${name}`, factor * value]));
  } catch (error) {
    if (options.observer.stopping) return undefined;
    // The training itself is done, and its result stands.
    log(`No hypergradients: ${errorText(error)}`);
    return {};
  }
}

async function derivatives(
  options: HypergradientOptions,
  wanted: ReturnType<typeof differentiableOf>,
): Promise<(readonly [string, number])[]> {
  const { backend, trainable, training, validation, head, plainHead, hyperparameters: h, observer } = options;
  const { tf } = backend;
  const { model } = trainable;
  const variables = trainableVariables(model);
  const rows = probeRows(training.rows, options.probe ?? largestProbe);
  const perRow = secondOrderCopies * activationBytes(model);

  const onPart = async (): Promise<void> => {
    observer.alive(1);
    await observer.breathe();
    if (observer.stopping) throw new BasinError("cancelled", "The trial was asked to stop.");
  };
  const made: HessianVector[] = [];
  /** A loss over rows, cut into micro-batches: `mean` is that of a batch, `once` is added to the whole. */
  const over = (
    count: number,
    batchOf: (from: number, to: number) => Batch,
    mean: (output: Tensor, targets: Float32Array) => Scalar,
    once: () => readonly Scalar[] = () => [],
  ): HessianVector => {
    const size = microBatchSize(count, perRow, backend.activationBudget);
    const lossOf = (part: number): Scalar => {
      const from = part * size;
      const to = Math.min(count, from + size);
      const { features, targets } = batchOf(from, to);
      const output = outputOf(model.apply(features, { training: false }) as Tensor | Tensor[]);
      let loss: Scalar = tf.mul(mean(output, targets), (to - from) / count);
      if (part === 0) for (const term of once()) loss = tf.add(loss, term);
      return loss;
    };
    const own = createHessianVector(backend, lossOf, variables, { parts: Math.ceil(count / size), onPart });
    made.push(own);
    return own;
  };
  const probe = (from: number, to: number): Batch => training.gather(rows.subarray(from, to));

  try {
    const objective = over(
      rows.length,
      probe,
      (output, targets) => tensorLoss(tf, output, targets, head),
      // Regularisers that the model itself carries are a part of the objective, not of the validation loss.
      () => model.calculateLosses(),
    );
    const outer = over(
      validation.rows,
      (from, to) => validation.slice(from, to),
      (output, targets) => tensorLoss(tf, output, targets, plainHead),
    );
    const decayed = new Uint8Array(objective.dimension);
    const weights = new Float64Array(objective.dimension);
    let at = 0;
    for (const variable of variables) {
      weights.set(await variable.data(), at);
      if (decaysWeights(variable)) decayed.fill(1, at, at + variable.size);
      at += variable.size;
    }
    const decay = h.optimizer === "adamw" ? 0 : h.weightDecay;
    const product = async (v: Float64Array): Promise<Float64Array> => {
      const own = await objective.product(Float32Array.from(v));
      return Float64Array.from(own, (x, i) => (decayed[i] === 1 ? x + decay * v[i]! : x));
    };

    const slope = Float64Array.from(await outer.gradient());
    const tolerance = Math.max(
      leastTolerance,
      firstTolerance * toleranceDecay ** Math.max(0, options.request.iteration),
    );
    const affordable = Math.floor((options.epochs * training.rows) / (gradientsOfProduct * rows.length));
    const kept = Math.floor(basisBytes / (4 * slope.length));
    const maxProducts = Math.max(1, Math.min(mostProducts, kept, Math.max(fewestProducts, affordable)));
    const solution = await solveDamped(product, slope, { tolerance, maxProducts });
    const { x: q, residual, damping, products } = solution;
    observer.log(
      `Hypergradients by ${products} Hessian-vector products over ${rows.length} training rows: residual ${residual.toExponential(1)} (wanted ${tolerance.toExponential(1)})${damping > 0 ? `, damped by ${damping.toExponential(1)}: the weights are at no strict minimum` : ""}.`,
    );

    const found: (readonly [string, number])[] = [];
    for (const { name, slope: own } of wanted) {
      if (own.kind === "halfSquares") {
        let sum = 0;
        for (let i = 0; i < q.length; i++) if (decayed[i] === 1) sum += q[i]! * weights[i]!;
        found.push([name, -sum]);
      } else {
        const { meanOf } = own;
        const mixed = over(rows.length, probe, (output, targets) => meanOf(tf, output, targets));
        found.push([name, -dot(q, Float64Array.from(await mixed.gradient()))]);
      }
    }
    return found;
  } finally {
    for (const own of made) own.dispose();
  }
}

/**
 * The mean loss of a probe at the model's present weights, in micro-batches.
 * Invariant: inference mode; scored on the host in float64, which the differences of losses are worth; no tensor is left behind.
 */
import { BasinError } from "../../../core/errors.ts";
import type { Batches } from "../data/batches.ts";
import type { LayersModel, Scalar, Tensor, Tf } from "../tf.ts";
import { scoreOutputs, type HeadOptions } from "../training/head.ts";
import { outputOf } from "../training/step.ts";

export interface ProbeLossOptions {
  readonly tf: Tf;
  readonly model: LayersModel;
  /** Not empty. */
  readonly probe: Batches;
  readonly head: HeadOptions;
  /** Rows a pass. */
  readonly microBatch: number;
  /** Called between passes. */
  readonly breathe?: (() => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** With the regularisers that the model itself carries. @throws BasinError "cancelled" */
export async function probeLoss(options: ProbeLossOptions): Promise<number> {
  const { breathe, head, microBatch, model, probe, signal, tf } = options;
  const { rows } = probe;
  let sum = 0;
  for (let from = 0; from < rows; from += microBatch) {
    if (signal?.aborted === true) throw new BasinError("cancelled", "The sharpness computation was stopped.");
    const { features, targets } = probe.slice(from, Math.min(rows, from + microBatch));
    const output = tf.tidy(() => outputOf(model.apply(features, { training: false }) as Tensor | Tensor[]));
    try {
      sum += scoreOutputs((await output.data()) as Float32Array, targets, head).loss;
    } finally {
      tf.dispose([features, output]);
    }
    await breathe?.();
  }
  let extra = 0;
  const penalties: Scalar[] = tf.tidy(() => model.calculateLosses());
  for (const penalty of penalties) {
    extra += (await penalty.data())[0]!;
    penalty.dispose();
  }
  return sum / rows + extra;
}

/**
 * Metrics of a model over one part of the data, in batches.
 */
import type { LoadedBackend } from "../backends/backend.ts";
import { HeapFull } from "../backends/heapFull.ts";
import type { Batches } from "../data/batches.ts";
import type { TrainableModel } from "../models/trainable.ts";
import type { Tensor } from "../tf.ts";
import { macroF1, newTally, scoreOutputs, type HeadOptions } from "./head.ts";
import { outputOf } from "./step.ts";

export interface Evaluation {
  /** Mean loss. */
  readonly loss: number;
  /** Share of right answers; NaN for regression. */
  readonly accuracy: number;
  /** Mean over the classes of the harmonic mean of precision and recall; NaN for regression. */
  readonly f1: number;
  /** Root mean squared and mean absolute error in the target's own unit, explained variance; NaN for classification. */
  readonly rmse: number;
  readonly mae: number;
  readonly r2: number;
}

export interface EvaluateOptions {
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  readonly head: HeadOptions;
  /** Rows a pass. */
  readonly batchSize: number;
  /** Original target = mean + scale * target. */
  readonly targetScale: number;
  readonly breathe: () => Promise<void>;
}

/** Mean loss and accuracy, or error, over all rows. The model is in inference mode. */
export async function evaluate(options: EvaluateOptions, batches: Batches): Promise<Evaluation> {
  const { backend, trainable, head } = options;
  const { tf, host } = backend;
  let loss = 0;
  let correct = 0;
  let sum = 0;
  let squares = 0;
  const tally = newTally(head);
  let { batchSize } = options;
  for (let from = 0; from < batches.rows;) {
    const { features, targets } = batches.slice(from, Math.min(batches.rows, from + batchSize));
    let output: Tensor;
    try {
      output = tf.tidy(() => outputOf(trainable.model.apply(features, { training: false }) as Tensor | Tensor[]));
    } catch (error) {
      features.dispose();
      if (!(error instanceof HeapFull) || batchSize === 1) throw error;
      batchSize = Math.ceil(batchSize / 2);
      continue;
    }
    from += targets.length;
    const values = host === undefined ? ((await output.data()) as Float32Array) : host.view(output);
    const score = scoreOutputs(values, targets, head, undefined, tally);
    tf.dispose([features, output]);
    loss += score.loss;
    correct += score.correct;
    for (const target of targets) {
      sum += target;
      squares += target * target;
    }
    await options.breathe();
  }
  const rows = batches.rows;
  const none = { accuracy: Number.NaN, f1: Number.NaN, rmse: Number.NaN, mae: Number.NaN, r2: Number.NaN };
  if (head.output !== "value") return { ...none, loss: loss / rows, accuracy: correct / rows, f1: macroF1(tally) };
  const spread = squares - (sum * sum) / rows;
  return {
    ...none,
    loss: loss / rows,
    rmse: Math.sqrt(loss / rows) * options.targetScale,
    mae: (tally.absolute / rows) * options.targetScale,
    r2: spread > 0 ? 1 - loss / spread : Number.NaN,
  };
}

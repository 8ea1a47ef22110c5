/**
 * One training step: gradients of the mean loss over a batch, micro-batch by micro-batch, then one update.
 * Invariant: no tensor made here outlives the step but outputs that wait to be read, and those end with `dispose`.
 */
import type { LoadedBackend } from "../backends/backend.ts";
import { HeapFull } from "../backends/heapFull.ts";
import type { Batch, Batches } from "../data/batches.ts";
import { trainableVariables, type TrainableModel } from "../models/trainable.ts";
import type { Scalar, Tensor, Tf } from "../tf.ts";
import { scoreOutputs, type HeadOptions, type Score } from "./head.ts";
import { createScoreReader } from "./scoreReader.ts";
import { hostUpdater } from "./hostUpdater.ts";
import type { OptimizerPlan } from "./optimizer.ts";
import { tensorLoss } from "./tensorHead.ts";
import { tensorUpdater } from "./tensorUpdater.ts";
import type { Updater } from "./updater.ts";

export interface Stepper {
  readonly updater: Updater;
  /**
   * One update from these rows. Gives the sums of loss and right answers over the rows of a step, before its update, of each
   * step that became known: this one, or on a device that reads back late none or several, oldest first, none left out.
   */
  step(rows: Int32Array, learningRate: number): Promise<readonly Score[]>;
  /** The sums of the steps that are still unread: afterwards every step has been told once. */
  settle(): Promise<readonly Score[]>;
  dispose(): void;
}

/** The model's only output. */
export function outputOf(result: Tensor | Tensor[]): Tensor {
  if (!Array.isArray(result)) return result;
  if (result.length !== 1) throw new Error(`The model has ${result.length} outputs; the trainer needs exactly one.`);
  return result[0]!;
}

/** After an error TensorFlow.js keeps what it had saved for the gradients that were under way, and with it most of the heap. */
function dropTape(tf: Tf): void {
  const state = tf.engine().state as unknown as {
    activeTape: readonly { readonly saved?: readonly Tensor[] }[] | null;
  };
  for (const node of state.activeTape ?? []) for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = null;
}

export interface StepperOptions {
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  readonly batches: Batches;
  readonly head: HeadOptions;
  readonly plan: OptimizerPlan;
  /** Samples of a micro-batch. */
  readonly microBatch: number;
  /** Called between micro-batches, so that the process stays responsive. */
  readonly breathe: () => Promise<void>;
  /** Told when memory ran out and less is computed at a time. */
  readonly log?: (message: string) => void;
}

export function createStepper(options: StepperOptions): Stepper {
  const { backend, batches, head, plan } = options;
  /** Samples of a micro-batch: halved when the heap is full. */
  let microBatch = options.microBatch;
  const { tf, host } = backend;
  const { model } = options.trainable;
  const variables = trainableVariables(model);
  const updater = host === undefined ? tensorUpdater(tf, variables, plan) : hostUpdater(tf, host, variables, plan);
  const reader = createScoreReader(tf, head, backend.readsLate === true);

  /** The loss whose gradients are under way: what an error leaves of it is nobody else's. */
  let partial: Scalar | undefined;

  /** Gradients of the mean loss over the batch, times `share`; with them the batch's score, where it is known at once. */
  const gradientsOf = (batch: Batch, share: number): { gradients: (Tensor | undefined)[]; score: Score } => {
    let score: Score = { loss: 0, correct: 0 };
    let kept: Tensor | undefined;
    partial = undefined;
    const { value, grads } = tf.variableGrads(() => {
      const output = outputOf(model.apply(batch.features, { training: true }) as Tensor | Tensor[]);
      let loss: Scalar;
      if (host === undefined) {
        kept = tf.keep(tf.clone(output));
        loss = tensorLoss(tf, output, batch.targets, head);
      } else {
        const hostLoss = tf.customGrad((logits) => {
          const outputs = host.view(logits as Tensor);
          const gradient = new Float32Array(outputs.length);
          score = scoreOutputs(outputs, batch.targets, head, gradient);
          const mean = tf.scalar(score.loss / batch.targets.length);
          return { value: mean, gradFunc: (dy: Tensor) => tf.mul(dy, tf.tensor(gradient, output.shape)) };
        });
        loss = hostLoss(output) as Scalar;
      }
      for (const penalty of model.calculateLosses()) loss = tf.add(loss, penalty);
      partial = share === 1 ? loss : tf.mul(loss, share);
      return partial;
    }, variables);
    value.dispose();
    if (kept !== undefined) reader.add(kept, batch.targets);
    return { gradients: variables.map((variable) => grads[variable.name] ?? undefined), score };
  };

  /** `gradientsOf`, in halves and halves of halves where the heap is full. Takes the batch's features over. */
  const gradientsThatFit = (batch: Batch, of: number): { gradients: (Tensor | undefined)[]; score: Score } => {
    const rows = batch.targets.length;
    const { features, targets } = batch;
    try {
      return gradientsOf(batch, rows / of);
    } catch (error) {
      dropTape(tf);
      if (partial?.isDisposed === false) partial.dispose();
      if (!(error instanceof HeapFull) || rows === 1) throw error;
      const half = Math.ceil(rows / 2);
      if (half < microBatch) {
        microBatch = half;
        options.log?.(`The heap is full: from now on ${half} samples are computed at a time.`);
      }
      const part = (from: number, to: number): Batch => ({
        features: tf.slice(features, from, to - from),
        targets: targets.subarray(from, to),
      });
      const first = gradientsThatFit(part(0, half), of);
      const second = gradientsThatFit(part(half, rows), of);
      return {
        gradients: added(first.gradients, second.gradients),
        score: { loss: first.score.loss + second.score.loss, correct: first.score.correct + second.score.correct },
      };
    } finally {
      features.dispose();
    }
  };

  /** Sums, variable by variable; takes both over. */
  const added = (sums: (Tensor | undefined)[], gradients: (Tensor | undefined)[]): (Tensor | undefined)[] =>
    sums.map((sum, i) => {
      const gradient = gradients[i];
      if (sum === undefined || gradient === undefined) return sum ?? gradient;
      const next = tf.add(sum, gradient);
      tf.dispose([sum, gradient]);
      return next;
    });

  return {
    updater,
    async step(rows, learningRate) {
      let total: (Tensor | undefined)[] | undefined;
      let loss = 0;
      let correct = 0;
      for (let from = 0, to = 0; from < rows.length; from = to) {
        to = Math.min(rows.length, from + microBatch);
        const { gradients, score } = gradientsThatFit(batches.gather(rows.subarray(from, to)), rows.length);
        loss += score.loss;
        correct += score.correct;
        if (total === undefined) {
          total = gradients;
        } else {
          total = added(total, gradients);
          await options.breathe();
        }
      }
      updater.apply(total ?? [], learningRate);
      tf.dispose((total ?? []).filter((tensor) => tensor !== undefined));
      return host === undefined ? reader.endStep() : [{ loss, correct }];
    },
    settle: () => reader.settle(),
    dispose() {
      reader.dispose();
      updater.dispose();
    },
  };
}

/**
 * The training loop: epochs of seeded, shuffled mini-batches with schedule, early stopping, evaluation and checkpoints.
 * Invariant: what happens at step n depends only on (seed, data, hyperparameters, n), so a run resumed from any checkpoint
 * goes on as the uninterrupted one; between steps no tensor is left but data, weights and slots.
 */
import type { LoadedBackend } from "../backends/backend.ts";
import { createBatches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { allVariables, type TrainableModel } from "../models/trainable.ts";
import { readNewestCheckpoint, writeCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { createCheckpointClock } from "./checkpointClock.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import type { HeadOptions, Score } from "./head.ts";
import { activationBytes, microBatchSize } from "./microBatch.ts";
import { effectiveRule, optimizerPlan } from "./optimizer.ts";
import type { TrainingRandomness } from "./randomness.ts";
import { learningRateAt, newProgress, observeEpoch } from "./schedule.ts";
import { createStepper } from "./step.ts";

export interface TrainingObserver {
  /** Metrics after an epoch (1-based). */
  report(epoch: number, metrics: Readonly<Record<string, number>>): void;
  /** Called often; `fraction` of the current epoch. */
  alive(fraction: number): void;
  checkpoint(epoch: number, path: string): void;
  log(message: string): void;
  /** A stop was asked for: end before the next step. */
  readonly stopping: boolean;
  /** A checkpoint was asked for; reading it withdraws the request. */
  takeCheckpointRequest(): boolean;
  /** Lets waiting input in. Cheap when called often. */
  breathe(): Promise<void>;
}

export interface TrainingOptions {
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  readonly dataset: Dataset;
  readonly hyperparameters: Hyperparameters;
  readonly random: TrainingRandomness;
  readonly epochs: number;
  /** End after this epoch with a checkpoint; undefined = at the end. */
  readonly untilEpoch?: number;
  /** undefined = no checkpoints. */
  readonly checkpointFolder?: string;
}

export type TrainingEnd =
  /** `metrics` are final; `epoch` is the last one done. */
  | { readonly kind: "done"; readonly epoch: number; readonly metrics: Readonly<Record<string, number>> }
  | { readonly kind: "stopped"; readonly epoch: number }
  | { readonly kind: "diverged"; readonly epoch: number; readonly message: string };

/** Rows a pass where no gradients are kept. */
const evaluationRows = 1024;

function metricsOf(evaluation: Evaluation, prefix: string, task: Dataset["task"]): Record<string, number> {
  return task === "classification"
    ? { [`${prefix}loss`]: evaluation.loss, [`${prefix}accuracy`]: evaluation.accuracy }
    : { [`${prefix}loss`]: evaluation.loss, [`${prefix}rmse`]: evaluation.rmse, [`${prefix}r2`]: evaluation.r2 };
}

/** Trains to the end, to `untilEpoch` or until told to stop, going on from the newest checkpoint that fits. */
export async function train(options: TrainingOptions, observer: TrainingObserver): Promise<TrainingEnd> {
  const { backend, trainable, dataset, hyperparameters: h, random, epochs } = options;
  const { tf } = backend;
  const weights = allVariables(trainable.model);
  const head: HeadOptions = { output: trainable.output, width: dataset.outputs, labelSmoothing: h.labelSmoothing };
  const plan = optimizerPlan(h);
  const breathe = (): Promise<void> => observer.breathe();
  const batchSize = Math.min(h.batchSize, dataset.train.rows);
  const stepsPerEpoch = Math.ceil(dataset.train.rows / batchSize);
  const bytes = activationBytes(trainable.model);
  const microBatch = microBatchSize(batchSize, bytes, backend.activationBudget);
  if (microBatch < batchSize)
    observer.log(`A batch of ${batchSize} is computed ${microBatch} samples at a time to stay within memory.`);

  const batches = createBatches(tf, dataset.train, dataset.inputShape);
  const stepper = createStepper({ backend, trainable, batches, head, plan, microBatch, breathe });
  const evaluation = {
    backend,
    trainable,
    head,
    targetScale: dataset.targetScale,
    breathe,
    batchSize: Math.min(evaluationRows, microBatchSize(evaluationRows, bytes, backend.activationBudget)),
  };
  const validationBatches = createBatches(tf, dataset.validation, dataset.inputShape);

  let epoch = 0;
  let batch = 0;
  let step = 0;
  let loss = 0;
  let correct = 0;
  let progress = newProgress();
  let best: Float32Array[] = [];
  let last: Readonly<Record<string, number>> = {};
  let seconds = 0;
  let timedEpochs = 0;

  const readWeights = (): Promise<Float32Array[]> =>
    Promise.all(weights.map(async (variable) => Float32Array.from(await variable.data())));
  const setWeights = (values: readonly Float32Array[]): void => {
    weights.forEach((variable, i) => {
      const tensor = tf.tensor(values[i]!.slice(), variable.shape);
      variable.assign(tensor);
      tensor.dispose();
    });
  };

  /** Steps whose scores are in `loss` and `correct`; a step whose loss is not finite is the last one counted. */
  let scored = 0;
  const take = (scores: readonly Score[]): void => {
    for (const score of scores) {
      if (!Number.isFinite(loss)) return;
      loss += score.loss;
      correct += score.correct;
      scored++;
    }
  };

  const clock = createCheckpointClock();
  const save = async (): Promise<void> => {
    if (options.checkpointFolder === undefined) return;
    take(await stepper.settle());
    // Weights that have diverged are not worth going on from.
    if (!Number.isFinite(loss)) return;
    await clock.measure(async () => {
      const state = {
        epoch,
        batch,
        loss,
        correct,
        step,
        time: stepper.updater.time,
        rule: effectiveRule(plan),
        progress,
        batchSize,
      };
      const file = await writeCheckpoint(options.checkpointFolder!, {
        state,
        weights: await readWeights(),
        slots: await stepper.updater.save(),
        best,
      });
      observer.checkpoint(epoch, file);
    });
  };

  const restore = (from: Checkpoint): void => {
    const { state } = from;
    setWeights(from.weights);
    if (state.rule === effectiveRule(plan)) stepper.updater.restore(from.slots, state.time);
    ({ epoch, progress } = state);
    best = [...from.best];
    // With another batch size the epoch under way cannot go on in its middle.
    if (state.batchSize === batchSize) ({ batch, step, loss, correct } = state);
    else step = epoch * stepsPerEpoch;
    scored = step;
    observer.log(`Resumed from a checkpoint after epoch ${epoch}${batch > 0 ? `, batch ${batch}` : ""}.`);
  };
  if (options.checkpointFolder !== undefined) {
    const fits = (found: Checkpoint): boolean =>
      found.weights.length === weights.length && found.weights.every((values, i) => values.length === weights[i]!.size);
    const found = await readNewestCheckpoint(options.checkpointFolder, fits, (message) => observer.log(message));
    if (found !== undefined) restore(found);
  }

  const end = Math.min(epochs, options.untilEpoch ?? epochs);
  const patience = { plateau: h.lrSchedule === "plateau" ? h.plateauPatience : 0, stop: h.earlyStoppingPatience };
  try {
    let stoppedEarly = patience.stop > 0 && progress.sinceBest >= patience.stop;
    while (epoch < end && !stoppedEarly) {
      const order = random.order(epoch, dataset.train.rows);
      const started = performance.now();
      const whole = batch === 0;
      let learningRate = h.learningRate;
      for (; batch < stepsPerEpoch;) {
        if (observer.stopping) {
          await save();
          return { kind: "stopped", epoch };
        }
        random.setStep(step);
        learningRate = learningRateAt(h, step, stepsPerEpoch, epochs, progress.drops);
        take(
          await stepper.step(
            order.subarray(batch * batchSize, Math.min(order.length, (batch + 1) * batchSize)),
            learningRate,
          ),
        );
        batch++;
        step++;
        if (!Number.isFinite(loss)) break;
        observer.alive(batch / stepsPerEpoch);
        await breathe();
        if (observer.takeCheckpointRequest() || clock.dueMidEpoch()) await save();
      }
      take(await stepper.settle());
      const trained = dataset.train.rows;
      if (!Number.isFinite(loss)) {
        observer.report(epoch + 1, { loss: Number.NaN });
        return {
          kind: "diverged",
          epoch: epoch + 1,
          message: `The training loss is no longer finite in epoch ${epoch + 1}, step ${scored} (learning rate ${learningRate.toPrecision(3)}). A smaller learningRate, gradClip or warmupEpochs may help.`,
        };
      }
      const validation = await evaluate(evaluation, validationBatches);
      last = {
        loss: loss / trained,
        ...(dataset.task === "classification" ? { accuracy: correct / trained } : {}),
        ...metricsOf(validation, "val_", dataset.task),
        ...(h.lrSchedule === "constant" && h.warmupEpochs === 0 ? {} : { learning_rate: learningRate }),
      };
      epoch++;
      batch = 0;
      loss = 0;
      correct = 0;
      if (whole) {
        seconds += (performance.now() - started) / 1000;
        timedEpochs++;
      }
      observer.report(epoch, last);
      const seen = observeEpoch(progress, epoch, validation.loss, patience);
      if (patience.stop > 0 && seen.best) best = await readWeights();
      stoppedEarly = seen.stop;
      if (epoch < end && !stoppedEarly && clock.dueAtEpoch()) await save();
    }
    if (end < epochs && !stoppedEarly) await save();

    if (patience.stop > 0 && best.length > 0 && progress.bestEpoch !== epoch) {
      setWeights(best);
      last = {};
    }
    if (Object.keys(last).length === 0)
      last = metricsOf(await evaluate(evaluation, validationBatches), "val_", dataset.task);
    const metrics: Record<string, number> = { ...last };
    if (dataset.test.rows > 0) {
      const testBatches = createBatches(tf, dataset.test, dataset.inputShape);
      Object.assign(metrics, metricsOf(await evaluate(evaluation, testBatches), "test_", dataset.task));
      testBatches.dispose();
    }
    if (timedEpochs > 0) metrics["epoch_seconds"] = seconds / timedEpochs;
    if (patience.stop > 0) metrics["best_epoch"] = progress.bestEpoch;
    return { kind: "done", epoch, metrics };
  } finally {
    batches.dispose();
    validationBatches.dispose();
    stepper.dispose();
  }
}

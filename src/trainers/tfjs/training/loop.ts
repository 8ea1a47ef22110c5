/**
 * The training loop: epochs of seeded, shuffled mini-batches with schedule, early stopping, evaluation and checkpoints.
 * Invariant: what happens at step n depends only on (seed, data, hyperparameters, n), so a run resumed from any checkpoint
 * goes on as the uninterrupted one; between steps no tensor is left but data, weights and slots.
 */
import { BasinError } from "../../../core/errors.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { createBatches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { hypergradients, type HypergradientRequest } from "../hypergradients/hypergradients.ts";
import type { Moment, TrialDiagnostics } from "../sharpness/trialDiagnostics.ts";
import { trainableCount, trainableVariables, type TrainableModel } from "../models/trainable.ts";
import { baselineLoss } from "./baseline.ts";
import { readNewestCheckpoint, writeCheckpoint, type Checkpoint, type NamedValues } from "./checkpoint.ts";
import { createCheckpointClock } from "./checkpointClock.ts";
import { evaluate } from "./evaluate.ts";
import { balancedWeights, type HeadOptions, type Score } from "./head.ts";
import { metricsOf } from "./metrics.ts";
import { activationBytes, microBatchSize } from "./microBatch.ts";
import { hasMomentum, optimizerPlan, slotKind, slotNames } from "./optimizer.ts";
import { newProgress, observeEpoch, patienceIsOver, progressPlan } from "./progress.ts";
import type { TrainingRandomness } from "./randomness.ts";
import { largestMomentum, learningRateAt, momentumAt, warmupEpochs } from "./schedule.ts";
import { createSnapshots } from "./snapshot.ts";
import { createStepper } from "./step.ts";
import { isTakenOver, takenOverRates, type HdCopy } from "./takeOver.ts";

export interface TrainingObserver {
  /** Metrics after an epoch (1-based). `repeated`: an earlier attempt trained it, and its report may be lost. */
  report(epoch: number, metrics: Readonly<Record<string, number>>, repeated?: boolean): void;
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
  /** Pause after this epoch with a checkpoint; undefined, or no less than `epochs` = train to the end. */
  readonly untilEpoch?: number;
  /** What becomes of adapted rates when the checkpoint is another trial's; default "perturb". */
  readonly hdCopy?: HdCopy;
  /** undefined = no checkpoints. */
  readonly checkpointFolder?: string;
  /** Derivatives of a metric by hyperparameters, wanted at the end; undefined = none. */
  readonly hypergradients?: HypergradientRequest;
  /** What the study measures beside the metrics; undefined = nothing. */
  readonly diagnostics?: TrialDiagnostics;
}

export type TrainingEnd =
  /** `metrics` are final; `epoch` is the last one done. */
  | { readonly kind: "done"; readonly epoch: number; readonly metrics: Readonly<Record<string, number>> }
  | { readonly kind: "stopped"; readonly epoch: number }
  /** `untilEpoch` is reached and its checkpoint written; the rest is for another time. */
  | { readonly kind: "paused"; readonly epoch: number }
  | { readonly kind: "diverged"; readonly epoch: number; readonly message: string };

/** Rows a pass where no gradients are kept. */
const evaluationRows = 1024;

/** Heads of training and of evaluation: `val_loss` is the plain loss, so that trials with other smoothing compare. */
function headsOf(trainable: TrainableModel, dataset: Dataset, h: Hyperparameters): [HeadOptions, HeadOptions] {
  const plain: HeadOptions = { output: trainable.output, width: dataset.outputs, labelSmoothing: 0 };
  const weighted = h.classWeights === "balanced" && dataset.task === "classification";
  const classWeights = weighted ? balancedWeights(dataset.train.targets, dataset.outputs) : undefined;
  return [
    {
      ...plain,
      labelSmoothing: h.labelSmoothing,
      huberDelta: h.huberDelta,
      ...(classWeights === undefined ? {} : { classWeights }),
    },
    plain,
  ];
}

/**
 * Trains to the end, to `untilEpoch` or until told to stop, going on from the newest checkpoint that fits. Schedules and the
 * pace of hypergradients follow the whole run, wherever it pauses.
 * @throws BasinError "invalid-params" when the only checkpoint is another trial's and of another model
 */
export async function train(options: TrainingOptions, observer: TrainingObserver): Promise<TrainingEnd> {
  const { backend, trainable, dataset, hyperparameters: h, random, epochs } = options;
  const { tf } = backend;
  const [head, plainHead] = headsOf(trainable, dataset, h);
  const breathe = (): Promise<void> => observer.breathe();
  const log = (message: string): void => observer.log(message);
  const batchSize = Math.min(h.batchSize, dataset.train.rows);
  const stepsPerEpoch = Math.ceil(dataset.train.rows / batchSize);
  const length = { stepsPerEpoch, epochs };
  const plan = optimizerPlan(h, epochs * stepsPerEpoch);
  const following = progressPlan(h, dataset.task, warmupEpochs(h));
  const bytes = activationBytes(trainable.model);
  const microBatch = microBatchSize(batchSize, bytes, backend.activationBudget);
  if (microBatch < batchSize)
    observer.log(`A batch of ${batchSize} is computed ${microBatch} samples at a time to stay within memory.`);
  const parameters = trainableCount(trainable.model);
  observer.log(`The model has ${parameters} parameters.`);

  const batches = createBatches(tf, dataset.train, dataset.inputShape, backend.largestTensor);
  const augmented = { ...batches, gather: (rows: Int32Array) => batches.gather(rows, random.stream("augment")) };
  const stepper = createStepper({ backend, trainable, batches: augmented, head, plan, microBatch, breathe, log });
  const evaluation = {
    backend,
    trainable,
    head: plainHead,
    targetScale: dataset.targetScale,
    breathe,
    batchSize: Math.min(evaluationRows, microBatchSize(evaluationRows, bytes, backend.activationBudget)),
  };
  const validationBatches = createBatches(tf, dataset.validation, dataset.inputShape, backend.largestTensor);
  const snapshots = createSnapshots(tf, trainable);

  let epoch = 0;
  let batch = 0;
  let step = 0;
  let loss = 0;
  let correct = 0;
  let progress = newProgress();
  let best: NamedValues[] = [];
  let last: Readonly<Record<string, number>> = {};
  let seconds = 0;
  let timedEpochs = 0;

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
  const save = async (finished = false): Promise<void> => {
    if (options.checkpointFolder === undefined) return;
    take(await stepper.settle());
    // Weights that have diverged are not worth going on from.
    if (!Number.isFinite(loss)) return;
    await clock.measure(async () => {
      const rates = await stepper.updater.rates();
      const file = await writeCheckpoint(options.checkpointFolder!, {
        state: {
          epoch,
          batch,
          loss,
          correct,
          step,
          progress,
          metrics: last,
          finished,
          time: stepper.updater.time,
          slotKind: slotKind(plan),
          ...(rates === undefined ? {} : { rates }),
          batchSize,
          rows: dataset.train.rows,
          seed: random.seed,
          ...(trainable.architecture === undefined ? {} : { architecture: trainable.architecture }),
        },
        weights: await snapshots.weights(),
        slots: finished ? [] : await snapshots.slots(stepper.updater, slotNames(plan)),
        best: finished ? [] : best,
      });
      observer.checkpoint(epoch, file);
    });
  };

  const restore = ({ state, ...from }: Checkpoint): void => {
    snapshots.setWeights(from.weights);
    const wanted = trainableVariables(trainable.model).length * slotNames(plan).length;
    const takenOver = isTakenOver(state, random.seed);
    if (state.slotKind === slotKind(plan) && from.slots.length === wanted) {
      const slots = from.slots.map(({ values }) => values);
      let { rates } = state;
      if (takenOver && plan.hypergradient !== undefined)
        rates = takenOverRates(plan.hypergradient, options.hdCopy ?? "perturb", rates, plan, random.seed, state.time);
      stepper.updater.restore(slots, state.time, rates);
    } else if (!state.finished) {
      observer.log("The checkpoint is of another optimizer, which starts afresh.");
    }
    ({ epoch, progress, metrics: last } = state);
    best = [...from.best];
    // With other batches or another order the epoch under way cannot go on in its middle.
    const sameOrder = state.batchSize === batchSize && state.rows === dataset.train.rows && state.seed === random.seed;
    if (sameOrder) ({ batch, step, loss, correct } = state);
    else step = epoch * stepsPerEpoch;
    scored = step;
    const of = takenOver ? "another trial's checkpoint" : "a checkpoint";
    observer.log(`Resumed from ${of} after epoch ${epoch}${batch > 0 ? `, batch ${batch}` : ""}.`);
  };
  // Of the weights as they were drawn, whatever checkpoint the training goes on from.
  const samples = options.diagnostics?.baselineOn?.();
  const baseline =
    samples === undefined ? {} : { baseline_loss: await baselineLoss({ ...evaluation, head }, samples, dataset) };
  if (options.checkpointFolder !== undefined) {
    let refused: string | undefined;
    const found = await readNewestCheckpoint(
      options.checkpointFolder,
      (checkpoint) => {
        const misfit = snapshots.misfit(checkpoint);
        if (misfit !== undefined && isTakenOver(checkpoint.state, random.seed)) refused ??= misfit;
        return misfit;
      },
      (message) => observer.log(message),
    );
    if (found !== undefined) restore(found);
    else if (refused !== undefined)
      throw new BasinError(
        "invalid-params",
        `The trial cannot go on from the other trial's checkpoint: ${refused}.`,
        "Only parameters that leave the weights usable may differ. Mark those that shape the model with `kind: structural`.",
      );
  }

  const diagnose = async (moment: Pick<Moment, "final" | "restored">): Promise<Readonly<Record<string, number>>> => {
    const alive = async (): Promise<void> => {
      observer.alive(1);
      await breathe();
    };
    const found = options.diagnostics?.at({ ...moment, epoch, breathe: alive, stopping: () => observer.stopping });
    return (await found) ?? {};
  };

  const resumedAt = epoch;
  const end = Math.min(epochs, options.untilEpoch ?? epochs);
  const restoring = following.stopPatience > 0 && h.earlyStoppingRestore;
  try {
    let stoppedEarly = patienceIsOver(progress, following);
    while (epoch < end && !stoppedEarly) {
      const order = random.order(epoch, dataset.train.rows);
      const started = performance.now();
      const whole = batch === 0;
      let learningRate = h.learningRate;
      let momentum: number | undefined;
      for (; batch < stepsPerEpoch;) {
        if (observer.stopping) {
          await save();
          return { kind: "stopped", epoch };
        }
        random.setStep(step);
        learningRate = learningRateAt(h, step, length, progress.drops);
        momentum = momentumAt(h, largestMomentum(h), step, length);
        if (momentum !== undefined) stepper.updater.setMomentum(momentum);
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
      const adapted = await stepper.updater.rates();
      if (adapted !== undefined) {
        ({ learningRate } = adapted);
        if (hasMomentum(plan)) ({ momentum } = adapted);
      }
      const varies = h.lrSchedule !== "constant" || h.warmupEpochs > 0 || adapted !== undefined;
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
        ...(varies ? { learning_rate: learningRate } : {}),
        ...(momentum === undefined ? {} : { momentum }),
        ...(epoch === 0 ? baseline : {}),
      };
      epoch++;
      batch = 0;
      loss = 0;
      correct = 0;
      if (whole) {
        seconds += (performance.now() - started) / 1000;
        timedEpochs++;
      }
      // Before the report, so that whoever judges it knows both.
      await diagnose({ final: false });
      observer.report(epoch, last);
      const seen = observeEpoch(progress, epoch, last[h.monitor]!, following);
      if (restoring && seen.best) best = await snapshots.weights();
      stoppedEarly = seen.stop;
      if (epoch < end && !stoppedEarly && clock.dueAtEpoch()) await save();
    }
    if (end < epochs && !stoppedEarly) {
      if (resumedAt === epoch && Object.keys(last).length > 0) {
        // What was measured before the report may be lost with it.
        await diagnose({ final: false });
        observer.report(epoch, last, true);
      }
      await save();
      return { kind: "paused", epoch };
    }

    const restored = restoring && best.length > 0 && progress.bestEpoch !== epoch;
    if (restored) {
      snapshots.setWeights(best);
      last = metricsOf(await evaluate(evaluation, validationBatches), "val_", dataset.task);
    }
    await save(true);
    if (Object.keys(last).length === 0)
      last = metricsOf(await evaluate(evaluation, validationBatches), "val_", dataset.task);
    const metrics: Record<string, number> = { ...last };
    Object.assign(metrics, await diagnose({ final: true, restored }));
    if (dataset.test.rows > 0) {
      const testBatches = createBatches(tf, dataset.test, dataset.inputShape, backend.largestTensor);
      Object.assign(metrics, metricsOf(await evaluate(evaluation, testBatches), "test_", dataset.task));
      testBatches.dispose();
    }
    if (options.hypergradients !== undefined) {
      const found = await hypergradients({
        backend,
        trainable,
        hyperparameters: h,
        training: batches,
        validation: validationBatches,
        head,
        plainHead,
        request: options.hypergradients,
        metrics,
        epochs: epoch,
        observer,
      });
      if (found === undefined) return { kind: "stopped", epoch };
      Object.assign(metrics, found);
    }
    if (timedEpochs > 0) metrics["epoch_seconds"] = seconds / timedEpochs;
    metrics["parameters"] = parameters;
    if (following.stopPatience > 0) metrics["best_epoch"] = progress.bestEpoch;
    return { kind: "done", epoch, metrics };
  } finally {
    batches.dispose();
    validationBatches.dispose();
    stepper.dispose();
  }
}

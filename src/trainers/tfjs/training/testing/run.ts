/**
 * Whole trainings of tiny models on made-up data, for tests of the loop: what was reported, which weights came out.
 * Invariant: equal options give equal runs; a stop or a checkpoint request comes after an exact number of steps.
 */
import { expect } from "vitest";
import type { Diagnostics } from "../../../../core/study/diagnostics.ts";
import type { TrainerEvent } from "../../../protocol.ts";
import { createTrialDiagnostics } from "../../sharpness/trialDiagnostics.ts";
import { rngForKey } from "../../../../core/rng.ts";
import type { Params } from "../../../../core/space/parameter.ts";
import type { TuneOnline } from "../../../../core/study/definition.ts";
import type { Backend, LoadedBackend } from "../../backends/backend.ts";
import { cpuBackend } from "../../backends/cpu.ts";
import { parseCsv } from "../../data/csv.ts";
import { datasetFrom, type Dataset } from "../../data/dataset.ts";
import { resolveHyperparameters } from "../../hyperparameters.ts";
import type { HypergradientRequest } from "../../hypergradients/hypergradients.ts";
import { createModel } from "../../models/create.ts";
import { allVariables } from "../../models/trainable.ts";
import { train, type TrainingEnd, type TrainingObserver } from "../loop.ts";
import type { HdCopy } from "../takeOver.ts";
import { seedMathRandom, trainingRandomness } from "../randomness.ts";

/** Two noisy rings, or for regression a noisy plane; 16 inputs, few of which matter. */
function samples(rows: number, task: "classification" | "regression", augment: boolean): Dataset {
  const rng = rngForKey("loop-test");
  const lines = Array.from({ length: rows }, () => {
    const x = Array.from({ length: 16 }, () => rng.normal());
    const radius = x.slice(0, 4).reduce((sum, value) => sum + value * value, 0);
    return [
      ...x.map((value) => value.toFixed(5)),
      task === "classification"
        ? radius > 3.4
          ? "out"
          : "in"
        : (40 + 3 * x[0]! - 2 * x[1]! + 0.3 * rng.normal()).toFixed(5),
    ].join(",");
  });
  const text = [[...Array.from({ length: 16 }, (_, i) => `x${i}`), "y"].join(","), ...lines].join("\n");
  return datasetFrom(
    parseCsv(new TextEncoder().encode(text), "y"),
    {
      csv: "",
      label: "y",
      validation: 0.25,
      test: 0.25,
      standardize: true,
      task,
      ...(task === "classification" ? { image: [4, 4, 1] as const } : {}),
      ...(augment ? { augment: { flip: true, crop: 1, padding: "zero" } as const } : {}),
    },
    1,
  );
}

export interface Run {
  readonly end: TrainingEnd;
  readonly reports: { epoch: number; metrics: Readonly<Record<string, number>> }[];
  readonly weights: number[][];
  readonly checkpoints: number[];
  readonly tensors: number[];
  readonly log: string[];
  /** Sharpness and embeddings that were sent, in order. */
  readonly sent: TrainerEvent[];
}

export interface RunOptions {
  readonly backend?: Pick<Backend, "load">;
  readonly model?: "mlp" | "vgg";
  readonly params?: Params;
  readonly epochs?: number;
  readonly folder?: string;
  readonly untilEpoch?: number;
  readonly hdCopy?: HdCopy;
  readonly online?: TuneOnline;
  /** Stop, or ask for a checkpoint, after so many steps. */
  readonly stopAfter?: number;
  readonly checkpointAfter?: number;
  readonly task?: "classification" | "regression";
  readonly seed?: number;
  /** Rows of the data, half of which are trained on. */
  readonly rows?: number;
  readonly augment?: boolean;
  readonly budget?: number;
  readonly hypergradients?: HypergradientRequest;
  readonly diagnostics?: Diagnostics;
  /** As on a device whose values lie elsewhere: read after each step, or several steps at once. */
  readonly device?: "read each step" | "read late";
}

/** One training of a tiny model on made-up data; asserts that no tensor is left behind. */
export async function run(options: RunOptions = {}): Promise<Run> {
  const loaded = await (options.backend ?? cpuBackend).load({ threads: 1 });
  const { host, ...remote } = loaded;
  const backend: LoadedBackend = {
    ...remote,
    activationBudget: options.budget ?? loaded.activationBudget,
    ...(options.device === undefined ? (host === undefined ? {} : { host }) : {}),
    ...(options.device === undefined ? {} : { readsLate: options.device === "read late" }),
  };
  const { tf } = backend;
  const model = options.model ?? "mlp";
  const params = options.params ?? { width: 12, batchSize: 24, learningRate: 0.01 };
  const hyperparameters = resolveHyperparameters(params, model, options.online);
  const dataset = samples(options.rows ?? 200, options.task ?? "classification", options.augment ?? false);
  const seed = options.seed ?? 5;
  const epochs = options.epochs ?? 5;
  const random = trainingRandomness(seed);
  random.setStep(0);
  const restore = seedMathRandom(random);
  const before = tf.memory().numTensors;
  const trainable = await createModel(tf, { model, root: "/", params, hyperparameters, dataset, random, epochs, seed });
  const result: Omit<Run, "end" | "weights"> = { reports: [], checkpoints: [], tensors: [], log: [], sent: [] };
  let steps = 0;
  const observer: TrainingObserver = {
    report: (epoch, metrics) => {
      result.reports.push({ epoch, metrics });
      result.tensors.push(tf.memory().numTensors);
    },
    alive: () => steps++,
    checkpoint: (epoch) => result.checkpoints.push(epoch),
    log: (message) => result.log.push(message),
    get stopping() {
      return options.stopAfter !== undefined && steps >= options.stopAfter;
    },
    takeCheckpointRequest: () => steps === options.checkpointAfter,
    breathe: () => Promise.resolve(),
  };
  const end = await train(
    {
      backend,
      trainable,
      dataset,
      hyperparameters,
      random,
      epochs,
      ...(options.untilEpoch === undefined ? {} : { untilEpoch: options.untilEpoch }),
      ...(options.diagnostics === undefined
        ? {}
        : {
            diagnostics: createTrialDiagnostics({
              asked: options.diagnostics,
              backend,
              trainable,
              dataset,
              splitSeed: 1,
              batchSize: hyperparameters.batchSize,
              send: (event) => result.sent.push(event),
              log: (message) => result.log.push(message),
            }),
          }),
      ...(options.hdCopy === undefined ? {} : { hdCopy: options.hdCopy }),
      ...(options.hypergradients === undefined ? {} : { hypergradients: options.hypergradients }),
      ...(options.folder === undefined ? {} : { checkpointFolder: options.folder }),
    },
    observer,
  );
  const weights = await Promise.all(
    allVariables(trainable.model).map(async (variable) => [...(await variable.data())]),
  );
  trainable.model.dispose();
  restore();
  expect(tf.memory().numTensors, "tensors left after training").toBe(before);
  return { ...result, end, weights };
}

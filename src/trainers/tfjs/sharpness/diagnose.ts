/**
 * `trainer.cjs --diagnose`: builds a trial's model, gives it the weights of a checkpoint, and computes what was asked for.
 * Invariant: the last record is `result` or `failed`; nothing is written to disk.
 */
import path from "node:path";
import { BasinError } from "../../../core/errors.ts";
import type { FlatnessResult } from "../../../core/flatness.ts";
import { type DiagnoseOrder, type DiagnoseRecord } from "../../diagnoseProtocol.ts";
import { createBatches } from "../data/batches.ts";
import { createModel } from "../models/create.ts";
import { probeOf } from "../probe/probe.ts";
import { freshResources, type Resources } from "../resources.ts";
import { readCheckpoint } from "../training/checkpoint.ts";
import { trainingRandomness } from "../training/randomness.ts";
import { createSnapshots } from "../training/snapshot.ts";
import { chainOperations, readJson, readTrialInput, type Environment } from "../trialInput.ts";
import { computeFlatness } from "./landscapes.ts";

export interface DiagnoseVoice {
  readonly send: (record: DiagnoseRecord) => void;
  readonly log: (message: string) => void;
}

/** Between two words on how far it is. */
const tellEveryMs = 200;

/** @throws BasinError with a reason for people */
export async function diagnose(
  env: Environment,
  { log, send }: DiagnoseVoice,
  resources: Resources = freshResources,
): Promise<FlatnessResult> {
  const { otherWeights, request, weights } = (await readJson(env, "BASIN_DIAGNOSE_FILE")) as DiagnoseOrder;
  const input = await readTrialInput(env);
  const { epochs, hyperparameters, kind, params, root, seed, spec, splitSeed, threads } = input;
  const own = await readCheckpoint(weights);
  const other = otherWeights === undefined ? undefined : await readCheckpoint(otherWeights);
  const dataset = await resources.dataset(spec.data, root, splitSeed, log);
  const backend = await resources.backend(spec.backend, { threads, dense: kind === "mlp" }, log);
  if (kind === "module") await chainOperations(backend);
  const { tf } = backend;
  const random = trainingRandomness(seed);
  const shape = { model: spec.model, root, params, hyperparameters, dataset, random, epochs, seed };
  const trainable = await createModel(tf, shape);
  const snapshots = createSnapshots(tf, trainable);
  requireFit(
    snapshots.misfit(own),
    weights,
    "The weights are not those of the trial's model",
    "The model or its data has changed since; trials of a fresh study can be looked at.",
  );
  if (other !== undefined && otherWeights !== undefined)
    requireFit(
      snapshots.misfit(other),
      otherWeights,
      "There is no path between different models",
      "Two trials are on a path only when their layers have the same sizes.",
    );
  snapshots.setWeights(own.weights);

  const { indexHash, part } = probeOf(dataset, "train", request.samples, splitSeed);
  const probe = createBatches(tf, part, dataset.inputShape, backend.largestTensor);
  let told = performance.now();
  const started = performance.now();
  const values = await computeFlatness(
    request,
    {
      backend,
      trainable,
      probe,
      head: { output: trainable.output, width: dataset.outputs, labelSmoothing: 0 },
      trainingRows: dataset.train.rows,
      weights: own.weights,
      ...(other === undefined ? {} : { otherWeights: other.weights }),
      // Lets the end of the input in.
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    },
    {
      progress(done, total) {
        if (performance.now() - told < tellEveryMs) return;
        told = performance.now();
        send({ type: "progress", fraction: Math.min(1, done / total) });
      },
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const { epoch, finished } = own.state;
  return { ...values, epoch, finished, samples: part.rows, indexHash, backend: backend.name, seconds };
}

function requireFit(misfit: string | undefined, file: string, what: string, hint: string): void {
  if (misfit === undefined) return;
  throw new BasinError("invalid-argument", `${what}: of ${path.basename(file)}, ${misfit}.`, hint);
}

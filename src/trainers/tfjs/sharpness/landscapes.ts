/**
 * Answers one request for sharpness or a landscape of a model with given weights.
 * Invariant: the result follows from request, weights and data alone; landscapes take the plain loss of the data on the probe.
 */
import { BasinError } from "../../../core/errors.ts";
import type { FlatnessRequest, FlatnessValues, PathRequest, SharpnessRequest } from "../../../core/flatness.ts";
import { lanczos, spectralDensity } from "../../../flatness/lanczos.ts";
import { linePath, randomDirection, slice1d, slice2d } from "../../../flatness/landscape.ts";
import type { LossOracle, RunOptions } from "../../../flatness/oracle.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Batches } from "../data/batches.ts";
import { allVariables, type TrainableModel } from "../models/trainable.ts";
import { createFlatnessOracle } from "../secondOrder/flatnessOracle.ts";
import { probeLoss } from "../secondOrder/probeLoss.ts";
import type { NamedValues } from "../training/checkpoint.ts";
import type { HeadOptions } from "../training/head.ts";
import { activationBytes, microBatchSize } from "../training/microBatch.ts";
import { measureSharpness } from "./measure.ts";

export interface FlatnessContext {
  readonly backend: LoadedBackend;
  /** With the weights to look at. */
  readonly trainable: TrainableModel;
  readonly probe: Batches;
  readonly head: HeadOptions;
  readonly trainingRows: number;
  /** Of every variable, in the model's order: the trial's own, and of a path the other end's. */
  readonly weights: readonly NamedValues[];
  readonly otherWeights?: readonly NamedValues[];
  readonly breathe: () => Promise<void>;
}

/** @throws BasinError "cancelled", "invalid-argument" */
export async function computeFlatness(
  request: FlatnessRequest,
  context: FlatnessContext,
  options: RunOptions,
): Promise<FlatnessValues> {
  if (request.kind === "sharpness") return sharpness(request, context, options);
  if (request.kind === "path") return path(request, context, options);
  const { backend, breathe, head, probe, trainable } = context;
  const { signal } = options;
  const oracle = await createFlatnessOracle({
    backend,
    trainable,
    probe,
    head,
    breathe,
    ...(signal === undefined ? {} : { signal }),
  });
  const { layout, weights } = oracle;
  try {
    switch (request.kind) {
      case "line": {
        const { points, reach, seed } = request;
        const range = { from: -reach, to: reach, points };
        const slice = await slice1d(oracle, weights, randomDirection(layout, weights, seed), { ...options, ...range });
        return { kind: "line", positions: [...slice.positions], losses: [...slice.losses] };
      }
      case "plane": {
        const { points, reach, seed } = request;
        const range = { from: -reach, to: reach, points };
        const [first, second] = [0, 1].map((index) => randomDirection(layout, weights, seed, index));
        const slice = await slice2d(oracle, weights, first!, second!, { ...options, ...range });
        return { kind: "plane", positions: [...slice.positions], losses: [...slice.losses] };
      }
      case "spectrum":
        break;
    }
    const { points, seed, starts, steps } = request;
    const found = await lanczos(oracle, weights, { ...options, seed, starts, steps });
    const { positions, values, width } = spectralDensity(found, points);
    return {
      kind: "spectrum",
      smallest: found.smallest,
      largest: found.largest,
      positions: [...positions],
      density: [...values],
      width,
      ritz: found.runs.map((run) => ({ values: [...run.values], weights: [...run.weights] })),
    };
  } finally {
    await oracle.dispose();
  }
}

async function sharpness(
  { batch, estimators }: SharpnessRequest,
  context: FlatnessContext,
  options: RunOptions,
): Promise<FlatnessValues> {
  const values: Record<string, number> = {};
  const failures: Record<string, string> = {};
  for (const [id, outcome] of await measureSharpness({ ...context, batch }, estimators, options)) {
    if (outcome.kind === "measured") Object.assign(values, { [id]: outcome.measured.value }, outcome.measured.details);
    else failures[id] = outcome.reason;
  }
  return { kind: "sharpness", values, failures };
}

function flattened(weights: readonly NamedValues[]): Float64Array {
  const flat = new Float64Array(weights.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of weights) {
    flat.set(values, at);
    at += values.length;
  }
  return flat;
}

/**
 * Between two trials every variable moves, running statistics of batch norm included: with those of one end, the other end
 * would not be the model that was trained.
 */
async function path(
  { points }: PathRequest,
  { backend, breathe, head, otherWeights, probe, trainable, weights }: FlatnessContext,
  options: RunOptions,
): Promise<FlatnessValues> {
  if (otherWeights === undefined) throw new BasinError("internal", "The other end of the path has no weights.");
  const { tf } = backend;
  const { model } = trainable;
  const variables = allVariables(model);
  const microBatch = microBatchSize(probe.rows, activationBytes(model), backend.activationBudget);
  const assign = (w: Float64Array): void => {
    let at = 0;
    for (const variable of variables) {
      const part = Float32Array.from(w.subarray(at, (at += variable.size)));
      // A new tensor each time: back ends keep packed weights by tensor.
      tf.tidy(() => variable.assign(tf.tensor(part, variable.shape)));
    }
  };
  const from = flattened(weights);
  const oracle: Pick<LossOracle, "dimension" | "loss"> = {
    dimension: from.length,
    loss(w) {
      assign(w);
      return probeLoss({ tf, model, probe, head, microBatch, breathe, signal: options.signal });
    },
  };
  try {
    const found = await linePath(oracle, from, flattened(otherWeights), { ...options, points });
    const { barrier, barrierAt, losses, positions } = found;
    return { kind: "path", positions: [...positions], losses: [...losses], barrier, barrierAt };
  } finally {
    assign(from);
  }
}

/**
 * Sharpness measures by name, of a model as it is and a probe: what a study asks for in each trial, and what is asked for later.
 * Invariant: inference mode, the plain loss of the data, and fixed seeds, so that equal weights give equal values and trials can
 * be compared; the model has the same weights afterwards; a measure that fails takes no other one with it.
 */
import { BasinError, errorText } from "../../../core/errors.ts";
import { type EstimatorId, lastLayerIds, type LastLayerId, type NetworkId } from "../../../core/sharpness.ts";
import { averageCaseSharpness } from "../../../flatness/averageCase.ts";
import { hutchinson, type HutchinsonResult } from "../../../flatness/hutchinson.ts";
import { keskarSharpness } from "../../../flatness/keskar.ts";
import { lanczos } from "../../../flatness/lanczos.ts";
import { lastLayerEstimateOverBatches } from "../../../flatness/lastLayer.ts";
import { throwIfAborted, type RunOptions } from "../../../flatness/oracle.ts";
import { topEigenvalue } from "../../../flatness/powerIteration.ts";
import { samSharpness } from "../../../flatness/sam.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Batches } from "../data/batches.ts";
import type { TrainableModel } from "../models/trainable.ts";
import { createFlatnessOracle, type FlatnessOracle } from "../secondOrder/flatnessOracle.ts";
import { lastLayerActivations, type LastLayer } from "../secondOrder/lastLayerActivations.ts";
import type { HeadOptions } from "../training/head.ts";

export interface Measured {
  readonly value: number;
  /**
   * What belongs beside the value, by names of their own, which are those of `basin.torch`: standard errors
   * (`hutchinson-trace.se`), the gradient's norm, the other end of the spectrum.
   */
  readonly details: Readonly<Record<string, number>>;
}

export type Outcome =
  | { readonly kind: "measured"; readonly measured: Measured }
  | { readonly kind: "failed"; readonly reason: string };

export interface MeasureRequest {
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  readonly probe: Batches;
  /** The plain head: without smoothing and class weights. */
  readonly head: HeadOptions;
  /** Rows of a mini-batch for the last layer's measures. */
  readonly batch: number;
  /** Rows of the training part. */
  readonly trainingRows: number;
  readonly breathe: () => Promise<void>;
}

/** Relative change of an eigenvalue that ends the power iteration: at 1e-3 it may rest on the next one, some 14% too low. */
const topTolerance = 1e-4;
/** Samples of Hutchinson's estimates: a trace within some 10%, as its standard error says. */
const hutchinsonSamples = 30;

const isLastLayer = (id: EstimatorId): id is LastLayerId => (lastLayerIds as readonly string[]).includes(id);

/**
 * Computes the measures in turn. Those of the last layer share one pass over the probe, both of Hutchinson's their products.
 * @param options `progress` in measures, whole and in part; `signal` ends it between two calls of the model
 * @throws BasinError "cancelled" when the signal says so, and nothing else
 */
export async function measureSharpness(
  request: MeasureRequest,
  ids: readonly EstimatorId[],
  options: RunOptions = {},
): Promise<ReadonlyMap<EstimatorId, Outcome>> {
  const outcomes = new Map<EstimatorId, Outcome>();
  const shared = sharedParts(request, options.signal);
  try {
    for (const [done, id] of ids.entries()) {
      throwIfAborted(options.signal);
      const inner: RunOptions = {
        ...options,
        progress: (step, total) => options.progress?.(done + Math.min(1, step / total), ids.length),
      };
      try {
        const measured = isLastLayer(id)
          ? { value: await lastLayerValue(id, request, shared), details: {} }
          : await networkValue(id, shared, inner);
        outcomes.set(id, { kind: "measured", measured });
      } catch (error) {
        throwIfAborted(options.signal);
        outcomes.set(id, { kind: "failed", reason: errorText(error) });
      }
      options.progress?.(done + 1, ids.length);
    }
    return outcomes;
  } finally {
    await shared.dispose();
  }
}

interface SharedParts {
  lastLayer(): Promise<LastLayer>;
  oracle(): Promise<FlatnessOracle>;
  /** Both of Hutchinson's estimates. */
  random(options: RunOptions): Promise<HutchinsonResult>;
  dispose(): Promise<void>;
}

/** What several measures need, made when the first one asks. */
function sharedParts(request: MeasureRequest, signal: AbortSignal | undefined): SharedParts {
  const { backend, trainable, probe, head, breathe } = request;
  let lastLayer: Promise<LastLayer> | undefined;
  let oracle: Promise<FlatnessOracle> | undefined;
  let random: Promise<HutchinsonResult> | undefined;
  const parts: SharedParts = {
    lastLayer: () => (lastLayer ??= lastLayerActivations(backend, trainable, probe, breathe)),
    oracle: () =>
      (oracle ??= createFlatnessOracle({
        backend,
        trainable,
        probe,
        head,
        breathe,
        ...(signal === undefined ? {} : { signal }),
      })),
    async random(options) {
      const made = await parts.oracle();
      random ??= hutchinson(made, made.weights, { ...options, samples: hutchinsonSamples });
      return random;
    },
    async dispose() {
      // One that could not be made is nothing to give back.
      await (await oracle?.catch(() => undefined))?.dispose();
    },
  };
  return parts;
}

async function lastLayerValue(id: LastLayerId, request: MeasureRequest, shared: SharedParts): Promise<number> {
  const { options, ...all } = await shared.lastLayer();
  const { batch, trainingRows } = request;
  // The kernel alone, as in basin.torch: the bias is a weight whose input is always 1.
  return lastLayerEstimateOverBatches(id, all, batch, { ...options, trainingRows });
}

async function networkValue(id: NetworkId, shared: SharedParts, options: RunOptions): Promise<Measured> {
  const oracle = await shared.oracle();
  const { weights } = oracle;
  switch (id) {
    case "keskar": {
      const [wide, narrow] = await keskarSharpness(oracle, weights, { ...options, epsilons: [1e-3, 5e-4] });
      if (wide === undefined || narrow === undefined) throw new BasinError("internal", "Keskar's measure is missing.");
      return {
        value: wide.sharpness,
        details: { "keskar-0.0005": narrow.sharpness, "gradient-norm": wide.gradientNorm },
      };
    }
    case "top-eigenvalue": {
      const { eigenvalue, residual } = await topEigenvalue(oracle, weights, { ...options, tolerance: topTolerance });
      return { value: eigenvalue, details: { "top-eigenvalue.residual": residual } };
    }
    case "lanczos": {
      const { largest, smallest } = await lanczos(oracle, weights, options);
      return { value: largest, details: { "lanczos-smallest": smallest } };
    }
    case "hutchinson-trace": {
      const { trace, traceError } = await shared.random(options);
      return { value: trace, details: { "hutchinson-trace.se": traceError } };
    }
    case "hutchinson-frobenius": {
      const { frobenius, frobeniusError } = await shared.random(options);
      return { value: frobenius, details: { "hutchinson-frobenius.se": frobeniusError } };
    }
    case "sam": {
      const { value, gradientNorm } = await samSharpness(oracle, weights, options);
      return { value, details: { "gradient-norm": gradientNorm } };
    }
    case "average-case":
      break;
  }
  const { value, error } = await averageCaseSharpness(oracle, weights, options);
  return { value, details: { "average-case.se": error } };
}

/**
 * What a study measures of each trial of the built-in trainer: sharpness on a probe of training samples, embeddings of a probe
 * of validation samples. Called by the training loop between epochs and at the end.
 * Invariant: training goes on bit for bit as it would without; what fails is said in the log and never fails the trial.
 */
import { writeFile } from "node:fs/promises";
import { errorText } from "../../../core/errors.ts";
import type { Diagnostics, RtdDiagnostics, SharpnessDiagnostics } from "../../../core/study/diagnostics.ts";
import { npyOf } from "../../npy.ts";
import type { TrainerEvent } from "../../protocol.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { createBatches, type Batches } from "../data/batches.ts";
import type { Dataset, Part } from "../data/dataset.ts";
import type { TrainableModel } from "../models/trainable.ts";
import { embeddingOf } from "../probe/embedding.ts";
import { probeOf, type Probe } from "../probe/probe.ts";
import { measureSharpness } from "./measure.ts";

export interface TrialDiagnosticsOptions {
  readonly asked: Diagnostics;
  readonly backend: LoadedBackend;
  readonly trainable: TrainableModel;
  readonly dataset: Dataset;
  readonly splitSeed: number;
  /** Samples of a mini-batch that the trial trains with. */
  readonly batchSize: number;
  readonly send: (event: Extract<TrainerEvent, { readonly type: "sharpness" | "embedding" }>) => void;
  readonly log: (message: string) => void;
  /** For embeddings too large for an event; undefined = they are not sent. */
  readonly folder?: string;
}

/** When the loop asks. */
export interface Moment {
  /** Epochs done. */
  readonly epoch: number;
  /** These are the weights of the final metrics. */
  readonly final: boolean;
  /** Final weights that are not those of the last epoch: early stopping has gone back. */
  readonly restored?: boolean;
  readonly breathe: () => Promise<void>;
  /** Ends what is under way. */
  readonly stopping: () => boolean;
}

export interface TrialDiagnostics {
  /** The samples on which the untrained model's loss is wanted; undefined = nobody asks for it. */
  readonly baselineOn?: (() => Part) | undefined;
  /** Measures what is due; gives the sharpness as metrics. */
  at(moment: Moment): Promise<Readonly<Record<string, number>>>;
}

/** Bytes of an embedding that still goes into one event, which is at most 16 MiB of base64. */
const largestInline = 8 * 1024 ** 2;

export function createTrialDiagnostics(options: TrialDiagnosticsOptions): TrialDiagnostics {
  const { asked } = options;
  const sharpness = asked.sharpness === undefined ? undefined : sharpnessOf(options, asked.sharpness);
  const embeddings = asked.rtd === undefined ? undefined : embeddingsOf(options, asked.rtd);
  const { baseline, samples } = asked.sharpness ?? {};
  return {
    baselineOn:
      baseline === undefined || samples === undefined
        ? undefined
        : () => probeOf(options.dataset, "train", samples, options.splitSeed).part,
    async at(moment) {
      const metrics = (await sharpness?.(moment)) ?? {};
      await embeddings?.(moment);
      return metrics;
    },
  };
}

const isDue = ({ epoch, final }: Moment, every: number | undefined, also?: number): boolean =>
  final || (every !== undefined && epoch % every === 0) || epoch === also;

/** Lends the probe's batches to `use`; they hold memory of the back end only meanwhile. */
async function withBatches<T>(
  { backend, dataset }: TrialDiagnosticsOptions,
  probe: Probe,
  use: (batches: Batches) => Promise<T>,
): Promise<T> {
  const batches = createBatches(backend.tf, probe.part, dataset.inputShape, backend.largestTensor);
  try {
    return await use(batches);
  } finally {
    batches.dispose();
  }
}

type Measuring<T> = (moment: Moment) => Promise<T | undefined>;

function sharpnessOf(
  options: TrialDiagnosticsOptions,
  asked: SharpnessDiagnostics,
): Measuring<Readonly<Record<string, number>>> {
  const { backend, batchSize, dataset, log, send, splitSeed, trainable } = options;
  const every = asked.at === "end" ? undefined : asked.at;
  const batch = asked.batch === "trial" ? batchSize : asked.batch;
  const failed = new Set<string>();
  let probe: Probe | undefined;
  let last: { readonly epoch: number; readonly metrics: Readonly<Record<string, number>> } | undefined;
  return async (moment) => {
    if (!isDue(moment, every, asked.alsoAt)) return undefined;
    const { epoch, restored = false } = moment;
    if (last?.epoch === epoch && !restored) return last.metrics;
    const controller = new AbortController();
    const breathe = async (): Promise<void> => {
      await moment.breathe();
      if (moment.stopping()) controller.abort();
    };
    const head = { output: trainable.output, width: dataset.outputs, labelSmoothing: 0 };
    const metrics: Record<string, number> = {};
    try {
      probe ??= probeOf(dataset, "train", asked.samples, splitSeed);
      const outcomes = await withBatches(options, probe, (batches) =>
        measureSharpness(
          { backend, trainable, probe: batches, head, batch, trainingRows: dataset.train.rows, breathe },
          asked.estimators,
          { signal: controller.signal },
        ),
      );
      for (const [id, outcome] of outcomes) {
        if (outcome.kind === "measured") {
          const { value, details } = outcome.measured;
          metrics[id] = value;
          Object.assign(metrics, details);
        } else if (!failed.has(id)) {
          failed.add(id);
          log(`Sharpness ${id} could not be measured: ${outcome.reason}`);
        }
      }
    } catch (error) {
      log(`Sharpness was not measured after epoch ${epoch}: ${errorText(error)}`);
      return undefined;
    }
    const said = last?.epoch === epoch;
    const named = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`sharpness.${name}`, value]));
    if (!said) {
      for (const [estimator, value] of Object.entries(metrics))
        send({ type: "sharpness", estimator, value, step: epoch });
    }
    last = { epoch, metrics: named };
    return named;
  };
}

function embeddingsOf(options: TrialDiagnosticsOptions, asked: RtdDiagnostics): Measuring<void> {
  const { backend, dataset, folder, log, send, splitSeed, trainable } = options;
  const name = asked.layer ?? "penultimate";
  let probe: Probe | undefined;
  let lastEpoch = -1;
  let failed = false;
  return async (moment) => {
    const { epoch, restored = false } = moment;
    if (failed || !isDue(moment, asked.everyEpochs) || (lastEpoch === epoch && !restored)) return;
    try {
      if (dataset.validation.rows < asked.samples) {
        failed = true;
        log(
          `No embeddings: the validation part has ${dataset.validation.rows} samples, fewer than the ${asked.samples} that are to be compared. Lower \`samples\` in the study's diagnostics.`,
        );
        return;
      }
      probe ??= probeOf(dataset, "validation", asked.samples, splitSeed);
      const { shape, values } = await withBatches(options, probe, (batches) =>
        embeddingOf(backend, trainable, batches, asked.layer, moment.breathe),
      );
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      const event = { type: "embedding", name, step: epoch, indexHash: probe.indexHash } as const;
      if (bytes.length <= largestInline)
        send({ ...event, array: { shape: [...shape], data: bytes.toString("base64") } });
      else if (folder === undefined) throw new Error(`its ${bytes.length} bytes are too many to be sent`);
      else {
        const file = `embedding-${epoch}.npy`;
        await writeFile(`${folder}/${file}`, npyOf(shape, bytes));
        send({ ...event, array: { npy: file } });
      }
      lastEpoch = epoch;
    } catch (error) {
      failed = true;
      log(`The embedding could not be taken: ${errorText(error)}`);
    }
  };
}

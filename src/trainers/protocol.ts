/**
 * The trainer protocol, version 1: the same for TensorFlow.js, Python and any program.
 *
 * In: environment (`BASIN_PROTOCOL`, `BASIN_STUDY`, `BASIN_TRIAL`, `BASIN_ATTEMPT`, `BASIN_SEED`, `BASIN_SPLIT_SEED`,
 * `BASIN_PARAMS` = JSON (absent when too long for a variable), `BASIN_PARAMS_FILE` = path of the same, `BASIN_PARAM_<NAME>`
 * each, `BASIN_TRIAL_FOLDER`, `BASIN_CHECKPOINT_DIR`, `BASIN_DATA_ROOT` = folder of the study file, `BASIN_THREADS`,
 * `BASIN_UNTIL_STEP` = stop there, `BASIN_GRADIENT_OF` = a metric whose derivatives by hyperparameters the sampler would like
 * among the final metrics, as `hypergradient.<parameter>`, `BASIN_TUNE_ONLINE` = JSON of the study's `tuneOnline` (`TuneOnline`
 * of core/study/definition.ts): rates to adapt while training, whose start values are among the parameters,
 * `BASIN_DIAGNOSTICS` = JSON of the study's `diagnostics` with every default filled in, `BASIN_TRAINER_FILE` for the built-in
 * trainer, `BASIN_MARKER`), the argument template, and commands as JSON lines on standard input. Out: events as JSON text
 * sequences (RFC 7464: RS 0x1E, JSON, LF) on standard output; everything else on standard output and standard error is log.
 *
 * A rung (`BASIN_UNTIL_STEP`): the trainer reports that step, writes a checkpoint of exactly that step, sends its `checkpoint`
 * event and ends with exit code 0 without `done`, which means "paused here". Plans (schedules of the learning rate ...) are
 * those of the whole run. A rung at or beyond the last step is none. An attempt that finds the rung reached says its report
 * again and ends.
 *
 * Going on from another trial: the engine puts a copy of that trial's checkpoint, and nothing else, into this one's
 * `BASIN_CHECKPOINT_DIR` before the attempt starts. The trainer takes over weights and optimizer state, and its own parameters
 * wherever they differ; where they shape the model it fails with a reason. `BASIN_HD_COPY` = copy | perturb (default) | reset |
 * keep: what becomes of rates that adapt themselves (the other trial's; those, moved by a fifth up or down; the start values;
 * this trial's own, which then are its parameters).
 * Invariant: standard input closing means that the engine is gone: a trainer that speaks the protocol then exits.
 */
import { z } from "zod";

export const trainerProtocolVersion = 1;

/** JSON has no NaN: non-finite numbers travel as strings, so that a diverged training is reported and not hidden. */
const wireNumber = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform((text) => Number(text))]);

const metricsSchema = z.record(z.string().min(1).max(200), wireNumber);

/** base64 of little-endian float32, row-major; or the path of a .npy file inside the trial's folder. */
const arraySchema = z.union([
  z.object({ shape: z.array(z.int().nonnegative()).max(8), data: z.string() }),
  z.object({ npy: z.string().min(1) }),
]);

export const trainerEventSchema = z.discriminatedUnion("type", [
  /** First event: what runs, and where. `steps` = epochs planned. */
  z.object({
    type: z.literal("started"),
    protocol: z.int(),
    backend: z.string().max(200).optional(),
    device: z.string().max(200).optional(),
    threads: z.int().nonnegative().optional(),
    steps: z.int().positive().optional(),
  }),
  /** Metrics after a step (epoch); steps are 1-based and increase. `repeated`: an earlier run trained it and may have said so. */
  z.object({
    type: z.literal("report"),
    step: z.int().nonnegative(),
    metrics: metricsSchema,
    repeated: z.boolean().optional(),
  }),
  /** Nothing new, still alive; `fraction` of the current step in [0, 1] if known. */
  z.object({ type: z.literal("heartbeat"), fraction: z.number().min(0).max(1).optional() }),
  z.object({
    type: z.literal("embedding"),
    name: z.string().max(200),
    step: z.int().nonnegative().optional(),
    indexHash: z.string().max(200).optional(),
    array: arraySchema,
  }),
  z.object({
    type: z.literal("sharpness"),
    estimator: z.string().max(200),
    value: wireNumber,
    step: z.int().nonnegative().optional(),
  }),
  z.object({ type: z.literal("checkpoint"), step: z.int().nonnegative(), path: z.string().min(1) }),
  /** Final metrics; ones missing here are taken from the last report. */
  z.object({ type: z.literal("done"), metrics: metricsSchema }),
  z.object({ type: z.literal("failed"), reason: z.string().max(10_000) }),
]);

export type TrainerEvent = z.infer<typeof trainerEventSchema>;
export type WireArray = z.infer<typeof arraySchema>;

export type TrainerCommand =
  /** End soon: no further step. `reason` for the trainer's log. */
  { readonly type: "stop"; readonly reason: string } | { readonly type: "checkpoint" };

export const recordSeparator = "\x1e";

/** An event as it goes over standard output. Non-finite numbers become strings. */
export function encodeEvent(event: TrainerEvent): string {
  const text = JSON.stringify(event, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
  return `${recordSeparator}${text}\n`;
}

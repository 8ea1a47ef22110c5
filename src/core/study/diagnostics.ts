/**
 * The `diagnostics` part of a study: what is measured of a trial beside its metrics. Types for everybody, and its Zod schema.
 * Invariant: absent parts measure nothing; what is there has every default filled in.
 */
import { z } from "zod";
import { estimators, type EstimatorId, lastLayerIds, networkIds, defaultEstimators } from "../sharpness.ts";

/** Sharpness of every trial's weights, reported as metrics `sharpness.<estimator>`. */
export interface SharpnessDiagnostics {
  /** Not empty, each once. */
  readonly estimators: readonly EstimatorId[];
  /** Every so many epochs and at the end; "end" = at the end alone. */
  readonly at: "end" | number;
  /** Training samples of the probe; all of them where there are fewer. */
  readonly samples: number;
  /**
   * Samples of a mini-batch, for the measures of the last layer: the largest value over the batches counts. "trial" = as many
   * as the trial trains with.
   */
  readonly batch: number | "trial";
  /** After this epoch as well; set where the study's scheduler chooses by it. */
  readonly alsoAt?: number;
  /** Whether `baseline_loss` is reported with the first epoch; set where the study's scheduler chooses by it. */
  readonly baseline?: true;
}

export const rtdVariants = ["one-to-noise", "one-to-top-performer", "one-to-all"] as const;
export type RtdVariant = (typeof rtdVariants)[number];

/** Representation topology divergence of every trial's embedding of the same validation samples. */
export interface RtdDiagnostics {
  readonly variant: RtdVariant;
  /** Shown beside the metrics; the one thing that is optimised; or a second objective beside the study's own. Maximised. */
  readonly use: "diagnostic" | "objective" | "second-objective";
  /** Validation samples that are embedded. */
  readonly samples: number;
  /** Layer whose output is the embedding; undefined = the input of the last dense layer. */
  readonly layer?: string;
  /** Columns of the noise: a number, the embedding's own width, or the embedding with its rows shuffled instead of noise. */
  readonly noiseWidth: number | "match" | "shuffle";
  /** Most trials that one is compared with (one-to-all). */
  readonly references: number;
  /** Whether a value stays as it was when its trial ended, or follows the best trial and the set of trials. */
  readonly refresh: "frozen" | "refresh";
  /** Embed every so many epochs as well; undefined = at the end alone. */
  readonly everyEpochs?: number;
}

export interface Diagnostics {
  readonly rtd?: RtdDiagnostics;
  readonly sharpness?: SharpnessDiagnostics;
}

export const estimatorIds: readonly EstimatorId[] = [...lastLayerIds, ...networkIds];

/** What is measured where a study says no more than `sharpness: {}`. */
export const sharpnessDefaults = {
  estimators: defaultEstimators,
  at: "end",
  samples: 1024,
  batch: 64,
} as const satisfies SharpnessDiagnostics;

const estimatorId = z.enum([...lastLayerIds, ...networkIds]).meta({
  enumDescriptions: estimatorIds.map((id) => `${estimators[id].label}: ${estimators[id].formula}.`),
});

const sharpnessSchema = z
  .strictObject({
    estimators: z
      .array(estimatorId)
      .min(1)
      .default([...sharpnessDefaults.estimators])
      .describe(
        "Which measures. Those of the last layer (theorem1 to exact-top) cost next to nothing; those of the whole network (keskar to average-case) cost tens of gradients over the probe.",
      )
      .meta({ examples: [["exact-frobenius", "keskar"]] }),
    at: z
      .union([z.literal("end"), z.int().min(1).max(1_000_000)])
      .default(sharpnessDefaults.at)
      .describe("`end`, or a number: every so many epochs and at the end.")
      .meta({ examples: ["end", 5] }),
    samples: z
      .int()
      .min(16)
      .max(100_000)
      .default(sharpnessDefaults.samples)
      .describe("Training samples that are measured on, the same for every trial, every class in its share."),
    batch: z
      .union([z.int().min(1).max(100_000), z.literal("trial")])
      .default(sharpnessDefaults.batch)
      .describe(
        "Samples of a mini-batch, for the measures of the last layer: the largest value over the batches counts. `trial`: as many as the trial trains with.",
      )
      .meta({ examples: [64, "trial"] }),
  })
  .describe(
    "Sharpness of every trial's weights, as metrics `sharpness.<estimator>`. None of these measures is known to predict generalisation; docs/flatness.md says what each one tells.",
  );

const rtdSchema = z
  .strictObject({
    variant: z
      .enum(rtdVariants)
      .default("one-to-noise")
      .describe("What a trial's embedding is compared with.")
      .meta({
        enumDescriptions: [
          "One fixed draw of Gaussian noise: how much structure the embedding has.",
          "The embedding of the best trial so far.",
          "The embeddings of the other trials, on average.",
        ],
      }),
    use: z
      .enum(["diagnostic", "objective", "second-objective"])
      .default("diagnostic")
      .describe("What the divergence is for. It is maximised where it is an objective.")
      .meta({
        enumDescriptions: [
          "Shown beside the metrics.",
          "Optimised instead of the study's objective, by which the best trial is still named (one-to-noise only).",
          "Optimised together with the study's objective: the trials show the trade-offs.",
        ],
      }),
    samples: z
      .int()
      .min(8)
      .max(4096)
      .default(128)
      .describe("Validation samples that are embedded, the same for every trial, every class in its share."),
    layer: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("Name of the layer whose output is the embedding. Without it, what the last dense layer gets.")
      .meta({ examples: ["flatten6"] }),
    noiseWidth: z
      .union([z.int().min(1).max(65_536), z.enum(["match", "shuffle"])])
      .optional()
      .describe(
        "Columns of the noise: a number; `match`, as many as the embedding has; `shuffle`, the embedding with its rows shuffled. Without it, 256 or the largest width of the space.",
      )
      .meta({ examples: [256, "match"] }),
    references: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe("Most trials that one is compared with (one-to-all); chosen far apart from each other."),
    refresh: z
      .enum(["frozen", "refresh"])
      .optional()
      .describe(
        "`frozen`: a value stays as it was when its trial ended, the default. `refresh`: it follows the best trial and the set of trials, the default of one-to-top-performer.",
      ),
    everyEpochs: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe("Embed every so many epochs as well. Without it, at the end of a trial alone."),
  })
  .describe("Representation topology divergence (RTD) of what every trial has learnt.");

export const diagnosticsSchema = z
  .strictObject({ rtd: rtdSchema.optional(), sharpness: sharpnessSchema.optional() })
  .optional()
  .describe("What is measured of every trial beside its metrics: sharpness, and topology of its embeddings (RTD).")
  .meta({ examples: [{ sharpness: { estimators: ["exact-frobenius"] } }, { rtd: { variant: "one-to-noise" } }] });

export type RawDiagnostics = NonNullable<z.output<typeof diagnosticsSchema>>;

/**
 * What may be asked about the loss around a trial's weights, checked, with its defaults.
 * Invariant: the result is complete, with its keys always in the same order, so that equal requests are equal texts.
 */
import { z } from "zod";
import type { FlatnessRequest } from "../../core/flatness.ts";
import { estimatorIds, sharpnessDefaults } from "../../core/study/diagnostics.ts";

const seed = z
  .int()
  .min(0)
  .max(2 ** 31)
  .default(0);
const samplesOf = (fallback: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(100_000).default(fallback);
const pointsOf = (fallback: number, most: number): z.ZodDefault<z.ZodInt> => z.int().min(2).max(most).default(fallback);
/** In lengths of each filter's own weights. */
const reach = z.number().positive().max(100).default(1);

/** Pictures are drawn from hundreds of losses; a fourth of the probe of the measures keeps them quick. */
const pictureSamples = 256;

export const flatnessQuestionSchema = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z.literal("sharpness"),
      estimators: z
        .array(z.enum(estimatorIds))
        .min(1)
        .default([...sharpnessDefaults.estimators])
        // In one order and each once: the same measures are the same question.
        .transform((ids) => estimatorIds.filter((id) => ids.includes(id))),
      batch: z.int().min(1).max(100_000).default(sharpnessDefaults.batch),
      samples: samplesOf(sharpnessDefaults.samples),
    }),
    z.object({
      kind: z.literal("line"),
      points: pointsOf(51, 2001),
      reach,
      seed,
      samples: samplesOf(pictureSamples),
    }),
    z.object({
      kind: z.literal("plane"),
      points: pointsOf(25, 201),
      reach,
      seed,
      samples: samplesOf(pictureSamples),
    }),
    z.object({
      kind: z.literal("spectrum"),
      steps: z.int().min(1).max(500).default(20),
      starts: z.int().min(1).max(100).default(1),
      points: pointsOf(201, 5001),
      seed,
      samples: samplesOf(sharpnessDefaults.samples),
    }),
    z.object({
      kind: z.literal("path"),
      to: z.int().nonnegative(),
      points: pointsOf(25, 2001),
      samples: samplesOf(pictureSamples),
    }),
  ])
  .transform((request): FlatnessRequest =>
    request.kind === "sharpness" ? { ...request, estimators: [...new Set(request.estimators)] } : request,
  );

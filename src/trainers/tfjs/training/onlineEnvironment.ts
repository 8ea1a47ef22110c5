/**
 * What the trial's environment says of rates that are tuned online (`BASIN_TUNE_ONLINE`, see protocol.ts).
 * Invariant: what cannot be understood fails the trial; it is never trained with other rates than the study asked for.
 */
import { z } from "zod";
import { BasinError } from "../../../core/errors.ts";
import type { TuneOnline } from "../../../core/study/definition.ts";

const rate = z.object({ name: z.string(), start: z.number(), low: z.number(), high: z.number() });
const schema = z.object({
  rule: z.enum(["cosine", "raw"]),
  learningRate: rate.optional(),
  momentum: rate.optional(),
});

/**
 * @param text the variable's value; undefined or empty = nothing is tuned online
 * @throws BasinError "trainer" when it is no such description
 */
export function readTuneOnline(text: string | undefined): TuneOnline | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const { rule, learningRate, momentum } = schema.parse(JSON.parse(text));
    return {
      rule,
      ...(learningRate === undefined ? {} : { learningRate }),
      ...(momentum === undefined ? {} : { momentum }),
    };
  } catch (error) {
    throw new BasinError("trainer", "BASIN_TUNE_ONLINE cannot be understood.", "The engine writes it.", {
      cause: error,
    });
  }
}

/**
 * What the trial's environment says of rates that adapt themselves (`BASIN_TUNE_ONLINE`, `BASIN_HD_COPY`, see protocol.ts).
 * Invariant: what cannot be understood fails the trial; it is never trained with other rates than the study asked for.
 */
import { z } from "zod";
import { BasinError } from "../../../core/errors.ts";
import type { TuneOnline } from "../../../core/study/definition.ts";
import { hdCopyPolicies, type HdCopy } from "./takeOver.ts";

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

/**
 * @param text the variable's value; undefined or empty = "perturb"
 * @throws BasinError "trainer" for a word that is no policy
 */
export function readHdCopy(text: string | undefined): HdCopy {
  if (text === undefined || text === "") return "perturb";
  const policy = hdCopyPolicies.find((known) => known === text);
  if (policy === undefined)
    throw new BasinError("trainer", `BASIN_HD_COPY is "${text}".`, `It is one of ${hdCopyPolicies.join(", ")}.`);
  return policy;
}

/**
 * What a sampler's file exports for the registry.
 * Invariant: `create` checks its options against the entry's own schema, so an instance never sees a wrong option.
 */
import type { z } from "zod";
import { BasinError } from "../core/errors.ts";
import type { MethodInfo } from "../core/study/catalog.ts";
import { observingRungs } from "./rungObservations.ts";
import type { Sampler, SamplerContext } from "./sampler.ts";

export interface SamplerEntry extends MethodInfo {
  /** Proposes each configuration once and then throws `space-exhausted`. */
  readonly exhausts?: true;
  /** A suggestion may take longer than the engine may be kept from its other work: it is computed in a worker thread. */
  readonly heavy?: true;
  /** What finished trials must carry for this study, where that depends on the study; else see `needs`. */
  readonly needsIn?: (context: SamplerContext) => SamplerEntry["needs"];
  /** What it will do with a study and why, in one line for people; only where the kind alone does not say it. */
  readonly explain?: (context: SamplerContext) => string;
  /** @throws BasinError `invalid-study` when an option is wrong */
  create(context: SamplerContext, options: Readonly<Record<string, unknown>>): Sampler;
}

/** Ties an options schema to the function that takes its output. */
export function defineSampler<Options extends z.ZodObject>(
  info: Omit<SamplerEntry, "options" | "create"> & { readonly options: Options },
  create: (context: SamplerContext, options: z.output<Options>) => Sampler,
): SamplerEntry {
  return {
    ...info,
    create: (context, options) => {
      const parsed = info.options.safeParse(options);
      if (parsed.success) {
        const { data } = parsed;
        // The study's stream from its beginning: what is drawn once is the same for every instance.
        return observingRungs(() => create({ ...context, rng: context.rng.restart() }, data));
      }
      const issue = parsed.error.issues[0];
      throw new BasinError(
        "invalid-study",
        `Sampler ${info.kind}: ${issue?.path.join(".") ?? "options"}: ${issue?.message ?? "wrong option"}`,
        "Completion in the study file lists its options.",
      );
    },
  };
}

/**
 * What a scheduler's file exports for the registry.
 * Invariant: `create` checks its options against the entry's own schema, so an instance never sees a wrong option.
 */
import type { z } from "zod";
import { BasinError } from "../core/errors.ts";
import type { MethodInfo } from "../core/study/catalog.ts";
import type { Scheduler } from "./scheduler.ts";

export interface SchedulerEntry extends MethodInfo {
  /** @throws BasinError `invalid-study` when an option is wrong */
  create(options: Readonly<Record<string, unknown>>): Scheduler;
}

/** Ties an options schema to the function that takes its output. */
export function defineScheduler<Options extends z.ZodObject>(
  info: Omit<MethodInfo, "options"> & { readonly options: Options },
  create: (options: z.output<Options>) => Scheduler,
): SchedulerEntry {
  return {
    ...info,
    create: (options) => {
      const parsed = info.options.safeParse(options);
      if (parsed.success) return create(parsed.data);
      const issue = parsed.error.issues[0];
      throw new BasinError(
        "invalid-study",
        `Scheduler ${info.kind}: ${issue?.path.join(".") ?? "options"}: ${issue?.message ?? "wrong option"}`,
        "Completion in the study file lists its options.",
      );
    },
  };
}

/**
 * All schedulers. A new one is one file and one line here.
 * Invariant: kinds are unique.
 */
import { BasinError } from "../core/errors.ts";
import type { Choice } from "../core/study/definition.ts";
import type { SchedulerEntry } from "./entry.ts";
import { medianScheduler } from "./median.ts";
import { noneScheduler } from "./none.ts";
import type { Scheduler } from "./scheduler.ts";

export const schedulers: readonly SchedulerEntry[] = [noneScheduler, medianScheduler];

/**
 * The scheduler a study asks for.
 * @throws BasinError `invalid-study` for an unknown kind or a wrong option
 */
export function createScheduler(choice: Choice): Scheduler {
  const entry = schedulers.find((candidate) => candidate.kind === choice.kind);
  if (entry !== undefined) return entry.create(choice.options);
  const known = schedulers.map((candidate) => candidate.kind).join(", ");
  throw new BasinError("invalid-study", `There is no scheduler "${choice.kind}".`, `Known schedulers: ${known}.`);
}

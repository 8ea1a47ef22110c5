/**
 * All schedulers. A new one is one file and one line here.
 * Invariant: kinds are unique.
 */
import { BasinError } from "../core/errors.ts";
import type { Choice } from "../core/study/definition.ts";
import { ashaScheduler } from "./asha.ts";
import { asyncHyperbandScheduler } from "./asyncHyperband.ts";
import { bohbScheduler } from "./bohb.ts";
import { dehbScheduler } from "./dehb.ts";
import type { SchedulerEntry } from "./entry.ts";
import { fghpoScheduler } from "./fghpo.ts";
import { freezeThawScheduler } from "./freezeThaw.ts";
import { hyperbandScheduler } from "./hyperband.ts";
import { medianScheduler } from "./median.ts";
import { multiObjectiveAshaScheduler } from "./multiObjectiveAsha.ts";
import { noneScheduler } from "./none.ts";
import { pb2Scheduler } from "./pb2.ts";
import { pbtScheduler } from "./pbt.ts";
import { percentileScheduler } from "./percentile.ts";
import { priorbandScheduler } from "./priorband.ts";
import type { Scheduler } from "./scheduler.ts";
import { successiveHalvingScheduler } from "./successiveHalving.ts";

export const schedulers: readonly SchedulerEntry[] = [
  noneScheduler,
  medianScheduler,
  percentileScheduler,
  ashaScheduler,
  asyncHyperbandScheduler,
  multiObjectiveAshaScheduler,
  successiveHalvingScheduler,
  hyperbandScheduler,
  bohbScheduler,
  dehbScheduler,
  priorbandScheduler,
  freezeThawScheduler,
  pbtScheduler,
  pb2Scheduler,
  fghpoScheduler,
];

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

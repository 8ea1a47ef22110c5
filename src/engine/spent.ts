/**
 * What a study has used up so far, trials under way included.
 * Invariant: reads only.
 */
import type { Spent } from "./budget.ts";
import type { LiveTrials } from "./liveTrials.ts";
import type { Study } from "./study.ts";

/** O(slots). @param live trials under way, if the study may have any */
export function spentOf(study: Study, live: LiveTrials | undefined): Spent {
  const { parts, definition } = study;
  let { steps, busyMs } = study.attempts.spent;
  const now = parts.clock.now();
  for (const run of live?.active.values() ?? []) {
    if (run.settled) continue;
    const { from, to } = run.trainedSteps;
    steps += to - from;
    busyMs += Math.max(0, now - run.startedAt);
  }
  const gpus = definition === undefined ? 0 : (parts.executor.gpusOf?.(definition) ?? 0);
  return { steps, busyMs, gpuMs: busyMs * gpus, begun: study.attempts.spent.begun };
}

/**
 * The text by which every process of a trial's attempt is recognised, however far it has strayed from its parent.
 * Invariant: two attempts on one machine never share a marker.
 */
import { createHash } from "node:crypto";
import type { TrialJob } from "./executor.ts";

/** `basin-<hash of the trial's folder>-<trial>-<attempt>`: the same in every engine that comes to know the job. O(1). */
export function markerOf(job: Pick<TrialJob, "trialFolder" | "number" | "attempt">): string {
  const hash = createHash("sha256").update(job.trialFolder).digest("hex").slice(0, 16);
  return `basin-${hash}-${job.number}-${job.attempt}`;
}

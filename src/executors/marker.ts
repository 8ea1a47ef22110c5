/**
 * The text by which every process of a trial's attempt is recognised, however far it has strayed from its parent.
 * Invariant: two attempts on one machine never share a marker, except those that one process serves in turn.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import type { TrainerSpec } from "../core/study/definition.ts";
import type { TrialJob } from "./executor.ts";

/** What follows a marker in BASIN_MARKER where several processes in turn go by it: marker, this, a serial number. */
export const markerSeparator = ":";

/**
 * Whether a trial's process may serve the next trial of its slot: for the built-in models. A user's module cannot be
 * unloaded, and what it leaves behind nobody knows.
 */
export function sharesProcess(trainer: TrainerSpec): boolean {
  return trainer.kind === "tfjs" && trainer.process !== "fresh" && /^\w+$/.test(trainer.model);
}

/**
 * `basin-<hash of the trial's folder>-<trial>-<attempt>`, or `basin-<hash of the folder of trials>-slot-<slot>` where a
 * process serves several trials: the same in every engine that comes to know the job, and known before anything runs. O(1).
 */
export function markerOf(job: Pick<TrialJob, "study" | "trialFolder" | "number" | "attempt" | "slot">): string {
  const { study, trialFolder, number, attempt, slot } = job;
  return sharesProcess(study.trainer)
    ? `basin-${hashOf(path.dirname(trialFolder))}-slot-${slot}`
    : `basin-${hashOf(trialFolder)}-${number}-${attempt}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

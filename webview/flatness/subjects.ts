/**
 * Whose weights are looked at, and how far the jobs on them are.
 * Invariant: of several jobs that answer the same, a finished one counts before any other, and then the latest.
 */
import type { FlatnessKind } from "../../src/core/flatness.ts";
import type { FlatnessJob } from "../../src/protocol/flatness.ts";

/** Lines that can be told apart in one chart. */
export const mostLines = 4;

/** The selected trials, else the best one. */
export function subjectsOf(selected: ArrayLike<number>, best: number, most: number): readonly number[] {
  const own = Array.from({ length: Math.min(selected.length, most) }, (_, i) => selected[i]!);
  return own.length > 0 ? own : best >= 0 ? [best] : [];
}

const rank: Readonly<Record<FlatnessJob["state"], number>> = {
  done: 3,
  running: 2,
  waiting: 2,
  failed: 1,
  cancelled: 0,
};

/** The job that says most about `kind` of a trial (for a path: to the other trial). */
export function jobFor(
  jobs: readonly FlatnessJob[],
  kind: FlatnessKind,
  number: number,
  to?: number,
): FlatnessJob | undefined {
  let best: FlatnessJob | undefined;
  for (const job of jobs) {
    const { request } = job;
    if (job.number !== number || request.kind !== kind) continue;
    if (request.kind === "path" && request.to !== to) continue;
    if (job.state === "cancelled") continue;
    if (
      best === undefined ||
      rank[job.state] > rank[best.state] ||
      (rank[job.state] === rank[best.state] && job.at > best.at)
    )
      best = job;
  }
  return best;
}

/**
 * Watching a study until it no longer runs.
 * Invariant: every trial that ends while it is watched is shown exactly once, in the order in which they ended.
 */
import { isBetter } from "../core/objective.ts";
import type { StudySummary, TrialRow } from "../protocol/engine.ts";
import type { ProgressView } from "./progress.ts";
import type { Asker } from "./session.ts";

const finalStates = ["complete", "pruned", "failed"] as const;
const page = 200;
/** Elapsed time and estimate move even when nothing else does. */
const tickMs = 1000;

/**
 * Resolves with the study as it is when it has left `running`.
 * @param since trials that ended before this time are not shown
 */
export async function followStudy(
  client: Asker,
  studyId: number,
  since: number,
  view: ProgressView,
  signal: AbortSignal,
): Promise<StudySummary> {
  const bell = createBell(signal);
  const leave = [
    client.onNotification("changed", ({ studies }) => {
      if (studies.some(({ id }) => id === studyId)) bell.ring();
    }),
    client.onNotification("study.ended", (ended) => {
      if (ended.studyId === studyId) bell.ring();
    }),
  ];
  const shown = new Set<number>();
  let known = 0;
  let best = Number.NaN;
  const showFinished = async (summary: StudySummary): Promise<void> => {
    const wanted = finalStates.reduce((sum, state) => sum + summary.counts[state], 0) - known;
    if (wanted <= 0) return;
    const fresh: TrialRow[] = [];
    for (let offset = 0; fresh.length < wanted; offset += page) {
      const { rows } = await client.request("trial.rows", {
        studyId,
        sort: "number",
        states: finalStates,
        offset,
        limit: page,
      });
      for (const row of rows) if (!shown.has(row.number)) fresh.push(row);
      if (rows.length < page) break;
    }
    fresh.sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0) || a.number - b.number);
    for (const row of fresh) {
      shown.add(row.number);
      known += 1;
      const value = row.state === "complete" ? (row.values[0] ?? Number.NaN) : Number.NaN;
      const improved =
        summary.objectives.length === 1 && isBetter(value, best, summary.objectives[0]?.direction ?? "minimize");
      if (improved) best = value;
      if ((row.finishedAt ?? 0) >= since) view.finished(summary, row, known, improved);
    }
  };
  try {
    for (;;) {
      bell.reset();
      const summary = await client.request("study.get", { studyId });
      await showFinished(summary);
      if (summary.state !== "running") return summary;
      const { rows } = await client.request("trial.rows", {
        studyId,
        sort: "number",
        states: ["running"],
        offset: 0,
        limit: Math.max(1, summary.parallel),
      });
      view.update(summary, rows);
      if (signal.aborted) return summary;
      await bell.rung(tickMs);
    }
  } finally {
    for (const stop of leave) stop();
  }
}

interface Bell {
  readonly ring: () => void;
  readonly reset: () => void;
  /** Resolves when rung since the last reset, or after `timeoutMs`. */
  readonly rung: (timeoutMs: number) => Promise<void>;
}

function createBell(signal: AbortSignal): Bell {
  let on = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    on = true;
    wake();
  };
  signal.addEventListener("abort", ring);
  return {
    ring,
    reset: () => {
      on = signal.aborted;
    },
    rung: (timeoutMs) =>
      on
        ? Promise.resolve()
        : new Promise((resolve) => {
            const timer = setTimeout(resolve, timeoutMs);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          }),
  };
}

/**
 * Counts and the best trial of a study whose trials nobody has asked for: enough to list it, at a tenth of the work of its
 * index.
 * Invariant: holds what the index would say as long as the index is not loaded; changes go to a loaded index only, so whoever
 * has both asks the index.
 */
import { type Objective, toLoss } from "../core/objective.ts";
import { type TrialState, trialStates } from "../core/trial.ts";
import type { TrialStore } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import { ParetoFront } from "./paretoFront.ts";

const pageSize = 200;

/** A study in numbers. */
export interface StudyFacts {
  readonly count: number;
  /** Trials that took another one's place, and do not count against the budget. */
  readonly children: number;
  counts(): Record<TrialState, number>;
  /** Best complete trial by the first objective. */
  best(): number | undefined;
  /** Trials that no other one beats, with several objectives; else 0. */
  readonly paretoSize: number;
  /** Mean of the last durations of finished trials, ms; NaN if it is not known. */
  meanDuration(): number;
}

/** Reads the store in pages. O(trials). */
export async function tallyOf(
  store: TrialStore,
  studyId: number,
  objectives: readonly Objective[],
): Promise<StudyFacts> {
  const counts = Object.fromEntries(trialStates.map((state) => [state, 0])) as Record<TrialState, number>;
  const front = new ParetoFront();
  const direction = objectives[0]?.direction ?? "minimize";
  let best: number | undefined;
  let bestLoss = Number.POSITIVE_INFINITY;
  let count = 0;
  let children = 0;
  for (;;) {
    const page = store.outcomes(studyId, count, pageSize);
    for (const { number, state, values, isChild } of page) {
      counts[state] += 1;
      if (isChild) children += 1;
      if (state !== "complete") continue;
      const loss = toLoss(values[0] ?? Number.NaN, direction);
      if (best === undefined || loss < bestLoss) [best, bestLoss] = [number, loss];
      if (objectives.length > 1)
        front.add(
          number,
          objectives.map((objective, i) => toLoss(values[i] ?? Number.NaN, objective.direction)),
        );
    }
    count += page.length;
    if (page.length < pageSize) break;
    await breathe();
  }
  return {
    count,
    children,
    counts: () => ({ ...counts }),
    best: () => best,
    paretoSize: front.size,
    meanDuration: () => Number.NaN,
  };
}

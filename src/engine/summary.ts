/**
 * A study in one glance: counts, best, slots, remaining time.
 * Invariant: built from the study's facts in constant time; only the best trial's parameters are read from the store.
 */
import type { BestTrial, SlotStatus, StudyDetail, StudySummary } from "../protocol/engine.ts";
import { eta } from "./budget.ts";
import { spentOf } from "./spent.ts";
import type { Study } from "./study.ts";
import type { StudyRunner } from "./studyRunner.ts";
import { maxStepsOf } from "./verdicts.ts";
import type { StudyFacts } from "./tally.ts";

/** The best complete trial by the first objective. */
export function bestTrial(study: Study, facts: StudyFacts): BestTrial | undefined {
  const number = facts.best();
  const record = number === undefined ? undefined : study.parts.store.trial(study.id, number);
  return record === undefined ? undefined : { number: record.number, values: record.values, params: record.params };
}

/** O(slots). */
export function summaryOf(study: Study, runner: StudyRunner | undefined, facts: StudyFacts): StudySummary {
  const { record, definition } = study;
  const counts = facts.counts();
  const best = bestTrial(study, facts);
  const budget = definition?.budget;
  const now = study.parts.clock.now();
  const choice = study.samplerChoice;
  const slots: SlotStatus[] = [];
  const spent: number[] = [];
  /** Steps that running trials have still to train, as far as is known. */
  let ahead = 0;
  for (const run of runner?.live.active.values() ?? []) {
    if (run.settled) continue;
    const step = run.step;
    const steps = run.planned ?? plannedSteps(study);
    spent.push(Math.max(0, now - run.startedAt));
    ahead += Math.max(0, (run.untilStep ?? steps ?? 0) - (step ?? 0));
    slots.push({
      slot: run.slot,
      number: run.number,
      startedAt: run.startedAt,
      ...(step === undefined ? {} : { step }),
      ...(steps === undefined ? {} : { steps }),
      ...(run.placement === undefined ? {} : { placement: run.placement }),
    });
  }
  slots.sort((a, b) => a.slot - b.slot);
  const elapsedMs = study.elapsedMs();
  const used = spentOf(study, runner?.live);
  const etaMs =
    budget === undefined || record.state !== "running"
      ? undefined
      : eta({
          budget,
          given: facts.count - facts.children,
          elapsedMs,
          meanDuration: facts.meanDuration(),
          running: spent,
          waiting: counts.waiting,
          ...(definition?.scheduler.kind === "none" ? {} : { training: { spent: used, ahead } }),
        });
  const leftGpuMs =
    etaMs === undefined || used.busyMs === 0 ? 0 : etaMs * (budget?.parallel ?? 1) * (used.gpuMs / used.busyMs);
  return {
    id: study.id,
    name: record.name,
    path: record.path,
    generation: record.generation,
    state: record.state,
    reason: study.problem === "" || record.reason !== "" ? record.reason : study.problem,
    revision: study.parts.revisions.of(study.id),
    objectives: study.objectives,
    counts,
    parallel: budget?.parallel ?? 1,
    createdAt: record.createdAt,
    elapsedMs,
    slots,
    ...(facts.children === 0 ? {} : { children: facts.children }),
    ...(budget?.trials === undefined ? {} : { budgetTrials: budget.trials }),
    ...(budget?.time === undefined ? {} : { budgetMs: budget.time * 1000 }),
    ...(etaMs === undefined ? {} : { etaMs }),
    spent: { steps: used.steps, busyMs: used.busyMs, gpuMs: used.gpuMs },
    ...(leftGpuMs === 0 ? {} : { leftGpuMs }),
    ...(best === undefined ? {} : { best }),
    ...(choice === undefined ? {} : { samplerChoice: choice }),
    ...(study.objectives.length > 1 ? { paretoSize: facts.paretoSize } : {}),
  };
}

export function detailOf(study: Study, runner: StudyRunner | undefined, facts: StudyFacts): StudyDetail {
  const { record, definition } = study;
  const objective = record.objective;
  const reported = study.parts.store.reportedMetrics(study.id);
  return {
    ...summaryOf(study, runner, facts),
    space: definition?.space ?? [],
    text: record.text,
    format: record.format,
    trainerKind: definition?.trainer.kind ?? "none",
    sampler: definition?.sampler.kind ?? "",
    scheduler: definition?.scheduler.kind ?? "",
    curveMetrics: [...reported.filter((name) => name === objective), ...reported.filter((name) => name !== objective)],
  };
}

/** Steps a trial of this study takes, if the study says. */
export function plannedSteps(study: Study): number | undefined {
  return study.definition === undefined ? undefined : maxStepsOf(study.definition);
}
